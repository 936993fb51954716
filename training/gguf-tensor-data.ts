/** How a tensor's values are stored in a GGUF file. */

/** 4 bytes, 2 bytes, or 34 bytes for a block of 32 values. */
export type TensorType = "F32" | "F16" | "Q8_0";

interface Encoding {
  /** The type's number in the file. */
  readonly number: number;
  /** Values that are stored together. */
  readonly blockLength: number;
  readonly blockBytes: number;
  readonly encode: (values: Float32Array) => Uint8Array;
}

const ENCODINGS: Readonly<Record<TensorType, Encoding>> = {
  F32: { number: 0, blockLength: 1, blockBytes: 4, encode: encodeFloat32 },
  F16: { number: 1, blockLength: 1, blockBytes: 2, encode: encodeFloat16 },
  Q8_0: { number: 8, blockLength: 32, blockBytes: 34, encode: encodeQ8 },
};

/** Values that are encoded at a time: a multiple of every block length, small enough to be forgotten. */
const STRETCH = 1 << 20;

export function tensorTypeNumber(type: TensorType): number {
  return ENCODINGS[type].number;
}

/** The size of a tensor's data in bytes. A row (the first extent) is made of whole blocks. */
export function tensorBytes(name: string, shape: readonly number[], type: TensorType): number {
  const { blockLength, blockBytes } = ENCODINGS[type];
  const [row = 0, ...others] = shape;
  if (row % blockLength !== 0) {
    throw new RangeError(`Expected rows of a multiple of ${blockLength} values for ${type} tensor \`${name}\`, got ${row}`);
  }
  return (row / blockLength) * blockBytes * others.reduce((product, extent) => product * extent, 1);
}

/** The stored form of `values`, a stretch at a time. */
export function* encodeTensorData(values: Float32Array, type: TensorType): Generator<Uint8Array, void, void> {
  const { encode } = ENCODINGS[type];
  for (let start = 0; start < values.length; start += STRETCH) yield encode(values.subarray(start, start + STRETCH));
}

function encodeFloat32(values: Float32Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  for (let index = 0; index < values.length; index++) bytes.writeFloatLE(values[index] as number, index * 4);
  return bytes;
}

function encodeFloat16(values: Float32Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(values.length * 2);
  for (let index = 0; index < values.length; index++) bytes.writeUInt16LE(toFloat16(values[index] as number), index * 2);
  return bytes;
}

/** Blocks of 32: the scale (largest magnitude / 127) as a 16-bit float, then each value / scale as a signed byte. */
function encodeQ8(values: Float32Array): Uint8Array {
  const { blockLength, blockBytes } = ENCODINGS.Q8_0;
  const bytes = Buffer.allocUnsafe((values.length / blockLength) * blockBytes);
  for (let block = 0; block * blockLength < values.length; block++) {
    const first = block * blockLength;
    let largest = 0;
    for (let index = first; index < first + blockLength; index++) largest = Math.max(largest, Math.abs(values[index] as number));
    const scale = largest / 127;
    const inverse = scale === 0 ? 0 : 1 / scale;
    const at = block * blockBytes;
    bytes.writeUInt16LE(toFloat16(scale), at);
    for (let index = 0; index < blockLength; index++)
      bytes.writeInt8(roundAway((values[first + index] as number) * inverse), at + 2 + index);
  }
  return bytes;
}

/** Halves go away from zero, as in ggml; `Math.round` would take them upwards. */
function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

const float32Cell = new Float32Array(1);
const bitsCell = new Uint32Array(float32Cell.buffer);

/** The bits of the nearest 16-bit float; ties go to the even one, values beyond 65,504 become infinite. */
export function toFloat16(value: number): number {
  float32Cell[0] = value;
  const bits = bitsCell[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const halfExponent = exponent - 127 + 15;
  if (halfExponent >= 31) return sign | 0x7c00;
  if (halfExponent < -10) return sign;
  // Subnormal halves have no implicit one: it moves into the fraction, further right the smaller the exponent.
  if (halfExponent <= 0) return sign | roundShift(fraction | 0x800000, 14 - halfExponent);
  // A fraction that rounds up to the next power of two carries into the exponent, and past the largest into infinity.
  return sign | ((halfExponent << 10) + roundShift(fraction, 13));
}

/** `value` divided by 2 to the power of `shift`, rounded to the nearest whole number, ties to the even one. */
function roundShift(value: number, shift: number): number {
  const floor = value >>> shift;
  const remainder = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return remainder > half || (remainder === half && floor % 2 === 1) ? floor + 1 : floor;
}
