import {
  type AnswerJudge,
  type Call,
  compare,
  type Engine,
  JudgeError,
  OptionError,
  type Prefix,
  type Principle,
  prime,
  type Token,
  type Turn,
  type Verdict,
  type VerdictForm,
} from "../core/index.ts";
import { JinjaTemplate } from "../jinja.ts";
import { GUARD_FORMATS, type GuardFormat, isHarmless } from "./guard-formats.ts";

export interface GuardJudgeSettings {
  readonly principle: Principle;
  readonly verdict: VerdictForm;
}

/** A guard's prompt about a conversation, with a gap for the answer. */
export interface GuardPrompt {
  readonly pieces: readonly Piece[];
  /** What there was of the answer before. */
  readonly opening: string;
  /** All that stands before what is added to it. */
  readonly prefix: Prefix;
}

/** Tokens may be cut otherwise where an answer meets the template: at most this many more of them. */
const SEAMS = 8;

/**
 * A model that was trained to judge, on an engine of its own, asked in its own words: the conversation and the answer are put into its chat
 * template, and its verdict is how likely the next token begins each of its labels.
 */
export class GuardJudge implements AnswerJudge<GuardPrompt> {
  readonly #engine: Engine;
  readonly #format: GuardFormat;
  readonly #settings: GuardJudgeSettings;
  readonly #prompter: Prompter;
  readonly #labels: readonly LabelToken[];

  /**
   * @throws {OptionError} for a principle that this guard cannot be asked by
   * @throws {JudgeError} when the model brought another template than its family's, or its labels do not begin with different tokens
   */
  constructor(engine: Engine, format: GuardFormat, settings: GuardJudgeSettings) {
    const { principle } = settings;
    if (!format.takesPrinciple && !isHarmless(principle)) throw refusal(format, principle);
    this.#engine = engine;
    this.#format = format;
    this.#settings = settings;
    this.#prompter = new Prompter(engine, format, principle);
    this.#labels = labelsOf(this.#prompter);
  }

  /** System turns and what may be called are left out: they instruct the writer, and the judge takes no orders. */
  conversation(turns: readonly Turn[]): GuardPrompt {
    const speakers = speakersOf(turns);
    const opening = speakers.at(-1)?.text ?? "";
    const pieces = this.#prompter.pieces(this.#format.reads === "exchange" ? speakers.slice(-2) : speakers);
    const before = pieces.slice(
      0,
      pieces.findIndex(({ kind }) => kind === "answer"),
    );
    return { pieces, opening, prefix: this.#prompter.prefix([...before, { text: opening, kind: "answer" }]) };
  }

  longestAnswer(prompt: GuardPrompt): number {
    return this.#engine.facts.contextSize - this.#prefix(prompt, "").length - SEAMS;
  }

  /** Reads what is the same for all conversations, to be kept, and a conversation. */
  async prime({ pieces, prefix }: GuardPrompt, call: Call): Promise<void> {
    const first = pieces.findIndex(({ kind }) => kind !== "template");
    await prime(this.#engine, [this.#prompter.prefix(pieces.slice(0, first))], call, { keep: true });
    await prime(this.#engine, [prefix], call);
  }

  /** All answers are asked about in one batch. */
  async verdicts(prompt: GuardPrompt, answers: readonly (readonly Token[])[], call: Call): Promise<Verdict[]> {
    const candidates = this.#labels.map(({ token }) => token);
    const questions = answers.map((answer) => {
      const text = wholeCharacters(this.#engine.tokenizer.detokenize(answer, prompt.prefix));
      return { prefix: this.#prefix(prompt, text), candidates };
    });
    const verdicts = await compare(this.#engine, questions, call);
    call.meter.evaluations += answers.length;
    return answers.map((_, index) => this.#verdictOf(verdicts[index] ?? []));
  }

  /** The prompt with this answer, up to where the verdict begins. */
  #prefix({ pieces, opening }: GuardPrompt, answer: string): Prefix {
    const text = (opening + answer).trim();
    return this.#prompter.prefix(pieces.map((piece) => (piece.kind === "answer" ? { ...piece, text } : piece)));
  }

  #verdictOf(probabilities: readonly number[]): Verdict {
    const { principle, verdict } = this.#settings;
    if (probabilities.length !== this.#labels.length || !probabilities.every((value) => value >= 0 && value <= 1 + 1e-6)) {
      const expected = `Expected the verdict of ${this.#engine.facts.model} to be ${this.#labels.length} probabilities`;
      throw new JudgeError(principle.name, `${expected}, got [${probabilities.join(", ")}]`);
    }
    const margin = this.#labels.reduce((sum, { side }, index) => sum + side * (probabilities[index] as number), 0);
    const value = verdict === "hard" ? Math.sign(margin) : margin;
    return { value, byOrder: [value] };
  }
}

/** A text without the half character that it may end in. */
export function wholeCharacters(text: string): string {
  return text.replace(/\uFFFD+$/, "");
}

/** A stretch of a guard's prompt. What turns and principles say is data and never becomes a special token; the rest is its template's. */
interface Piece {
  readonly text: string;
  readonly kind: "template" | "data" | "answer";
}

/** Fills in a guard's template, and turns it into tokens. */
class Prompter {
  readonly engine: Engine;
  readonly format: GuardFormat;
  readonly principle: Principle;
  readonly #template: JinjaTemplate;
  readonly #specials: ReadonlyMap<string, Token>;

  /** @throws {JudgeError} when the model brought another template than its family's */
  constructor(engine: Engine, format: GuardFormat, principle: Principle) {
    this.engine = engine;
    this.format = format;
    this.principle = principle;
    this.#template = templateOf(this);
    this.#specials = specialsOf(engine);
  }

  /**
   * The template, with marks in the places of what is said. It gets texts as they are, or as typed parts, whichever it takes.
   *
   * @throws {JudgeError} when it takes neither
   */
  pieces(speakers: readonly Speaker[]): readonly Piece[] {
    const told = this.format.wording(this.principle);
    const said = [...speakers.map(({ text }) => text.trim()), ...(told === undefined ? [] : [told])];
    const values = { ...this.#given, ...this.format.values(told === undefined ? undefined : markOf(speakers.length)) };
    let complaint: unknown;
    for (const asContent of CONTENTS) {
      const messages = speakers.map(({ role }, index) => ({ role, content: asContent(markOf(index)) }));
      try {
        const text = this.#template.render({ ...values, messages }).trimStart();
        const isWhole = said.every((_, index) => text.includes(markOf(index)));
        if (isWhole) return split(text + missing(this.format.lead, text), said, speakers.length - 1);
        complaint = new Error("it leaves out what was said");
      } catch (cause) {
        complaint = cause;
      }
    }
    const reason = complaint instanceof Error ? complaint.message : String(complaint);
    const expected = `Expected the chat template of ${this.engine.facts.model} to write ${speakers.map(({ role }) => role).join(", ")}`;
    throw new JudgeError(this.principle.name, `${expected}, got: ${reason} (take another file of this model)`, { cause: complaint });
  }

  /** Tokens from the very start. */
  prefix(pieces: readonly Piece[]): Prefix {
    const tokens = this.tokens(pieces);
    const begin = this.engine.tokenizer.renderText("");
    return begin.length === 0 || tokens[0] === begin[0] ? tokens : [...begin, ...tokens];
  }

  /** Between two special tokens the template's text and the data are tokenized as one text, as in training. */
  tokens(pieces: readonly Piece[]): Token[] {
    const tokens: Token[] = [];
    let plain = "";
    for (const { text, kind } of pieces) {
      for (const part of kind === "template" ? text.split(IN_BRACKETS) : [text]) {
        const special = kind === "template" ? this.#specials.get(part) : undefined;
        if (special === undefined) plain += part;
        else {
          tokens.push(...this.engine.tokenizer.tokenize(plain), special);
          plain = "";
        }
      }
    }
    return [...tokens, ...this.engine.tokenizer.tokenize(plain)];
  }

  /** What every template is given. */
  get #given(): Readonly<Record<string, unknown>> {
    const begin = this.engine.tokenizer.renderText("")[0];
    const bos = begin === undefined ? "" : this.engine.tokenizer.nameOf(begin);
    // Templates that say what day it is would judge otherwise tomorrow.
    return { bos_token: bos, eos_token: "", add_generation_prompt: true, strftime_now: () => "January 01, 2025" };
  }
}

function templateOf({ engine, format, principle }: Pick<Prompter, "engine" | "format" | "principle">): JinjaTemplate {
  const { facts, chatTemplate = "" } = engine;
  if (format.isOwnTemplate(chatTemplate)) return new JinjaTemplate(chatTemplate);
  const expected = `Expected ${facts.model} to bring the chat template of ${format.name}, which holds its prompt`;
  const advice = "take a file that was converted from its makers' own, or another judge";
  throw new JudgeError(principle.name, `${expected}, got ${chatTemplate === "" ? "none" : "another one"} (${advice})`);
}

/** How templates want what is said: as it is, or as a list of parts, as those do that know pictures. */
const CONTENTS: readonly ((text: string) => unknown)[] = [(text) => text, (text) => [{ type: "text", text }]];

/** Characters for private use, which no template contains. */
function markOf(index: number): string {
  return `\uE000${index}\uE001`;
}

const MARKS = /\uE000(\d+)\uE001/g;

/** A filled-in template with what is said in the places of its marks. */
function split(text: string, said: readonly string[], answer: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: mark, 1: number, index } of text.matchAll(MARKS)) {
    const which = Number(number);
    pieces.push(
      { text: text.slice(done, index), kind: "template" },
      { text: said[which] as string, kind: which === answer ? "answer" : "data" },
    );
    done = index + mark.length;
  }
  return [...pieces, { text: text.slice(done), kind: "template" }];
}

/** What is still to be said of a lead, behind a text that may have begun it. */
function missing(lead: string, text: string): string {
  for (let begun = lead.length; begun > 0; begun--) {
    if (text.endsWith(lead.slice(0, begun))) return lead.slice(begun);
  }
  return lead;
}

/** How vocabularies call special tokens. */
const IN_BRACKETS = /(<[^<>\s]+>)/;

const specials = new WeakMap<Engine, ReadonlyMap<string, Token>>();

/** The tokens whose names stand in brackets. Looked for once: an engine has no list of them. */
function specialsOf(engine: Engine): ReadonlyMap<string, Token> {
  const known = specials.get(engine);
  if (known !== undefined) return known;
  const found = new Map<string, Token>();
  for (let token = 0; token < engine.facts.vocabularySize; token++) {
    const name = engine.tokenizer.nameOf(token);
    if (name.startsWith("<") && name.endsWith(">")) found.set(name, token);
  }
  specials.set(engine, found);
  return found;
}

interface LabelToken {
  readonly text: string;
  readonly token: Token;
  /** Whom it speaks for: 1 good, -1 bad, 0 in the middle. */
  readonly side: 1 | 0 | -1;
}

/** @throws {JudgeError} when labels of different sides cannot be told apart by their first tokens */
function labelsOf(prompter: Prompter): readonly LabelToken[] {
  const { good, bad, middle = [] } = prompter.format.labels;
  const sides = [good.map((text) => ({ text, side: 1 }) as const), bad.map((text) => ({ text, side: -1 }) as const)];
  const labels: LabelToken[] = [];
  for (const { text, side } of [...sides.flat(), ...middle.map((text) => ({ text, side: 0 }) as const)]) {
    const token = firstToken(text, prompter);
    const same = labels.find((label) => label.token === token);
    if (same === undefined) labels.push({ text, token, side });
    else if (same.side !== side) throw unreadable([same.text, text], [token], prompter);
  }
  return labels;
}

/** The token that a label begins with behind the lead. */
function firstToken(label: string, prompter: Prompter): Token {
  const lead: Piece = { text: prompter.format.lead, kind: "template" };
  const before = prompter.tokens([lead]);
  const whole = prompter.tokens([lead, { text: label, kind: "data" }]);
  const first = whole[before.length];
  if (first !== undefined && before.every((token, index) => token === whole[index])) return first;
  throw unreadable([label], whole, prompter);
}

function unreadable(labels: readonly string[], tokens: readonly Token[], { engine, format, principle }: Prompter): JudgeError {
  const named = labels.map((label) => JSON.stringify(label)).join(" and ");
  const got = tokens.map((token) => JSON.stringify(engine.tokenizer.nameOf(token))).join(", ");
  const behind = format.lead === "" ? "" : ` behind ${JSON.stringify(format.lead)}`;
  const expected = `Expected ${named} of ${engine.facts.model} to begin with a token of ${labels.length === 1 ? "its" : "their"} own${behind}`;
  const advice = `its vocabulary is not that of ${format.name}: take another file of this model, or another judge`;
  return new JudgeError(principle.name, `${expected}, got ${got === "" ? "none" : got} (${advice})`);
}

/** Who speaks to whom; the last one is the answer, as far as it was written. */
interface Speaker {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** Users and assistants in turns, as most guards want them. Calls are text, and what comes back is a user's. */
function speakersOf(turns: readonly Turn[]): readonly Speaker[] {
  const said = turns.filter(({ role }) => role !== "system");
  const speakers: Speaker[] = [];
  for (const turn of said.at(-1)?.role === "assistant" ? said : [...said, { role: "assistant", text: "" } as const]) {
    const role = turn.role === "assistant" ? "assistant" : "user";
    const last = speakers.at(-1);
    if (last === undefined && role === "assistant") speakers.push({ role: "user", text: "" });
    if (last?.role === role) speakers[speakers.length - 1] = { role, text: `${last.text}\n\n${textOf(turn)}` };
    else speakers.push({ role, text: textOf(turn) });
  }
  return speakers;
}

/** What a turn says, and calls: one call a line. Where the next one begins, a line of its own. */
function textOf({ text, calls = [], isCalling = false }: Turn): string {
  const made = calls.map(({ name, arguments: values }) => JSON.stringify({ name, arguments: values }));
  const lines = [text, ...made].filter((line) => line !== "");
  return lines.join("\n") + (isCalling && lines.length > 0 ? "\n" : "");
}

function refusal({ name }: GuardFormat, principle: Principle): OptionError {
  const others = GUARD_FORMATS.filter(({ takesPrinciple }) => takesPrinciple).map((one) => one.name);
  const expected = `Expected \`principle\` to be \`harmless\` for ${name}, which judges harm alone`;
  const advice = `${others.join(", ")} can be asked by any principle, and so can models that are no guards`;
  return new OptionError("principle", `${expected}, got \`${principle.name}\` (${advice})`, principle);
}
