import { expect, test } from "vitest";
import { heard, type LoggedIn, logIn } from "../../support/discord/log-in.ts";
import { type Platform, startPlatform } from "../../support/discord/platform.ts";

/** Something goes wrong, Ada speaks while the client is away, and again once it is back. */
async function speakAround(platform: Platform, bot: LoggedIn, goWrong: () => void): Promise<readonly string[]> {
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  await platform.idle();
  const texts = heard(bot);
  const before = platform.logins.length;
  ada.says(general, "before");
  await platform.until(() => texts.length === 1);
  goWrong();
  ada.says(general, "meanwhile");
  await platform.until(() => platform.logins.length > before, "another login");
  ada.says(general, "afterwards");
  await platform.until(() => texts.includes("afterwards"), "the client to hear again");
  return texts;
}

test.for([
  ["a cable is pulled", (platform: Platform) => platform.dropGateway()],
  ["the connection is closed with a code", (platform: Platform) => platform.dropGateway({ code: 4000 })],
  ["the gateway asks for it (op 7)", (platform: Platform) => platform.reconnectAll()],
  ["the session may be taken up again (op 9)", (platform: Platform) => platform.invalidateSessions({ isResumable: true })],
] as const)("When %s, the client resumes and hears what it missed", async ([, goWrong]) => {
  await using platform = await startPlatform();
  await using bot = await logIn(platform);

  const texts = await speakAround(platform, bot, () => goWrong(platform));

  expect(texts).toEqual(["before", "meanwhile", "afterwards"]);
  expect(platform.logins.map(({ kind }) => kind)).toEqual(["identified", "resumed"]);
});

test("A connection that has died unnoticed is found out by its heartbeat", async () => {
  await using platform = await startPlatform({ heartbeatMs: 200 });
  await using bot = await logIn(platform);

  const texts = await speakAround(platform, bot, () => platform.becomeZombie());

  expect(texts).toEqual(["before", "meanwhile", "afterwards"]);
  // On a busy machine a heartbeat may be late once more, and the client comes back once more.
  const [first, ...others] = platform.logins.map(({ kind }) => kind);
  expect([first, ...new Set(others)]).toEqual(["identified", "resumed"]);
});

test.for([
  ["is invalid (op 9)", (platform: Platform) => platform.invalidateSessions()],
  ["is closed normally", (platform: Platform) => platform.dropGateway({ code: 1000 })],
] as const)("When a session %s, the client logs in anew, and what it missed is lost", async ([, goWrong]) => {
  await using platform = await startPlatform();
  await using bot = await logIn(platform);

  const texts = await speakAround(platform, bot, () => goWrong(platform));

  expect(texts).toEqual(["before", "afterwards"]);
  expect(platform.logins.map(({ kind }) => kind)).toEqual(["identified", "identified"]);
});
