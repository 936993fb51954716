import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runRain, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
const model = writeTinyModel(join(folder.path, "tiny.gguf"), { contextSize: 4096 });
const QUICK = ["--model", model, "--mode", "vanilla", "--max-tokens", "8", "--quiet"];
afterAll(() => folder[Symbol.dispose]());

describe("rain chat", () => {
  it("answers line by line and leaves at the end of its input", async () => {
    const { stdout, stderr } = await runRain(["chat", ...QUICK], { input: "Hello\nHello\n" });
    expect(stdout.trimEnd().split("\n").length).toBeGreaterThanOrEqual(2);
    expect(stderr).toBe("");
  });

  it("remembers what was said, until /reset", async () => {
    const alone = (await runRain(["chat", ...QUICK], { input: "Hello\n" })).stdout;
    const remembering = (await runRain(["chat", ...QUICK], { input: "Hello\nHello\n" })).stdout;
    const forgetting = (await runRain(["chat", ...QUICK], { input: "Hello\n/reset\nHello\n" })).stdout;
    expect(forgetting).toBe(alone + alone);
    expect(remembering).not.toBe(alone + alone);
  });

  it("explains itself at /help and leaves at /exit", async () => {
    const { stdout, stderr } = await runRain(["chat", ...QUICK], { input: "/help\n\n/exit\nHello\n" });
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
    const { stdout } = await runRain(["chat", "--model", model], {
      onSaid: script([({ stderr }) => stderr.includes("Ctrl-D leaves"), ({ interrupt }) => interrupt()]),
    });
    expect(stdout).toBe("");
  });

  it("complains about a question that is too long, and goes on", async () => {
    const long = "rain ".repeat(5000);
    const alone = (await runRain(["chat", ...QUICK], { input: "Hello\n" })).stdout;
    const { stdout, stderr } = await runRain(["chat", ...QUICK], { input: `${long}\nHello\n` });
    expect(stderr).toMatch(/^rain: Expected at most 4095 tokens of context, got \d+ [^\n]+\n$/);
    expect(stdout).toBe(alone);
  });
});
