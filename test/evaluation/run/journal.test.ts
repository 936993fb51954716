import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { FolderError, Journal, RunFolder } from "../../../src/evaluation/index.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function open(name: string): Journal<{ key: string; value: number }> {
  return new Journal(join(folder.path, name), z.object({ key: z.string(), value: z.number().min(-1).max(1) }));
}

describe("a journal", () => {
  it("has a row in its file as soon as it is appended, and knows it when it is opened again", () => {
    using journal = open("kept");
    journal.append({ key: "a", value: 0.5 });
    expect(readFileSync(journal.path, "utf8")).toBe('{"key":"a","value":0.5}\n');
    using again = open("kept");
    expect(again.get("a")).toEqual({ key: "a", value: 0.5 });
    expect(again.get("b")).toBeUndefined();
  });

  it("cuts off half a row at its end, and goes on behind the last whole one", () => {
    {
      using journal = open("torn");
      journal.append({ key: "a", value: 1 });
    }
    appendFileSync(join(folder.path, "torn"), '{"key":"b","val');
    using journal = open("torn");
    journal.append({ key: "c", value: -1 });
    expect(readFileSync(journal.path, "utf8")).toBe('{"key":"a","value":1}\n{"key":"c","value":-1}\n');
  });

  it("takes the first of two rows of one name", () => {
    writeFileSync(join(folder.path, "twice"), '{"key":"a","value":1}\n{"key":"a","value":-1}\n');
    using journal = open("twice");
    expect(journal.get("a")?.value).toBe(1);
  });

  it.each([
    ["not JSON", "Dear diary\n"],
    ["another row", '{"key":"a","value":1}\n{"key":"b"}\n'],
    ["an impossible value", '{"key":"a","value":7}\n'],
  ])("refuses a file that holds %s, and leaves it as it is", (_, content) => {
    writeFileSync(join(folder.path, "other"), content);
    expect(() => open("other")).toThrow(/^Expected line \d of `.*other` to be a row of an evaluation/);
    expect(readFileSync(join(folder.path, "other"), "utf8")).toBe(content);
  });
});

describe("a folder of results", () => {
  it("that cannot be made or written is refused in one line", () => {
    writeFileSync(join(folder.path, "file"), "");
    expect(() => new RunFolder(join(folder.path, "file/inside"))).toThrow(/^Expected to write `.*inside`, got: ENOTDIR/);
    // Where nobody may make a folder, and Node tries for ever.
    expect(() => new RunFolder("/proc/none/inside")).toThrow(/^Expected to write `\/proc\/none\/inside`, got: E/);
    mkdirSync(join(folder.path, "taken/answers.journal.jsonl"), { recursive: true });
    expect(() => new RunFolder(join(folder.path, "taken"))).toThrow(FolderError);
  });

  it("leaves an earlier file whole where a new one cannot be written", () => {
    using run = new RunFolder(join(folder.path, "run"));
    run.write("report.md", "old");
    mkdirSync(join(run.path, "report.md.partial"));
    expect(() => run.write("report.md", "new")).toThrow(/^Expected to write `.*report.md`, got: EISDIR/);
    expect(readFileSync(join(run.path, "report.md"), "utf8")).toBe("old");
  });
});
