import { DiscordAPIError, RESTJSONErrorCodes, type TextBasedChannel } from "discord.js";
import type { Utterance } from "../../guard/conversation.ts";
import type { Outcome } from "../../guard/outcome.ts";
import type { GuildSettings } from "../../guard/settings.ts";
import { excerptOf, hashOf } from "../../guard/store/excerpts.ts";
import type { ReplyEnd } from "../../guard/store/store.ts";
import type { Vetted } from "../../guard/vetted.ts";
import type { Door } from "../door.ts";
import type { Parts } from "../parts.ts";
import { TakenBack } from "./drafts.ts";
import type { Site } from "./site.ts";

/** A question to the bot, and where its answer goes. */
export interface DiscordQuestion {
  readonly guild: string;
  readonly channel: string;
  readonly source: string;
  readonly author: string;
  readonly settings: GuildSettings;
  /** Reads the conversation; its last line is the question. */
  readonly read: () => Promise<readonly Utterance[]>;
  readonly site: Site;
  /** A command was deferred: something stands there already. */
  readonly isDeferred: boolean;
  /** Where the typing indicator shows, if anywhere. */
  readonly typingIn: TextBasedChannel | undefined;
  /** When it came in, by the monotonic clock. */
  readonly askedAt: number;
  /** When the channel's earlier questions are done. */
  readonly before: Promise<void>;
}

/** From a question to a vetted post, or to a line of our own; and the record of it. */
export class Talker {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Never rejects: what fails is told to the person, and to the log. */
  async answer(question: DiscordQuestion): Promise<void> {
    const { drafts } = this.#parts;
    const { source, channel, author } = question;
    const signal = drafts.begin(source, { author, channel });
    const stage = new LiveReply(question.site, this.#parts.door, question.isDeferred);
    try {
      await this.#answer(question, { signal, stage });
    } catch (error) {
      await this.#giveUp(question, stage, error);
    } finally {
      drafts.end(source);
    }
  }

  async #answer(question: DiscordQuestion, { signal, stage }: Work): Promise<void> {
    const { store, options } = this.#parts;
    const { guild, channel, source, author, settings } = question;
    // Before there is a record of it.
    if (await store.isOptedOut(author)) return await stage.withdraw(OPTED_OUT);
    const record = { guild, channel, source, author, principle: settings.talk.principle, createdAt: options.clock() };
    if (!(await store.beginReply(record))) return;
    const outcome = await this.#outcome(question, { signal, stage });
    await question.before;
    signal.throwIfAborted();
    if (outcome.kind === "ignore") {
      await stage.withdraw(TOO_EARLY);
      await store.endReply(guild, source, { state: "refused" });
      return;
    }
    await this.#post(question, stage, outcome);
    this.#parts.metrics.outcome(outcome, (options.now() - question.askedAt) / 1000);
    this.#log(question, outcome);
  }

  async #outcome(question: DiscordQuestion, { signal, stage }: Work): Promise<Outcome> {
    using _typing = question.typingIn === undefined ? undefined : this.#parts.typing.begin(question.typingIn);
    const { guild, channel, source, author, settings } = question;
    const said = await question.read();
    signal.throwIfAborted();
    return await this.#parts.respond({
      guild,
      channel,
      source,
      author,
      said,
      settings,
      signal,
      show: settings.talk.edits ? (beginning) => stage.show(beginning) : undefined,
      onPosition: stage.onPosition,
    });
  }

  /** What is posted is on record before it is. */
  async #post({ guild, source }: DiscordQuestion, stage: LiveReply, outcome: Exclude<Outcome, { kind: "ignore" }>): Promise<void> {
    const { store, door } = this.#parts;
    const text = outcome.kind === "reply" ? outcome.text.text : outcome.line;
    const parts = outcome.kind === "reply" ? door.answer(outcome.text) : [door.own(outcome.line)];
    const facts: Omit<ReplyEnd, "state"> = {
      hash: hashOf(text),
      excerpt: excerptOf(text),
      ...(outcome.kind === "reply" ? { value: outcome.text.value } : {}),
      ...accountOf(outcome),
    };
    await store.endReply(guild, source, { state: "drafting", ...facts });
    const messages = await stage.finish(parts);
    const state = outcome.kind === "reply" ? "posted" : outcome.reason === "failed" || outcome.reason === "busy" ? "failed" : "refused";
    await store.endReply(guild, source, { state, messages, ...facts });
  }

  async #giveUp(question: DiscordQuestion, stage: LiveReply, error: unknown): Promise<void> {
    const { store, log, metrics, door } = this.#parts;
    const { guild, source, settings } = question;
    const taken = error instanceof TakenBack ? error : undefined;
    const line = taken === undefined ? settings.talk.failure : LINES[taken.by];
    const isGone = isAboutGone(error, question);
    log[taken !== undefined || isGone ? "info" : "error"]({ err: error, guild, source }, "no answer");
    if (taken === undefined) metrics.refusal("failed");
    const state = taken === undefined ? "failed" : "stopped";
    const ends = [
      store.endReply(guild, source, { state }),
      taken !== undefined ? stage.withdraw(line) : isGone ? undefined : stage.finish([door.own(line ?? "")]),
    ];
    for (const end of await Promise.allSettled(ends))
      if (end.status === "rejected") log.error({ err: end.reason, guild, source }, "not told");
  }

  #log({ guild, source }: DiscordQuestion, outcome: Exclude<Outcome, { kind: "ignore" }>): void {
    const { log } = this.#parts;
    if (outcome.kind === "reply") log.info({ guild, source, rewinds: outcome.account.rewinds, value: outcome.text.value }, "answered");
    else log[outcome.reason === "failed" ? "error" : "info"]({ guild, source, reason: outcome.reason, err: outcome.error }, "refused");
  }
}

interface Work {
  readonly signal: AbortSignal;
  readonly stage: LiveReply;
}

/** Said where something stands already, of a command; elsewhere nothing is. */
const OPTED_OUT = "You opted out: I do not read what you write. `/privacy opt-in` takes you back in.";
const TOO_EARLY = "Please wait a moment before you ask again.";

/** What stands where an answer was to be; nothing where the question is gone. */
const LINES: Readonly<Record<TakenBack["by"], string | undefined>> = {
  edited: undefined,
  deleted: undefined,
  stopped: "Stopped.",
  shutdown: "I have to restart. Please ask again in a moment.",
};

function accountOf({ account }: Exclude<Outcome, { kind: "ignore" }>): Partial<ReplyEnd> {
  if (account === undefined) return {};
  const { principle, rewinds, course, discarded } = account;
  return { principle, rewinds, course, discarded };
}

const { UnknownChannel, UnknownMessage, MissingAccess, MissingPermissions, InvalidFormBodyOrContentType } = RESTJSONErrorCodes;
const { UnknownInteraction, UnknownWebhook, InvalidWebhookToken } = RESTJSONErrorCodes;

/** Nobody can be told where the message, the channel or the right to write is gone. */
const NO_PLACE: readonly (number | string)[] = [
  UnknownChannel,
  UnknownMessage,
  MissingAccess,
  MissingPermissions,
  InvalidFormBodyOrContentType,
];

/** A command is answered in its own place, as long as that lives, whatever else is not to be had. */
const NO_COMMAND: readonly (number | string)[] = [UnknownInteraction, UnknownWebhook, InvalidWebhookToken];

function isAboutGone(error: unknown, { isDeferred }: DiscordQuestion): boolean {
  return error instanceof DiscordAPIError && (isDeferred ? NO_COMMAND : NO_PLACE).includes(error.code);
}

/** Between two edits of one message. */
const EDIT_EVERY_MS = 1200;

/** From so many questions before it on, a person is told that there is a line. */
const LINE_FROM = 2;

/** What people see of one answer: its place in line, its vetted beginnings where a guild wants them, and the answer. */
export class LiveReply {
  readonly #site: Site;
  readonly #door: Door;
  /** Requests are made one after another. */
  #work: Promise<unknown> = Promise.resolve();
  #isPosted: boolean;
  #isOver = false;
  #isPlaceTold = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param isPosted whether something stands there already: "thinking", of a deferred command */
  constructor(site: Site, door: Door, isPosted: boolean) {
    this.#site = site;
    this.#door = door;
    this.#isPosted = isPosted;
  }

  /** Tells once how many questions are answered before this one: a channel takes few edits, and the answer needs them. */
  readonly onPosition = (ahead: number): void => {
    if (this.#isOver || this.#isPlaceTold || ahead < LINE_FROM) return;
    this.#isPlaceTold = true;
    // A place that cannot be shown is no reason to give up the answer.
    this.#put(this.#door.own(`${ahead} questions are before yours.`), true).catch(() => undefined);
  };

  /** Shows an answer of which more is to come, and is ready for more after a while. */
  async show(beginning: Vetted): Promise<void> {
    const [first] = this.#door.answer(beginning);
    if (this.#isOver || first === undefined) return;
    await this.#put(first, true);
    await new Promise<void>((resolve) => {
      this.#timer = setTimeout(resolve, EDIT_EVERY_MS);
    });
  }

  /** Posts the answer, or a line instead, whole. Gives the messages' ids. */
  async finish(parts: readonly string[]): Promise<readonly string[]> {
    this.#end();
    const [first = "", ...others] = parts;
    const ids = [await this.#put(first, false)];
    for (const [index, part] of others.entries()) ids.push(await this.#next(() => this.#site.add(part, index + 1)));
    return ids;
  }

  /** Takes away what was posted; with a line, this is left in its place. */
  async withdraw(line?: string): Promise<void> {
    this.#end();
    // What is on its way stands there in a moment.
    await this.#work;
    if (!this.#isPosted) return;
    if (line === undefined) await this.#next(() => this.#site.remove());
    else await this.#put(this.#door.own(line), false);
  }

  async #put(content: string, canBeStopped: boolean): Promise<string> {
    return await this.#next(async () => {
      const id = await this.#site.put({ content, canBeStopped });
      this.#isPosted = true;
      return id;
    });
  }

  async #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return await result;
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
