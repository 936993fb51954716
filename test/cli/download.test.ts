import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type FileServer, serveFile } from "../support/file-server.ts";
import { runRain } from "../support/run-rain.ts";

const file = readFileSync(join(import.meta.dirname, "../../models/rain-tiny.gguf"));

const home = mkdtempSync(join(tmpdir(), "rain-home-"));
const environment = { HOME: home, USERPROFILE: home };
afterAll(() => rmSync(home, { recursive: true }));

const ask = (server: Pick<FileServer, "url">): readonly string[] => [
  "ask",
  "--model",
  server.url,
  "--max-tokens",
  "8",
  "How do I paint the bank?",
];

describe("a model from the web", () => {
  it("is fetched once, with its progress shown; after that it needs no network", async () => {
    const server = await serveFile("model.gguf", file);
    const fetched = await runRain(ask(server), { environment });
    expect(fetched.code, fetched.stderr).toBe(0);
    expect(fetched.stderr).toMatch(/Downloading #{10} 100 % of \d+\.\d MB/);

    await server[Symbol.asyncDispose]();
    const offline = await runRain(ask(server), { environment });
    expect(offline).toMatchObject({ code: 0, stdout: fetched.stdout });
    expect(offline.stderr).not.toContain("Downloading");
  });
});
