import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Journal, unwritable } from "./journal.ts";
import { ANSWER_ROW, type AnswerRow, VERDICT_ROW, type VerdictRow } from "./rows.ts";

/**
 * Where an evaluation keeps what it has, and writes what it came to. The journals grow in the order in which rows were ready; whatever is
 * read by others is written whole, at the end.
 */
export class RunFolder implements Disposable {
  readonly path: string;
  readonly answers: Journal<AnswerRow>;
  readonly verdicts: Journal<VerdictRow>;

  /** @throws {FolderError} when it cannot be written, or holds something else */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true });
    } catch (cause) {
      throw unwritable(path, cause);
    }
    this.answers = new Journal(join(path, "answers.journal.jsonl"), ANSWER_ROW);
    this.verdicts = new Journal(join(path, "verdicts.journal.jsonl"), VERDICT_ROW);
  }

  /** Beside its place first, so that whoever is stopped in the middle leaves the earlier file whole. */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    try {
      writeFileSync(`${path}.partial`, text);
      renameSync(`${path}.partial`, path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  [Symbol.dispose](): void {
    this.answers[Symbol.dispose]();
    this.verdicts[Symbol.dispose]();
  }
}
