/** Writes tiny GGUF models with seeded random weights, so that engine tests need no other model and no download. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, float32s, type GgufTensor, type GgufValue, int32s, uint32, writeGguf } from "../../training/gguf-writer.ts";

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
  readonly architecture?: "llama" | "gemma2" | "mamba";
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
const WIDTH = 64;
const LAYERS = 2;
const HEADS = 4;
const FEED_FORWARD = 96;

/** Writes the model to `path` and gives the path back. About 200 kB. */
export function writeTinyModel(path: string, model: TinyModel = {}): string {
  const vocabulary = tinyVocabulary();
  const architecture = model.architecture ?? "llama";
  const random = seededNormal(model.seed ?? 1);
  const size = vocabulary.tokens.length;
  writeGguf(path, {
    metadata: {
      "general.architecture": architecture,
      "general.name": "tiny random model",
      ...ARCHITECTURES[architecture].metadata(model.contextSize ?? 512),
      [`${architecture}.vocab_size`]: uint32(size),
      ...tokenizerMetadata(vocabulary),
      ...(model.chatTemplate === undefined ? {} : { "tokenizer.chat_template": model.chatTemplate }),
      ...model.metadata,
    },
    tensors: [
      matrix("token_embd.weight", [WIDTH, size], random),
      constant("output_norm.weight", [WIDTH], 1),
      model.outputWeight === undefined
        ? matrix("output.weight", [WIDTH, size], random)
        : constant("output.weight", [WIDTH, size], model.outputWeight),
      ...Array.from({ length: LAYERS }, (_, layer) => ARCHITECTURES[architecture].layer(`blk.${layer}`, random)).flat(),
    ].filter(({ name }) => architecture !== "gemma2" || name !== "output.weight"),
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

interface Architecture {
  readonly metadata: (contextSize: number) => Record<string, GgufValue>;
  readonly layer: (name: string, random: () => number) => GgufTensor[];
}

const ARCHITECTURES: Readonly<Record<"llama" | "gemma2" | "mamba", Architecture>> = {
  llama: { metadata: (contextSize) => transformerMetadata("llama", contextSize), layer: transformerLayer },
  gemma2: {
    metadata: (contextSize) => ({
      ...transformerMetadata("gemma2", contextSize),
      "gemma2.attention.sliding_window": uint32(8),
      "gemma2.attention.key_length": uint32(WIDTH / HEADS),
      "gemma2.attention.value_length": uint32(WIDTH / HEADS),
      "gemma2.attn_logit_softcapping": float32(50),
      "gemma2.final_logit_softcapping": float32(30),
    }),
    layer: (name, random) => [
      ...transformerLayer(name, random),
      constant(`${name}.post_attention_norm.weight`, [WIDTH], 1),
      constant(`${name}.post_ffw_norm.weight`, [WIDTH], 1),
    ],
  },
  mamba: { metadata: mambaMetadata, layer: mambaLayer },
};

function transformerMetadata(architecture: string, contextSize: number): Record<string, GgufValue> {
  return {
    [`${architecture}.context_length`]: uint32(contextSize),
    [`${architecture}.embedding_length`]: uint32(WIDTH),
    [`${architecture}.block_count`]: uint32(LAYERS),
    [`${architecture}.feed_forward_length`]: uint32(FEED_FORWARD),
    [`${architecture}.attention.head_count`]: uint32(HEADS),
    [`${architecture}.attention.head_count_kv`]: uint32(HEADS),
    [`${architecture}.attention.layer_norm_rms_epsilon`]: float32(1e-5),
    [`${architecture}.rope.dimension_count`]: uint32(WIDTH / HEADS),
  };
}

function transformerLayer(name: string, random: () => number): GgufTensor[] {
  return [
    constant(`${name}.attn_norm.weight`, [WIDTH], 1),
    ...["attn_q", "attn_k", "attn_v", "attn_output"].map((part) => matrix(`${name}.${part}.weight`, [WIDTH, WIDTH], random)),
    constant(`${name}.ffn_norm.weight`, [WIDTH], 1),
    matrix(`${name}.ffn_gate.weight`, [WIDTH, FEED_FORWARD], random),
    matrix(`${name}.ffn_up.weight`, [WIDTH, FEED_FORWARD], random),
    matrix(`${name}.ffn_down.weight`, [FEED_FORWARD, WIDTH], random),
  ];
}

const STATE = { inner: 2 * WIDTH, size: 16, convolution: 4, rank: 4 };

/** A recurrent model: its state cannot be rewound, only restored from a checkpoint. */
function mambaMetadata(contextSize: number): Record<string, GgufValue> {
  return {
    "mamba.context_length": uint32(contextSize),
    "mamba.embedding_length": uint32(WIDTH),
    "mamba.block_count": uint32(LAYERS),
    "mamba.feed_forward_length": uint32(0),
    "mamba.attention.head_count": uint32(0),
    "mamba.attention.layer_norm_rms_epsilon": float32(1e-5),
    "mamba.ssm.conv_kernel": uint32(STATE.convolution),
    "mamba.ssm.inner_size": uint32(STATE.inner),
    "mamba.ssm.state_size": uint32(STATE.size),
    "mamba.ssm.time_step_rank": uint32(STATE.rank),
  };
}

function mambaLayer(name: string, random: () => number): GgufTensor[] {
  const { inner, size, convolution, rank } = STATE;
  return [
    constant(`${name}.attn_norm.weight`, [WIDTH], 1),
    matrix(`${name}.ssm_in.weight`, [WIDTH, 2 * inner], random),
    matrix(`${name}.ssm_conv1d.weight`, [convolution, inner], random),
    constant(`${name}.ssm_conv1d.bias`, [inner], 0),
    matrix(`${name}.ssm_x.weight`, [inner, rank + 2 * size], random),
    matrix(`${name}.ssm_dt.weight`, [rank, inner], random),
    constant(`${name}.ssm_dt.bias`, [inner], 0),
    constant(`${name}.ssm_a`, [size, inner], -1),
    constant(`${name}.ssm_d`, [inner], 1),
    matrix(`${name}.ssm_out.weight`, [inner, WIDTH], random),
  ];
}

/** Spread so that a layer keeps the size of what goes through it. */
function matrix(name: string, shape: readonly [number, number], random: () => number): GgufTensor {
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => random() / Math.sqrt(shape[0]));
  return { name, shape, type: "F32", data };
}

function constant(name: string, shape: readonly number[], value: number): GgufTensor {
  return { name, shape, type: "F32", data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(value) };
}

/** Nearly normal numbers of variance 1: the sum of twelve uniform ones, from a linear congruential generator. */
function seededNormal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}
