import { RESTJSONErrorCodes } from "discord-api-types/v10";
import { ApiError } from "../rest/access.ts";

export type FieldPath = readonly (string | number)[];

interface Complaint {
  readonly code: string;
  readonly message: string;
}

interface ErrorTree {
  [field: string | number]: ErrorTree;
}

/** What is wrong with a form, field by field, in Discord's shape. */
export class FormErrors {
  readonly #tree: ErrorTree = {};

  add(path: FieldPath, complaint: Complaint): void {
    let node = this.#tree;
    for (const field of path) {
      node[field] ??= {};
      node = node[field];
    }
    const leaf = node as { _errors?: Complaint[] };
    leaf._errors = [...(leaf._errors ?? []), complaint];
  }

  /** At least `shortest` and at most `longest` of something. */
  checkLength(path: FieldPath, length: number, [shortest, longest]: readonly [number, number]): void {
    if (length > longest) this.add(path, { code: "BASE_TYPE_MAX_LENGTH", message: `Must be ${longest} or fewer in length.` });
    if (length < shortest) this.add(path, { code: "BASE_TYPE_MIN_LENGTH", message: `Must be ${shortest} or more in length.` });
  }

  throwIfAny(): void {
    if (Object.keys(this.#tree).length > 0) throw new ApiError(RESTJSONErrorCodes.InvalidFormBodyOrContentType, this.#tree);
  }
}
