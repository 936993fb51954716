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
import { templateThoughts } from "../src/engines/llama/template-thoughts.ts";
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
  thoughts: checked.filter(({ thinks }) => thinks).length,
  calls: checked.filter(({ format }) => format?.calls !== undefined).length,
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

interface Checked {
  readonly format?: ChatFormat;
  readonly thinks: boolean;
  readonly failed: readonly Failure[];
}

function check({ name, source }: { readonly name: string; readonly source: string }): Checked {
  try {
    const format = formatOf(source);
    const found = Object.entries(CONVERSATIONS).map(([conversation, turns]) => ({ conversation, ...rendered(format, turns) }));
    // By the template alone: a vocabulary may know marks besides.
    const thinks = templateThoughts(format, source, () => false) !== undefined;
    return {
      format,
      thinks,
      failed: found.flatMap((one) => ("why" in one ? [{ name, conversation: one.conversation, why: one.why }] : [])),
    };
  } catch (cause) {
    return { thinks: false, failed: [{ name, conversation: "none", why: cause instanceof Error ? cause.message : String(cause) }] };
  }
}
