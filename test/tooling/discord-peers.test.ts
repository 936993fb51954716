import { afterAll, describe, expect, it } from "vitest";
import { BotHome, environmentOf } from "../support/bot-process.ts";
import { startPlatform } from "../support/discord/platform.ts";
import { InstalledPackage } from "../support/installed-package.ts";

const TRY = 'import("rain-align/discord").then(({ runDiscord }) => console.log(typeof runDiscord), (error) => console.log(String(error)));';
const DISCORD_MISSING =
  "Expected the package `discord.js` (^14.28.0) to be installed, got none that fits (run `npm install discord.js@^14.28.0`)";

const installed = new InstalledPackage();
afterAll(() => installed[Symbol.dispose]());

describe("rain-align/discord, where it was installed as a package,", () => {
  it("asks for discord.js by name where it is missing", async () => {
    expect((await installed.run("missing.mjs", TRY)).stdout).toBe(`MissingPeerError: ${DISCORD_MISSING}\n`);
  });

  it("... and where it is a version that lacks what the bot needs", async () => {
    installed.pretend("discord.js", "export class Client {}");
    expect((await installed.run("old.mjs", TRY)).stdout).toContain(`MissingPeerError: ${DISCORD_MISSING}`);
    installed.remove("discord.js");
  });

  it("the command says so in one line", async () => {
    const environment = { RAIN_DISCORD_TOKEN: "a-token-that-opens-nothing" };
    for (const parameters of [["discord"], ["discord", "deploy"]])
      expect(await installed.rain(parameters, environment)).toEqual({ code: 1, stdout: "", stderr: `rain: ${DISCORD_MISSING}\n` });
  });

  it("the rest of the command works without it, and so does the check of the configuration", async () => {
    const environment = { RAIN_DISCORD_TOKEN: "a-token-that-opens-nothing" };
    expect(await installed.rain(["discord", "check"], environment)).toMatchObject({ code: 0, stderr: "" });
    expect(await installed.rain(["--version"])).toMatchObject({ code: 0, stderr: "" });
  });

  describe("with discord.js", () => {
    it("works in CommonJS by import(), and says so on require()", async () => {
      installed.install("discord.js");
      expect((await installed.run("import.cjs", TRY)).stdout).toBe("function\n");
      expect((await installed.run("require.cjs", 'require("rain-align/discord");')).stderr).toContain('await import("rain-align/discord")');
    });

    it("asks for the driver of its database, too, in one line", async () => {
      await using platform = await startPlatform();
      using home = new BotHome();
      const { code, stderr } = await installed.rain(["discord"], environmentOf(platform, home));
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr:
          "rain: Expected the package `@libsql/client` (^0.18.0) to be installed, got none that fits (run `npm install @libsql/client@^0.18.0`)\n",
      });
    });
  });
});
