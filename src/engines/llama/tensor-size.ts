import type { GgufFileInfo, GgufTensorInfo } from "node-llama-cpp";

/** By ggml's number of the type: values in a block, and bytes of a block. */
const BLOCKS: Readonly<Record<number, readonly [values: number, bytes: number]>> = {
  0: [1, 4], // F32
  1: [1, 2], // F16
  2: [32, 18], // Q4_0
  3: [32, 20], // Q4_1
  6: [32, 22], // Q5_0
  7: [32, 24], // Q5_1
  8: [32, 34], // Q8_0
  9: [32, 36], // Q8_1
  10: [256, 84], // Q2_K
  11: [256, 110], // Q3_K
  12: [256, 144], // Q4_K
  13: [256, 176], // Q5_K
  14: [256, 210], // Q6_K
  16: [256, 66], // IQ2_XXS
  17: [256, 74], // IQ2_XS
  18: [256, 98], // IQ3_XXS
  19: [256, 50], // IQ1_S
  20: [32, 18], // IQ4_NL
  21: [256, 110], // IQ3_S
  22: [256, 82], // IQ2_S
  23: [256, 136], // IQ4_XS
  29: [256, 56], // IQ1_M
  30: [1, 2], // BF16
  39: [32, 17], // MXFP4
};

/** What a number of this type takes, on average over its block; 0 for types that are not known here. */
export function bytesPerValue(ggmlType: number): number {
  const [values, bytes] = BLOCKS[ggmlType] ?? [1, 0];
  return bytes / values;
}

/** The offset in the file at which a tensor's data ends; where it begins, for types that are not known here. */
export function tensorEnd({ dimensions, ggmlType, fileOffset }: GgufTensorInfo): number {
  return Number(fileOffset) + valuesOf(dimensions) * bytesPerValue(ggmlType);
}

/** Numbers in all tensors of a model, also where it is split over several files. */
export function parameterCount({ fullTensorInfo = [] }: Pick<GgufFileInfo, "fullTensorInfo">): number {
  return fullTensorInfo.reduce((sum, { dimensions }) => sum + valuesOf(dimensions), 0);
}

function valuesOf(dimensions: GgufTensorInfo["dimensions"]): number {
  return dimensions.reduce<number>((product, extent) => product * Number(extent), 1);
}
