import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileServer, serveFile } from "../support/file-server.ts";
import { runRain, script } from "../support/run-rain.ts";

const MEBIBYTE = 2 ** 20;
const model = readFileSync(join(import.meta.dirname, "../../models/rain-tiny.gguf"));
/** The library fetches this much at once, and keeps it as a whole. */
const PART = 10 * MEBIBYTE;
/** Two parts of this are hardly more than six tenths, so that they are there when progress says so. What follows the last tensor is nobody's. */
const large = Buffer.concat([model, Buffer.alloc(Math.floor((2 * PART) / 0.601) - model.length)]);
const QUESTION = ["--max-tokens", "8", "How do I paint the castle?"];

let home: string;
let server: FileServer | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "rain-home-"));
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

describe("a model from the web", () => {
  it("is fetched once for each address, with its progress shown; after that it needs no network", async () => {
    server = await serveFile("model.gguf", model);
    const fetched = await ask(server.url);
    expect(fetched.stderr).toMatch(/Downloading #{10} 100 % of \d+\.\d MB/);
    const sent = server.sent();
    await ask(new URL("/other/model.gguf", server.url).href);
    expect(server.sent()).toBe(2 * sent);

    await server[Symbol.asyncDispose]();
    const offline = await ask(server.url);
    expect(offline.stdout).toBe(fetched.stdout);
    expect(offline.stderr).not.toContain("Downloading");
  });

  it("leaves no half a model at Ctrl-C, and goes on from there the next time", async () => {
    server = await serveFile("model.gguf", large);
    server.hangAt(2 * PART);
    const { stdout, stderr } = await runRain(["ask", "--model", server.url, ...QUESTION], {
      code: 130,
      environment: environment(),
      onSaid: script([({ stderr: said }) => / 60 % of /.test(said), ({ interrupt }) => interrupt()]),
    });
    expect(stdout).toBe("");
    expect(stderr).toMatch(/\nrain: Stopped by Ctrl-C\n$/);
    expect(models()).toEqual([]);
    const { stdout: listed } = await runRain(["models", "--json"], { environment: environment() });
    expect(JSON.parse(listed)).toMatchObject([{ name: expect.stringMatching(/\.gguf\.ipull$/), isPartial: true }]);

    const before = server.sent();
    server.hangAt(Number.POSITIVE_INFINITY);
    await ask(server.url);
    expect(server.sent() - before).toBeLessThan(large.length - PART + 1);
    expect(models().map((path) => readFileSync(path).equals(large))).toEqual([true]);
  });

  it("is not kept when it turns out to be something else", async () => {
    server = await serveFile("model.gguf", Buffer.from("<html>Please log in.</html>"));
    const { stderr } = await runRain(["ask", "--model", server.url, ...QUESTION], { code: 1, environment: environment() });
    expect(stderr).toMatch(/rain: Expected `model` to be a GGUF file, got `[^`]+`, which begins with "<htm"\n$/);
    expect(models()).toEqual([]);
  });

  it("is fetched again where only a part of it was kept, as on a full disk", async () => {
    server = await serveFile("model.gguf", model);
    await ask(server.url);
    const [path = ""] = models();
    truncateSync(path, model.length / 2);
    const { stderr } = await runRain(["ask", "--model", server.url, ...QUESTION], { code: 1, environment: environment() });
    expect(stderr).toMatch(/^rain: Expected `model` `[^`]+` to be at least \d+ bytes long, got \d+ [^\n]+\n$/);
    await ask(server.url);
    expect(readFileSync(path).equals(model)).toBe(true);
  });

  it("may have a name on a hub, which may be a mirror; by that it is found again without network, too", async () => {
    server = await serveFile("rain-tiny.Q4_K_M.gguf", model);
    const hub = onHub(server.url);
    const named = () => runRain(["ask", "--model", "hf:somebody/rain-tiny:Q4_K_M", ...QUESTION], { environment: hub });
    const fetched = await named();
    expect(fetched.stdout).not.toBe("");
    expect(server.sent()).toBeGreaterThanOrEqual(model.length);

    await server[Symbol.asyncDispose]();
    expect((await named()).stdout).toBe(fetched.stdout);
  });

  it("is waited for no longer at Ctrl-C, though its hub says nothing", async () => {
    let isAsked: (() => void) | undefined;
    const hub = createServer((request, response) => (request.method === "HEAD" ? response.end() : isAsked?.()));
    await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
    const said = await runRain(["ask", "--model", "hf:somebody/silent:Q4_K_M", ...QUESTION], {
      code: 130,
      environment: onHub(`http://127.0.0.1:${(hub.address() as AddressInfo).port}`),
      onInputTaken: ({ interrupt }) => {
        isAsked = interrupt;
      },
    });
    hub.closeAllConnections();
    hub.close();
    expect(said).toMatchObject({ stdout: "", stderr: "rain: Stopped by Ctrl-C\n" });
  });
});

function ask(url: string) {
  return runRain(["ask", "--model", url, ...QUESTION], { environment: environment() });
}

/** Where the library keeps its models. */
function environment(): Record<string, string> {
  return { HOME: home, USERPROFILE: home };
}

function onHub(address: string): Record<string, string> {
  return { ...environment(), HF_ENDPOINT: new URL("/", address).href };
}

/** Files that would be taken for whole models. */
function models(): string[] {
  const files = readdirSync(home, { recursive: true, withFileTypes: true });
  return files.filter(({ name }) => name.endsWith(".gguf")).map(({ parentPath, name }) => join(parentPath, name));
}
