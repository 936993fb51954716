import { describe, expect, it } from "vitest";
import { MissingPeerError, withPeers } from "../../src/peers/index.ts";

const PEERS = { langchain: "^1.5.0", "@langchain/core": "^1.2.0" };

function failing(error: Error): Promise<unknown> {
  return withPeers(PEERS, () => Promise.reject(error));
}

describe("An entry point that needs optional peers", () => {
  it("is what it loads", async () => {
    expect(await withPeers(PEERS, async () => ({ one: 1 }))).toEqual({ one: 1 });
  });

  it.each([
    ["is missing", "Cannot find package 'langchain' imported from /app/index.js", "ERR_MODULE_NOT_FOUND"],
    [
      "is too old to have a module",
      "Package subpath './agents' is not defined by \"exports\" in /app/node_modules/langchain/package.json",
      "ERR_PACKAGE_PATH_NOT_EXPORTED",
    ],
  ])("names the package that %s, and says what to do", async (_how, message, code) => {
    const cause = Object.assign(new Error(message), { code });
    const error: unknown = await failing(cause).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new MissingPeerError("langchain", "^1.5.0", { cause }));
    expect((error as Error).message).toBe(
      "Expected the package `langchain` (^1.5.0) to be installed, got none that fits (run `npm install langchain@^1.5.0`)",
    );
  });

  it("knows a package that is too old to have a name", async () => {
    const cause = new SyntaxError("The requested module '@langchain/core/messages' does not provide an export named 'AIMessageChunk'");
    await expect(failing(cause)).rejects.toMatchObject({ name: "MissingPeerError", peer: "@langchain/core" });
  });

  it("does not take another error for a missing package", async () => {
    const other = Object.assign(new Error("Cannot find package 'zod' imported from /app/langchain.js"), { code: "ERR_MODULE_NOT_FOUND" });
    await expect(failing(other)).rejects.toBe(other);
    const own = new TypeError("langchain is not a function");
    await expect(failing(own)).rejects.toBe(own);
  });
});
