/**
 * The kinds of models that llama.cpp runs, each as small as can be, by what a token leaves behind: keys and values that can be dropped one by one
 * (attention), or a state that every token changes and that cannot go back (recurrent); hybrids have layers of both. Names of metadata and tensors
 * are those that llama.cpp reads.
 */
import { float32, type GgufTensor, type GgufValue, int32s, uint32 } from "./gguf-writer.ts";

const WIDTH = 64;
const LAYERS = 2;
const HEADS = 4;
const HEAD = WIDTH / HEADS;
const FEED_FORWARD = 96;
const EXPERTS = { count: 4, used: 2, feedForward: 32 };
/** Shorter than most prompts of the tests, so that much has left the window. */
const WINDOW = 8;
/** Of state-space layers. */
const STATE = { inner: 2 * WIDTH, size: 16, heads: 4, groups: 1, convolution: 4 };
/** Of gated delta nets: keys and values are as long as the state is wide. */
const DELTA = { size: 16, keyHeads: 2, valueHeads: 4, convolution: 4 };
const SHORT_CONVOLUTION = 3;
/** How fast a state forgets: slowly, so that a state that is wrong shows in what is written long after. */
const DECAY = -0.05;

/** Makes the tensors' values. */
interface Weights {
  /** Spread so that a layer keeps the size of what goes through it. */
  readonly matrix: (name: string, shape: readonly number[]) => GgufTensor;
  readonly constant: (name: string, shape: readonly number[], value: number) => GgufTensor;
}

interface Architecture {
  /** For people. */
  readonly description: string;
  /** Beside what all have. */
  readonly metadata: Readonly<Record<string, GgufValue>>;
  readonly layer: (place: Place, weights: Weights) => GgufTensor[];
  /** The output has no matrix of its own: it is that of the input. */
  readonly isTied?: boolean;
  /** @default "output_norm" */
  readonly outputNorm?: string;
}

/** Of hybrids, the first layer is recurrent, and the last one attends. */
interface Place {
  readonly name: string;
  readonly isRecurrent: boolean;
}

export const ARCHITECTURES = {
  llama: {
    description: "attention",
    metadata: {},
    layer: ({ name }, weights) => [...attention(name, weights), ...feedForward(name, weights)],
  },
  qwen3moe: {
    description: "attention, mixture of experts",
    metadata: expertsMetadata(),
    layer: ({ name }, weights) => [
      ...attention(name, weights),
      ...headNorms(name, weights),
      norm(`${name}.ffn_norm`, weights),
      ...experts(name, weights),
    ],
  },
  gemma3: {
    description: "attention with a sliding window in every other layer",
    metadata: { "attention.sliding_window": uint32(WINDOW), "attention.sliding_window_pattern": uint32(2) },
    layer: ({ name }, weights) => [
      ...attention(name, weights),
      ...headNorms(name, weights),
      ...feedForward(name, weights),
      norm(`${name}.post_attention_norm`, weights),
      norm(`${name}.post_ffw_norm`, weights),
    ],
    isTied: true,
  },
  "gpt-oss": {
    description: "attention with sinks and a sliding window in every other layer, mixture of experts",
    metadata: { ...expertsMetadata(), "attention.sliding_window": uint32(WINDOW) },
    layer: ({ name }, weights) => [
      ...attention(name, weights),
      weights.constant(`${name}.attn_output.bias`, [WIDTH], 0),
      weights.constant(`${name}.attn_sinks.weight`, [HEADS], 0.5),
      norm(`${name}.post_attention_norm`, weights),
      ...experts(name, weights),
      weights.constant(`${name}.ffn_gate_inp.bias`, [EXPERTS.count], 0),
      weights.constant(`${name}.ffn_gate_exps.bias`, [EXPERTS.feedForward, EXPERTS.count], 0),
      weights.constant(`${name}.ffn_up_exps.bias`, [EXPERTS.feedForward, EXPERTS.count], 0),
      weights.constant(`${name}.ffn_down_exps.bias`, [WIDTH, EXPERTS.count], 0),
    ],
  },
  mamba2: {
    description: "state space alone",
    metadata: { ...stateMetadata(), "attention.head_count": uint32(0), feed_forward_length: uint32(0) },
    layer: ({ name }, weights) => [norm(`${name}.attn_norm`, weights), ...stateSpace(name, weights), stateNorm(name, weights)],
  },
  granitehybrid: {
    description: "hybrid: layers of state space, and of attention",
    metadata: { ...stateMetadata(), ...hybridHeads() },
    layer: ({ name, isRecurrent }, weights) => [
      ...(isRecurrent
        ? [norm(`${name}.attn_norm`, weights), ...stateSpace(name, weights), stateNorm(name, weights)]
        : attention(name, weights)),
      ...feedForward(name, weights),
    ],
  },
  "falcon-h1": {
    description: "hybrid: state space and attention side by side in every layer",
    metadata: stateMetadata(),
    layer: ({ name }, weights) => [
      ...attention(name, weights),
      ...stateSpace(name, weights),
      // llama.cpp asks for this one without the usual ending.
      ...feedForward(name, weights).map((tensor) => ({ ...tensor, name: tensor.name.replace("ffn_norm.weight", "ffn_norm") })),
    ],
  },
  lfm2: {
    description: "hybrid: layers of short convolutions, and of attention",
    metadata: { ...hybridHeads(), "shortconv.l_cache": uint32(SHORT_CONVOLUTION) },
    layer: ({ name, isRecurrent }, weights) => [
      ...(isRecurrent ? shortConvolution(name, weights) : [...attention(name, weights), ...headNorms(name, weights)]),
      ...feedForward(name, weights),
    ],
    outputNorm: "token_embd_norm",
    isTied: true,
  },
  qwen35: {
    description: "hybrid: layers of a gated delta net, and of gated attention",
    metadata: {
      full_attention_interval: uint32(LAYERS),
      "rope.dimension_sections": int32s([HEAD / 4, HEAD / 8, HEAD / 8, 0]),
      "ssm.conv_kernel": uint32(DELTA.convolution),
      "ssm.inner_size": uint32(DELTA.size * DELTA.valueHeads),
      "ssm.state_size": uint32(DELTA.size),
      "ssm.time_step_rank": uint32(DELTA.valueHeads),
      "ssm.group_count": uint32(DELTA.keyHeads),
    },
    layer: ({ name, isRecurrent }, weights) => [
      ...(isRecurrent ? deltaNet(name, weights) : [...attention(name, weights, 2), ...headNorms(name, weights)]),
      ...feedForward(name, weights).map((tensor) => ({ ...tensor, name: tensor.name.replace("ffn_norm", "post_attention_norm") })),
    ],
  },
} as const satisfies Readonly<Record<string, Architecture>>;

export type ArchitectureName = keyof typeof ARCHITECTURES;

/** What a model of this kind says of itself, beside its vocabulary. */
export function architectureMetadata(name: ArchitectureName, contextSize: number): Record<string, GgufValue> {
  const { description, metadata }: Architecture = ARCHITECTURES[name];
  const own = {
    context_length: uint32(contextSize),
    embedding_length: uint32(WIDTH),
    block_count: uint32(LAYERS),
    feed_forward_length: uint32(FEED_FORWARD),
    "attention.head_count": uint32(HEADS),
    "attention.head_count_kv": uint32(HEADS),
    "attention.key_length": uint32(HEAD),
    "attention.value_length": uint32(HEAD),
    "attention.layer_norm_rms_epsilon": float32(1e-5),
    "rope.dimension_count": uint32(HEAD),
    ...metadata,
  };
  return {
    "general.architecture": name,
    "general.description": `random weights: ${description}`,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`${name}.${key}`, value])),
  };
}

/** The tensors of a model of this kind, with random weights. `output`: what to fill the output's matrix with instead, for logits that are no numbers. */
export function architectureTensors(
  name: ArchitectureName,
  { vocabularySize, seed, output }: { readonly vocabularySize: number; readonly seed: number; readonly output?: number | undefined },
): GgufTensor[] {
  const { layer, isTied = false, outputNorm = "output_norm" }: Architecture = ARCHITECTURES[name];
  const weights = randomWeights(seed);
  const last = (place: string) =>
    output === undefined ? weights.matrix(place, [WIDTH, vocabularySize]) : weights.constant(place, [WIDTH, vocabularySize], output);
  return [
    weights.matrix("token_embd.weight", [WIDTH, vocabularySize]),
    norm(outputNorm, weights),
    ...(isTied ? [] : [last("output.weight")]),
    ...Array.from({ length: LAYERS }, (_, index) => layer({ name: `blk.${index}`, isRecurrent: index < LAYERS - 1 }, weights)).flat(),
  ];
}

function randomWeights(seed: number): Weights {
  const random = seededNormal(seed);
  return {
    matrix: (name, shape) => {
      const [columns = 1] = shape;
      return { name, shape, type: "F32", data: Float32Array.from({ length: sizeOf(shape) }, () => random() / Math.sqrt(columns)) };
    },
    constant: (name, shape, value) => ({ name, shape, type: "F32", data: new Float32Array(sizeOf(shape)).fill(value) }),
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
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

function norm(name: string, weights: Weights, length = WIDTH): GgufTensor {
  return weights.constant(`${name}.weight`, [length], 1);
}

/** `gates`: how many numbers a head has for each of its query: where attention is gated, one more. */
function attention(name: string, weights: Weights, gates = 1): GgufTensor[] {
  return [
    norm(`${name}.attn_norm`, weights),
    weights.matrix(`${name}.attn_q.weight`, [WIDTH, gates * HEAD * HEADS]),
    weights.matrix(`${name}.attn_k.weight`, [WIDTH, HEAD * HEADS]),
    weights.matrix(`${name}.attn_v.weight`, [WIDTH, HEAD * HEADS]),
    weights.matrix(`${name}.attn_output.weight`, [HEAD * HEADS, WIDTH]),
  ];
}

function headNorms(name: string, weights: Weights): GgufTensor[] {
  return [norm(`${name}.attn_q_norm`, weights, HEAD), norm(`${name}.attn_k_norm`, weights, HEAD)];
}

function feedForward(name: string, weights: Weights): GgufTensor[] {
  return [
    norm(`${name}.ffn_norm`, weights),
    weights.matrix(`${name}.ffn_gate.weight`, [WIDTH, FEED_FORWARD]),
    weights.matrix(`${name}.ffn_up.weight`, [WIDTH, FEED_FORWARD]),
    weights.matrix(`${name}.ffn_down.weight`, [FEED_FORWARD, WIDTH]),
  ];
}

function expertsMetadata(): Record<string, GgufValue> {
  return {
    expert_count: uint32(EXPERTS.count),
    expert_used_count: uint32(EXPERTS.used),
    expert_feed_forward_length: uint32(EXPERTS.feedForward),
  };
}

function experts(name: string, weights: Weights): GgufTensor[] {
  return [
    weights.matrix(`${name}.ffn_gate_inp.weight`, [WIDTH, EXPERTS.count]),
    weights.matrix(`${name}.ffn_gate_exps.weight`, [WIDTH, EXPERTS.feedForward, EXPERTS.count]),
    weights.matrix(`${name}.ffn_up_exps.weight`, [WIDTH, EXPERTS.feedForward, EXPERTS.count]),
    weights.matrix(`${name}.ffn_down_exps.weight`, [EXPERTS.feedForward, WIDTH, EXPERTS.count]),
  ];
}

/** A layer without heads is a recurrent one. */
function hybridHeads(): Record<string, GgufValue> {
  return { "attention.head_count_kv": int32s([...new Array<number>(LAYERS - 1).fill(0), HEADS]) };
}

function stateMetadata(): Record<string, GgufValue> {
  return {
    "ssm.conv_kernel": uint32(STATE.convolution),
    "ssm.inner_size": uint32(STATE.inner),
    "ssm.state_size": uint32(STATE.size),
    "ssm.time_step_rank": uint32(STATE.heads),
    "ssm.group_count": uint32(STATE.groups),
  };
}

/** Mamba-2. */
function stateSpace(name: string, weights: Weights): GgufTensor[] {
  const { inner, size, heads, groups, convolution } = STATE;
  const convolved = inner + 2 * groups * size;
  return [
    weights.matrix(`${name}.ssm_in.weight`, [WIDTH, inner + convolved + heads]),
    weights.matrix(`${name}.ssm_conv1d.weight`, [convolution, convolved]),
    weights.constant(`${name}.ssm_conv1d.bias`, [convolved], 0),
    weights.constant(`${name}.ssm_dt.bias`, [heads], 0),
    weights.constant(`${name}.ssm_a`, [1, heads], DECAY),
    weights.constant(`${name}.ssm_d`, [1, heads], 1),
    weights.matrix(`${name}.ssm_out.weight`, [inner, WIDTH]),
  ];
}

function stateNorm(name: string, weights: Weights): GgufTensor {
  return weights.constant(`${name}.ssm_norm.weight`, [STATE.inner / STATE.groups, STATE.groups], 1);
}

function shortConvolution(name: string, weights: Weights): GgufTensor[] {
  return [
    norm(`${name}.attn_norm`, weights),
    weights.matrix(`${name}.shortconv.in_proj.weight`, [WIDTH, 3 * WIDTH]),
    weights.matrix(`${name}.shortconv.conv.weight`, [SHORT_CONVOLUTION, WIDTH]),
    weights.matrix(`${name}.shortconv.out_proj.weight`, [WIDTH, WIDTH]),
  ];
}

function deltaNet(name: string, weights: Weights): GgufTensor[] {
  const { size, keyHeads, valueHeads, convolution } = DELTA;
  const values = size * valueHeads;
  const all = 2 * size * keyHeads + values;
  return [
    norm(`${name}.attn_norm`, weights),
    weights.matrix(`${name}.attn_qkv.weight`, [WIDTH, all]),
    weights.matrix(`${name}.attn_gate.weight`, [WIDTH, values]),
    weights.matrix(`${name}.ssm_conv1d.weight`, [convolution, all]),
    weights.constant(`${name}.ssm_dt.bias`, [valueHeads], 0),
    weights.constant(`${name}.ssm_a`, [valueHeads], DECAY),
    weights.matrix(`${name}.ssm_beta.weight`, [WIDTH, valueHeads]),
    weights.matrix(`${name}.ssm_alpha.weight`, [WIDTH, valueHeads]),
    norm(`${name}.ssm_norm`, weights, size),
    weights.matrix(`${name}.ssm_out.weight`, [values, WIDTH]),
  ];
}
