import { float32s, type GgufValue, int32s, uint32 } from "../training/gguf-writer.ts";

/** SentencePiece's sign for a space. */
const SPACE = "\u2581";
const SPECIALS = ["<unk>", "<s>", "</s>"];
const TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/** Words that become one token each, as in a vocabulary of this size, so that the judge's short question has its usual seven tokens. */
const WORDS = ["A", "B", "harmless", "harmful", "User", "Assistant", "How", "do", "I", "the", "paint", "bank"];

/** One filler word in so many ends a clause, as in English prose: checks wait for that. */
const CLAUSE_EVERY = 10;

/** The metadata of a SentencePiece vocabulary of `size`: bytes, letters, a few words, and then words that are never read, only written. */
export function shapeVocabulary(size: number): Record<string, GgufValue> {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const known = [...new Set([SPACE, ...letters, ...WORDS.flatMap(piecesOf)])];
  const missing = size - SPECIALS.length - bytes.length - known.length;
  if (missing < 0) throw new RangeError(`Expected a vocabulary of at least ${size - missing} tokens, got ${size}`);
  const pieces = [...known, ...Array.from({ length: missing }, (_, index) => filler(index))];
  const types = [TYPE.unknown, TYPE.control, TYPE.control, ...bytes.map(() => TYPE.byte), ...pieces.map(() => TYPE.normal)];
  return {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": [...SPECIALS, ...bytes, ...pieces],
    "tokenizer.ggml.scores": float32s([...SPECIALS, ...bytes].map(() => 0).concat(pieces.map((_, index) => -index))),
    "tokenizer.ggml.token_type": int32s(types),
    "tokenizer.ggml.unknown_token_id": uint32(SPECIALS.indexOf("<unk>")),
    "tokenizer.ggml.bos_token_id": uint32(SPECIALS.indexOf("<s>")),
    "tokenizer.ggml.eos_token_id": uint32(SPECIALS.indexOf("</s>")),
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.add_eos_token": false,
    "tokenizer.ggml.add_space_prefix": false,
  };
}

/** SentencePiece builds a word by joining two neighbours at a time: it needs each beginning of the word as a piece. */
function piecesOf(word: string): string[] {
  return Array.from({ length: word.length }, (_, index) => SPACE + word.slice(0, index + 1));
}

function filler(index: number): string {
  return `${SPACE}word${index}${index % CLAUSE_EVERY === 0 ? "," : ""}`;
}
