/**
 * What two other implementations make of the bundled templates, Python's Jinja2 and llama.cpp: writes `test/golden/chat-templates.json`, against which ours is
 * tested. It holds fingerprints of texts, never a template.
 *
 *   npm run bench:templates -- [--server PATH]
 *
 * It needs Python 3 with jinja2. PATH is a `llama-server`, built from the source that node-llama-cpp brings (`llama/gitRelease.bundle`); without one, what is known of
 * llama.cpp is kept.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Turn } from "../src/core/engine.ts";
import type { ToolCall } from "../src/core/tool.ts";
import {
  bundledTemplates,
  CONVERSATIONS,
  fingerprint,
  REFERENCES,
  type References,
  SPECIALS,
  saidIn,
  templatesIn,
} from "./template-conversations.ts";

const { server } = parseArgs({ options: { server: { type: "string" } } }).values;
const folder = bundledTemplates();
const conversations = Object.values(CONVERSATIONS);
const known = server === undefined ? (JSON.parse(readFileSync(REFERENCES, "utf8")) as References)["llama.cpp"] : await byServer(server);
writeFileSync(REFERENCES, asLines({ jinja2: byPython(), "llama.cpp": known }));

type Found = Record<string, readonly string[]>;

/** A line a template. */
function asLines(references: References): string {
  const parts = Object.entries(references).map(([name, found]) => {
    const lines = Object.entries(found).map((entry) => entry.map((part) => JSON.stringify(part)).join(": "));
    return `${JSON.stringify(name)}: {\n${lines.join(",\n")}\n}`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

function byPython(): Found {
  const sources = Object.fromEntries(templatesIn(folder).map(({ name, source }) => [name, source]));
  const input = JSON.stringify({ sources, conversations: conversations.map(waysToGive) });
  const output = execFileSync("python3", [join(import.meta.dirname, "template-references.py")], {
    input,
    maxBuffer: 2 ** 28,
    encoding: "utf8",
  });
  const { texts } = JSON.parse(output) as { texts: Record<string, (string | null)[]> };
  return Object.fromEntries(Object.entries(texts).map(([name, all]) => [name, all.map(referenceOf)]));
}

/** One server a template, with the smallest model there is: its own template is not used. */
async function byServer(path: string): Promise<Found> {
  const found: Found = {};
  for (const [index, { name }] of templatesIn(folder).entries()) {
    const port = 39_100 + index;
    const model = join(import.meta.dirname, "../models/rain-tiny.gguf");
    const template = ["--jinja", "--chat-template-file", join(folder, `${name}.jinja`)];
    const child = spawn(path, ["-m", model, ...template, "-c", "256", "--no-warmup", "--port", String(port)], { stdio: "ignore" });
    const ended = once(child, "exit");
    try {
      const address = `http://127.0.0.1:${port}`;
      while (child.exitCode === null && !(await isReady(address))) await setTimeout(50);
      const texts = conversations.map((turns) => applied(address, turns));
      found[name] = (await Promise.all(texts)).map(referenceOf);
    } finally {
      child.kill();
      await ended;
    }
  }
  return found;
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`)).ok;
  } catch {
    return false;
  }
}

async function applied(address: string, turns: readonly Turn[]): Promise<string | null> {
  const { messages, tools } = waysToGive(turns).at(-1) ?? {};
  const body = JSON.stringify(Array.isArray(tools) && tools.length > 0 ? { messages, tools } : { messages });
  const response = await fetch(`${address}/apply-template`, { method: "POST", body });
  const { prompt } = (await response.json()) as { prompt?: string };
  return prompt ?? null;
}

/** A continued answer ends behind its text, whatever the template writes there. */
function referenceOf(text: string | null, conversation: number): string {
  if (text === null) return "refuses";
  const turns = conversations[conversation] ?? [];
  const last = turns.at(-1);
  const end = last?.role === "assistant" ? text.lastIndexOf(last.text) + last.text.length : text.length;
  return saidIn(turns).every((said) => text.includes(said)) ? fingerprint(text.slice(0, end)) : "leaves out";
}

/** No tools as nothing or as an empty list, arguments as an object or as JSON. */
function waysToGive(turns: readonly Turn[]): Record<string, unknown>[] {
  const tools = turns.flatMap((turn) => turn.tools ?? []).map((tool) => ({ type: "function", function: tool }));
  const given = [false, true].map((isText) => ({
    ...SPECIALS,
    messages: turns.map((turn) => message(turn, turns, isText)),
    add_generation_prompt: turns.at(-1)?.role !== "assistant",
  }));
  const lists = tools.length > 0 ? [tools] : [null, []];
  return given.flatMap((values) => lists.map((list) => ({ ...values, tools: list })));
}

function message({ role, text, calls = [], callId }: Turn, turns: readonly Turn[], isText: boolean): Record<string, unknown> {
  const all = turns.flatMap((turn) => turn.calls ?? []);
  const idOf = (call: ToolCall | undefined) => String(all.indexOf(call as ToolCall)).padStart(9, "0");
  const answered = all.find(({ id }) => id === callId);
  if (role === "tool") return { role, name: answered?.name, tool_call_id: idOf(answered), content: text };
  if (calls.length === 0) return { role, content: text };
  const made = calls.map((call) => {
    const values = isText ? JSON.stringify(call.arguments).replaceAll(/(?<=[:,])/g, " ") : call.arguments;
    return { id: idOf(call), type: "function", function: { name: call.name, arguments: values } };
  });
  return { role, content: text, tool_calls: made };
}
