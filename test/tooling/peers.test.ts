import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BotHome, environmentOf } from "../support/bot-process.ts";
import { startPlatform } from "../support/discord/platform.ts";
import { type Outcome, ROOT, runProgram } from "../support/run-module.ts";

/** A project in which the built package is installed with what it depends on, and with none of its optional peers. */
class InstalledPackage implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "rain-installed-"));

  constructor() {
    const installed = join(this.#folder, "node_modules/rain-align");
    mkdirSync(installed, { recursive: true });
    for (const part of ["package.json", "dist", "models"]) cpSync(join(ROOT, part), join(installed, part), { recursive: true });
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    this.install(...Object.keys(dependencies));
  }

  /** Adds packages that this project has as well. */
  install(...names: readonly string[]): void {
    for (const name of names) {
      mkdirSync(dirname(this.#place(name)), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", name), this.#place(name));
    }
  }

  /** Adds a package of an older make, with these entry points. */
  pretend(name: string, code: string, entries: readonly string[] = ["."]): void {
    mkdirSync(this.#place(name), { recursive: true });
    const exports = Object.fromEntries(entries.map((entry) => [entry, "./index.js"]));
    writeFileSync(join(this.#place(name), "package.json"), JSON.stringify({ name, version: "0.0.1", type: "module", exports }));
    writeFileSync(join(this.#place(name), "index.js"), code);
  }

  remove(name: string): void {
    rmSync(this.#place(name), { recursive: true });
  }

  /** Runs a program of this project's. @param file with the ending that says which kind of module it is */
  async run(file: string, program: string): Promise<Outcome> {
    const path = join(this.#folder, file);
    writeFileSync(path, program);
    return await runProgram(process.execPath, [path]);
  }

  /** Runs the command that came with the package. */
  async rain(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return await runProgram(process.execPath, [join(this.#place("rain-align"), "dist/cli/main.js"), ...parameters], environment);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #place(name: string): string {
    return join(this.#folder, "node_modules", name);
  }
}

/** A program that says of an entry point what kind of thing this export is, or why there is none. */
function trying(entry: string, name: string): string {
  return `import("${entry}").then(({ ${name} }) => console.log(typeof ${name}), (error) => console.log(String(error)));`;
}

function missing(name: string, range: string): string {
  return `Expected the package \`${name}\` (${range}) to be installed, got none that fits (run \`npm install ${name}@${range}\`)`;
}

describe("rain-align/langchain, where it was installed as a package,", () => {
  const installed = new InstalledPackage();
  afterAll(() => installed[Symbol.dispose]());
  const TRY = trying("rain-align/langchain", "ChatRain");

  it("asks for @langchain/core by name where it is missing", async () => {
    expect((await installed.run("missing.mjs", TRY)).stdout).toContain(`MissingPeerError: ${missing("@langchain/core", "^1.2.0")}`);
  });

  it("... and where it is of a version before the streaming protocol", async () => {
    const code = "export class BaseChatModel {}\nexport class BaseMessage {}";
    installed.pretend("@langchain/core", code, ["./language_models/chat_models", "./messages"]);
    expect((await installed.run("old.mjs", TRY)).stdout).toContain(`MissingPeerError: ${missing("@langchain/core", "^1.2.0")}`);
    installed.remove("@langchain/core");
  });

  it("the rest of the package works without it", async () => {
    expect((await installed.run("core.mjs", trying("rain-align", "rain"))).stdout).toBe("function\n");
  });

  it("rain-align/middleware asks for langchain", async () => {
    expect((await installed.run("middleware.mjs", trying("rain-align/middleware", "rainGuardrail"))).stdout).toContain(
      `MissingPeerError: ${missing("langchain", "^1.5.0")}`,
    );
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

describe("A vocabulary from the files of a tokenizer, where rain-align was installed as a package,", () => {
  const installed = new InstalledPackage();
  afterAll(() => installed[Symbol.dispose]());

  it("asks for the package that reads them by name where it is missing", async () => {
    // What llama-server says of itself and of its model.
    const props = { total_slots: 1, model_path: "served", default_generation_settings: { n_ctx: 512 } };
    const said = JSON.stringify({ ...props, data: [{ id: "served", meta: { n_vocab: 1024, n_params: 1, size: 1 } }] });
    const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(said));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const parameters = ["ask", "Hello", "--engine", `http://127.0.0.1:${port}`, "--vocabulary", ROOT];
      const stderr = `rain: ${missing("@huggingface/tokenizers", "^0.2.0")}\n`;
      expect(await installed.rain(parameters)).toEqual({ code: 1, stdout: "", stderr });
    } finally {
      server.close();
    }
  });
});

describe("rain-align/discord, where it was installed as a package,", () => {
  const installed = new InstalledPackage();
  afterAll(() => installed[Symbol.dispose]());
  const TRY = trying("rain-align/discord", "runDiscord");
  const DISCORD_MISSING = missing("discord.js", "^14.28.0");
  const environment = { RAIN_DISCORD_TOKEN: "a-token-that-opens-nothing" };

  it("asks for discord.js by name where it is missing", async () => {
    expect((await installed.run("missing.mjs", TRY)).stdout).toBe(`MissingPeerError: ${DISCORD_MISSING}\n`);
  });

  it("... and where it is a version that lacks what the bot needs", async () => {
    installed.pretend("discord.js", "export class Client {}");
    expect((await installed.run("old.mjs", TRY)).stdout).toContain(`MissingPeerError: ${DISCORD_MISSING}`);
    installed.remove("discord.js");
  });

  it("the command says so in one line", async () => {
    for (const parameters of [["discord"], ["discord", "deploy"]])
      expect(await installed.rain(parameters, environment)).toEqual({ code: 1, stdout: "", stderr: `rain: ${DISCORD_MISSING}\n` });
  });

  it("the rest of the command works without it, and so does the check of the configuration", async () => {
    expect(await installed.rain(["discord", "check"], environment)).toMatchObject({ code: 0, stderr: "" });
    expect(await installed.rain(["--version"])).toMatchObject({ code: 0, stderr: "" });
  });

  describe("with discord.js", () => {
    it("works in CommonJS by import(), and says so on require()", async () => {
      installed.install("discord.js");
      expect((await installed.run("import.cjs", TRY)).stdout).toBe("function\n");
      expect((await installed.run("require.cjs", 'require("rain-align/discord");')).stderr).toContain('await import("rain-align/discord")');
    });

    it.each([
      ["file:rain.db", "@libsql/client", "^0.18.0"],
      ["postgres://localhost/rain", "pg", "^8.16.0"],
    ])("asks for the driver of its database, too, in one line: %s", async (url, driver, range) => {
      await using platform = await startPlatform();
      using home = new BotHome();
      const { code, stderr } = await installed.rain(["discord"], environmentOf(platform, home, { DATABASE_URL: url }));
      expect({ code, stderr }).toEqual({ code: 1, stderr: `rain: ${missing(driver, range)}\n` });
    });
  });
});

describe("rain-align/server, where it was installed as a package,", () => {
  const installed = new InstalledPackage();
  afterAll(() => installed[Symbol.dispose]());
  const TRY = trying("rain-align/server", "rainApp");

  it("asks for Hono by name where it is missing, and so does the command", async () => {
    const said = missing("hono", "^4.13.0");
    expect((await installed.run("missing.mjs", TRY)).stdout).toBe(`MissingPeerError: ${said}\n`);
    expect(await installed.rain(["serve"])).toEqual({ code: 1, stdout: "", stderr: `rain: ${said}\n` });
  });

  it("works with it, in CommonJS by import()", async () => {
    installed.install("hono", "@hono/node-server");
    expect((await installed.run("import.cjs", TRY)).stdout).toBe("function\n");
  });
});
