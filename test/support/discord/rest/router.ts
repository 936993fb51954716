import type { Method, RestRequest } from "./rest-request.ts";

/** What a route is given to answer with. */
export interface Call {
  readonly request: RestRequest;
  /** What stood in the path where the template has `:name`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** @returns the body of the answer; `undefined`: there is none (204) */
export type Handler = (call: Call) => unknown;

export type RouteName = `${Method} /${string}`;

export type Routes = Readonly<Record<RouteName, Handler>>;

export interface FoundRoute {
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly handler: Handler;
}

interface Route {
  readonly method: string;
  readonly template: string;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

/** Finds who answers a request: the first route that fits. */
export class Router {
  readonly #routes: readonly Route[];

  constructor(...tables: readonly Routes[]) {
    this.#routes = tables.flatMap((table) => Object.entries(table).map(([name, handler]) => routeOf(name, handler)));
  }

  find(method: Method, path: string): FoundRoute | undefined {
    const words = path.split("/");
    for (const { template, segments, handler, ...route } of this.#routes) {
      if (route.method !== method || segments.length !== words.length) continue;
      if (!segments.every((segment, index) => segment.startsWith(":") || segment === words[index])) continue;
      const named = segments.flatMap((segment, index) => (segment.startsWith(":") ? [[segment.slice(1), words[index] ?? ""]] : []));
      return { template, parameters: Object.fromEntries(named), handler };
    }
    return undefined;
  }
}

function routeOf(name: string, handler: Handler): Route {
  const [method = "", template = ""] = name.split(" ");
  return { method, template, segments: template.split("/"), handler };
}
