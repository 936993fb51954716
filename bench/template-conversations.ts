import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Turn } from "../src/core/engine.ts";
import type { Tool } from "../src/core/tool.ts";
import { type ChatFormat, chatFormat, renderChat } from "../src/engines/llama/chat-template.ts";
import { JinjaTemplate } from "../src/jinja.ts";

const TOOL: Tool = {
  name: "get_weather",
  description: "Says what the weather is like",
  parameters: {
    type: "object",
    properties: {
      place: { type: "string", description: "Where" },
      days: { type: "integer", description: "How far ahead" },
      unit: { type: "string", description: "How it is said", enum: ["celsius", "kelvin"] },
    },
    required: ["place"],
  },
};

const SYSTEM: Turn = { role: "system", text: "Be kind." };
const HELLO: Turn = { role: "user", text: "Hello, who are you?" };
const NAME: Turn = { role: "assistant", text: "A friend." };
const WHY: Turn = { role: "user", text: "Why so?" };
const ASK: Turn = { role: "user", text: "What is the weather in Bonn, and in Rome?" };
const BONN = { id: "call-0", name: "get_weather", arguments: { place: "Bonn am Rhein", days: 3 } };
const ROME = { id: "call-1", name: "get_weather", arguments: { place: "Roma Termini", unit: "celsius" } };

/** What every template has to write: each kind of turn, and each place where a turn may stand. */
export const CONVERSATIONS: Readonly<Record<string, readonly Turn[]>> = {
  "one turn": [HELLO],
  system: [SYSTEM, HELLO],
  "many turns": [SYSTEM, HELLO, NAME, WHY, { role: "assistant", text: "I like you." }, { role: "user", text: "Thank you!" }],
  "continued answer": [SYSTEM, HELLO, { role: "assistant", text: "I am a" }],
  "a call and its result": [
    { ...SYSTEM, tools: [TOOL] },
    ASK,
    { role: "assistant", text: "", calls: [BONN] },
    { role: "tool", text: "rainy", callId: BONN.id },
  ],
  "two calls": [
    { ...SYSTEM, tools: [TOOL] },
    ASK,
    { role: "assistant", text: "", calls: [BONN, ROME] },
    { role: "tool", text: "rainy", callId: BONN.id },
    { role: "tool", text: "sunny", callId: ROME.id },
  ],
  "a system turn in the middle": [HELLO, NAME, SYSTEM, WHY],
};

/** What templates are given besides. */
export const SPECIALS = { bos_token: "<s>", eos_token: "</s>", enable_thinking: true };

/** What other implementations make of the bundled templates. */
export const REFERENCES = join(import.meta.dirname, "../test/golden/chat-templates.json");

/** By implementation and template, one for each conversation: a fingerprint, or why there is none. */
export type References = Readonly<Record<"jinja2" | "llama.cpp", Readonly<Record<string, readonly string[]>>>>;

/** All that is said in a conversation, by turns, tools and calls. */
export function saidIn(turns: readonly Turn[]): readonly string[] {
  const called = turns
    .flatMap(({ calls = [] }) => calls)
    .flatMap(({ name, arguments: values }) => [name, ...Object.entries(values).flat()]);
  const tools = turns.flatMap((turn) => turn.tools ?? []);
  const described = tools.flatMap(({ name, description = "", parameters }) => [
    name,
    description,
    ...Object.keys(Object(parameters["properties"])),
  ]);
  return [...turns.map(({ text }) => text), ...called.map(String), ...described];
}

/** The templates of a folder, by name. */
export function templatesIn(folder: string): readonly { readonly name: string; readonly source: string }[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".jinja"));
  return files.sort().map((file) => ({ name: file.slice(0, -".jinja".length), source: readFileSync(join(folder, file), "utf8") }));
}

/** Where the templates are of the llama.cpp that node-llama-cpp was built from. */
export function bundledTemplates(): string {
  return bundled("models/templates");
}

/** A file or a folder of the llama.cpp that node-llama-cpp was built from: its source is unpacked once. It is read and never copied into here. */
export function bundled(path: string): string {
  const library = join(import.meta.dirname, "../node_modules/node-llama-cpp/llama");
  const { tag } = JSON.parse(readFileSync(join(library, "llama.cpp.info.json"), "utf8")) as { tag: string };
  const folder = join(tmpdir(), `rain-align-llama.cpp-${tag}`);
  if (!existsSync(folder)) {
    const partial = mkdtempSync(`${folder}-`);
    execFileSync("git", ["clone", "--quiet", "--no-checkout", join(library, "gitRelease.bundle"), partial]);
    try {
      renameSync(partial, folder);
    } catch (cause) {
      // Somebody else was faster.
      rmSync(partial, { recursive: true });
      if (!existsSync(folder)) throw cause;
    }
  }
  execFileSync("git", ["-C", folder, "checkout", "--quiet", "HEAD", "--", path]);
  return join(folder, path);
}

export function formatOf(source: string): ChatFormat {
  return chatFormat(new JinjaTemplate(source), SPECIALS);
}

/** A conversation as a template writes it, or why it does not. */
export type Rendered = { readonly text: string } | { readonly why: string };

export function rendered(format: ChatFormat, turns: readonly Turn[]): Rendered {
  try {
    const pieces = renderChat(format, turns);
    return { text: pieces.map(({ text }) => text).join("") };
  } catch (cause) {
    return { why: cause instanceof Error ? cause.message : String(cause) };
  }
}

/**
 * What is kept of a rendered text: enough to see that another one differs. What day it is makes no difference, nor does the token that begins a text, which
 * llama.cpp puts in front of the tokens.
 */
export function fingerprint(text: string): string {
  const undated = text.replaceAll(/\d{1,2} [A-Z][a-z]{2,8} \d{4}|[A-Z][a-z]{2,8} \d{2},? \d{4}|\d{4}-\d{2}-\d{2}/g, "DAY");
  const begun = undated.startsWith(SPECIALS.bos_token) ? undated.slice(SPECIALS.bos_token.length) : undated;
  return createHash("sha256").update(begun).digest("hex").slice(0, 12);
}
