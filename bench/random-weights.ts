import type { GgufTensor } from "../training/gguf-writer.ts";
import { Dice } from "../training/world/index.ts";

/** A prime: as no row has this length, the repetition begins elsewhere in each row, and no two rows are alike. */
const BLOCK = 1_000_003;

/** Values in a piece: whole blocks of 32, as a quantised file stores them. */
const PIECE = 1 << 20;

/** One block of random numbers, repeated from another place for each matrix: billions of different ones would cost no more to compute with. */
export class RandomWeights {
  readonly #block: Float32Array;
  /** The block by the length of the rows that it is for. */
  readonly #scaled = new Map<number, Float32Array>();
  readonly #dice: Dice;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#block = Float32Array.from({ length: BLOCK }, () => this.#dice.next() + this.#dice.next() + this.#dice.next() - 1.5);
  }

  /** Small enough that a layer keeps the size of what goes through it. */
  matrix(name: string, shape: readonly [number, number]): GgufTensor {
    const offset = this.#dice.below(BLOCK);
    return { name, shape, type: "Q8_0", data: () => repeated(this.#scaledFor(shape[0]), offset, shape[0] * shape[1]) };
  }

  #scaledFor(rowLength: number): Float32Array {
    const known = this.#scaled.get(rowLength);
    if (known !== undefined) return known;
    const scaled = this.#block.map((weight) => (2 * weight) / Math.sqrt(rowLength));
    this.#scaled.set(rowLength, scaled);
    return scaled;
  }
}

/** So many values of the block, over and over, from `offset` on. All pieces are the same memory, filled anew. */
function* repeated(block: Float32Array, offset: number, length: number): Generator<Float32Array, void, void> {
  const piece = new Float32Array(Math.min(PIECE, length));
  for (let done = 0; done < length; done += piece.length) {
    const values = piece.subarray(0, Math.min(piece.length, length - done));
    const first = (offset + done) % block.length;
    for (let start = -first; start < values.length; start += block.length) {
      const from = Math.max(0, -start);
      values.set(block.subarray(from, Math.min(block.length, values.length - start)), start + from);
    }
    yield values;
  }
}
