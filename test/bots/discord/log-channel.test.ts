import { PermissionFlagsBits } from "discord.js";
import { expect, it } from "vitest";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

function told(scene: Scene): readonly string[] {
  return scene.platform.posts(scene.guild.owner.privately).map(({ content }: Message) => content);
}

async function bad(scene: Scene, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) scene.guild.addMember({ name: text }).says(scene.general, `${STEADY_BAD} ${text}`);
  await scene.settled();
}

const GONE =
  "Nobody is shown any more what I find in Guild 1, but in `/moderate queue`: the log channel is not there, or I cannot see it: `moderation.logChannel`. `/settings` sets another one.";

it("that is deleted is told to the server's owner at once, and once", async () => {
  await using scene = await Scene.moderated(STEADY, "log");
  scene.guild.channel("other").delete();
  await scene.settled();
  expect(told(scene)).toEqual([]);
  scene.guild.channel("log").delete();
  await scene.settled();
  expect(told(scene)).toEqual([GONE]);
  await bad(scene, "one", "two");
  expect(told(scene)).toEqual([GONE]);
});

it("that is closed to the bot is told with the first card that cannot be posted, and again when that happens anew", async () => {
  await using scene = await Scene.moderated(STEADY, "log");
  const log = scene.guild.channel("log");
  const closed = { target: scene.guild.bot.user, deny: PermissionFlagsBits.SendMessages };
  log.overwrite([closed]);
  await bad(scene, "one", "two");
  expect(told(scene)).toEqual([expect.stringContaining("in the log channel I lack Send Messages.")]);
  log.overwrite([]);
  await bad(scene, "three");
  expect(scene.cards).toHaveLength(1);
  log.overwrite([closed]);
  // Discord posts what is the same, a short while later, once.
  scene.platform.advance(3_600_000);
  await bad(scene, "four");
  expect(told(scene)).toHaveLength(2);
});

it("that was never set is nothing to tell", async () => {
  await using scene = await Scene.moderated(STEADY, "log", { logChannel: undefined });
  await bad(scene, "one");
  expect(told(scene)).toEqual([]);
});
