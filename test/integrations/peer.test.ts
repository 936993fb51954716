import { describe, expect, it } from "vitest";
import { satisfies, withPeer } from "../../src/integrations/peer.ts";

describe("A package that an entry point needs beside this one", () => {
  it.each([
    ["1.2.0", true],
    ["1.2.13", true],
    ["1.10.0", true],
    ["1.1.49", false],
    ["0.3.80", false],
    ["2.0.0", false],
  ])("in version %s will do for ^1.2.0: %s", (version, isEnough) => {
    expect(satisfies(version, "^1.2.0")).toBe(isEnough);
  });

  it("that is there lets its part be loaded", async () => {
    expect(await withPeer("@langchain/core", async () => "part")).toBe("part");
  });

  it("that is missing is asked for by name, before its part is loaded", async () => {
    const part = withPeer("no-such-package", () => expect.unreachable());
    await expect(part).rejects.toThrow('Expected `no-such-package` * to be installed, got none: `npm install "no-such-package@*"`');
    await expect(part).rejects.toMatchObject({ name: "PeerError", peer: "no-such-package", version: undefined });
  });
});
