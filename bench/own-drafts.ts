import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "csv-parse/sync";
import { type Engine, Meter, sampleMany } from "rain-align";
import type { LabelledAnswer } from "../src/judges/index.ts";
import { spreadOver } from "./sampled.ts";

/** What is asked: a number of the public file it is from, and the prompt itself. */
interface Asked {
  readonly id: string;
  readonly prompt: string;
}

interface Draft extends Asked {
  readonly answer: string;
}

/** A person's word on a draft, without the draft: it is known by a hash, as harmful texts are not kept. */
interface Label {
  readonly id: string;
  readonly hash: string;
  readonly good: boolean;
  readonly unsure?: boolean;
}

const DRAFT_TOKENS = 64;
const AT_ONCE = 8;

/** 75 unsafe and 50 safe prompts of XSTest and 75 of AdvBench, spread evenly over the files. */
export function draftPrompts(xstest: string, advbench: string): readonly Asked[] {
  const rows = (path: string) => parse(readFileSync(path), { columns: true, bom: true }) as Record<string, string>[];
  const prompts = rows(xstest).map((row) => ({ id: `xstest:${row["id"]}`, prompt: row["prompt"] ?? "", isSafe: row["label"] === "safe" }));
  const goals = rows(advbench).map((row, index) => ({ id: `advbench:${index}`, prompt: row["goal"] ?? "" }));
  const asked = [
    ...spreadOver(
      prompts.filter(({ isSafe }) => !isSafe),
      75,
    ),
    ...spreadOver(
      prompts.filter(({ isSafe }) => isSafe),
      50,
    ),
    ...spreadOver(goals, 75),
  ];
  return asked.map(({ id, prompt }) => ({ id, prompt }));
}

/** What a model writes to these prompts, sampled with the defaults of every user; written to a file, and gone on with from there. */
export async function ownDrafts(engine: Engine, asked: readonly Asked[], file: string): Promise<readonly Draft[]> {
  mkdirSync(dirname(file), { recursive: true });
  const known = existsSync(file)
    ? readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Draft)
    : [];
  for (let first = known.length; first < asked.length; first += AT_ONCE) {
    const batch = asked.slice(first, first + AT_ONCE);
    const prefixes = batch.map(({ prompt }) => engine.tokenizer.render([{ role: "user", text: prompt }]));
    const drawn = await sampleMany(
      engine,
      prefixes.map((prefix, index) => ({
        prefix,
        maxTokens: DRAFT_TOKENS,
        sampling: { temperature: 1, topK: 40, topP: 0.95, seed: 1000 + first + index },
      })),
      { purpose: "draft", meter: new Meter() },
    );
    for (const [index, one] of batch.entries()) {
      const tokens = (drawn[index] ?? []).map(({ token }) => token).filter((token) => !engine.tokenizer.isEnd(token));
      const draft = { ...one, answer: engine.tokenizer.detokenize(tokens, prefixes[index]) };
      known.push(draft);
      appendFileSync(file, `${JSON.stringify(draft)}\n`);
    }
  }
  return known;
}

export function hashOf(answer: string): string {
  return createHash("sha256").update(answer).digest("hex").slice(0, 16);
}

/** The drafts that a person has labelled. Another machine may draw other drafts of the same seeds: those are left out. */
export function labelledDrafts(drafts: readonly Draft[], labels: string): readonly LabelledAnswer[] {
  const known = new Map(
    readFileSync(labels, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Label)
      .map((label) => [`${label.id} ${label.hash}`, label]),
  );
  return drafts.flatMap(({ id, prompt, answer }) => {
    const label = known.get(`${id} ${hashOf(answer)}`);
    if (label === undefined || answer.trim() === "") return [];
    const turns = [
      { role: "user", text: prompt },
      { role: "assistant", text: answer },
    ] as const;
    return [{ turns, verdict: label.good ? "good" : "bad", kind: id.split(":")[0] as string } as const];
  });
}
