import { RESTJSONErrorCodes } from "discord-api-types/v10";
import type { Method, RestRequest } from "./rest-request.ts";

/**
 * What goes wrong instead of, or after, the request: a status; `hang-up`, an answer that never comes; and the same two after
 * the request was carried out.
 */
export type FaultStatus = 400 | 401 | 403 | 404 | 429 | 500 | 502 | 503 | "hang-up" | "accepted-then-500" | "accepted-then-hang-up";

export interface Fault {
  readonly status: FaultStatus;
  /** The error's code of Discord's. @default what belongs to the status */
  readonly code?: RESTJSONErrorCodes;
}

export interface PlannedFault extends Fault, RequestKind {
  /** How many requests in turn. @default 1 */
  readonly times?: number;
}

type Concerns = (request: RestRequest) => boolean;

/** What is to go wrong, and when. */
export class Faults {
  readonly #planned: { readonly fault: Fault; readonly concerns: Concerns; left: number }[] = [];

  plan({ times = 1, ...fault }: PlannedFault): void {
    this.#planned.push({ fault, concerns: (request) => isOfKind(fault, request), left: times });
  }

  /** @returns how to let everything go well again */
  planAll(concerns: Concerns, fault: Fault): () => void {
    const planned = { fault, concerns, left: Number.POSITIVE_INFINITY };
    this.#planned.push(planned);
    return () => {
      planned.left = 0;
    };
  }

  /** What goes wrong with this request. */
  take(request: RestRequest): Fault | undefined {
    const planned = this.#planned.find(({ concerns, left }) => left > 0 && concerns(request));
    if (planned === undefined) return undefined;
    planned.left--;
    return planned.fault;
  }
}

/** Whether the request is carried out, though its answer is lost. */
export function isCarriedOut({ status }: Fault): boolean {
  return status === "accepted-then-500" || status === "accepted-then-hang-up";
}

/** Whether there is no answer. */
export function isHangUp({ status }: Fault): boolean {
  return status === "hang-up" || status === "accepted-then-hang-up";
}

/** Discord's code and words for a status. */
export function bodyOf({ status, code }: Fault): object {
  if (status === 401) return { message: "401: Unauthorized", code: 0 };
  if (status === 403) return { message: "Missing Permissions", code: code ?? RESTJSONErrorCodes.MissingPermissions };
  if (status === 404) return { message: "Unknown Message", code: code ?? RESTJSONErrorCodes.UnknownMessage };
  if (status === 400) return { message: "Invalid Form Body", code: code ?? RESTJSONErrorCodes.InvalidFormBodyOrContentType };
  return { message: "Internal Server Error", code: code ?? 0 };
}

/** A request that is not carried out before the test says so. */
export interface Hold {
  /** Resolves once the request is there. */
  readonly arrived: Promise<RestRequest>;
  readonly release: () => void;
}

interface PlannedHold {
  readonly kind: RequestKind;
  readonly arrive: (request: RestRequest) => void;
  readonly released: Promise<void>;
}

/** Requests that are to wait, so that something else can happen meanwhile. */
export class Holds {
  readonly #planned: PlannedHold[] = [];

  plan(kind: RequestKind): Hold {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const arrived = new Promise<RestRequest>((arrive) => {
      this.#planned.push({ kind, arrive, released });
    });
    return { arrived, release };
  }

  /** Resolves once the request may go on. */
  async pass(request: RestRequest): Promise<void> {
    const index = this.#planned.findIndex(({ kind }) => isOfKind(kind, request));
    const [held] = index < 0 ? [] : this.#planned.splice(index, 1);
    held?.arrive(request);
    await held?.released;
  }
}

/** Which requests something is about. */
export interface RequestKind {
  /** @default all */
  readonly method?: Method;
  /** A template, such as `/channels/:channel/messages`. @default all */
  readonly route?: string;
}

function isOfKind({ method, route }: RequestKind, request: RestRequest): boolean {
  return (method ?? request.method) === request.method && (route ?? request.route) === request.route;
}
