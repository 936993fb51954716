import { type Engine, EngineError } from "../../core/index.ts";
import { type Hosted, hostedBy, type LoadOptions, type SharedEngine, SharedEngines, type Waiting } from "./shared-engine.ts";

/** Where a chat model's engine comes from. */
export interface EngineSource {
  /**
   * The engine, as soon as it is there. Who asks first makes it load.
   *
   * @throws {EngineError} when it cannot be loaded, or was released; and the reason of `waiting.signal`
   */
  hosted(waiting?: Waiting): Promise<Hosted>;

  /** The engine, if it is there. */
  readonly current: Hosted | undefined;

  /** The engine is not needed here any more. */
  release(): Promise<void>;
}

/**
 * All engines that chat models of this process have loaded: the one piece of state that this package keeps by itself, as a model is
 * gigabytes of memory and two chains that name the same file should hold it once.
 */
const ENGINES = new SharedEngines();

/** An engine that somebody else loads and frees. */
export function givenEngine(engine: Engine, options: LoadOptions): EngineSource {
  const current = hostedBy(engine, options);
  return { current, hosted: async () => current, release: async () => undefined };
}

/** An engine that is loaded when it is first needed, and shared with all who need the same. */
export class LoadedEngine implements EngineSource {
  readonly #model: string;
  readonly #options: LoadOptions;
  readonly #engines: SharedEngines;
  #shared: SharedEngine | undefined;
  #current: Hosted | undefined;
  #isReleased = false;

  constructor(model: string, options: LoadOptions, engines: SharedEngines = ENGINES) {
    this.#model = model;
    this.#options = options;
    this.#engines = engines;
  }

  get current(): Hosted | undefined {
    return this.#current;
  }

  async hosted(waiting: Waiting = {}): Promise<Hosted> {
    if (this.#isReleased) throw released();
    if (this.#shared === undefined || this.#shared.isLost) this.#shared = this.#engines.join(this.#model, this.#options);
    const hosted = await this.#shared.hosted(waiting);
    if (this.#isReleased) throw released();
    this.#current = hosted;
    return hosted;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#current = undefined;
    await this.#shared?.leave(released());
  }
}

/** What those hear who use what is gone. */
export function released(): EngineError {
  return new EngineError("disposed", "Expected a chat model in use, got one that was disposed");
}
