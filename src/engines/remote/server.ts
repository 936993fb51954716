import type { NextTokens, Prefix, Token, TokenCandidate } from "../../core/engine.ts";

/** What a server says of the model that it serves. What it does not say is missing. */
export interface ServerAbout {
  /** What listens there. */
  readonly server: string;
  /** By which name or path the server knows its model. */
  readonly model: string;
  /** Whether that is the path of a GGUF file on the server's machine. */
  readonly isFile: boolean;
  /** The longest prefix that it reads, where it says so. */
  readonly contextSize: number | undefined;
  /** Prefixes that it keeps at once, where that is limited. */
  readonly sequences?: number | undefined;
  /** Whether it computes the queries of one call one after another. */
  readonly isSerial: boolean;
  readonly vocabularySize?: number | undefined;
  /** Numbers that the model has learned, and the bytes that they take. */
  readonly parameters?: number | undefined;
  readonly bytes?: number | undefined;
  /** In Jinja. */
  readonly chatTemplate?: string | undefined;
}

/** What is known of the vocabulary here. */
export interface LocalVocabulary {
  readonly size: number;
  /** A token that is always a whole text by itself, and ends nothing. */
  readonly plainToken: Token;
  /** Whether a token reads as a whole text by itself: no part of a character. */
  readonly isWhole: (token: Token) => boolean;
}

/** A server that can be asked what its model expects, in its own way. The prefixes that it is asked about fit into its context. */
export interface ModelServer {
  readonly about: ServerAbout;
  /** The tokens of a text by itself, with nothing in front of it, none of them special. */
  tokenize(text: string, signal: AbortSignal | undefined): Promise<readonly Token[]>;
  /** Whether llama.cpp cuts texts there, as here. Others put some texts into another form first, and take names of special tokens in them for those. */
  readonly cutsAsHere: boolean;
  /** Called once, before anything but `tokenize`. */
  open(vocabulary: LocalVocabulary): PrefixReader;
}

/** What is read behind one prefix. */
export interface PrefixReading {
  /** No more than there are tokens. */
  readonly topK: number;
  readonly tokens: readonly Token[];
  /** Whether the prefix will be needed again. */
  readonly isKept?: boolean;
  /** Whether nothing in the cache is used. */
  readonly isAfresh?: boolean;
  /** Nothing in the cache is used that was not read with it. */
  readonly salt?: string | undefined;
  /** So many places are read, where `tokens` asks for none: each behind the likeliest token of the one before. A server may read fewer. @default 1 */
  readonly ahead?: number | undefined;
}

/** What was read ahead. */
export interface PlaceAhead {
  /** The likeliest token of the place before. */
  readonly token: Token;
  /** What may follow it, as many as were asked for. */
  readonly likeliest: readonly TokenCandidate[];
}

/** What a server told of one prefix. */
export interface Told extends NextTokens {
  /** Tokens that it computed for that, and requests that it took, one after another. */
  readonly computed: number;
  readonly requests: number;
  /** Behind the prefix, one place after the other. */
  readonly places?: readonly PlaceAhead[] | undefined;
}

/** Reads what a server expects behind one prefix. */
export interface PrefixReader {
  /** @throws {EngineError} `server-unreadable` where it told fewer tokens than it was asked for */
  read(prefix: Prefix, reading: PrefixReading, signal: AbortSignal | undefined): Promise<Told>;
  /** Whoever holds a prefix will come back to it, grown or not. */
  hold(prefix: Prefix): Disposable;
}
