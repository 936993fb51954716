import { z } from "zod";
import type { Turn } from "../../core/index.ts";
import type { Entry, Format } from "./reader.ts";
import { jsonLines, textLines } from "./rows.ts";

const words = z.string().refine((text) => text.trim() !== "", "Expected some words, got none");

const messages = z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).min(1);

/** hh-rlhf: two endings of one conversation. What both answer is asked. */
const preference = z.object({ chosen: words }).transform(({ chosen }, context) => asked(withoutAnswer(transcriptTurns(chosen)), context));

/** hh-rlhf's red-team-attempts: as in the paper, what the human said first. */
const redTeam = z
  .object({ transcript: words })
  .transform(({ transcript }, context) => asked(transcriptTurns(transcript).slice(0, 1), context));

const prompt = z.object({ prompt: words }).transform((row) => askedOnce(row.prompt));

const instruction = z.object({ instruction: words }).transform((row) => askedOnce(row.instruction));

const chat = z
  .object({ messages })
  .transform((row, context) => asked(withoutAnswer(row.messages.map(({ role, content }) => ({ role, text: content }))), context));

const KINDS = { chosen: preference, transcript: redTeam, prompt, instruction, messages: chat } as const;

const NAMES = Object.keys(KINDS).map((name) => `\`${name}\``);

/** One conversation a line: of hh-rlhf, of just-eval, or of one's own. A bare string is a prompt. */
export const conversationLines: Format = {
  source: jsonLines,
  row: z.unknown().transform((row, context): readonly Entry[] => {
    if (typeof row === "string") return adopted(words.transform(askedOnce).safeParse(row), context);
    const kind = Object.entries(KINDS).find(([name]) => typeof row === "object" && row !== null && name in row)?.[1];
    if (kind !== undefined) return adopted(kind.safeParse(row), context);
    return refused(context, `Expected ${NAMES.join(", ")} or a string, got another row`);
  }),
};

/** One prompt a line. */
export const promptLines: Format = { source: textLines, row: words.transform((text) => askedOnce(text.trim())) };

export function askedOnce(text: string): readonly Entry[] {
  return [{ turns: [{ role: "user", text }] }];
}

/**
 * `\n\nHuman: ...\n\nAssistant: ...`, as hh-rlhf writes it. What else stands between empty lines belongs to the turn before, and in a
 * few of its rows somebody speaks twice in a row: that is one turn, too.
 */
function transcriptTurns(transcript: string): readonly Turn[] {
  const parts = `\n\n${transcript.trimStart()}`.split(/\n\n(Human|Assistant):/).slice(1);
  const turns: Turn[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const role = parts[index] === "Human" ? "user" : "assistant";
    const text = (parts[index + 1] ?? "").trim();
    const before = turns.at(-1);
    if (before?.role === role) turns[turns.length - 1] = { role, text: `${before.text}\n\n${text}`.trim() };
    else turns.push({ role, text });
  }
  return turns;
}

function withoutAnswer(turns: readonly Turn[]): readonly Turn[] {
  return turns.at(-1)?.role === "assistant" ? turns.slice(0, -1) : turns;
}

function asked(turns: readonly Turn[], context: z.RefinementCtx): readonly Entry[] {
  if (turns.at(-1)?.role === "user") return [{ turns }];
  return refused(context, "Expected a conversation in which a human says something last, or is answered, got another one");
}

function adopted(result: z.ZodSafeParseResult<readonly Entry[]>, context: z.RefinementCtx): readonly Entry[] {
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", path, message });
  return z.NEVER;
}

function refused(context: z.RefinementCtx, message: string): readonly Entry[] {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
