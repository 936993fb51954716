/** What a provider adds to an answer: refusals, and what its own tools were asked and gave back (searches, code that was run). It is words like the text, and judged with it. */
import { isRecord } from "../../../core/index.ts";
import { isName, isNumber, isOpaque } from "../../judging/wordless.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Blocks of these kinds, under the names that several providers and LangChain's newer form have for them. */
const PROVIDED =
  /^(refusal|server_tool_(use|call|call_chunk|call_result)|mcp_tool_use|executableCode|codeExecutionResult|(web_search|file_search|code_interpreter|mcp|local_shell)_call|\w+_tool_result)$/;

/** Whether a block is one of them, and all of it can be read: a picture or a file may show words that nobody judged. */
export function isProvided(block: Fields): boolean {
  return PROVIDED.test(String(block["type"])) && isReadable(block);
}

/** The block as plain data, under names in one word. Where it stood in a stream is left out. */
export function providedBlock({ index: _, ...block }: Fields): Fields {
  return plain(block) as Fields;
}

/** All that can be read in a block that is released so. */
export function providedWords(block: Fields): string {
  return words(block);
}

/** Under what names metadata have the citations of a whole answer, and the searches behind it. */
const CITATIONS = ["citations", "citationMetadata", "citation_metadata", "groundingMetadata", "grounding_metadata"] as const;

/** A piece of a page, of which words may be hidden that nobody judges, and what repeats the answer's text behind its places in it. */
const NOT_CITED: ReadonlySet<string> = new Set(["searchEntryPoint", "search_entry_point", "segment.text"]);

/** What metadata say that an answer cites. */
export function citationsOf(metadata: Fields): Fields {
  const cited = CITATIONS.map((name) => [name, withoutUncited(metadata[name])] as const);
  return Object.fromEntries(
    cited.filter(([, value]) => words(value) !== "" && isReadable(value)).map(([name, value]) => [name, plain(value)]),
  );
}

function withoutUncited(value: unknown, within = ""): unknown {
  if (Array.isArray(value)) return value.map((part) => withoutUncited(part, within));
  if (!isRecord(value)) return value;
  const cited = Object.entries(value).filter(([name]) => !NOT_CITED.has(name) && !NOT_CITED.has(`${within}.${name}`));
  return Object.fromEntries(cited.map(([name, part]) => [name, withoutUncited(part, name)]));
}

function isReadable(value: unknown): boolean {
  if (typeof value === "string") return !/^data:/i.test(value);
  if (Array.isArray(value)) return value.every(isReadable);
  if (!isRecord(value)) return true;
  const { type, media_type, mimeType = media_type } = value as Fields;
  const isText = mimeType === undefined || mimeType === null || (typeof mimeType === "string" && mimeType.startsWith("text/"));
  const isMedia = !isText || (typeof type === "string" && /image|audio|video|screenshot|base64/.test(type));
  return !isMedia && Object.values(value).every(isReadable);
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return typeof value === "bigint" ? Number(value) : value;
  const known = Object.entries(value).filter(([name, part]) => isName(name) && (isNumber(name, part) || isData(part)));
  return Object.fromEntries(known.map(([name, part]) => [name, plain(part)]));
}

function isData(value: unknown): boolean {
  return value === null || typeof value === "string" || Array.isArray(value) || isRecord(value);
}

/** With the names of fields. What a tool was asked, the model has chosen, names and all. */
function words(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(words).filter(isSaid).join("\n");
  if (!isRecord(value)) return "";
  const parts = Object.entries(plain(value) as Fields).filter(([name, part]) => !(UNREAD.test(name) && isOpaque(part)));
  return parts
    .map(([name, part]) => [name, ASKED.test(name) && isRecord(part) ? JSON.stringify(part) : words(part)] as const)
    .flatMap(([name, said]) => (isSaid(said) ? [`${name}: ${said}`] : []))
    .join("\n");
}

function isSaid(said: string): boolean {
  return said.trim() !== "";
}

const ASKED = /^(input|args|arguments|action|parameters)$/;

/** Of a kind, ids, and of what only the provider can read. */
const UNREAD = /^(type|id|\w+_id|\w+Id|encrypted_\w+|\w*[sS]ignature)$/;
