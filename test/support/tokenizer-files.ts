import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGgufFileInfo } from "node-llama-cpp";

/** What is put over each file; `undefined`: it is not written. */
export type TokenizerChanges = Readonly<Record<string, object | string | undefined>>;

/** Kinds of tokens in a GGUF file. */
const TYPE = { unknown: 2, control: 3 } as const;

/**
 * Writes the SentencePiece vocabulary of a GGUF file as the files of a tokenizer: what its scores say, said by an order of merges.
 *
 * @returns the folder
 */
export async function writeTokenizerFiles(folder: string, gguf: string, changes: TokenizerChanges = {}): Promise<string> {
  const { metadata } = await readGgufFileInfo(gguf);
  const { tokens, scores = [], token_type: types = [] } = metadata.tokenizer.ggml;
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const scoreOf = (token: string) => scores[vocab[token] as number] as number;
  const merges = tokens
    .filter((_, id) => types[id] !== TYPE.unknown && types[id] !== TYPE.control)
    .flatMap((token) => {
      const letters = [...token];
      const halves = letters.slice(1).map((_, at) => [letters.slice(0, at + 1).join(""), letters.slice(at + 1).join("")] as const);
      return halves.filter(([left, right]) => left in vocab && right in vocab).map((pair) => ({ pair, score: scoreOf(token) }));
    })
    .toSorted((one, other) => other.score - one.score)
    .map(({ pair }) => pair);
  const special = tokens.flatMap((content, id) => {
    const isSpecial = types[id] === TYPE.unknown || types[id] === TYPE.control;
    return isSpecial ? [{ id, content, special: true, lstrip: false, rstrip: false, normalized: false, single_word: false }] : [];
  });
  const nameOf = (id: number | undefined) => (id === undefined ? null : tokens[id]);
  const { bos_token_id: begin, eos_token_id: end, add_bos_token } = metadata.tokenizer.ggml;
  const files: Record<string, object | string | undefined> = {
    "tokenizer.json": {
      version: "1.0",
      added_tokens: special,
      normalizer: { type: "Replace", pattern: { String: " " }, content: "\u2581" },
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: "Sequence",
        decoders: [{ type: "Replace", pattern: { String: "\u2581" }, content: " " }, { type: "ByteFallback" }, { type: "Fuse" }],
      },
      model: { type: "BPE", dropout: null, unk_token: nameOf(0), fuse_unk: true, byte_fallback: true, vocab, merges },
    },
    "tokenizer_config.json": { bos_token: nameOf(begin), eos_token: { content: nameOf(end) }, add_bos_token },
    "generation_config.json": { eos_token_id: [end], temperature: 0.7, top_k: 0, top_p: 0.8 },
    ...(metadata.tokenizer.chat_template === undefined ? {} : { "chat_template.jinja": metadata.tokenizer.chat_template }),
    ...changes,
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}
