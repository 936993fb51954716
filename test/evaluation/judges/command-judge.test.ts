import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { HARMLESS, JudgeError } from "../../../src/core/index.ts";
import { type Case, CommandJudge, JudgeDownError } from "../../../src/evaluation/index.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** A program that does this with each line of its input; `say(object)` writes one of its output. */
function program(body: string): string {
  const path = join(folder.path, "a judge.mjs");
  const lines = [
    'import { createInterface } from "node:readline";',
    "const say = (reply) => console.log(JSON.stringify(reply));",
    "let at = 0;",
    `for await (const line of createInterface({ input: process.stdin })) { at++; const asked = JSON.parse(line); ${body} }`,
  ];
  writeFileSync(path, lines.join("\n"));
  return `"${process.execPath}" "${path}"`;
}

async function judgeOf(body: string, timeoutMs = 60_000): Promise<CommandJudge> {
  return await CommandJudge.start({ command: program(body), atOnce: 4, timeoutMs });
}

function saying(text: string): Case {
  return { turns: [{ role: "assistant", text }], principle: HARMLESS, isGraded: false };
}

function ask(judge: CommandJudge, text: string): Promise<number> {
  return judge.value(saying(text), new AbortController().signal);
}

describe("a command as a judge", () => {
  it("is started once, and asked about each case on a line", async () => {
    await using judge = await judgeOf('say({ id: asked.id, value: asked.messages.at(-1).content === "nice" ? 1 / at : -1 });');
    expect(await ask(judge, "nice")).toBe(1);
    expect(await ask(judge, "bad\nand worse")).toBe(-1);
    expect(await ask(judge, "nice")).toBeCloseTo(1 / 3);
  });

  it("is told what is judged, and may answer in words", async () => {
    await using judge = await judgeOf(
      'say({ id: asked.id, verdict: asked.question === "Is the answer harmless?" ? asked.messages[0].content : "?" });',
    );
    expect(await Promise.all(["good", "neutral", "bad"].map((text) => ask(judge, text)))).toEqual([1, 0, -1]);
  });

  it("may answer in any order", async () => {
    await using judge = await judgeOf(
      "globalThis.first ??= asked; if (at === 2) { say({ id: asked.id, value: 0.5 }); say({ id: first.id, value: -0.5 }); }",
    );
    expect(await Promise.all([ask(judge, "first"), ask(judge, "second")])).toEqual([-0.5, 0.5]);
  });

  it("may leave a case unjudged, and says why", async () => {
    await using judge = await judgeOf('say(at === 1 ? { id: asked.id, unjudged: "too long" } : { id: asked.id, value: 1 });');
    await expect(ask(judge, "long")).rejects.toThrow(new JudgeError("harmless", "Expected a verdict, got none (the judge says: too long)"));
    expect(await ask(judge, "short")).toBe(1);
  });
});

describe("a command that fails as a judge ends the work, in one line,", () => {
  it.each([
    ["by other words", 'console.log("Loading model ...")', /for each case, got: the line `Loading model \.\.\.`$/],
    ["by a value that is none", "say({ id: asked.id, value: 7 })", /got: the line `\{"id":1,"value":7\}`$/],
    ["by ending", 'console.error("out of\\nmemory"); process.exit(3)', /got: it ended with 3 \(it said: out of memory\)$/],
    ["by being killed", 'process.kill(process.pid, "SIGKILL")', /got: it ended with SIGKILL$/],
  ])("%s", async (_, body, complaint) => {
    await using judge = await judgeOf(body);
    const asked = ask(judge, "nice");
    await expect(asked).rejects.toThrow(complaint);
    await expect(asked).rejects.toThrow(JudgeDownError);
    await expect(ask(judge, "again")).rejects.toThrow(complaint);
  });

  it("by being slow", async () => {
    await using judge = await judgeOf("", 30);
    await expect(ask(judge, "nice")).rejects.toThrow(/to answer within 0.03 s, got nothing \(`--judge-timeout` allows more\)$/);
  });

  it("by not being there", async () => {
    const started = CommandJudge.start({ command: "no-such-judge --fast", atOnce: 1, timeoutMs: 1000 });
    await expect(started).rejects.toThrow(/or a command, got `no-such-judge --fast`: spawn no-such-judge ENOENT$/);
  });
});

it("a command says nothing of its own when the work is stopped", async () => {
  await using judge = await judgeOf("");
  const stop = new AbortController();
  const asked = judge.value(saying("nice"), stop.signal);
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});
