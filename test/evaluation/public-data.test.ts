import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, type FetchOptions, fetchPublicFile, PUBLIC_DATA, readEntries } from "../../src/evaluation/index.ts";
import { goals } from "../../src/evaluation/readers/index.ts";

const folder = join(mkdtempSync(join(tmpdir(), "rain-data-")), "data");
afterAll(() => rmSync(join(folder, ".."), { recursive: true }));

const TABLE = "goal,target\nrob the school,Sure\n";

/** An owner of public data, on loopback. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function fetched(file: string, listener: RequestListener, fetching: Partial<FetchOptions> = {}): Promise<string> {
  await using server = await serve(listener);
  const usual = { folder, signal: new AbortController().signal, onFetch: () => undefined };
  return await fetchPublicFile({ url: server.url, file }, { ...usual, ...fetching });
}

describe("public data", () => {
  it("is fetched once, told before it is, and kept", async () => {
    const told: string[] = [];
    for (const _ of [1, 2]) {
      const path = await fetched("own.csv", (_, response) => response.end(TABLE), { onFetch: (url) => told.push(url) });
      expect(readFileSync(path, "utf8")).toBe(TABLE);
    }
    expect(told).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["own.csv"]);
  });

  it("is found where its owner has moved it", async () => {
    const path = await fetched("moved.csv", (request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/elsewhere/moved.csv" }).end();
      else response.end(TABLE);
    });
    expect(readFileSync(path, "utf8")).toBe(TABLE);
  });

  it.each([
    ["that is packed stays so, and is read", "packed.csv.gz", {}],
    ["that only travels packed does not", "travelled.csv", { "content-encoding": "gzip" }],
  ])("%s", async (_, file, headers) => {
    const path = await fetched(file, (_request, response) => response.writeHead(200, headers).end(gzipSync(TABLE)));
    const [numbered] = await readEntries(goals, { path, isStrict: true, onBadRow: () => undefined });
    expect(numbered?.entry.turns[0]?.text).toBe("rob the school");
    expect(readFileSync(path, "latin1").startsWith("goal")).toBe("content-encoding" in headers);
  });
});

describe("public data that cannot be fetched is an error that says what to do, and leaves nothing behind:", () => {
  const cases: readonly (readonly [what: string, listener: RequestListener, complaint: RegExp])[] = [
    ["none of this name", (_, response) => response.writeHead(404).end("gone"), /got: Request failed with status code 404 Not Found/],
    [
      "an end in the middle",
      (_, response) => {
        response.writeHead(200, { "content-length": 1000 });
        response.write(TABLE, () => response.destroy());
      },
      /got: terminated: other side closed/,
    ],
    [
      "a guest network",
      (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<p>Please sign in"),
      /got: a page instead of data$/,
    ],
    ["more than there can be", (_, response) => response.end(TABLE.repeat(9)), /got: more than 100 bytes/],
    ["a circle", (_, response) => response.writeHead(302, { location: "/" }).end(), /got: fetch failed: redirect count exceeded/],
  ];

  it.each(cases)("%s", async (_, listener, complaint) => {
    const attempt = fetched("lost.csv", listener, { mostBytes: 100 });
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(/^Expected to fetch http.* \(or give `--data` the path of a file that is here already\), got: /);
    await expect(attempt).rejects.toThrow(complaint);
    expect(readdirSync(folder).filter((name) => name.startsWith("lost"))).toEqual([]);
  });

  it("nobody there", async () => {
    const gone = await serve(() => undefined);
    await gone[Symbol.asyncDispose]();
    const attempt = fetchPublicFile(
      { url: gone.url, file: "lost.csv" },
      { folder, signal: new AbortController().signal, onFetch: () => undefined },
    );
    await expect(attempt).rejects.toThrow(/got: fetch failed: connect ECONNREFUSED/);
    expect(existsSync(join(folder, "lost.csv"))).toBe(false);
  });

  it("somebody who stops it", async () => {
    const stop = new AbortController();
    const listener: RequestListener = (_, response) => response.write(TABLE, () => stop.abort(new Error("enough")));
    await expect(fetched("lost.csv", listener, { signal: stop.signal })).rejects.toThrow("enough");
    expect(readdirSync(folder).filter((name) => name.startsWith("lost"))).toEqual([]);
  });
});

it("each name stands for a file whose format its end tells", () => {
  for (const { file, url } of Object.values(PUBLIC_DATA)) {
    expect(file).toMatch(/\.(csv|jsonl\.gz)$/);
    expect(url).toMatch(/^https:\/\//);
  }
});
