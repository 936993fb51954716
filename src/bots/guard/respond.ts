/** A question to the bot, and what becomes of it. What is written is judged while it is written, and once more when it is whole. */
import { type Preset, type Principle, randomAt, type Turn } from "../../core/index.ts";
import type { Account, Inference } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import { sayUnlessOwn } from "./languages/say.ts";
import { asShown, cleaned, normalise } from "./normalise.ts";
import { type GuildSettings, guildPrinciple } from "./settings.ts";

/** Something that was said before, or just now. */
export interface Utterance {
  /** Of the speaker; `undefined`: the bot itself. */
  readonly speaker: { readonly id: string; readonly name: string } | undefined;
  readonly text: string;
}

/** A question to the bot, wherever it was asked. */
export interface Incoming {
  /** Whose settings count and with whom nothing is mixed: a guild's id, or a private conversation's. */
  readonly guild: string;
  readonly channel: string;
  /** Id of the message or interaction: unique. */
  readonly source: string;
  /** Id of the person, as the platform vouches for it. */
  readonly author: string;
  /** What was said before, and last the question. */
  readonly said: readonly Utterance[];
  readonly settings: GuildSettings;
  /** In which our own lines are said, as Discord names it. @default English */
  readonly language?: string | undefined;
  /** Aborted when the question is taken back. */
  readonly signal: AbortSignal;
  /**
   * Shows an answer of which more is to come; the next one is not shown before this resolves. Left out: nothing is shown before
   * the whole answer is there.
   */
  readonly show?: ((beginning: Vetted) => Promise<void>) | undefined;
  /** Told how many answers begin before this one, whenever that changes while it waits. */
  readonly onPosition?: ((ahead: number) => void) | undefined;
}

/**
 * Why there is no answer. `judged`: nothing that was found is good enough. `question`: the question itself is not. `cooldown`, `cap`:
 * the person, or the guild, asks too much. `long`: more than the model can read. `busy`: too many ask at once. `unfit`: the model
 * judges too badly to be asked. `failed`: the model, its judge or the bot's memory failed.
 */
export type Reason = "judged" | "question" | "cooldown" | "cap" | "long" | "busy" | "unfit" | "failed";

/** What becomes of a question. */
export type Outcome =
  | { readonly kind: "reply"; readonly text: Vetted; readonly account: Account }
  /** A line of our own is said instead. */
  | { readonly kind: "refuse"; readonly reason: Reason; readonly line: string; readonly account?: Account; readonly error?: unknown }
  /** Nothing is said. */
  | { readonly kind: "ignore"; readonly reason: "cooldown" };

export type Respond = (incoming: Incoming) => Promise<Outcome>;

/** A text that is to be posted, as it will be posted. */
interface Posting {
  /** What it answers. */
  readonly turns: readonly Turn[];
  readonly text: string;
  readonly principle: Principle;
  readonly preset: Preset;
  /** Whether more of it is to come, or its end was cut off. */
  readonly isBeginning: boolean;
}

/** A text that the judge let pass, to the letter. `vet` makes them, and nothing else does: code that takes only these posts nothing unjudged. */
export class Vetted {
  readonly text: string;
  /** What the judge thinks of all of it: -1 (bad) to 1 (good). */
  readonly value: number;
  // Makes the type nominal: an object that only looks like one is none.
  readonly #isVetted = true;

  private constructor(text: string, value: number) {
    this.text = text;
    this.value = value;
  }

  static isVetted(value: unknown): value is Vetted {
    return typeof value === "object" && value !== null && #isVetted in value && value.#isVetted;
  }

  /**
   * Judges the whole text once more, as people will read it. `undefined`: it did not pass.
   *
   * @throws {InferenceError} when there is no verdict, or none that counts
   */
  static async vet(inference: Inference, candidate: Posting, signal: AbortSignal): Promise<Vetted | undefined> {
    const { text, principle, preset, turns, isBeginning } = candidate;
    // What is disguised is only read through for the judge: who answers reads what people wrote.
    const said = turns.filter(({ role }) => role !== "system").map((turn) => ({ ...turn, text: cleaned(turn.text) }));
    const judged: readonly Turn[] = [...said, { role: "assistant", text: normalise(text) }];
    const [verdict] = await inference.judge({ turns: judged, isBeginning, principles: [principle], preset }, signal);
    if (verdict === undefined) return undefined;
    const { value, judge } = verdict;
    if (!judge.isFit) throw new InferenceError("unfit", `Expected a fit judge by "${principle.name}", got one that is unfit`);
    return value >= (isBeginning ? judge.beginningThreshold : judge.threshold) ? new Vetted(text, value) : undefined;
  }
}

interface Responder {
  readonly inference: Inference;
  /** Makes a text fit for the place where it will be posted, such as links that cannot lead astray. What it gives is judged. */
  readonly defang: (text: string) => string;
}

/** Answers with RAIN. */
export function responding({ inference, defang }: Responder): Respond {
  return async (incoming) => {
    const { settings, signal, guild, source, onPosition } = incoming;
    const { preset, maxTokens, temperature, instructions, refusal } = settings.talk;
    const principle = guildPrinciple(settings, settings.talk.principle);
    const turns = conversationTurns(incoming.said, instructions);
    const vet = (text: string, isBeginning: boolean) => Vetted.vet(inference, { turns, text, principle, preset, isBeginning }, signal);
    const showing = showingTo(incoming.show, (text) => vet(defang(text), true));
    const revealDiscarded = settings.explain.showDiscarded;
    const request = { turns, principle, preset, maxTokens, temperature, seed: seedOf(source), guild, revealDiscarded };
    const { text, finishReason, account } = await inference.answer(request, { signal, onText: showing.onText, onPosition });
    showing.end();
    const posting = finishReason === "content_filter" ? "" : defang(text).trim();
    // What has no end of its own is no whole text: a judge of whole texts finds most of those bad.
    const vetted = posting === "" ? undefined : await vet(posting, finishReason === "length");
    if (vetted === undefined)
      return { kind: "refuse", reason: "judged", line: sayUnlessOwn(incoming.language, "refusal", refusal), account };
    return { kind: "reply", text: vetted, account };
  };
}

/** Two questions have two seeds; the same question, asked again after a failure, has the same. */
function seedOf(source: string): number {
  const digits = [...source].reduce((sum, digit) => (Math.imul(sum, 31) + digit.charCodeAt(0)) | 0, 0);
  return Math.floor(randomAt(digits, 0) * 2 ** 32);
}

/** Shows what is committed, one text after another; those that come in between are left out, and all when the answer is there. */
function showingTo(show: Incoming["show"], vet: (text: string) => Promise<Vetted | undefined>) {
  let latest: string | undefined;
  let isBusy = false;
  let isOver = false;
  const add = async (text: string): Promise<void> => {
    latest = text;
    if (isBusy) return;
    isBusy = true;
    try {
      while (latest !== undefined && !isOver) {
        const beginning: string = latest;
        latest = undefined;
        const vetted = await vet(beginning);
        if (vetted !== undefined && !isOver) await show?.(vetted);
      }
    } catch {
      // A beginning that cannot be judged or shown is left out; of the whole answer the same failure is told.
    } finally {
      isBusy = false;
    }
  };
  const end = () => {
    isOver = true;
  };
  return { onText: show && ((text: string) => void add(text)), end };
}

/**
 * A conversation as a model reads it. What people say is data: it is never in the system's role. Where several people speak,
 * it is said who says what.
 */
function conversationTurns(said: readonly Utterance[], instructions: string): readonly Turn[] {
  const names = speakerNames(said);
  const turns: Turn[] = instructions === "" ? [] : [{ role: "system", text: instructions }];
  for (const { speaker, text } of said) {
    const line = asShown(text);
    if (line === "") continue;
    const role = speaker === undefined ? "assistant" : "user";
    const spoken = speaker !== undefined && names.size > 1 ? `${names.get(speaker.id)}: ${line.replaceAll("\n", GOES_ON)}` : line;
    const last = turns.at(-1);
    // Chat formats take turns: what one side says in several messages is one turn.
    if (last?.role === role) turns[turns.length - 1] = { role, text: `${last.text}\n${spoken}` };
    else turns.push({ role, text: spoken });
  }
  return turns;
}

/** Sets in the further lines of a message, so that none of them can look like another speaker's. */
const GOES_ON = "\n  ";

/** By id. Two of the same name are told apart by numbers. */
function speakerNames(said: readonly Utterance[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { speaker } of said) {
    if (speaker === undefined || names.has(speaker.id)) continue;
    const name = speakerName(speaker.name);
    const taken = [...names.values()];
    let [unique, number] = [name, 1];
    while (taken.includes(unique)) unique = `${name} ${++number}`;
    names.set(speaker.id, unique);
  }
  return names;
}

const LONGEST_NAME = 32;

/** Names that chat formats use for their own ends. */
const RESERVED = /^(?:user|assistant|system|tool|human|bot)$/i;

/** People choose their names, also to look like a role or like more lines. */
function speakerName(name: string): string {
  const plain = cleaned(name)
    .replace(/[^\p{L}\p{M}\p{N} _.-]/gu, "")
    .trim()
    .slice(0, LONGEST_NAME);
  return plain === "" || RESERVED.test(plain) ? "Somebody" : plain;
}
