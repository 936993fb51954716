/** Writes tiny GGUF models with seeded random weights, so that engine tests need no other model and no download. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchitectureName, architectureMetadata, architectureTensors } from "../../training/architectures.ts";
import { float32s, type GgufValue, int32s, uint32, writeGguf } from "../../training/gguf-writer.ts";

/** A folder that vanishes with its `using` block. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "rain-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TinyModel {
  /** @default 512 */
  readonly contextSize?: number;
  /** Jinja source. Without it the model has no chat template. */
  readonly chatTemplate?: string;
  /** @default 1 */
  readonly seed?: number;
  /** Put over what would be written. */
  readonly metadata?: Readonly<Record<string, GgufValue>>;
  /** All weights of the output are this number: for logits that are no numbers. */
  readonly outputWeight?: number;
  /** @default "llama" */
  readonly architecture?: ArchitectureName;
}

/** The first three tokens. The 256 bytes follow, then the pieces. */
const UNKNOWN = 0;
const BEGIN = 1;
const END = 2;

const PIECES = [
  "\u2581",
  "\u2581t",
  "he",
  "\u2581the",
  "in",
  "an",
  "er",
  "\u2581a",
  "\u2581w",
  "\u2581rain",
  "ra",
  "th",
  "\u2581is",
  "\u2581A",
  "\u2581B",
];

/** Writes the model to `path` and gives the path back. About 200 kB. */
export function writeTinyModel(path: string, model: TinyModel = {}): string {
  const vocabulary = tinyVocabulary();
  const architecture = model.architecture ?? "llama";
  writeGguf(path, {
    metadata: {
      ...architectureMetadata(architecture, model.contextSize ?? 512),
      "general.name": "tiny random model",
      [`${architecture}.vocab_size`]: uint32(vocabulary.tokens.length),
      ...tokenizerMetadata(vocabulary),
      ...(model.chatTemplate === undefined ? {} : { "tokenizer.chat_template": model.chatTemplate }),
      ...model.metadata,
    },
    tensors: architectureTensors(architecture, {
      vocabularySize: vocabulary.tokens.length,
      seed: model.seed ?? 1,
      output: model.outputWeight,
    }),
  });
  return path;
}

interface Vocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly types: readonly number[];
}

/** SentencePiece: three special tokens, 256 bytes, the printable letters, and a few pieces that letters merge into. */
function tinyVocabulary(): Vocabulary {
  const type = { normal: 1, unknown: 2, control: 3, byte: 6 };
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const pieces = [...PIECES, ...letters];
  return {
    tokens: ["<unk>", "<s>", "</s>", ...bytes, ...pieces],
    scores: [0, 0, 0, ...bytes.map(() => 0), ...pieces.map((_, index) => -index)],
    types: [type.unknown, type.control, type.control, ...bytes.map(() => type.byte), ...pieces.map(() => type.normal)],
  };
}

function tokenizerMetadata({ tokens, scores, types }: Vocabulary): Record<string, GgufValue> {
  return {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.scores": float32s(scores),
    "tokenizer.ggml.token_type": int32s(types),
    "tokenizer.ggml.unknown_token_id": uint32(UNKNOWN),
    "tokenizer.ggml.bos_token_id": uint32(BEGIN),
    "tokenizer.ggml.eos_token_id": uint32(END),
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": false,
    "tokenizer.ggml.add_space_prefix": false,
  };
}
