import { join } from "node:path";
import { Folder } from "./folder.ts";
import { Journal } from "./journal.ts";
import { ANSWER_ROW, type AnswerRow, VERDICT_ROW, type VerdictRow } from "./rows.ts";

/**
 * Where an evaluation keeps what it has, and writes what it came to. The journals grow in the order in which rows were ready; whatever is
 * read by others is written whole, at the end.
 */
export class RunFolder extends Folder implements Disposable {
  readonly answers: Journal<AnswerRow>;
  readonly verdicts: Journal<VerdictRow>;

  /** @throws {FolderError} when it cannot be written, or holds something else */
  constructor(path: string) {
    super(path);
    this.answers = new Journal(join(path, "answers.journal.jsonl"), ANSWER_ROW);
    this.verdicts = new Journal(join(path, "verdicts.journal.jsonl"), VERDICT_ROW);
  }

  [Symbol.dispose](): void {
    this.answers[Symbol.dispose]();
    this.verdicts[Symbol.dispose]();
  }
}
