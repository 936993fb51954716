import { closeSync, openSync, readSync } from "node:fs";

/** What is read at once. A header takes some megabytes, nearly all of it names of tokens. */
const WINDOW_BYTES = 2 ** 20;

/** The magic number and the version. */
const BEGINNING_BYTES = 8;

/** Bytes of a value, by GGUF's number of its type. Texts and lists say themselves how long they are. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const TEXT = 8;
const LIST = 9;

/** A value that llama.cpp reads without looking at its type: another one than this ends the process. */
const UNLOOKED = { key: "split.count", type: 2 } as const;

/** What stands where in a header. */
export interface HeaderShape {
  /** Each value of its metadata with its key: from which byte up to which. */
  readonly entries: readonly { readonly start: number; readonly end: number }[];
  /** Numbers in all tensors of the file. */
  readonly parameters: number;
}

/**
 * Walks through the header of a GGUF file by the lengths that it names. The library believes them all: a damaged one makes it read for ever,
 * or ask for a piece of memory of which Node is so surprised that it ends the process.
 *
 * @throws {RangeError} where the header leads out of the file, or names a type of value that there is not, or one that llama.cpp does not expect there
 */
export function checkHeader(path: string, fileBytes: number): void {
  const file = openSync(path, "r");
  try {
    const { partsType = UNLOOKED.type } = walk(
      new Cursor(fileBytes, (window, position) => readSync(file, window, 0, WINDOW_BYTES, position)),
    );
    if (partsType !== UNLOOKED.type) throw new RangeError(`${UNLOOKED.key} of type ${partsType} and not ${UNLOOKED.type}`);
  } finally {
    closeSync(file);
  }
}

/**
 * The same of the beginning of a file.
 *
 * @throws {RangeError} where the header does not end in it, too
 */
export function headerShape(beginning: Buffer): HeaderShape {
  return walk(new Cursor(beginning.length, (window, position) => beginning.copy(window, 0, position)));
}

function walk(cursor: Cursor): HeaderShape & { readonly partsType: number | undefined } {
  const tensors = cursor.wide();
  const count = cursor.wide();
  const entries = [];
  let partsType: number | undefined;
  for (let entry = 0; entry < count; entry++) {
    const start = cursor.position;
    const key = keyAt(cursor);
    const type = cursor.narrow();
    if (key === UNLOOKED.key) partsType = type;
    skipValue(cursor, type);
    entries.push({ start, end: cursor.position });
  }
  let parameters = 0;
  for (let tensor = 0; tensor < tensors; tensor++) {
    cursor.skip(cursor.wide());
    parameters += numbersOf(cursor);
    // Its type, and where its numbers are.
    cursor.skip(4 + 8);
  }
  return { entries, parameters, partsType };
}

/** Where it may be the one that matters, else nothing. */
function keyAt(cursor: Cursor): string {
  const bytes = cursor.wide();
  if (bytes === UNLOOKED.key.length) return cursor.text(bytes);
  cursor.skip(bytes);
  return "";
}

/** Those of a tensor: its dimensions, multiplied. */
function numbersOf(cursor: Cursor): number {
  const dimensions = cursor.narrow();
  let numbers = 1;
  for (let dimension = 0; dimension < dimensions; dimension++) numbers *= cursor.wide();
  return numbers;
}

function skipValue(cursor: Cursor, type: number): void {
  const bytes = VALUE_BYTES[type];
  if (bytes !== undefined) cursor.skip(bytes);
  else if (type === TEXT) cursor.skip(cursor.wide());
  else if (type === LIST) skipList(cursor, cursor.narrow());
  else throw new RangeError(`a value of type ${type} at byte ${cursor.position}`);
}

function skipList(cursor: Cursor, type: number): void {
  const length = cursor.wide();
  const bytes = VALUE_BYTES[type];
  if (bytes !== undefined) cursor.skip(length * bytes);
  else for (let item = 0; item < length; item++) skipValue(cursor, type);
}

/** A place in the file. */
class Cursor {
  #position = BEGINNING_BYTES;
  readonly #fileBytes: number;
  readonly #fill: (window: Buffer, position: number) => number;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  /** Where in the file the window begins, and how much of it is filled. */
  #start = 0;
  #filled = 0;

  /** @param fill copies what the file holds from a position on, and says how much that is */
  constructor(fileBytes: number, fill: (window: Buffer, position: number) => number) {
    this.#fileBytes = fileBytes;
    this.#fill = fill;
  }

  get position(): number {
    return this.#position;
  }

  /** A number of 32 bits. */
  narrow(): number {
    return this.#window.readUInt32LE(this.#take(4));
  }

  /** A number of 64 bits. What is too large to be told exactly leads out of every file. */
  wide(): number {
    return Number(this.#window.readBigUInt64LE(this.#take(8)));
  }

  /** Some letters of ASCII. */
  text(bytes: number): string {
    const start = this.#take(bytes);
    return this.#window.toString("latin1", start, start + bytes);
  }

  skip(bytes: number): void {
    const end = this.#position + bytes;
    if (end > this.#fileBytes) throw new RangeError(`${bytes} bytes at byte ${this.#position} of ${this.#fileBytes}`);
    this.#position = end;
  }

  /** Where in the window the next bytes are. */
  #take(bytes: number): number {
    const position = this.#position;
    this.skip(bytes);
    if (position < this.#start || this.#position > this.#start + this.#filled) {
      this.#start = position;
      this.#filled = this.#fill(this.#window, position);
    }
    return position - this.#start;
  }
}
