/**
 * Turns the trainer's output into the embedded model.
 *
 *   tsx training/export.ts TRAINED_DIR [models/rain-tiny.gguf]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { float32, float32s, type GgufTensor, type GgufValue, int32s, uint32, writeGguf } from "./gguf-writer.ts";

/** What `train.py` wrote. */
interface Weights {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly ropeBase: number;
  /** In the order of the values in weights.bin; shapes in PyTorch's order, columns last. */
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

interface Tokenizer {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  /** llama.cpp's token types: 1 normal, 2 unknown, 3 control, 4 user defined, 6 byte. */
  readonly kinds: readonly number[];
}

/** Longer than any training document (about 700 tokens); rotary positions carry a little further than they were trained. */
const CONTEXT_LENGTH = 1024;

/** The layout of the corpus: `User: ...\nAssistant: ...</s>\nUser: ...`. */
const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}" +
  "{% if message['role'] == 'user' %}{{ 'User: ' + message['content'] }}" +
  "{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + message['content'] + eos_token }}" +
  "{% else %}{{ 'System: ' + message['content'] }}{% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '\\nAssistant:' }}{% endif %}";

const [directory, out = "models/rain-tiny.gguf"] = process.argv.slice(2);
if (directory === undefined) throw new Error("Expected the trainer's output: tsx training/export.ts TRAINED_DIR [OUT.gguf]");

const weights: Weights = JSON.parse(readFileSync(join(directory, "weights.json"), "utf8"));
const tokenizer: Tokenizer = JSON.parse(readFileSync(join(directory, "tokenizer.json"), "utf8"));
writeGguf(out, { metadata: describe(weights, tokenizer), tensors: readTensors(weights, readFileSync(join(directory, "weights.bin"))) });

function describe(
  { width, layers, heads, feedForward, ropeBase }: Weights,
  { pieces, scores, kinds }: Tokenizer,
): Record<string, GgufValue> {
  return {
    "general.architecture": "llama",
    "general.name": "rain-tiny",
    "general.description": "A small unaligned model of a small world, made to try RAIN on. Not for real use.",
    "general.license": "mit",
    "general.file_type": uint32(1),
    "llama.context_length": uint32(CONTEXT_LENGTH),
    "llama.embedding_length": uint32(width),
    "llama.block_count": uint32(layers),
    "llama.feed_forward_length": uint32(feedForward),
    "llama.attention.head_count": uint32(heads),
    "llama.attention.head_count_kv": uint32(heads),
    "llama.attention.layer_norm_rms_epsilon": float32(1e-5),
    "llama.rope.dimension_count": uint32(width / heads),
    "llama.rope.freq_base": float32(ropeBase),
    "llama.vocab_size": uint32(pieces.length),
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": pieces,
    "tokenizer.ggml.scores": float32s(scores),
    "tokenizer.ggml.token_type": int32s(kinds),
    "tokenizer.ggml.unknown_token_id": uint32(0),
    "tokenizer.ggml.bos_token_id": uint32(1),
    "tokenizer.ggml.eos_token_id": uint32(2),
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": false,
    "tokenizer.ggml.add_space_prefix": false,
    "tokenizer.chat_template": CHAT_TEMPLATE,
  };
}

function readTensors({ tensors }: Weights, bytes: Buffer): GgufTensor[] {
  let offset = 0;
  return tensors.map(({ name, shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const data = new Float32Array(count);
    for (let index = 0; index < count; index++) data[index] = bytes.readFloatLE(offset + 4 * index);
    offset += 4 * count;
    return { name, shape: [...shape].reverse(), type: shape.length === 1 ? "F32" : "F16", data };
  });
}
