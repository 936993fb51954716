import type { RestRequest } from "./rest-request.ts";

/** Every text in a request: in its body, however deep, and in the files with it. */
export function sentTexts({ body, files }: RestRequest): readonly string[] {
  return [...textsIn(body), ...files.map(({ content }) => content.toString())];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
