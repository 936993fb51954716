/** Told how the work is coming along. */
export interface Progress {
  /** Something begins that takes `total` steps, of which `done` were taken at an earlier time. */
  begin(what: string, total: number, done: number): void;
  step(): void;
  end(): void;
  /** What a person should know of one row. */
  note(line: string): void;
}

/** Does the work, and tells when it begins and when it is over, however it ends. */
export async function during(progress: Progress, what: Parameters<Progress["begin"]>, work: () => Promise<void>): Promise<void> {
  progress.begin(...what);
  try {
    await work();
  } finally {
    progress.end();
  }
}
