import { createHash } from "node:crypto";
import { type APIActionRowComponent, type APIButtonComponent, ButtonStyle, ComponentType, type Message, MessageFlags } from "discord.js";
import { say, type Vetted } from "../../guard/index.ts";
import type { OutboundFilter } from "../outbound-filter.ts";

/** Between two edits of one message. */
const EDIT_EVERY_MS = 1200;

/** From so many questions before it on, a person is told that there is a line. */
const LINE_FROM = 2;

/** Has somebody told their place in line, now or later; `false` where there is nothing to tell any more. */
type WhenTold = (tell: () => boolean) => void;

/** What people see of one answer: its place in line, its vetted beginnings where a guild wants them, and the answer. */
export class LiveReply {
  readonly #target: ReplyTarget;
  readonly #outbound: OutboundFilter;
  /** Requests are made one after another. */
  #work: Promise<unknown> = Promise.resolve();
  readonly #whenTold: WhenTold;
  readonly #language: string | undefined;
  #isPosted: boolean;
  #isOver = false;
  #isToBeTold = false;
  /** How many questions are answered before this one. */
  #ahead = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param isPosted whether something stands there already: "thinking", of a deferred command */
  constructor(
    target: ReplyTarget,
    outbound: OutboundFilter,
    { isPosted, whenTold, language }: { readonly isPosted: boolean; readonly whenTold: WhenTold; readonly language: string | undefined },
  ) {
    this.#target = target;
    this.#outbound = outbound;
    this.#whenTold = whenTold;
    this.#language = language;
    this.#isPosted = isPosted;
  }

  /** Tells once how many questions are answered before this one: a channel takes few edits, and the answer needs them. */
  readonly onPosition = (ahead: number): void => {
    this.#ahead = ahead;
    if (this.#isToBeTold || ahead < LINE_FROM) return;
    this.#isToBeTold = true;
    this.#whenTold(() => this.#tellPlace());
  };

  /** `false`: its turn has come, or nearly, before anybody could be told. */
  #tellPlace(): boolean {
    if (this.#isOver || this.#ahead < LINE_FROM) return false;
    // A place that cannot be shown is no reason to give up the answer.
    this.#put(this.#outbound.own(say(this.#language, "ask.place", { count: this.#ahead })), "stop").catch(() => undefined);
    return true;
  }

  /** Shows an answer of which more is to come, and is ready for more after a while. */
  async show(beginning: Vetted): Promise<void> {
    const [first] = this.#outbound.answer(beginning);
    if (this.#isOver || first === undefined) return;
    await this.#put(first, "stop");
    await new Promise<void>((resolve) => {
      this.#timer = setTimeout(resolve, EDIT_EVERY_MS);
    });
  }

  /** Posts the answer, or a line instead, whole. Gives the messages' ids. @param isAnswer whether its last message may have buttons */
  async finish(messages: readonly string[], isAnswer = false): Promise<readonly string[]> {
    this.#end();
    const [first = "", ...others] = messages;
    const below = isAnswer ? "answer" : "nothing";
    const ids: (string | undefined)[] = [await this.#put(first, others.length === 0 ? below : "nothing")];
    for (const [index, content] of others.entries()) {
      const buttons = index === others.length - 1 ? below : "nothing";
      ids.push(await this.#next(() => this.#target.add({ content, buttons }, index + 1)));
    }
    return ids.filter((id) => id !== undefined);
  }

  /** Takes away what was posted; with a line, this is left in its place. */
  async withdraw(line?: string): Promise<void> {
    this.#end();
    // What is on its way stands there in a moment.
    await this.#work;
    if (!this.#isPosted) return;
    if (line === undefined) await this.#next(() => this.#target.remove());
    else await this.#put(this.#outbound.own(line), "nothing");
  }

  async #put(content: string, buttons: Post["buttons"]): Promise<string> {
    return await this.#next(async () => {
      const id = await this.#target.put({ content, buttons });
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

/** A message of ours, in words that the outbound filter knows. */
export interface Post {
  readonly content: string;
  /** What people may do by buttons below it: `stop` the answer; have another `answer`, and see how it came about. */
  readonly buttons: "stop" | "answer" | "nothing";
}

/** Where an answer goes. Requests are made one after another. */
export interface ReplyTarget {
  /** Posts, or changes what was posted first. Gives the message's id. */
  put(post: Post): Promise<string>;
  /** Posts one message more, the `index`th from 1. Gives its id. `undefined`: it cannot be known whether it is there. */
  add(post: Post, index: number): Promise<string | undefined>;
  /** Takes away what was posted, if anything. */
  remove(): Promise<void>;
}

/** In which everybody there is spoken to. `undefined` in private, where nobody has said. */
export function languageOf({ guild }: Pick<Message, "guild">): string | undefined {
  return guild?.preferredLocale;
}

/** No text pings, whatever it says; and no link in it shows a preview. */
export const QUIETLY = { allowedMentions: { parse: [], repliedUser: false }, flags: MessageFlags.SuppressEmbeds } as const;

/**
 * An answer in reply to a message.
 *
 * @param standing what another process has posted of it
 * @param again which of several answers it is, where the first one stands. @default the first one
 */
export function messageTarget(
  source: Message,
  outbound: OutboundFilter,
  { standing, again = "" }: { readonly standing?: Message | undefined; readonly again?: string } = {},
): ReplyTarget {
  let posted = standing;
  // An answer to another version of the question is another one: what Discord has posted once and was taken away is not to count for it.
  const asked = [source.id, `${source.editedTimestamp ?? 0}${again}`] as const;
  return {
    async put({ content, buttons }) {
      const payload = {
        ...QUIETLY,
        content,
        components: outbound.own(buttonsBelow(again || source.id, { buttons, isOfMessage: true, language: languageOf(source) })),
      };
      // A question that is gone by now gets no answer: the reply fails.
      const isFirst = posted === undefined;
      posted ??= await source.reply({ ...payload, failIfNotExists: true, ...once("answer", ...asked, 0) });
      // Where a response was lost, Discord gives what was posted first: a place in line, perhaps.
      if (!isFirst || posted.content !== content.trim()) posted = await posted.edit(payload);
      return posted.id;
    },
    async add({ content, buttons }, index) {
      if (!source.channel.isSendable()) throw new TypeError("Expected a channel in which one can write");
      const components = outbound.own(buttonsBelow(again || source.id, { buttons, isOfMessage: true, language: languageOf(source) }));
      return (await source.channel.send({ ...QUIETLY, content, components, ...once("answer", ...asked, index) })).id;
    },
    async remove() {
      const gone = posted;
      posted = undefined;
      await gone?.delete();
    },
  };
}

/** So long a command is answered. Discord takes answers for fifteen minutes: one that comes later would leave "thinking" where it was to be. */
export const ANSWERABLE_MS = 14 * 60_000;

/** The custom id of the button that stops the answer to this message or interaction. */
export const STOP = "stop";

/** The first part of the custom ids of the buttons below an answer. */
export const ANSWER = "answer";

interface ButtonsBelow extends Pick<Post, "buttons"> {
  /** Whether it answers a message, which can be read again. */
  readonly isOfMessage: boolean;
  readonly language: string | undefined;
}

/** @param source what it answers */
export function buttonsBelow(
  source: string,
  { buttons, isOfMessage, language }: ButtonsBelow,
): APIActionRowComponent<APIButtonComponent>[] {
  const button = (label: string, custom_id: string) =>
    ({ type: ComponentType.Button, style: ButtonStyle.Secondary, label, custom_id }) as const;
  const explain = button(say(language, "explain.button"), `${ANSWER}:explain`);
  const components = {
    stop: [button(say(language, "stop.button"), `${STOP}:${source}`)],
    answer: isOfMessage ? [button(say(language, "retry.button"), `${ANSWER}:retry`), explain] : [explain],
    nothing: [],
  }[buttons];
  return components.length === 0 ? [] : [{ type: ComponentType.ActionRow, components }];
}

/** Whether what stands there is not whole: it can still be stopped. */
export function isUnfinished({ components }: Message): boolean {
  return JSON.stringify(components).includes(`"${STOP}:`);
}

/** Discord's limit. */
const LONGEST_NONCE = 25;

/** Discord posts a message of one nonce once, however often it is asked to: after a lost response, for example. */
export function once(...what: readonly (string | number)[]): { readonly nonce: string; readonly enforceNonce: true } {
  const nonce = createHash("sha256").update(what.join("/")).digest("base64url").slice(0, LONGEST_NONCE);
  return { nonce, enforceNonce: true };
}
