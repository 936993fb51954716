import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BotScene } from "../support/bot-scene.ts";
import { runRain } from "../support/run-rain.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** In the shape of Discord's. */
const TOKEN = "AAAAAAAAAAAAAAAAAAAAAAAAAA.BBBBBB.CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

const NO_INTENT =
  "Without the Message Content intent (`messageContent`) no server's messages are judged by themselves, whatever it sets.\n";

const NOT_ASKED =
  "Nobody was asked: whether Discord takes the token and grants the intent, what the bot may do in a server, whether its log channel is there, and whether the model is quick enough for what is written in it, `/rain status` says there.\n";

describe("rain discord check", () => {
  it("is content with a file and variables, starts nothing, and says what it cannot know", async () => {
    const config = file("fine.yaml", `model: ${JSON.stringify(import.meta.filename)}\nshards: 2\n`);
    const { stdout, stderr } = await runRain(["discord", "check", "--config", config], { environment: { RAIN_DISCORD_TOKEN: TOKEN } });
    expect({ stdout, stderr }).toEqual({
      stdout: `The configuration is fine: ${import.meta.filename}, shards: 2.\n${NO_INTENT}${NOT_ASKED}`,
      stderr: "",
    });
  });

  it("finds the file by a variable, and a token in a file of its own", async () => {
    const environment = {
      RAIN_DISCORD_CONFIG: file("named.json", '{"shards": "auto", "messageContent": true}'),
      RAIN_DISCORD_TOKEN_FILE: file("token", `${TOKEN}\n`),
    };
    const { stdout } = await runRain(["discord", "check"], { environment });
    expect(stdout).toBe(`The configuration is fine: embedded, shards: auto.\n${NOT_ASKED}`);
  });

  describe("reads the file `.env` where it is started", () => {
    const check = (place: string, environment: Readonly<Record<string, string>> = {}) =>
      runRain(["discord", "check"], { cwd: place, environment });

    it("and what is set in another way wins", async () => {
      using place = temporaryFolder();
      writeFileSync(
        join(place.path, ".env"),
        `# Who it is.\nRAIN_DISCORD_TOKEN="${TOKEN}"\nRAIN_DISCORD_SHARDS=3\nRAIN_DISCORD_CONFIG=more.yaml\n`,
      );
      writeFileSync(join(place.path, "more.yaml"), "shards: 5\nmessageContent: true\n");
      expect((await check(place.path)).stdout).toBe(`The configuration is fine: embedded, shards: 3.\n${NOT_ASKED}`);
      expect((await check(place.path, { RAIN_DISCORD_SHARDS: "2" })).stdout).toBe(
        `The configuration is fine: embedded, shards: 2.\n${NOT_ASKED}`,
      );
    });

    it("and tells what is wrong in it by the names there, and no secret", async () => {
      using place = temporaryFolder();
      writeFileSync(join(place.path, ".env"), `RAIN_DISCORD_TOKEN=${TOKEN}!\nRAIN_DISCORD_SHARD=3\n`);
      const { stderr } = await runRain(["discord", "check"], { cwd: place.path, code: 2 });
      expect(stderr).toContain("Expected `RAIN_DISCORD_TOKEN` to be the bot's token");
      expect(stderr).toContain("did you mean `RAIN_DISCORD_SHARDS`?");
      expect(stderr).not.toContain(TOKEN);
    });

    it("and passes a folder of that name over", async () => {
      using place = temporaryFolder();
      mkdirSync(join(place.path, ".env"));
      expect((await check(place.path, { RAIN_DISCORD_TOKEN: TOKEN })).stdout).toContain("The configuration is fine");
    });
  });

  it("says every problem in a line, ends with 2, and shows no secret", async () => {
    const config = file("wrong.yaml", `token: "${TOKEN}!"\nshards: many\nmaxWait: 3\n`);
    const { stdout, stderr } = await runRain(["discord", "check", "--config", config], { code: 2 });
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^rain: Line 1, column 1: Expected `token` to be the bot's token.* characters of something else$/),
      expect.stringMatching(/^rain: Line 2, column 1: Expected `shards` to be .*, got `many` \(string\)$/),
      "rain: Line 3, column 1: Expected a known name in the file, got `maxWait` (did you mean `maxWaiting`?)",
    ]);
  });

  it.each([
    ["a file that is not there", ["check", "--config", "/no/such.yaml"], "rain: Expected to read `/no/such.yaml`, got: ENOENT"],
    [
      "an unknown command",
      ["chek"],
      "rain: Expected `deploy`, `check` or nothing behind `rain discord`, got `chek` (did you mean `check`?)",
    ],
    [
      "a folder for the database that is not there",
      ["check"],
      "rain: Expected `RAIN_DISCORD_DATABASE_URL` to be a file that can be written",
    ],
    ["a guild that is none", ["deploy", "--guild", "general"], "rain: Expected `--guild` to be an id of 17 to 20 digits, got `general`"],
  ])("refuses %s in one line", async (_what, parameters, complaint) => {
    const environment = { RAIN_DISCORD_TOKEN: TOKEN, RAIN_DISCORD_DATABASE_URL: "file:/no/such/folder/rain.db" };
    const { stdout, stderr } = await runRain(["discord", ...parameters], { code: 2, environment });
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(/^[^\n]+\n$/) });
    expect(stderr).toContain(complaint);
  });
});

describe("rain discord deploy", () => {
  it("registers the commands everywhere", async () => {
    await using scene = await BotScene.open();
    const said = await scene.run("discord", "deploy");
    const sent = scene.platform.requests.find(({ method }) => method === "PUT")?.body as readonly { readonly name: string }[];
    const names = sent.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["ask", "rain", "moderate", "privacy"]));
    expect(said).toBe(`Registered ${names.length} commands everywhere: ${names.join(", ")}\n`);
    const guild = await scene.addGuild();
    // People find a command that is registered, and no other.
    expect(() => guild.person("Ada").uses(guild.channel("general"), "/ask", { question: "hi" })).not.toThrow();
  });

  it("registers them in one guild", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const other = await scene.addGuild();
    expect(await scene.run("discord", "deploy", "--guild", guild.id)).toContain(`in ${guild.id}`);
    expect(() => guild.person("Ada").uses(guild.channel("general"), "/ask", { question: "hi" })).not.toThrow();
    expect(() => other.person("Ada").uses(other.channel("general"), "/ask", { question: "hi" })).toThrow();
  });

  it("says in one line what Discord refuses", async () => {
    await using scene = await BotScene.open();
    const { stderr } = await scene.tries(1, "discord", "deploy", "--guild", "12345678901234567");
    expect(stderr).toMatch(/^rain: Expected the bot to be in this server, got a refusal \([^\n]*\)\n$/);
  });
});
