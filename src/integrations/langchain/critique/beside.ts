/** What stands beside a text and says something of it: citations, and how likely its tokens were. It is released where all of it was judged, or is numbers. */
import { isRecord } from "../../../core/index.ts";
import { isName, isNumber, isOpaque } from "../../judging/wordless.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Under what names blocks of text have them, with various providers. */
const CITATIONS = ["citations", "annotations"] as const;

/** The citations of a block of text: texts, numbers, and records of these. */
export function citationsIn(block: Fields): Fields {
  const cited = CITATIONS.map((name) => [name, block[name]] as const).filter(([, list]) => Array.isArray(list) && list.some(isRecord));
  return Object.fromEntries(cited.map(([name, list]) => [name, (list as unknown[]).filter(isRecord).map((one) => plain(one as Fields))]));
}

/** All that can be read in the citations of a block: titles, what is quoted, addresses. What only the provider can read goes along unread. */
export function citedWords(block: Fields): readonly string[] {
  return Object.values(citationsIn(block)).map((list) => (list as Fields[]).map(wordsIn).join("\n"));
}

function plain(record: Fields): Fields {
  const known = Object.entries(record).filter(
    ([name, value]) => isNumber(name, value) || (isName(name) && (typeof value === "string" || isRecord(value))),
  );
  return Object.fromEntries(known.map(([name, value]) => [name, isRecord(value) ? plain(value as Fields) : value]));
}

function wordsIn(record: Fields): string {
  const words = Object.entries(record).flatMap(([name, value]) => {
    if (isRecord(value)) return [wordsIn(value as Fields)];
    return typeof value !== "string" || (UNREAD.test(name) && isOpaque(value)) ? [] : [value];
  });
  return words.join(" ");
}

/** Of a kind, and of what only the provider can read. */
const UNREAD = /^(type|encrypted_\w+)$/;

/**
 * Log-probabilities in the form of OpenAI's models, where their tokens are this text and nothing else: without those that were likely and not taken, which
 * nobody judges, and without bytes, which may say another text.
 */
export function logprobsOf({ logprobs }: Fields, text: string): Fields {
  const content: unknown = isRecord(logprobs) ? Reflect.get(logprobs, "content") : undefined;
  if (!Array.isArray(content) || !content.every(isToken) || content.length === 0) return {};
  if (content.map(({ token }) => token).join("") !== text) return {};
  return { logprobs: { content: content.map(({ token, logprob }) => ({ token, logprob, bytes: null, top_logprobs: [] })) } };
}

function isToken(value: unknown): value is { readonly token: string; readonly logprob: number } {
  return isRecord(value) && typeof Reflect.get(value, "token") === "string" && typeof Reflect.get(value, "logprob") === "number";
}
