import { join } from "node:path";
import { DEFAULTS } from "rain-align";
import { afterAll, describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { runRain, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
const model = writeTinyModel(join(folder.path, "tiny.gguf"), { contextSize: 4096 });
const QUICK = ["--model", model, "--mode", "vanilla", "--max-tokens", "8", "--quiet"];
afterAll(() => folder[Symbol.dispose]());

describe("rain chat", () => {
  it("answers line by line, remembers what was said until /reset, and leaves at the end of its input", async () => {
    const { stdout, stderr } = await callRain(["chat", ...QUICK], { input: "Hello\nHello\n/reset\nHello\nHello\n" });
    const answers = stdout.trimEnd().split("\n");
    expect(answers).toHaveLength(4);
    expect(answers.slice(2)).toEqual(answers.slice(0, 2));
    expect(answers[1]).not.toBe(answers[0]);
    expect(stderr).toBe("");
  });

  it("remembers a refusal like everything that it said", async () => {
    // An untrained judge that is asked by letters lets nothing pass, and three of these questions are more than the context holds.
    const narrow = writeTinyModel(join(folder.path, "narrow.gguf"));
    const input = `${"rain ".repeat(55)}\n`.repeat(3);
    const flags = ["--quiet", "--model", narrow, "--max-tokens", "8", "--judging", "in-place", "--no-context-shift"];
    const { stdout, stderr } = await callRain(["chat", ...flags], { input });
    expect(stdout).toBe(`${DEFAULTS.refusal}\n`.repeat(2));
    expect(stderr).toMatch(/^rain: Expected at most 511 tokens of context, got \d+ [^\n]+`contextShift`[^\n]+\n$/);
  });

  it("goes on when the context is full, without the oldest turns, and says so each time that more of them are left out", async () => {
    const narrow = writeTinyModel(join(folder.path, "short.gguf"));
    const input = `${"rain ".repeat(20)}\n`.repeat(14);
    const flags = ["--model", narrow, "--mode", "vanilla", "--max-tokens", "8"];
    const { stdout, stderr } = await callRain(["chat", ...flags], { input });
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(14);
    const notes = [...stderr.matchAll(/^\(The context is full: the oldest (\d+) turns are not read any more\.\)$/gm)].map(([, turns]) =>
      Number(turns),
    );
    expect(notes.length).toBeGreaterThan(1);
    expect(notes.length).toBeLessThan(7);
    expect(notes).toEqual(notes.toSorted((left, right) => left - right));
    expect(stderr).not.toContain("rain:");
  });

  it("explains itself at /help and leaves at /exit", async () => {
    const { stdout, stderr } = await callRain(["chat", ...QUICK], { input: "/help\n\n/exit\nHello\n" });
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringContaining("/reset forgets the conversation") });
  });

  it("stops the answer, not the chat, at Ctrl-C", async () => {
    const { stderr } = await runRain(["chat", "--model", model, "--mode", "vanilla", "--max-tokens", "2000"], {
      onSaid: script(
        [({ stderr: said }) => said.includes("Ctrl-D leaves"), ({ type }) => type("Hello\n")],
        [({ stdout }) => stdout !== "", ({ interrupt }) => interrupt()],
        [({ stderr: said }) => said.includes("(stopped)"), ({ type }) => type("/exit\n")],
      ),
    });
    expect(stderr).toContain("(stopped)");
  });

  it("leaves at Ctrl-C when there is no answer to stop", async () => {
    const { stdout } = await runRain(["chat", "--model", model, "--mode", "vanilla"], {
      onSaid: script([({ stderr }) => stderr.includes("Ctrl-D leaves"), ({ interrupt }) => interrupt()]),
    });
    expect(stdout).toBe("");
  });

  it("complains about a question that is too long, and goes on", async () => {
    const long = "rain ".repeat(5000);
    const { stdout, stderr } = await callRain(["chat", ...QUICK], { input: `Hello\n/reset\n${long}\nHello\n` });
    expect(stderr).toMatch(/^rain: Expected at most 4095 tokens of context, got \d+ [^\n]+\n$/);
    const [alone, behind, ...others] = stdout.trimEnd().split("\n");
    expect([behind, others]).toEqual([alone, []]);
  });
});
