import type { Method, RestRequest } from "./rest-request.ts";

/** Which requests something is about. */
export interface RequestKind {
  /** @default all */
  readonly method?: Method;
  /** A template, such as `/channels/:channel/messages`. @default all */
  readonly route?: string;
}

export function isOfKind({ method, route }: RequestKind, request: RestRequest): boolean {
  return (method ?? request.method) === request.method && (route ?? request.route) === request.route;
}
