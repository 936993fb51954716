import { RainError } from "../../core/index.ts";

/** The judge cannot be asked any more. What it said before is kept. */
export class JudgeDownError extends RainError {
  /** Its name. */
  readonly judge: string;

  constructor(message: string, { judge, ...options }: ErrorOptions & { readonly judge: string }) {
    super(message, options);
    this.judge = judge;
  }
}
