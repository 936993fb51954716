import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unwritable } from "./journal.ts";

/** Where reports are written. */
export class Folder {
  readonly path: string;

  /** @throws {FolderError} when it cannot be made */
  constructor(path: string) {
    this.path = path;
    try {
      makeFolder(path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /**
   * Beside its place first, so that whoever is stopped in the middle leaves the earlier file whole.
   *
   * @throws {FolderError} when it cannot be written, as on a full disk
   */
  write(name: string, text: string): void {
    const path = join(this.path, name);
    try {
      writeFileSync(`${path}.partial`, text);
      renameSync(`${path}.partial`, path);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }
}

/** One after the other: Node's own `recursive` never ends where a file system refuses folders by saying that there are none, as `/proc` does. */
function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let place = path; !existsSync(place); place = dirname(place)) missing.unshift(place);
  for (const place of missing) mkdirSync(place);
}
