/** `rain mcp`: verdicts for whatever speaks the Model Context Protocol. */
import { Command } from "commander";
import { withPeers } from "../peers/index.ts";
import { VERSION } from "../version.ts";
import { loadEngine, loadJudgeModel, prepareJudge } from "./load.ts";
import {
  addEngineOptions,
  addJudgeModelOption,
  type DecodingFlags,
  type EngineFlags,
  type JudgeModelFlag,
  readDecodingOptions,
  readEngineOptions,
  readJudgeModel,
} from "./options.ts";
import { stopSignal } from "./stop-signal.ts";

interface McpFlags extends EngineFlags, JudgeModelFlag, Pick<DecodingFlags, "principle" | "quiet"> {}

export function mcpCommand(): Command {
  const command = new Command("mcp")
    .description("A server of the Model Context Protocol on standard input and output, with one tool: judge_text.")
    .option("--principle <name|file>", "judge by this one (default: harmless)")
    .option("--quiet", "no messages on standard error");
  return addJudgeModelOption(addEngineOptions(command)).action(serve);
}

async function serve(flags: McpFlags): Promise<void> {
  const { serveMcp } = await withPeers({ "@modelcontextprotocol/sdk": "^1.32.0" }, () => import("../server/mcp.ts"));
  const isQuiet = flags.quiet === true;
  const signal = stopSignal();
  // An unfit judge lets nothing pass: every text is flagged.
  const options = { ...(await readDecodingOptions(flags)), onUnfit: "refuse" as const };
  await using engine = await loadEngine({ options: readEngineOptions(flags), signal, isQuiet });
  await using judgeEngine = await loadJudgeModel(readJudgeModel(flags), { signal, isQuiet });
  const prepared = await prepareJudge({ engine, judgeEngine, options: { ...options, signal }, isQuiet });
  const judge = prepared?.options.judge;
  const told = { version: VERSION, options: { ...options, ...(judge === undefined ? {} : { judge }) } };
  await serveMcp(engine, told, { input: process.stdin, output: process.stdout, signal });
}
