import { afterAll, describe, expect, it } from "vitest";
import { InstalledPackage } from "../support/installed-package.ts";

const TRY = 'import("rain-align/langchain").then(({ ChatRain }) => console.log(typeof ChatRain), (error) => console.log(String(error)));';

const installed = new InstalledPackage();
afterAll(() => installed[Symbol.dispose]());

describe("rain-align/langchain, where it was installed as a package,", () => {
  it("asks for @langchain/core by name where it is missing", async () => {
    const { stdout } = await installed.run("missing.mjs", TRY);
    expect(stdout).toContain("MissingPeerError: Expected the package `@langchain/core` (^1.2.0) to be installed");
  });

  it("... and where it is of a version before the streaming protocol", async () => {
    const code = "export class BaseChatModel {}\nexport class BaseMessage {}";
    installed.pretend("@langchain/core", code, ["./language_models/chat_models", "./messages"]);
    const { stdout } = await installed.run("old.mjs", TRY);
    expect(stdout).toContain("MissingPeerError: Expected the package `@langchain/core` (^1.2.0) to be installed, got none that fits");
    installed.remove("@langchain/core");
  });

  it("the rest of the package works without it", async () => {
    const { stdout } = await installed.run("core.mjs", 'import("rain-align").then(({ rain }) => console.log(typeof rain));');
    expect(stdout).toBe("function\n");
  });

  describe("with @langchain/core", () => {
    it("works in CommonJS by import()", async () => {
      installed.install("@langchain/core", "langchain");
      expect((await installed.run("import.cjs", TRY)).stdout).toBe("function\n");
    });

    it("says on require() what to do instead", async () => {
      const { stderr } = await installed.run("require.cjs", 'require("rain-align/langchain");');
      expect(stderr).toContain("to be imported, got require()");
      expect(stderr).toContain('await import("rain-align/langchain")');
    });
  });
});
