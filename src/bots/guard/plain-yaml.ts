/** YAML as people write it who only want to write something down. JSON is YAML, too. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { RainError } from "../../core/index.ts";

/** More than nearly all settings need; a longer one takes long to read, whatever is in it. */
export const MOST_BYTES = 64 * 1024;

/** Mistakes in the writing that are told at once: each one leads to more behind it. */
const MOST_SYNTAX_ERRORS = 3;

/** Where `yaml` speaks of its own options. */
const MISTAKES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document",
  NON_STRING_KEY: "a list, a map or a reference where a name must be",
};

/** Something that a person wrote is not what it must be. All that is wrong with it is told at once. */
export abstract class ProblemsError extends RainError {
  /** One sentence for each problem. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    const [first = "", ...rest] = problems;
    super(rest.length === 0 ? first : `There are ${problems.length} problems:\n${problems.map((one) => `- ${one}`).join("\n")}`, options);
    this.problems = problems;
  }
}

/** What was written, or what is wrong with how it was written. */
export interface PlainYaml {
  /** `{}` for an empty file. */
  readonly value: unknown;
  readonly problems: readonly string[];
  /** `Line 3, column 5: `, where this path is written, or else what it would be part of; nothing for the file itself. */
  readonly at: (path: readonly PropertyKey[]) => string;
}

/**
 * Maps, lists, texts, numbers. Anchors, references, tags and names that stand twice are problems: a few bytes of them can become gigabytes, or
 * something else than is seen. Numbers with more digits than JavaScript's are texts.
 */
export function readPlainYaml(text: string): PlainYaml {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) return { value: {}, problems: [`Expected at most ${MOST_BYTES} bytes, got ${bytes}`], at: () => "" };
  const lines = new LineCounter();
  const place = (offset = 0) => `Line ${lines.linePos(offset).line}, column ${lines.linePos(offset).col}: `;
  // As big integers, or an id without quotation marks would lose its last digits.
  const document = parseDocument(text, { intAsBigInt: true, lineCounter: lines, prettyErrors: false, stringKeys: true });
  const problems = document.errors
    .slice(0, MOST_SYNTAX_ERRORS)
    .map(({ code, message, pos }) => `${place(pos[0])}Expected YAML or JSON, got a mistake: ${MISTAKES[code] ?? message}`);
  const refuse = (what: string, range?: readonly [number, number, number] | null) =>
    void problems.push(`${place(range?.[0])}Expected ${what}`);
  // Another version reads `yes` as true, and merges maps.
  if (document.directives.yaml.explicit) refuse("no `%YAML` line, got one (leave it out)");
  // What is not forbidden in YAML, but has no place here.
  visit(document, {
    Alias: (_, { source, range }) => refuse(`no references, got \`*${source}\` (write out what it stands for)`, range),
    Value: (_, { anchor, tag, range }) => {
      if (anchor !== undefined) refuse(`no anchors, got \`&${anchor}\` (leave it out)`, range);
      if (tag !== undefined) refuse(`no tags, got \`${tag}\` (leave it out)`, range);
    },
    Pair: (_, { key }) => {
      // The schema would pass over it in silence.
      if (isScalar(key) && key.value === "__proto__") refuse("a known name, got `__proto__`", key.range);
    },
  });
  const at = (path: readonly PropertyKey[]): string => {
    const [around, name] = [document.getIn(path.slice(0, -1), true), path.at(-1)];
    const node = isMap(around)
      ? around.items.find(({ key }) => isScalar(key) && key.value === name)?.key
      : isSeq(around) && around.get(name, true);
    if (isNode(node)) return place(node.range?.[0]);
    return path.length === 0 ? "" : at(path.slice(0, -1));
  };
  if (problems.length > 0) return { value: {}, problems, at };
  return { value: document.toJS({ maxAliasCount: 0, reviver: (_, value) => plainInteger(value) }) ?? {}, problems, at };
}

function plainInteger(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
