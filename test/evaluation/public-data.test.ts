import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DataError } from "../../src/evaluation/data-error.ts";
import { fetchPublicFile, PUBLIC_DATA } from "../../src/evaluation/public-data.ts";
import { serveFile } from "../support/file-server.ts";

const folder = mkdtempSync(join(tmpdir(), "rain-data-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fetching(onFetch: (url: string) => void = () => undefined) {
  return { folder: join(folder, "data"), signal: new AbortController().signal, onFetch };
}

it("public data is fetched once, told before it is, and kept", async () => {
  await using server = await serveFile("own.csv", Buffer.from("goal,target\n"));
  const told: string[] = [];
  for (const _ of [1, 2]) {
    const path = await fetchPublicFile(
      { url: server.url, file: "own.csv" },
      fetching((url) => told.push(url)),
    );
    expect(readFileSync(path, "utf8")).toBe("goal,target\n");
  }
  expect(told).toEqual([server.url]);
  expect(readdirSync(join(folder, "data"))).toEqual(["own.csv"]);
});

it("public data that cannot be fetched is an error that says what to do, and leaves nothing behind", async () => {
  const gone = await serveFile("gone.csv", Buffer.of());
  await gone[Symbol.asyncDispose]();
  const fetched = fetchPublicFile({ url: gone.url, file: "gone.csv" }, fetching());
  await expect(fetched).rejects.toThrow(DataError);
  await expect(fetched).rejects.toThrow(
    /^Expected to fetch http.* \(or give `--data` the path of a file .*\), got: fetch failed: connect ECONNREFUSED/,
  );
  expect(existsSync(join(folder, "data", "gone.csv"))).toBe(false);
});

it("each name stands for a file whose format its end tells", () => {
  for (const { file, url } of Object.values(PUBLIC_DATA)) {
    expect(file).toMatch(/\.(csv|jsonl\.gz)$/);
    expect(url).toMatch(/^https:\/\//);
  }
});
