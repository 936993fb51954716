/**
 * Models of well-known shapes with random weights: what a token costs depends on the shape alone, so speed can be measured
 * without a download. What they write means nothing.
 */
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { float32, type GgufTensor, type GgufValue, uint32, writeGguf } from "../training/gguf-writer.ts";
import { RandomWeights } from "./random-weights.ts";
import { shapeVocabulary } from "./shape-vocabulary.ts";

/** What decides how much there is to compute for a token of a llama model. */
export interface Shape {
  readonly name: string;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Whether tokens are read and written with the same matrix. */
  readonly isTied: boolean;
}

/** `tiny` is for what is counted and not timed, and for tests. The others are those of SmolLM, Llama 3.2 1B and Llama 3.1 8B. */
export const SHAPES = {
  tiny: { name: "tiny", width: 64, layers: 2, heads: 2, keyValueHeads: 1, feedForward: 96, vocabulary: 1024, isTied: true },
  "135m": { name: "135m", width: 576, layers: 30, heads: 9, keyValueHeads: 3, feedForward: 1536, vocabulary: 49_152, isTied: true },
  "1b": { name: "1b", width: 2048, layers: 16, heads: 32, keyValueHeads: 8, feedForward: 8192, vocabulary: 128_256, isTied: true },
  "8b": { name: "8b", width: 4096, layers: 32, heads: 32, keyValueHeads: 8, feedForward: 14_336, vocabulary: 128_256, isTied: false },
} as const satisfies Readonly<Record<string, Shape>>;

export type ShapeName = keyof typeof SHAPES;

const FOLDER = fileURLToPath(new URL("out/", import.meta.url));
const CONTEXT = 8192;

/** Raised with every change to what is written, so that no file of an earlier version is taken for one of this. */
const VERSION = 1;

/** The path of a model of this shape: written when it is first asked for, which takes minutes for `8b`, and kept in `bench/out`. */
export function shapedModel(shape: Shape): string {
  const path = `${FOLDER}shape-${shape.name}-v${VERSION}.gguf`;
  if (existsSync(path)) return path;
  mkdirSync(FOLDER, { recursive: true });
  writeShapedModel(path, shape);
  return path;
}

/** Writes the model: Q8_0, always the same file, in little memory however large it is. */
export function writeShapedModel(path: string, shape: Shape): void {
  const random = new RandomWeights(1);
  const { width, vocabulary, isTied } = shape;
  writeGguf(path, {
    metadata: { ...metadataOf(shape), ...shapeVocabulary(vocabulary) },
    tensors: [
      random.matrix("token_embd.weight", [width, vocabulary]),
      ones("output_norm.weight", width),
      ...(isTied ? [] : [random.matrix("output.weight", [width, vocabulary])]),
      ...Array.from({ length: shape.layers }, (_, layer) => layerOf(`blk.${layer}`, shape, random)).flat(),
    ],
  });
}

function metadataOf({ name, width, layers, heads, keyValueHeads, feedForward, vocabulary }: Shape): Record<string, GgufValue> {
  return {
    "general.architecture": "llama",
    "general.name": `random weights in the shape of ${name}`,
    "llama.context_length": uint32(CONTEXT),
    "llama.embedding_length": uint32(width),
    "llama.block_count": uint32(layers),
    "llama.feed_forward_length": uint32(feedForward),
    "llama.attention.head_count": uint32(heads),
    "llama.attention.head_count_kv": uint32(keyValueHeads),
    "llama.attention.layer_norm_rms_epsilon": float32(1e-5),
    "llama.rope.dimension_count": uint32(width / heads),
    "llama.vocab_size": uint32(vocabulary),
  };
}

function layerOf(name: string, { width, heads, keyValueHeads, feedForward }: Shape, random: RandomWeights): GgufTensor[] {
  const keyValueWidth = (width / heads) * keyValueHeads;
  return [
    ones(`${name}.attn_norm.weight`, width),
    random.matrix(`${name}.attn_q.weight`, [width, width]),
    random.matrix(`${name}.attn_k.weight`, [width, keyValueWidth]),
    random.matrix(`${name}.attn_v.weight`, [width, keyValueWidth]),
    random.matrix(`${name}.attn_output.weight`, [width, width]),
    ones(`${name}.ffn_norm.weight`, width),
    random.matrix(`${name}.ffn_gate.weight`, [width, feedForward]),
    random.matrix(`${name}.ffn_up.weight`, [width, feedForward]),
    random.matrix(`${name}.ffn_down.weight`, [feedForward, width]),
  ];
}

function ones(name: string, length: number): GgufTensor {
  return { name, shape: [length], type: "F32", data: new Float32Array(length).fill(1) };
}
