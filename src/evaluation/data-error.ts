import { RainError } from "../core/index.ts";

/** A file of data is not what was expected. */
export class DataError extends RainError {
  /** The file. */
  readonly path: string;

  constructor(message: string, { path, ...options }: ErrorOptions & { readonly path: string }) {
    super(message, options);
    this.path = path;
  }
}
