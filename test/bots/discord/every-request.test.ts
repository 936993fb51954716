import { describe, expect, it } from "vitest";
import type { FaultStatus } from "../../support/discord/rest/faults.ts";
import type { RestRequest } from "../../support/discord/rest/rest-request.ts";
import { Scene } from "../../support/discord-scene.ts";
import { GO } from "../../support/settings-panel.ts";
import { STEADY, STEADY_ANSWER, STEADY_BAD } from "../../support/steady-inference.ts";

type Kind = Pick<RestRequest, "method" | "route">;

/** Requests that are made to log in, and not any more. */
const LOGGING_IN = ["/gateway/bot", "/applications/@me"];

async function open(): Promise<Scene> {
  const scene = await Scene.open(STEADY, {}, { rest: { timeout: 500 } });
  const rules = { harmless: { strictness: "medium", action: "timeout" } };
  const moderation = { automatic: true, shadow: false, logChannel: scene.guild.channel("log").id, rules };
  await scene.running.set(scene.guild, { talk: { context: "recent" }, moderation });
  return scene;
}

/** Uses all of the bot once: what cannot be reached as something before it failed is left out. */
async function useAll(scene: Scene): Promise<void> {
  const { platform, guild, general, ada, bob, mona } = scene;
  ada.says(general, scene.mention("How do I clean the tower?"));
  ada.uses(general, "/ask", { question: "How do I clean the tower?" });
  mona.autocompletes(general, "/rain calibrate", { principle: "h" });
  const panel = mona.uses(general, "/settings");
  await scene.settled();
  if (panel.original?.components.length) mona.picks(panel.original, GO, ["principles"]);
  await scene.settled();
  if (panel.original?.embeds[0]?.title?.endsWith("principles")) mona.presses(panel.original, "New ...");
  mona.uses(general, "/rain config export");
  guild.owner.uses(general, "/rain status");
  guild.owner.uses(general, "/rain calibrate");
  await scene.settled();
  const cardsBefore = platform.posts(guild.channel("log")).length;
  // Of all that is said little is bad, or the server would go back to shadow mode.
  for (let count = 0; count < 15; count++) bob.says(general, "Good morning.");
  bob.says(general, STEADY_BAD);
  await scene.settled();
  const card = platform.posts(guild.channel("log"))[cardsBefore];
  if (card !== undefined) mona.presses(card, "Approve");
  await scene.settled();
  // Time-outs end.
  platform.advance(11 * 60_000);
}

function fail({ platform }: Scene, { method, route }: Kind, status: FaultStatus): () => void {
  const isMeant = (request: RestRequest) => request.method === method && request.route === route;
  if (status !== 429) return platform.failEvery(isMeant, { status });
  // For ever, it would be tried again for ever.
  platform.failNext({ method, route, status, times: 2 });
  return () => undefined;
}

describe("Whichever request of the bot fails every time", () => {
  it.each<FaultStatus>([500, 429, 403, 404, "hang-up", "accepted-then-500"])(
    "with %s: it lives, posts nothing twice, leaves no record open, and answers when Discord does",
    async (status) => {
      await using scene = await open();
      const { platform, running, general, ada } = scene;
      await useAll(scene);
      const kinds = new Map(platform.requests.map(({ method, route }) => [`${method} ${route}`, { method, route }]));
      for (const route of LOGGING_IN) kinds.delete(`GET ${route}`);
      expect(kinds.size).toBeGreaterThanOrEqual(9);
      for (const [name, kind] of kinds) {
        const heal = fail(scene, kind, status);
        await useAll(scene);
        heal();
        const question = ada.says(general, scene.mention("And the castle?"));
        expect((await platform.replyTo(question)).content, name).toBe(STEADY_ANSWER);
      }
      await scene.settled();
      const replies = platform.everything.flatMap(({ replyTo }) => replyTo ?? []);
      expect(new Set(replies).size).toBe(replies.length);
      const cards = platform.posts(scene.guild.channel("log")).map(({ embeds: [embed] }) => embed?.footer?.text);
      expect(new Set(cards).size).toBe(cards.length);
      expect((await running.store.lastReplies(scene.guild.id, general.id, 500)).filter(({ state }) => state === "drafting")).toEqual([]);
      expect(running.bot.leaks).toBe(0);
    },
  );
});
