import { existsSync } from "node:fs";
import { readGgufFileInfo } from "node-llama-cpp";
import { afterAll, describe, expect, it } from "vitest";
import { encodeTensorData, toFloat16 } from "../../../training/gguf-tensor-data.ts";
import { float32, float32s, type GgufTensor, int32, int32s, uint32, writeGguf } from "../../../training/gguf-writer.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("a GGUF file", () => {
  it("reads back as it was written: metadata of every type, and each tensor at its aligned place", async () => {
    const path = `${folder.path}/whole.gguf`;
    const row = new Float32Array(64).fill(1);
    writeGguf(path, {
      metadata: {
        "general.architecture": "llama",
        "test.uint32": uint32(4_000_000_000),
        "test.int32": int32(-7),
        "test.float32": float32(0.5),
        "test.bool": true,
        "test.strings": ["\u2581a", "", "b"],
        "test.float32s": float32s([1.5, -2]),
        "test.int32s": int32s([3, -4]),
      },
      tensors: [
        { name: "small", shape: [3], type: "F32", data: row.subarray(0, 3) },
        { name: "half", shape: [32, 2], type: "F16", data: () => [row.subarray(0, 32), row.subarray(32)] },
        { name: "quantized", shape: [64], type: "Q8_0", data: row },
      ],
    });
    const info = await readGgufFileInfo(path, { logWarnings: false });
    expect(info.version).toBe(3);
    expect(info.metadata).toMatchObject({
      general: { architecture: "llama" },
      test: {
        uint32: 4_000_000_000,
        int32: -7,
        float32: 0.5,
        bool: true,
        strings: ["\u2581a", "", "b"],
        float32s: [1.5, -2],
        int32s: [3, -4],
      },
    });
    expect(info.tensorInfo).toMatchObject([
      { name: "small", dimensions: [3], ggmlType: 0, offset: 0 },
      { name: "half", dimensions: [32, 2], ggmlType: 1, offset: 32 },
      { name: "quantized", dimensions: [64], ggmlType: 8, offset: 160 },
    ]);
    expect(info.tensorInfo?.every(({ fileOffset }) => Number(fileOffset) % 32 === 0)).toBe(true);
  });

  it.each<[string, Omit<GgufTensor, "name">, RegExp]>([
    ["too few values", { shape: [4], type: "F32", data: new Float32Array(3) }, /Expected 4 values for tensor `t`.*got 3/],
    ["rows that are not whole blocks", { shape: [33], type: "Q8_0", data: new Float32Array(33) }, /multiple of 32/],
  ])("with %s is refused, and leaves nothing behind", (_, tensor, message) => {
    const path = `${folder.path}/broken.gguf`;
    expect(() => writeGguf(path, { metadata: {}, tensors: [{ name: "t", ...tensor }] })).toThrow(message);
    expect([existsSync(path), existsSync(`${path}.partial`)]).toEqual([false, false]);
  });
});

describe("a 16-bit float", () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2047.5 / 1024, 0x4000],
  ])("of %f has the bits %i", (value, bits) => {
    expect(toFloat16(value)).toBe(bits);
  });

  it("keeps a number that is none", () => {
    expect(toFloat16(Number.NaN) & 0x7fff).toBeGreaterThan(0x7c00);
  });
});

describe("a Q8_0 block", () => {
  it("holds its scale, then each value in steps of it, halves away from zero", () => {
    const values = new Float32Array(32);
    values.set([127, -127, 63.5, -63.5, 0.4]);
    const [bytes = new Uint8Array()] = encodeTensorData(values, "Q8_0");
    expect(bytes.byteLength).toBe(34);
    expect(Buffer.from(bytes).readUInt16LE(0)).toBe(0x3c00);
    expect([...Int8Array.from(bytes.subarray(2, 8))]).toEqual([127, -127, 64, -64, 0, 0]);
  });

  it("of zeros is all zeros", () => {
    const [bytes = new Uint8Array([1])] = encodeTensorData(new Float32Array(32), "Q8_0");
    expect([...bytes].every((byte) => byte === 0)).toBe(true);
  });
});
