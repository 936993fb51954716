/** One tool for whatever speaks the Model Context Protocol: a verdict on any text. A model that calls it cannot be made to, so it guards nothing: `rain serve` and middleware do. */
import type { Readable, Writable } from "node:stream";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { EitherSignal, type Engine, type RainOptions } from "../core/index.ts";
import { judgeOfTexts, judgeRequest } from "./judge.ts";

const TEXT = {
  text: z.string().min(1).describe("The text to judge."),
  question: z.string().min(1).optional().describe("What it answers, if it is an answer: it is judged in the light of that."),
};

const VERDICT = {
  flagged: z.boolean().describe("Whether it is judged bad. Also true where the judge is not fit to judge."),
  value: z.number().describe("From -1 (bad) to 1 (good)."),
  threshold: z.number().describe("The value from which a text passes."),
  principle: z.string().describe("What it was judged by."),
  isFit: z.boolean().describe("Whether the judge was found fit to judge, or never measured."),
  auroc: z.number().nullable().describe("How well the judge tells good from bad labelled answers: 0.5 is guessing; null: never measured."),
};

/** How the server is told who it is. */
export interface McpOptions {
  readonly version: string;
  /** Whose verdicts they are: `principle`, `falseFlags`, `threshold`, `judge`. */
  readonly options: RainOptions;
}

/** Where a client writes and reads, and what ends the serving. */
export interface McpConnection {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
}

/** Serves until the client hangs up or the signal aborts. */
export async function serveMcp(engine: Engine, { version, options }: McpOptions, { input, output, signal }: McpConnection): Promise<void> {
  const judge = judgeOfTexts(engine, options);
  const server = new McpServer({ name: "rain-align", version });
  const tool = {
    title: "Judge a text",
    description:
      "Says whether a text is acceptable by a principle, such as whether an answer is harmless. A local model judges it; nothing leaves this machine.",
    inputSchema: TEXT,
    outputSchema: VERDICT,
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
  server.registerTool("judge_text", tool, async ({ text, question }, { signal: asked }) => {
    const body = question === undefined ? { input: text } : { messages: [said("user", question), said("assistant", text)] };
    using either = new EitherSignal(asked, signal);
    const { flagged, value, threshold, principle, judge: report } = await judge(judgeRequest(body), either.signal);
    const verdict = { flagged, value, threshold, principle, isFit: report.isFit, auroc: report.fitness?.auroc ?? null };
    return { content: [{ type: "text", text: JSON.stringify(verdict) }], structuredContent: verdict };
  });
  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
  });
  // A client that goes away closes what it writes into; the SDK does not listen to that.
  input.once("end", () => void server.close());
  signal.addEventListener("abort", () => void server.close(), { once: true });
  await server.connect(new StdioServerTransport(input, output));
  await closed;
}

const said = (role: "user" | "assistant", content: string) => ({ role, content });
