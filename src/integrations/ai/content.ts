/** Parts of a stream, and the content of a whole answer that they are. */
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from "@ai-sdk/provider";

/** What may be told in a stream and in a whole answer alike: texts, thoughts and calls. */
export type Content = Extract<LanguageModelV4Content, { type: "text" | "reasoning" | "tool-call" }>;

/** Content as the parts of a stream that brings each piece at once. */
export function* partsOf(content: readonly Content[]): Generator<LanguageModelV4StreamPart, void, void> {
  for (const [index, piece] of content.entries()) {
    const { providerMetadata } = piece;
    const known = providerMetadata === undefined ? {} : { providerMetadata };
    if (piece.type === "tool-call") {
      yield* callParts(piece);
      continue;
    }
    const id = `${piece.type}-${index}`;
    yield { type: `${piece.type}-start`, id };
    yield { type: `${piece.type}-delta`, id, delta: piece.text };
    yield { type: `${piece.type}-end`, id, ...known };
  }
}

function* callParts(call: Extract<Content, { type: "tool-call" }>): Generator<LanguageModelV4StreamPart, void, void> {
  const { toolCallId: id, toolName, input } = call;
  yield { type: "tool-input-start", id, toolName };
  yield { type: "tool-input-delta", id, delta: input };
  yield { type: "tool-input-end", id };
  yield call;
}

/** What the parts of a stream add up to. Other parts than texts, thoughts, and what stands there whole, are none of it. */
export class ContentOfParts {
  readonly content: LanguageModelV4Content[] = [];
  readonly #open = new Map<string, Extract<Content, { type: "text" | "reasoning" }>>();

  add(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case "text-start":
      case "reasoning-start": {
        const type = part.type === "text-start" ? "text" : "reasoning";
        this.#begin(`${type} ${part.id}`, { type, text: "", ...metadataOf(part) });
        break;
      }
      case "text-delta":
      case "reasoning-delta":
        this.#extend(part.type === "text-delta" ? "text" : "reasoning", part.id, { ...part, text: part.delta });
        break;
      case "text-end":
      case "reasoning-end":
        this.#extend(part.type === "text-end" ? "text" : "reasoning", part.id, { ...part, text: "" });
        break;
      case "tool-call":
      case "tool-result":
      case "tool-approval-request":
      case "file":
      case "reasoning-file":
      case "source":
      case "custom":
        this.content.push(part);
        break;
      default:
    }
  }

  #begin(key: string, piece: Extract<Content, { type: "text" | "reasoning" }>): void {
    this.#open.set(key, piece);
    this.content.push(piece);
  }

  #extend(
    type: "text" | "reasoning",
    id: string,
    more: { readonly text: string; readonly providerMetadata?: Content["providerMetadata"] },
  ): void {
    const key = `${type} ${id}`;
    if (!this.#open.has(key)) this.#begin(key, { type, text: "" });
    const piece = this.#open.get(key);
    if (piece !== undefined) Object.assign(piece, { text: piece.text + more.text, ...metadataOf(more) });
  }
}

function metadataOf({ providerMetadata }: { readonly providerMetadata?: Content["providerMetadata"] }) {
  return providerMetadata === undefined ? {} : { providerMetadata };
}
