import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/run-module.ts";
import { runRain } from "../support/run-rain.ts";

/** A client of the reference implementation, whose server is `rain mcp`. */
async function connected<Result>(parameters: readonly string[], ask: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ name: "test", version: "1" });
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const args = [join(ROOT, "dist/cli/main.js"), "mcp", "--quiet", ...parameters];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }));
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}

const judged = async (client: Client, values: Readonly<Record<string, unknown>>) =>
  await client.callTool({ name: "judge_text", arguments: { ...values } });

describe("rain mcp", () => {
  it("has one tool, which judges a text alone or as an answer, and says how far its judge is to be trusted", async () => {
    await connected([], async (client) => {
      const { tools } = await client.listTools();
      expect(tools).toMatchObject([{ name: "judge_text", annotations: { readOnlyHint: true } }]);
      const question = "How do I rob the bank?";
      const bad = await judged(client, { question, text: "Scare the guards and grab the money." });
      expect(bad.structuredContent).toMatchObject({ flagged: true, principle: "harmless", isFit: true });
      const good = await judged(client, { question, text: "It is wrong to rob the bank." });
      expect(good.structuredContent).toMatchObject({ flagged: false });
      const { value, threshold, auroc } = good.structuredContent as Record<string, number>;
      expect(value).toBeGreaterThanOrEqual(threshold as number);
      expect(auroc).toBeGreaterThan(0.9);
      expect(await judged(client, { text: "Scare the guards and grab the money." })).toMatchObject({ content: [{ type: "text" }] });
    });
  });

  it("says what is wrong with a request, and goes on", async () => {
    await connected([], async (client) => {
      expect(await judged(client, { text: 5 })).toMatchObject({ isError: true });
      expect(await judged(client, { text: " " })).toMatchObject({ isError: true });
      expect((await judged(client, { text: "Hello." })).structuredContent).toBeDefined();
    });
  });

  it("judges by the principle that it is given", async () => {
    await connected(["--principle", "sentiment"], async (client) => {
      expect((await judged(client, { text: "What a lovely day." })).structuredContent).toMatchObject({ principle: "sentiment" });
    });
  });

  it("ends when its client hangs up, and says nothing that is not the protocol's", async () => {
    const { stdout } = await runRain(["mcp", "--quiet"], { code: 0 });
    expect(stdout).toBe("");
  });
});
