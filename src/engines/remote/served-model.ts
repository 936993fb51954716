import { randomUUID } from "node:crypto";
import type { Call, NextTokenQuery, NextTokens, Passage, Prefix } from "../../core/engine.ts";
import type { Purpose } from "../../core/meter.ts";
import type { PrefixReader, PrefixReading, Told } from "./server.ts";

/** So many of the likeliest tokens are read along where tokens are asked about: what is drawn there next is then known. */
const READ_ALONG = 64;

/** So many readings are remembered: those that answers stand at. */
const REMEMBERED = 16;

/** What is written token by token, by our draws. */
const DRAWN: readonly Purpose[] = ["draft", "expand", "simulate"];

/** What is known of one prefix. */
interface Answer extends NextTokens {
  readonly prefix: Prefix;
  readonly reading: PrefixReading;
}

export interface ServedModelOptions {
  readonly isSerial: boolean;
  readonly vocabularySize: number;
  /** So many places are read at once where tokens are drawn. What is drawn does not depend on it: another token than the likeliest is asked behind anew. @default 1 */
  readonly ahead?: number | undefined;
}

/** What an engine does, by reading one prefix after another, or all of a call at once. */
export class ServedModel {
  readonly #reader: PrefixReader;
  readonly #isSerial: boolean;
  readonly #vocabularySize: number;
  readonly #ahead: number;
  /** Newest first. */
  #answers: Answer[] = [];

  constructor(reader: PrefixReader, { isSerial, vocabularySize, ahead = 1 }: ServedModelOptions) {
    this.#reader = reader;
    this.#isSerial = isSerial;
    this.#vocabularySize = vocabularySize;
    this.#ahead = ahead;
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    const readings = queries.map(({ prefix, topK = 0, tokens = [], isKept = false }) => ({
      // The array may grow while it is asked about.
      prefix: [...prefix],
      reading: { topK: Math.min(topK, this.#vocabularySize), tokens, isKept },
    }));
    const told: Told[] = [];
    if (this.#isSerial) for (const { prefix, reading } of readings) told.push(await this.#next(prefix, reading, call));
    else told.push(...(await Promise.all(readings.map(({ prefix, reading }) => this.#next(prefix, reading, call)))));
    const requests = told.map((one) => one.requests);
    call.meter.record(
      call.purpose,
      told.reduce((sum, { computed }) => sum + computed, 0),
      this.#isSerial ? requests.reduce((sum, count) => sum + count, 0) : Math.max(0, ...requests),
    );
    return told;
  }

  hold(prefix: Prefix): Disposable {
    return this.#reader.hold(prefix);
  }

  /** One request for each place, for all tokens of the vocabulary, one after another: each finds the one before in the cache. */
  async distributions({ prefix, tokens, isAfresh = false }: Passage, { meter, purpose, signal }: Call): Promise<Float32Array[]> {
    const salt = isAfresh ? randomUUID() : undefined;
    const places: Float32Array[] = [];
    for (const [place] of tokens.entries()) {
      const reading = { topK: this.#vocabularySize, tokens: [], isAfresh: isAfresh && place === 0, salt };
      const { likeliest, computed, requests } = await this.#reader.read([...prefix, ...tokens.slice(0, place)], reading, signal);
      meter.record(purpose, computed, requests);
      const logarithms = new Float32Array(this.#vocabularySize).fill(Number.NEGATIVE_INFINITY);
      for (const { token, logit } of likeliest) logarithms[token] = logit;
      places.push(logarithms);
    }
    return places;
  }

  async #next(prefix: Prefix, reading: PrefixReading, { signal, purpose }: Call): Promise<Told> {
    signal?.throwIfAborted();
    const known = this.#answers.find((answer) => isSame(answer.prefix, prefix) && answersAll(answer, reading));
    if (known !== undefined) return { ...pick(known, reading), computed: 0, requests: 0 };
    const wanted = { ...reading, topK: Math.min(Math.max(reading.topK, READ_ALONG), this.#vocabularySize) };
    const isDrawn = DRAWN.includes(purpose) && reading.tokens.length === 0 && wanted.topK === READ_ALONG;
    const asked = isDrawn ? { ...wanted, ahead: this.#ahead } : wanted;
    const { computed, requests, places = [], ...read } = await this.#reader.read(prefix, asked, signal);
    const answer = { ...read, prefix, reading: wanted };
    const behind = places.map(({ likeliest }, place): Answer => {
      const tokens = places.slice(0, place + 1).map(({ token }) => token);
      return { likeliest, logits: [], prefix: [...prefix, ...tokens], reading: { topK: wanted.topK, tokens: [] } };
    });
    this.#answers = [answer, ...behind, ...this.#answers].slice(0, REMEMBERED * this.#ahead);
    return { ...pick(answer, reading), computed, requests };
  }
}

function isSame(one: Prefix, other: Prefix): boolean {
  return one.length === other.length && one.every((token, place) => token === other[place]);
}

function answersAll({ reading }: Answer, { topK, tokens }: PrefixReading): boolean {
  return topK <= reading.topK && tokens.every((token) => reading.tokens.includes(token));
}

function pick({ likeliest, logits, reading }: Answer, { topK, tokens }: PrefixReading): NextTokens {
  return { likeliest: likeliest.slice(0, topK), logits: tokens.map((token) => logits[reading.tokens.indexOf(token)] as number) };
}
