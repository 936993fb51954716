import { z } from "zod";
import type { Turn } from "../../core/index.ts";
import type { Entry, Format } from "./reader.ts";
import { jsonLines, textLines } from "./rows.ts";

const words = z.string().refine((text) => text.trim() !== "", "Expected some words, got none");

const messages = z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).min(1);

/** Messages as chats are kept: what the last one that is no answer asks. */
const chat = messages.transform((said, context) =>
  asked(withoutAnswer(said.map(({ role, content }) => ({ role, text: content }))), context),
);

/** hh-rlhf: one of two endings of a conversation. */
const ending = words.transform((transcript, context) => asked(withoutAnswer(transcriptTurns(transcript)), context));

/** hh-rlhf's red-team-attempts: as in the paper, what the human said first. */
const redTeam = words.transform((transcript, context) => asked(transcriptTurns(transcript).slice(0, 1), context));

const prompt = words.transform(askedOnce);

/** What a row is, by its first field among these: one that says its prompt asks that, whatever else it holds. */
const FIELDS = { prompt, messages: chat, instruction: prompt, chosen: ending, transcript: redTeam } as const;

const NAMES = Object.keys(FIELDS) as readonly (keyof typeof FIELDS)[];

/** One conversation a line: of hh-rlhf, of just-eval, or of one's own. A bare string is a prompt; a list in any field is one of messages. */
export const conversationLines: Format = {
  source: jsonLines,
  row: z.unknown().transform((row, context): readonly Entry[] => {
    if (typeof row === "string") return adopted(prompt.safeParse(row), context);
    const record = z.record(z.string(), z.unknown()).safeParse(row).data ?? {};
    const name = NAMES.find((known) => known in record);
    if (name === undefined)
      return refused(context, `Expected ${NAMES.map((known) => `\`${known}\``).join(", ")} or a string, got another row`);
    const said = record[name];
    return adopted((Array.isArray(said) ? chat : FIELDS[name]).safeParse(said), context, [name]);
  }),
};

/** One prompt a line. */
export const promptLines: Format = { source: textLines, row: words.transform((text) => askedOnce(text.trim())) };

export function askedOnce(text: string): readonly Entry[] {
  return [{ turns: [{ role: "user", text }] }];
}

/**
 * `\n\nHuman: ...\n\nAssistant: ...`, as hh-rlhf writes it. What else stands between empty lines belongs to the turn before, and in a
 * few of its rows one side speaks twice in a row: that is one turn, too.
 */
export function transcriptTurns(transcript: string): readonly Turn[] {
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

/** What another schema made of a value, or its complaints. `place`: where in the row that value stands. */
export function adopted(
  result: z.ZodSafeParseResult<readonly Entry[]>,
  context: z.RefinementCtx,
  place: readonly string[] = [],
): readonly Entry[] {
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", path: [...place, ...path], message });
  return z.NEVER;
}

export function refused(context: z.RefinementCtx, message: string): readonly Entry[] {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
