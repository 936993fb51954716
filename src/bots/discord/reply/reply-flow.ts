import { DiscordAPIError, HTTPError, RESTJSONErrorCodes, type TextBasedChannel } from "discord.js";
import { excerptOf, type GuildSettings, type Outcome, type ReplyEnd, say, sayUnlessOwn, type Utterance } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { TakenBack } from "./drafts.ts";
import { ANSWERABLE_MS, LiveReply, type ReplyTarget } from "./live-reply.ts";
import type { Conversation } from "./question.ts";
import { hashOfPosts } from "./unanswered.ts";

/** A question to the bot, and where its answer goes. */
export interface DiscordQuestion {
  readonly guild: string;
  readonly channel: string;
  readonly source: string;
  /** The message in which it stands, where the source is a button below an answer to it. */
  readonly question?: string | undefined;
  /** What was asked, where that is no message that can be read again. */
  readonly asked?: Utterance | undefined;
  readonly author: string;
  readonly settings: GuildSettings;
  /** Reads the conversation. */
  readonly read: () => Promise<Conversation>;
  readonly target: ReplyTarget;
  /** In which our own lines are said. `undefined`: English. */
  readonly language: string | undefined;
  /** A command was deferred: something stands there already. */
  readonly isDeferred: boolean;
  /** Where the typing indicator shows, if anywhere. */
  readonly typingIn: TextBasedChannel | undefined;
  /** It was edited while it was being answered: the record of the answer before makes place. */
  readonly isAnew: boolean;
  /** When it came in, by the monotonic clock. */
  readonly askedAt: number;
  /** When the channel's earlier questions are done. */
  readonly before: Promise<void>;
}

type Told = Exclude<Outcome, { kind: "ignore" }>;

/** From a question to a vetted post, or to a line of our own; and the record of it. */
export class ReplyFlow {
  readonly #context: BotContext;
  readonly #question: DiscordQuestion;
  readonly #reply: LiveReply;
  /** Files of the question that were not read, or not to their end. */
  #unread = 0;

  constructor(context: BotContext, question: DiscordQuestion) {
    this.#context = context;
    this.#question = question;
    const { target, channel, language, isDeferred: isPosted } = question;
    // What stands in the place of a command is changed, and takes no message of the channel's.
    const whenTold = (tell: () => boolean) => void (isPosted ? tell() : context.notices.add(channel, tell));
    this.#reply = new LiveReply(target, context.outbound, { isPosted, whenTold, language });
  }

  /** Never rejects: what fails is told to the person, and to the log. */
  async run(): Promise<void> {
    const { drafts } = this.#context;
    const { source, channel, author, isDeferred, question } = this.#question;
    const signal = drafts.begin(source, { author, channel, question });
    if (signal === undefined) return;
    const expiring = isDeferred ? setTimeout(() => drafts.takeBack(source, "late"), ANSWERABLE_MS) : undefined;
    try {
      await this.#answer(signal);
    } catch (error) {
      await this.#giveUp(error);
    } finally {
      clearTimeout(expiring);
      drafts.end(source);
    }
  }

  async #answer(signal: AbortSignal): Promise<void> {
    const { store, options, metrics } = this.#context;
    const { guild, channel, source, author, settings, before, askedAt, isAnew } = this.#question;
    // Before there is a record of it.
    if (await store.isOptedOut(author)) return await this.#reply.withdraw(say(this.#question.language, "ask.optedOut"));
    const record = { guild, channel, source, author, principle: settings.talk.principle, createdAt: options.clock() };
    if (!(await store.beginReply({ ...record, isAnew }))) return;
    const outcome = await this.#respond(signal);
    await unlessAborted(before, signal);
    if (outcome.kind === "ignore") {
      await this.#reply.withdraw(say(this.#question.language, "ask.early"));
      await store.endReply(guild, source, { state: "refused" });
      return;
    }
    await this.#post(outcome, signal);
    metrics.outcome(outcome, (options.now() - askedAt) / 1000);
    this.#log(outcome);
  }

  async #respond(signal: AbortSignal): Promise<Outcome> {
    const { typing, respond } = this.#context;
    const { guild, channel, source, author, settings, read, typingIn, language } = this.#question;
    using _typing = typingIn === undefined ? undefined : typing.begin(typingIn);
    const { said, unread } = await read();
    this.#unread = unread;
    signal.throwIfAborted();
    const show = settings.talk.edits ? (beginning: Parameters<LiveReply["show"]>[0]) => this.#reply.show(beginning) : undefined;
    return await respond({ guild, channel, source, author, said, settings, language, signal, show, onPosition: this.#reply.onPosition });
  }

  /** What is posted is on record before it is. */
  async #post(outcome: Told, signal: AbortSignal): Promise<void> {
    const { store, outbound, asked } = this.#context;
    const { guild, source, settings, language, asked: line } = this.#question;
    const isReply = outcome.kind === "reply";
    const text = isReply ? outcome.text.text : outcome.line;
    // Of a question that was not taken up it does not matter.
    const isUnread = this.#unread > 0 && (isReply || outcome.reason === "long");
    const note = isUnread ? [outbound.own(unreadLine(language, this.#unread))] : [];
    const posts = [...(isReply ? outbound.answer(outcome.text) : [outbound.own(outcome.line)]), ...note];
    const facts: Omit<ReplyEnd, "state"> = {
      hash: hashOfPosts(posts),
      excerpt: excerptOf(text),
      ...(isReply ? { value: outcome.text.value } : {}),
      ...accountOf(outcome),
    };
    await store.endReply(guild, source, { state: "drafting", ...facts });
    signal.throwIfAborted();
    const hasButtons = settings.talk.buttons && (isReply || outcome.reason === "judged");
    const messages = await this.#finish(posts, { signal, hasButtons });
    const [first] = messages;
    if (first !== undefined && line !== undefined) asked.remember(first, { guild, line });
    const state = isReply ? "posted" : outcome.reason === "failed" || outcome.reason === "busy" ? "failed" : "refused";
    await store.endReply(guild, source, { state, messages, ...facts });
  }

  /** Where the connection breaks it is posted again: it was written and judged, and stands there once, whatever Discord has taken before. */
  async #finish(
    messages: readonly string[],
    { signal, hasButtons }: { readonly signal: AbortSignal; readonly hasButtons: boolean },
  ): Promise<readonly string[]> {
    const { log } = this.#context;
    const { guild, source } = this.#question;
    for (const waitMs of AGAIN_MS) {
      try {
        return await this.#reply.finish(messages, hasButtons);
      } catch (error) {
        if (!isBrokenConnection(error)) throw error;
        log.warn({ err: error, guild, source }, "not posted, and tried again");
        await unlessAborted(new Promise((resolve) => setTimeout(resolve, waitMs)), signal);
      }
    }
    return await this.#reply.finish(messages, hasButtons);
  }

  async #giveUp(error: unknown): Promise<void> {
    const { store, log, metrics, outbound } = this.#context;
    const { guild, source, settings, language } = this.#question;
    const taken = error instanceof TakenBack ? error : undefined;
    const isGone = isAboutGone(error, this.#question);
    log[taken !== undefined || isGone ? "info" : "error"]({ err: error, guild, source }, "no answer");
    if (taken === undefined) metrics.refusals.inc({ reason: "failed" });
    const isOver = taken?.by === "shutdown";
    const failure = sayUnlessOwn(language, "failed", settings.talk.failure);
    let messages: readonly string[] | undefined;
    try {
      if (taken !== undefined && !isOver) await this.#reply.withdraw(lineOf(language, taken.by));
      else if (!isGone) messages = await this.#reply.finish([outbound.own(isOver ? say(language, "restarting.question") : failure)]);
    } catch (cause) {
      log.error({ err: cause, guild, source }, "not told");
      // Who could not be told now is told when the bot is back.
      if (isOver) return;
    }
    const end = { state: taken === undefined ? "failed" : "stopped", ...(messages === undefined ? {} : { messages }) } as const;
    await store.endReply(guild, source, end).catch((cause: unknown) => {
      log.error({ err: cause, guild, source }, "not recorded");
    });
  }

  #log(outcome: Told): void {
    const { log } = this.#context;
    const { guild, source } = this.#question;
    if (outcome.kind === "reply") log.info({ guild, source, rewinds: outcome.account.rewinds, value: outcome.text.value }, "answered");
    else log[outcome.reason === "failed" ? "error" : "info"]({ guild, source, reason: outcome.reason, err: outcome.error }, "refused");
  }
}

/** Names of files are people's words: they are not ours to say. */
function unreadLine(language: string | undefined, count: number): string {
  return count === 1 ? say(language, "ask.unread.one") : say(language, "ask.unread.many", { count });
}

/** Between the tries to post an answer. */
const AGAIN_MS = [500, 1500, 4000];

/** Of Node and of its client for HTTP. */
const BROKEN = /^(?:E[A-Z]{3,}|UND_ERR_[A-Z_]+)$/;

function isBrokenConnection(error: unknown): boolean {
  if (error instanceof HTTPError) return true;
  return error instanceof Error && (error.name === "AbortError" || ("code" in error && BROKEN.test(String(error.code))));
}

/** What stands where an answer was to be; nothing where the question is gone. */
function lineOf(language: string | undefined, by: TakenBack["by"]): string | undefined {
  if (by === "stopped") return say(language, "stop.done");
  return by === "late" ? say(language, "late") : undefined;
}

/** @throws the signal's reason, however long it would have to wait */
async function unlessAborted(waiting: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  if (!signal.aborted) await Promise.race([waiting, aborted]);
  signal.throwIfAborted();
}

function accountOf({ account }: Told): Partial<ReplyEnd> {
  if (account === undefined) return {};
  const { principle, rewinds, droppedTurns, course, discarded } = account;
  return { principle, rewinds, droppedTurns, course, discarded };
}

const { UnknownChannel, UnknownMessage, MissingAccess, MissingPermissions, InvalidFormBodyOrContentType } = RESTJSONErrorCodes;
const { UnknownInteraction, UnknownWebhook, InvalidWebhookToken } = RESTJSONErrorCodes;

/** There is no place for an answer where the message, the channel or the right to write is gone. */
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
