import type { WriteStream } from "node:tty";

const STYLES = { bold: [1, 22], dim: [2, 22], struck: [9, 29], red: [31, 39], green: [32, 39] } as const;

export type Style = keyof typeof STYLES;

/** Colours text where a terminal shows colours; `NO_COLOR` and a pipe leave it plain. */
export function paint(stream: WriteStream, text: string, ...styles: readonly Style[]): string {
  if (!stream.isTTY || !stream.hasColors()) return text;
  return styles.reduce((painted, style) => `\u001B[${STYLES[style][0]}m${painted}\u001B[${STYLES[style][1]}m`, text);
}

/** A terminal obeys control characters, and a model may write any: they are left out there. A pipe gets the text as it is. */
export function shown(stream: WriteStream, text: string): string {
  return stream.isTTY ? text.replace(/[^\P{Cc}\n\t]/gu, "") : text;
}

/** A line that should not be overlooked, on standard error. It may quote what a model's file says. */
export function warn(line: string): void {
  process.stderr.write(`${paint(process.stderr, shown(process.stderr, `Warning: ${line}`), "red")}\n`);
}

/** A line about the work, on standard error: never mixed up with the answer. */
export function note(line: string): void {
  process.stderr.write(`${paint(process.stderr, line, "dim")}\n`);
}
