import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { DAY_MS } from "../../support/store-records.ts";

/** The table's lines, in cells. */
function tableOf(message: Message): readonly (readonly string[])[] {
  const table = /```\n?([\s\S]+?)\n?```/.exec(message.embeds[0]?.description ?? "")?.[1] ?? "";
  return table.split("\n").map((line) => line.trim().split(/ +/));
}

/** How many points of a colour a picture has. */
function pointsOf({ attachments: [picture] }: Message, [red, green, blue]: readonly [number, number, number]): number {
  const { data } = PNG.sync.read(picture?.content as Buffer);
  let points = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) points++;
  return points;
}

const RED = [237, 96, 98] as const;
const YELLOW = [224, 160, 48] as const;
const GREEN = [87, 191, 125] as const;
const BLUE = [88, 142, 234] as const;
const VIOLET = [171, 118, 222] as const;

/** The day so many before now, in UTC. */
function dayBefore({ platform }: Scene, days: number): string {
  return new Date(platform.now() - days * DAY_MS).toISOString().slice(0, 10);
}

async function say(scene: Scene, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    scene.ada.says(scene.general, text);
    await scene.settled();
  }
}

describe("/moderate statistics", () => {
  it("counts day by day what was judged, flagged, found by filters and decided, in numbers and a picture", async () => {
    await using scene = await Scene.moderated(STEADY, "log", { filters: { words: { action: "log", list: ["cucumber"] } } });
    const { platform, mona, general } = scene;
    await say(scene, "Good morning.", "Good day.", STEADY_BAD);
    scene.bob.says(general, `${STEADY_BAD} Bob`);
    await scene.settled();
    const [first, second] = scene.cards as Message[];
    await mona.presses(first as Message, "Approve").response();
    platform.advance(2 * DAY_MS);
    await say(scene, "A cucumber.", "Good night.");
    await mona.presses(second as Message, "Reject").response();
    const answer = await mona.uses(general, "/moderate statistics").response();
    expect(answer.isEphemeral).toBe(true);
    const empty = (days: number) => [dayBefore(scene, days), "0", "0", "0", "0", "0", "0"];
    expect(tableOf(answer)).toEqual([
      ["day", "judged", "flagged", "filters", "approved", "rejected", "appeals"],
      ...[6, 5, 4, 3].map(empty),
      [dayBefore(scene, 2), "4", "2", "0", "1", "0", "0"],
      empty(1),
      [dayBefore(scene, 0), "2", "0", "1", "0", "1", "0"],
      ["together", "6", "2", "1", "1", "1", "0"],
    ]);
    expect(answer.embeds[0]?.fields).toEqual([expect.objectContaining({ name: "Found by filters", value: "`words` 1" })]);
    // Two were flagged, and one of each other kind was there: that is half as high.
    const [red, ...ones] = [RED, YELLOW, GREEN, BLUE].map((colour) => pointsOf(answer, colour));
    expect(red).toBeGreaterThan(0);
    expect(ones).toEqual([red, red, red].map((points = 0) => points / 2));
    expect(pointsOf(answer, VIOLET)).toBe(0);
    expect(answer.embeds[0]?.image?.url).toMatch(/statistics\.png$/);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("counts an appeal, also where its author has everything forgotten that may be", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    const { ada, mona, general, guild, running } = scene;
    await say(scene, STEADY_BAD);
    await running.store.addAudit({
      guild: guild.id,
      actor: ada.id,
      event: "review.appealed",
      detail: "review 1",
      at: scene.platform.now(),
    });
    await mona.presses(scene.cards[0] as Message, "Approve").response();
    await ada.uses(general, "/privacy delete").response();
    const answer = await mona.uses(general, "/moderate statistics", { days: 1 }).response();
    expect([answer.embeds[0]?.title, tableOf(answer).at(-1)]).toEqual(["Today", ["together", "1", "1", "0", "1", "0", "1"]]);
    expect(pointsOf(answer, VIOLET)).toBeGreaterThan(0);
  });

  it("reaches back thirty days, and says what is not kept for as long", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { platform, running, mona, general } = scene;
    await say(scene, "Good morning.");
    platform.advance(29 * DAY_MS);
    await running.set(scene.guild, { retentionDays: 9 });
    await running.store.purgeExpired(platform.now());
    const week = await mona.uses(general, "/moderate statistics").response();
    expect(week.content).toBe("Nothing was judged, found or decided in these days.");
    const month = await mona.uses(general, "/moderate statistics", { days: 30 }).response();
    expect(tableOf(month)).toHaveLength(32);
    expect(tableOf(month)[1]?.slice(0, 2)).toEqual([dayBefore(scene, 29), "1"]);
    expect(month.embeds[0]?.description).toContain("What filters found and what was decided is kept for 9 days here.");
  });

  it("knows nothing of another server", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    await say(scene, STEADY_BAD);
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: [] });
    await scene.platform.idle();
    const answer = await elsewhere.owner.uses(elsewhere.channel("general"), "/moderate statistics", { days: 30 }).response();
    expect([answer.content, answer.attachments]).toEqual(["Nothing was judged, found or decided in these days.", []]);
  });
});
