/** YAML as people write it who only want to write something down. JSON is YAML, too. */
import { type Document, isScalar, parseDocument, visit } from "yaml";

/** More than the longest settings need. */
const MOST_BYTES = 64 * 1024;

/** Mistakes in the writing that are told at once: each one leads to more behind it. */
const MOST_SYNTAX_ERRORS = 3;

/** What was written, or what is wrong with how it was written. */
export interface PlainYaml {
  /** `{}` for an empty file. */
  readonly value: unknown;
  readonly problems: readonly string[];
}

/**
 * Maps, lists, texts, numbers. Anchors, references, tags and names that stand twice are problems: a few bytes of them can become gigabytes, or
 * something else than is seen. Numbers with more digits than JavaScript's are texts.
 */
export function readPlainYaml(text: string): PlainYaml {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) return { value: {}, problems: [`Expected at most ${MOST_BYTES} bytes, got ${bytes}`] };
  // As big integers, or an id without quotation marks would lose its last digits.
  const document = parseDocument(text, { intAsBigInt: true });
  const problems = [...syntaxProblems(document), ...excesses(document)];
  if (problems.length > 0) return { value: {}, problems };
  return { value: document.toJS({ maxAliasCount: 0, reviver: (_name, value) => plainInteger(value) }) ?? {}, problems };
}

function syntaxProblems({ errors, directives }: Document.Parsed): readonly string[] {
  const told = errors.slice(0, MOST_SYNTAX_ERRORS).map(({ message }) => message.split("\n", 1)[0]?.replace(/:$/, ""));
  const problems = told.map((message) => `Expected YAML or JSON, got a mistake: ${message}`);
  // Another version reads `yes` as true, and merges maps.
  return directives.yaml.explicit ? [...problems, "Expected no `%YAML` line, got one (leave it out)"] : problems;
}

/** What is not forbidden in YAML, but has no place here. */
function excesses(document: Document.Parsed): readonly string[] {
  const found = new Set<string>();
  visit(document, {
    Alias: (_key, { source }) => void found.add(`Expected no references, got \`*${source}\` (write out what it stands for)`),
    Value: (_key, { anchor, tag }) => {
      if (anchor !== undefined) found.add(`Expected no anchors, got \`&${anchor}\` (leave it out)`);
      if (tag !== undefined) found.add(`Expected no tags, got \`${tag}\` (leave it out)`);
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key)) found.add("Expected a name before each colon, got a list, a map or a reference");
      // The schema would pass over it in silence.
      else if (key.value === "__proto__") found.add("Expected a known name, got `__proto__`");
    },
  });
  return [...found];
}

function plainInteger(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
