/**
 * Whether chat templates can be used: each is filled in with seven conversations.
 *
 *   npm run check:templates -- [FOLDER] [--json]
 *
 * FOLDER holds templates as `*.jinja`; without one, those are taken that llama.cpp's source brings. `rendered` counts templates that took every
 * conversation, `thoughts` and `calls` those of which it is known how they write either.
 */
import { parseArgs } from "node:util";
import type { ChatFormat } from "../src/engines/llama/chat-template.ts";
import { bundledTemplates, CONVERSATIONS, formatOf, rendered, templatesIn } from "./template-conversations.ts";

interface Failure {
  readonly name: string;
  readonly conversation: string;
  readonly why: string;
}

const { values, positionals } = parseArgs({ options: { json: { type: "boolean", default: false } }, allowPositionals: true });
const checked = templatesIn(positionals[0] ?? bundledTemplates()).map(check);
const failed = checked.flatMap((one) => one.failed);
const report = {
  total: checked.length,
  rendered: checked.filter((one) => one.failed.length === 0).length,
  thoughts: checked.filter(({ format }) => format !== undefined && "thoughts" in format).length,
  calls: checked.filter(({ format }) => format?.callKeys !== undefined).length,
  failed,
};
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  const { total, thoughts, calls } = report;
  process.stdout.write(
    `${report.rendered} of ${total} templates take all conversations; thoughts of ${thoughts} are known, calls of ${calls}.\n`,
  );
  for (const { name, conversation, why } of failed) process.stdout.write(`${name}, ${conversation}: ${why}\n`);
}
if (failed.length > 0) process.exitCode = 1;

function check({ name, source }: { readonly name: string; readonly source: string }): { format?: ChatFormat; failed: readonly Failure[] } {
  try {
    const format = formatOf(source);
    const found = Object.entries(CONVERSATIONS).map(([conversation, turns]) => ({ conversation, ...rendered(format, turns) }));
    return { format, failed: found.flatMap((one) => ("why" in one ? [{ name, conversation: one.conversation, why: one.why }] : [])) };
  } catch (cause) {
    return { failed: [{ name, conversation: "none", why: cause instanceof Error ? cause.message : String(cause) }] };
  }
}
