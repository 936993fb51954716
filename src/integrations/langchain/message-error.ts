import { RainError } from "../../core/index.ts";

/** A message that this model cannot read, or that does not belong where it stands. */
export class MessageError extends RainError {
  /** Its place in the list, from 0. */
  readonly index: number;

  constructor(index: number, expected: string, received: string) {
    super(`Expected \`messages[${index}]\` ${expected}, got ${received}`);
    this.index = index;
  }
}
