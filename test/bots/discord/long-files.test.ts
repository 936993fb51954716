import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { PersonalData, ReviewRecord, Store } from "../../../src/bots/guard/index.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { newReview } from "../../support/store-records.ts";

const MIB = 1024 * 1024;

/** A store that has kept this about everybody. */
function keeping(data: Partial<PersonalData>): (store: Store) => Store {
  return (store) =>
    Object.assign(Object.create(store), { personalData: async (user: string) => ({ ...(await store.personalData(user)), ...data }) });
}

/** So many records of a MiB each. */
function records(count: number, text: () => string): PersonalData["actions"] {
  return Array.from({ length: count }, (_, index) => ({ guild: "1", actor: "2", event: "event", detail: `${index} ${text()}`, at: index }));
}

async function exportOf(data: Partial<PersonalData>) {
  await using scene = await Scene.open(STEADY, {}, { spoil: keeping(data) });
  const { content, attachments } = await scene.ada.uses(scene.general, "/privacy export").response();
  expect(attachments).toHaveLength(1);
  const { name = "", content: bytes = Buffer.from("") } = attachments[0] ?? {};
  expect(bytes.length).toBeLessThan(10 * MIB);
  return { name, content, data: JSON.parse(String(name.endsWith(".gz") ? gunzipSync(bytes) : bytes)) as PersonalData };
}

describe("/privacy export of more than Discord takes in a file", () => {
  it("is a packed file with all of it", async () => {
    const { name, content, data } = await exportOf({ actions: records(20, () => "rain ".repeat(MIB / 5)) });
    expect([name, content, data.actions.length]).toEqual(["about-you.json.gz", "All that I keep about you:", 20]);
  });

  it("says in the person's language how many of the oldest are left out, where packing is not enough", async () => {
    const { content, data } = await exportOf({ actions: records(20, () => randomBytes(MIB / 2).toString("hex")) });
    const left = 20 - data.actions.length;
    expect(data.actions.at(-1)?.at).toBe(19);
    expect(data.actions[0]?.at).toBe(left);
    expect(left).toBeGreaterThan(0);
    expect(content).toBe(
      `All that I keep about you:\nWithout the ${left} oldest records: Discord takes no longer file. Whoever runs me has them.`,
    );
  });
});

describe("/moderate export of more than Discord takes in a file", () => {
  it("has the newest, and reads no further than it writes", async () => {
    let read = 0;
    const decided = { ...newReview(), decision: "approved", decidedBy: "1", decidedAt: 1, appeal: undefined, incident: undefined } as const;
    async function* endless(): AsyncGenerator<ReviewRecord> {
      for (;;) yield { ...decided, id: 1_000_000 - ++read, excerpt: "x".repeat(MIB) };
    }
    await using scene = await Scene.open(
      STEADY,
      {},
      {
        spoil: (store) =>
          Object.assign(Object.create(store), { decisions: (_: string, { newestFirst = false } = {}) => newestFirst && endless() }),
      },
    );
    const { content, attachments } = await scene.mona.uses(scene.general, "/moderate export").response();
    const lines = String(attachments[0]?.content).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(lines.map((_, index) => 999_999 - index));
    expect(content).toBe(`${lines.length} decisions. The oldest are left out: Discord takes no longer file.`);
    expect(read).toBe(lines.length + 1);
  });
});

describe("Settings that are longer in a file than what is imported", () => {
  it("are exported, and that is said", async () => {
    const list = Array.from({ length: 200 }, (_, index) => `${index}${"𝒳".repeat(28)}`);
    const allowed = Array.from({ length: 100 }, (_, index) => `${`${"a".repeat(50)}.`.repeat(4)}x${index}.example`);
    const ids = Array.from({ length: 200 }, (_, index) => `${10n ** 19n + BigInt(index)}`);
    const ignore = { roles: ids, channels: ids, categories: ids, users: ids };
    await using scene = await Scene.open(STEADY, { moderation: { filters: { words: { list }, links: { allowed } }, ignore } });
    const { content, attachments } = await scene.mona.uses(scene.general, "/rain config export").response();
    expect(attachments[0]?.content.length).toBeGreaterThan(64 * 1024);
    expect(content).toContain("It is longer than what I import: 65536 bytes.");
    await scene.running.set(scene.guild, {});
    expect((await scene.mona.uses(scene.general, "/rain config export").response()).content).toBe("Version 2:");
  });
});

describe("What is decided together", () => {
  it("has a file that Discord takes, on its card and in the queue, with the first words of what does not fit", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { guild, general, mona, ada, running, platform } = scene;
    // As many as the queue shows at once, the last of them one that goes on.
    for (const _ of "12345") {
      ada.says(general, STEADY_BAD);
      await scene.settled();
      const first = (await running.store.reviewsOf(guild.id, ada.id, 1))[0]?.id as number;
      for (let index = 0; index < 6; index++) {
        const text = `${first}/${index} ${"x".repeat(MIB)}`;
        const review = { guild: guild.id, channel: general.id, author: ada.id, message: `1${first}${index}`, hash: text.slice(0, 9) };
        await running.store.addReview(
          newReview({ ...review, text, excerpt: `${first}/${index} x`, incident: first, createdAt: platform.now() }),
        );
      }
      platform.advance(11 * 60_000);
    }
    const queue = await mona.uses(general, "/moderate queue").response();
    expect(queue.attachments).toHaveLength(5);
    expect(queue.attachments.reduce((sum, { content }) => sum + content.length, 0)).toBeLessThan(25 * MIB);
    for (const [index, { content }] of queue.attachments.entries()) {
      const text = String(content);
      for (let one = 0; one < 6; one++) expect(text).toContain(`${1 + 7 * index}/${one} x`);
      expect(text.slice(0, 200)).toContain("Of 3 of 7 messages here are only the first words");
    }
  });

  it("has a card, however long what was written is together", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { guild, general, ada, running } = scene;
    ada.says(general, STEADY_BAD);
    await scene.settled();
    for (let index = 0; index < 11; index++) {
      const review = { guild: guild.id, channel: general.id, author: ada.id, message: `1${index}`, hash: String(index) };
      await running.store.addReview(newReview({ ...review, text: "x".repeat(MIB), incident: 1, createdAt: scene.platform.now() }));
    }
    ada.says(general, `${STEADY_BAD} And again.`);
    await scene.settled();
    expect(scene.cards).toHaveLength(1);
    expect(scene.cards[0]?.embeds[0]?.fields?.map(({ name }) => name)).toContain("13 messages, decided together");
  });
});
