import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Outcome, ROOT, runProgram } from "./run-module.ts";

/** A project of somebody else's in which the built package is installed with what it depends on, and with none of its optional peers. */
export class InstalledPackage implements Disposable {
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
