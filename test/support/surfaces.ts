/** Every place where LangChain shows what an agent or a model does, each as a function that gives all that it showed, as JSON. */
import { InMemoryCache } from "@langchain/core/caches";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import { HumanMessage } from "@langchain/core/messages";
import type { Generation } from "@langchain/core/outputs";
import type { RunnableInterface } from "@langchain/core/runnables";
import { MemorySaver } from "@langchain/langgraph";
import { type AnyAgentMiddleware, createAgent } from "langchain";

/** What an agent is made of; or a runnable that is watched alone. */
export interface Parts {
  readonly model: RunnableInterface;
  readonly middleware?: readonly AnyAgentMiddleware[];
}

/** What a model is built with, so that its own callbacks and cache are watched too. */
export interface Watched {
  readonly cache: InMemoryCache;
  readonly callbacks: BaseCallbackHandler[];
}

export type Build = (watched: Watched) => Parts;

/** Anything that runs: an agent's graph, a model, a chain. */
interface Runs {
  invoke(input: unknown, config: object): Promise<unknown>;
  batch(inputs: unknown[], config: object): Promise<unknown>;
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: object): AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>;
  streamLog(input: unknown, config: object): AsyncIterable<unknown>;
}

/** A fresh agent, and what watches it. */
interface Scene {
  readonly agent: Runs;
  readonly alone: Runs;
  readonly config: object;
  /** What the run's own callbacks were told. */
  readonly told: unknown[];
  /** What the model's own callbacks were told. */
  readonly modelTold: unknown[];
  readonly cached: Map<string, Generation[]>;
  readonly saver: MemorySaver;
  /** What streams have brought so far. */
  readonly read: unknown[];
}

/** What a surface showed while an agent answered one question. */
type Surface = (scene: Scene) => Promise<unknown>;

const THREAD = { configurable: { thread_id: "thread" } };
const ASK = [new HumanMessage("How do I rob the bank?")];
const STATE = { messages: ASK };

/** An agent's surfaces. */
export const AGENT_SURFACES = {
  invoke: ({ agent, config }) => agent.invoke(STATE, config),
  "stream values": (scene) => streamed(scene, "values"),
  "stream updates": (scene) => streamed(scene, "updates"),
  "stream messages": (scene) => streamed(scene, "messages"),
  "stream custom": (scene) => streamed(scene, "custom"),
  "stream debug": (scene) => streamed(scene, "debug"),
  "streamEvents v1": async ({ agent, config, read }) => await all(agent.streamEvents(STATE, { ...config, version: "v1" }), read),
  "streamEvents v2": async ({ agent, config, read }) => await all(agent.streamEvents(STATE, { ...config, version: "v2" }), read),
  "streamEvents v3": async ({ agent, config, read }) => await all(agent.streamEvents(STATE, { ...config, version: "v3" }), read),
  streamLog: ({ agent, config, read }) => all(agent.streamLog(STATE, config), read),
  checkpoints: async (scene) => {
    await streamed(scene, "messages");
    return await all(scene.saver.list(THREAD));
  },
  callbacks: async (scene) => {
    await streamed(scene, "messages");
    return scene.told;
  },
  "the model's callbacks": async (scene) => {
    await streamed(scene, "messages");
    return scene.modelTold;
  },
  cache: async (scene) => {
    await scene.agent.invoke(STATE, scene.config);
    return [...scene.cached];
  },
} as const satisfies Readonly<Record<string, Surface>>;

/** Surfaces of a runnable without an agent around it. */
export const CHAIN_SURFACES = {
  "alone: invoke": ({ alone, config }) => alone.invoke(ASK, config),
  "alone: batch": ({ alone, config }) => alone.batch([ASK], config),
  "alone: stream": async ({ alone, config, read }) => await all(alone.stream(ASK, config), read),
  "alone: streamEvents v1": async ({ alone, config, read }) => await all(alone.streamEvents(ASK, { ...config, version: "v1" }), read),
  "alone: streamEvents v2": async ({ alone, config, read }) => await all(alone.streamEvents(ASK, { ...config, version: "v2" }), read),
  "alone: streamLog": ({ alone, config, read }) => all(alone.streamLog(ASK, config), read),
  "alone: callbacks": async ({ alone, config, told }) => {
    await all(alone.stream(ASK, config));
    return told;
  },
} as const satisfies Readonly<Record<string, Surface>>;

/** ... and what only chat models have. */
export const MODEL_SURFACES = {
  "alone: newest streamEvents": async ({ alone, config, read }) => await all(alone.streamEvents(ASK, config), read),
} as const satisfies Readonly<Record<string, Surface>>;

const SURFACES: Readonly<Record<string, Surface>> = { ...AGENT_SURFACES, ...CHAIN_SURFACES, ...MODEL_SURFACES };

export type SurfaceName = keyof typeof AGENT_SURFACES | keyof typeof CHAIN_SURFACES | keyof typeof MODEL_SURFACES;

/** All that a surface showed, as one text. */
export async function shownOn(surface: SurfaceName, build: Build): Promise<string> {
  return asJson(await (SURFACES[surface] as Surface)(scene(build)));
}

/** All that was shown anywhere while a surface was watched on which the run fails, as one text; and with what it failed. */
export async function shownByFailure(surface: SurfaceName, build: Build): Promise<{ readonly shown: string; readonly error: unknown }> {
  const watched = scene(build);
  const error = await (SURFACES[surface] as Surface)(watched).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { read, told, modelTold, cached, saver } = watched;
  return { shown: asJson([error, read, told, modelTold, [...cached], await all(saver.list(THREAD))]), error };
}

function scene(build: Build): Scene {
  const cached = new Map<string, Generation[]>();
  const [own, run] = [new Recorder(), new Recorder()];
  const saver = new MemorySaver();
  const { model, middleware = [] } = build({ cache: new InMemoryCache(cached), callbacks: [own] });
  const { graph } = createAgent({ model, tools: [], middleware: [...middleware], checkpointer: saver });
  const config = { ...THREAD, callbacks: [run] };
  const runs = { agent: graph as unknown as Runs, alone: model as unknown as Runs };
  return { ...runs, config, told: run.calls, modelTold: own.calls, cached, saver, read: [] };
}

async function streamed({ agent, config, read }: Scene, streamMode: string): Promise<unknown[]> {
  return await all(agent.stream(STATE, { ...config, streamMode }), read);
}

async function all(stream: AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>, shown: unknown[] = []): Promise<unknown[]> {
  // The newest stream of a model is both: awaited, it is the message.
  for await (const one of Symbol.asyncIterator in stream ? stream : await stream) shown.push(one);
  return shown;
}

/** Writes down everything that callbacks are told. */
class Recorder extends BaseCallbackHandler {
  override name = "recorder";
  override awaitHandlers = true;
  readonly calls: unknown[] = [];

  constructor() {
    super();
    for (const event of EVENTS) Object.assign(this, { [event]: (...told: unknown[]) => this.calls.push([event, asJson(told)]) });
  }
}

const EVENTS = [
  ...["handleChatModelStart", "handleLLMNewToken", "handleLLMEnd", "handleLLMError", "handleChatModelStreamEvent"],
  ...["handleChainStart", "handleChainEnd", "handleChainError", "handleToolStart", "handleToolEnd", "handleText", "handleCustomEvent"],
];

/** JSON of anything, with circles cut and errors opened. */
function asJson(value: unknown): string {
  const path: unknown[] = [];
  return JSON.stringify(value, function replace(this: unknown, _key, inner: unknown) {
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (typeof inner === "bigint") return String(inner);
    if (inner instanceof Error) return { ...inner, message: inner.message, stack: inner.stack, cause: inner.cause, name: inner.name };
    if (typeof inner !== "object" || inner === null) return inner;
    if (path.includes(inner)) return "circle";
    path.push(inner);
    return inner;
  });
}
