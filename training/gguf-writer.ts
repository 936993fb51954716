/**
 * Writes GGUF version 3, the file format of llama.cpp: a header, metadata, a table of tensors, then the tensors' data.
 * Tensors go to disk piece by piece, so a model larger than memory can be written.
 */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { encodeTensorData, type TensorType, tensorBytes, tensorTypeNumber } from "./gguf-tensor-data.ts";

/** A metadata value. Strings, booleans and lists of strings stand for themselves; numbers say their type: `uint32(4)`. */
export type GgufValue = string | boolean | readonly string[] | GgufNumber | GgufNumbers;

/** A number with its type in the file. */
export interface GgufNumber {
  readonly type: "uint32" | "int32" | "float32";
  readonly value: number;
}

/** A list of numbers with their type in the file. */
export interface GgufNumbers {
  readonly type: "int32s" | "float32s";
  readonly values: readonly number[];
}

export const uint32 = (value: number): GgufNumber => ({ type: "uint32", value });
export const int32 = (value: number): GgufNumber => ({ type: "int32", value });
export const float32 = (value: number): GgufNumber => ({ type: "float32", value });
export const int32s = (values: readonly number[]): GgufNumbers => ({ type: "int32s", values });
export const float32s = (values: readonly number[]): GgufNumbers => ({ type: "float32s", values });

export interface GgufTensor {
  readonly name: string;
  /** Extents in ggml's order: the first is the one whose elements lie side by side (the columns of a matrix). One to four. */
  readonly shape: readonly number[];
  readonly type: TensorType;
  /**
   * All values, row by row. A function is called when the tensor's turn comes, and gives them in pieces of whole blocks, so that
   * one piece at a time is in memory; a piece may be overwritten when the next one is asked for.
   */
  readonly data: Float32Array | (() => Iterable<Float32Array>);
}

export interface GgufContent {
  /** By key, e.g. `general.architecture`. Written in the order given. */
  readonly metadata: Readonly<Record<string, GgufValue>>;
  readonly tensors: readonly GgufTensor[];
}

const VERSION = 3;
/** Every tensor's data begins at a multiple of this many bytes; 32 is what readers expect where the metadata is silent. */
const ALIGNMENT = 32;

/** Writes the file beside its place and moves it there when it is whole: there is never half a model at `path`. */
export function writeGguf(path: string, content: GgufContent): void {
  const partial = `${path}.partial`;
  const file = openSync(partial, "w");
  try {
    writeContent(file, content);
    closeSync(file);
    renameSync(partial, path);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw cause;
  }
}

function writeContent(file: number, { metadata, tensors }: GgufContent): void {
  const entries = Object.entries(metadata);
  const header = new ByteWriter();
  header.bytes(Buffer.from("GGUF", "latin1")).unsigned32(VERSION).unsigned64(tensors.length).unsigned64(entries.length);
  for (const [key, value] of entries) writeEntry(header, key, value);
  writeTensorTable(header, tensors);
  header.pad(ALIGNMENT);
  writeAll(file, header.content());
  for (const tensor of tensors) writeTensorData(file, tensor);
}

function writeTensorTable(header: ByteWriter, tensors: readonly GgufTensor[]): void {
  let offset = 0;
  for (const { name, shape, type } of tensors) {
    header.text(name).unsigned32(shape.length);
    for (const extent of shape) header.unsigned64(extent);
    header.unsigned32(tensorTypeNumber(type)).unsigned64(offset);
    offset = aligned(offset + tensorBytes(name, shape, type));
  }
}

function writeTensorData(file: number, { name, shape, type, data }: GgufTensor): void {
  let length = 0;
  let written = 0;
  for (const values of typeof data === "function" ? data() : [data]) {
    length += values.length;
    for (const bytes of encodeTensorData(values, type)) {
      writeAll(file, bytes);
      written += bytes.byteLength;
    }
  }
  const expected = shape.reduce((product, extent) => product * extent, 1);
  if (length !== expected)
    throw new RangeError(`Expected ${expected} values for tensor \`${name}\` of shape ${shape.join(" x ")}, got ${length}`);
  writeAll(file, new Uint8Array(aligned(written) - written));
}

/** The numbers that stand for a value's type. */
const VALUE_TYPE = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

function writeEntry(header: ByteWriter, key: string, value: GgufValue): void {
  header.text(key);
  if (typeof value === "string") header.unsigned32(VALUE_TYPE.string).text(value);
  else if (typeof value === "boolean") header.unsigned32(VALUE_TYPE.bool).unsigned8(value ? 1 : 0);
  else if (isTexts(value)) {
    header.unsigned32(VALUE_TYPE.array).unsigned32(VALUE_TYPE.string).unsigned64(value.length);
    for (const text of value) header.text(text);
  } else if ("values" in value) {
    const type = value.type === "int32s" ? "int32" : "float32";
    header.unsigned32(VALUE_TYPE.array).unsigned32(VALUE_TYPE[type]).unsigned64(value.values.length);
    for (const number of value.values) writeNumber(header, { type, value: number });
  } else {
    header.unsigned32(VALUE_TYPE[value.type]);
    writeNumber(header, value);
  }
}

function isTexts(value: GgufValue): value is readonly string[] {
  return Array.isArray(value);
}

function writeNumber(header: ByteWriter, { type, value }: GgufNumber): void {
  if (type === "float32") header.float32(value);
  else if (type === "int32") header.signed32(value);
  else header.unsigned32(value);
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** `writeSync` may write less than it was given. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done, bytes.byteLength - done);
}

/** Collects little-endian numbers and texts. */
class ByteWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  bytes(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.byteLength;
    return this;
  }

  unsigned8(value: number): this {
    return this.#number(1, (part) => part.writeUInt8(value));
  }

  unsigned32(value: number): this {
    return this.#number(4, (part) => part.writeUInt32LE(value));
  }

  signed32(value: number): this {
    return this.#number(4, (part) => part.writeInt32LE(value));
  }

  unsigned64(value: number): this {
    return this.#number(8, (part) => part.writeBigUInt64LE(BigInt(value)));
  }

  float32(value: number): this {
    return this.#number(4, (part) => part.writeFloatLE(value));
  }

  text(value: string): this {
    const encoded = Buffer.from(value, "utf8");
    return this.unsigned64(encoded.byteLength).bytes(encoded);
  }

  pad(alignment: number): this {
    return this.bytes(new Uint8Array((alignment - (this.#length % alignment)) % alignment));
  }

  content(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #number(size: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(size);
    write(part);
    return this.bytes(part);
  }
}
