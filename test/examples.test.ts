import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BotHome, BotProcess, environmentOf } from "./support/bot-process.ts";
import { startPlatform } from "./support/discord/platform.ts";
import { ROOT, runModule } from "./support/run-module.ts";

const names = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".ts"));

describe("the examples", () => {
  it("are numbered from 01, each number once", () => {
    const numbers = names.map((name) => /^(\d\d)-/.exec(name)?.[1]);
    expect(numbers[0]).toBe("01");
    expect(numbers).toEqual([...new Set(numbers)]);
  });

  it.each(names)("%s is short", (name) => {
    expect(readFileSync(join(ROOT, "examples", name), "utf8").split("\n").length).toBeLessThan(60);
  });

  it.each(names)("%s runs as it is written", async (name) => {
    const { code, stdout, stderr } = await runModule(join(ROOT, "examples", name));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });
});

it("30-discord-bot.ts is a bot, where there is a Discord", async () => {
  await using platform = await startPlatform();
  using home = new BotHome();
  const guild = platform.addGuild({ members: ["Ada"] });
  await using bot = new BotProcess(environmentOf(platform, home), ["--import", "tsx", join(ROOT, "examples/30-discord-bot.ts")]);
  await bot.line("ready");
  const asking = guild.person("Ada").uses(guild.channel("general"), "/ask", { question: "How do I clean the tower?" });
  expect((await asking.response()).content).not.toBe("");
  bot.kill("SIGINT");
  expect(await bot.ended).toEqual({ code: 0, signal: null, stderr: "" });
});
