import { isOfKind, type RequestKind } from "./request-kind.ts";
import type { RestRequest } from "./rest-request.ts";

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
