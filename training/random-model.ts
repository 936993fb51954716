/** Models of all kinds with random weights and the vocabulary of the embedded model: what is asked of one can be asked of each, token for token. */
import { fileURLToPath } from "node:url";
import { readGgufFileInfo } from "node-llama-cpp";
import { type ArchitectureName, architectureMetadata, architectureTensors } from "./architectures.ts";
import { float32s, type GgufValue, int32s, uint32, writeGguf } from "./gguf-writer.ts";

const EMBEDDED = fileURLToPath(new URL("../models/rain-tiny.gguf", import.meta.url));

const CONTEXT = 2048;

/** Writes a model of this kind to `path`, the same each time. About 1 MB. Gives the path back. */
export async function writeRandomModel(path: string, architecture: ArchitectureName): Promise<string> {
  const vocabulary = await embeddedVocabulary();
  writeGguf(path, {
    metadata: { ...architectureMetadata(architecture, CONTEXT), "general.name": `random ${architecture}`, ...vocabulary.metadata },
    tensors: architectureTensors(architecture, { vocabularySize: vocabulary.size, seed: 1 }),
  });
  return path;
}

async function embeddedVocabulary(): Promise<{ readonly metadata: Record<string, GgufValue>; readonly size: number }> {
  const { tokenizer } = (await readGgufFileInfo(EMBEDDED, { readTensorInfo: false })).metadata;
  if (tokenizer === undefined) throw new TypeError(`Expected \`${EMBEDDED}\` to hold a vocabulary, got none`);
  const { tokens, scores = [], token_type: types = [], bos_token_id: begin = 1, eos_token_id: end = 2 } = tokenizer.ggml;
  const metadata = {
    "tokenizer.ggml.model": tokenizer.ggml.model,
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.scores": float32s(scores),
    "tokenizer.ggml.token_type": int32s(types),
    "tokenizer.ggml.unknown_token_id": uint32(tokenizer.ggml.unknown_token_id ?? 0),
    "tokenizer.ggml.bos_token_id": uint32(begin),
    "tokenizer.ggml.eos_token_id": uint32(end),
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": false,
    "tokenizer.ggml.add_space_prefix": false,
    "tokenizer.chat_template": tokenizer.chat_template ?? "",
  };
  return { metadata, size: tokens.length };
}
