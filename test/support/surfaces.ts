/** Every place where LangChain shows what an agent or a model does, each as a function that gives all that it showed, as JSON. */
import { InMemoryCache } from "@langchain/core/caches";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { HumanMessage } from "@langchain/core/messages";
import type { Generation } from "@langchain/core/outputs";
import { MemorySaver } from "@langchain/langgraph";
import { type AnyAgentMiddleware, createAgent } from "langchain";

/** What an agent is made of. */
export interface Parts {
  readonly model: BaseChatModel;
  readonly middleware?: readonly AnyAgentMiddleware[];
}

/** What a model is built with, so that its own callbacks and cache are watched too. */
export interface Watched {
  readonly cache: InMemoryCache;
  readonly callbacks: BaseCallbackHandler[];
}

export type Build = (watched: Watched) => Parts;

/** Anything that runs: an agent's graph or a model. */
interface Runs {
  invoke(input: unknown, config: object): Promise<unknown>;
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>;
  streamEvents(input: unknown, config: object): AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>;
  streamLog(input: unknown, config: object): AsyncIterable<unknown>;
}

/** A fresh agent, and what watches it. */
interface Scene {
  readonly agent: Runs;
  readonly model: Runs;
  readonly config: object;
  /** What the run's own callbacks were told. */
  readonly told: unknown[];
  /** What the model's own callbacks were told. */
  readonly modelTold: unknown[];
  readonly cached: Map<string, Generation[]>;
  readonly saver: MemorySaver;
}

/** What a surface showed while an agent answered one question. */
type Surface = (scene: Scene) => Promise<unknown>;

const THREAD = { configurable: { thread_id: "thread" } };
const ASK = [new HumanMessage("How do I get home?")];
const STATE = { messages: ASK };

/** An agent's surfaces. */
export const AGENT_SURFACES = {
  invoke: ({ agent, config }) => agent.invoke(STATE, config),
  "stream values": (scene) => streamed(scene, "values"),
  "stream updates": (scene) => streamed(scene, "updates"),
  "stream messages": (scene) => streamed(scene, "messages"),
  "stream custom": (scene) => streamed(scene, "custom"),
  "stream debug": (scene) => streamed(scene, "debug"),
  "streamEvents v1": async ({ agent, config }) => await all(agent.streamEvents(STATE, { ...config, version: "v1" })),
  "streamEvents v2": async ({ agent, config }) => await all(agent.streamEvents(STATE, { ...config, version: "v2" })),
  "streamEvents v3": async ({ agent, config }) => await all(agent.streamEvents(STATE, { ...config, version: "v3" })),
  streamLog: ({ agent, config }) => all(agent.streamLog(STATE, config)),
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

/** A chat model's surfaces. */
export const MODEL_SURFACES = {
  "the model's invoke": ({ model }) => model.invoke(ASK, {}),
  "the model's stream": async ({ model }) => await all(model.stream(ASK, {})),
  "the model's streamEvents v1": async ({ model }) => await all(model.streamEvents(ASK, { version: "v1" })),
  "the model's streamEvents v2": async ({ model }) => await all(model.streamEvents(ASK, { version: "v2" })),
  "the model's newest streamEvents": async ({ model }) => await all(model.streamEvents(ASK, {})),
  "the model's streamLog": ({ model }) => all(model.streamLog(ASK, {})),
} as const satisfies Readonly<Record<string, Surface>>;

export type AgentSurface = keyof typeof AGENT_SURFACES;
export type ModelSurface = keyof typeof MODEL_SURFACES;

/** All that a surface showed, as one text. */
export async function shownOn(surface: AgentSurface | ModelSurface, build: Build): Promise<string> {
  const surfaces: Readonly<Record<string, Surface>> = { ...AGENT_SURFACES, ...MODEL_SURFACES };
  return asJson(await (surfaces[surface] as Surface)(scene(build)));
}

function scene(build: Build): Scene {
  const cached = new Map<string, Generation[]>();
  const [own, run] = [new Recorder(), new Recorder()];
  const saver = new MemorySaver();
  const { model, middleware = [] } = build({ cache: new InMemoryCache(cached), callbacks: [own] });
  const agent = createAgent({ model, tools: [], middleware: [...middleware], checkpointer: saver });
  const config = { ...THREAD, callbacks: [run] };
  const { graph } = agent as unknown as { readonly graph: Runs };
  return { agent: graph, model: model as unknown as Runs, config, told: run.calls, modelTold: own.calls, cached, saver };
}

async function streamed({ agent, config }: Scene, streamMode: string): Promise<unknown[]> {
  return await all(agent.stream(STATE, { ...config, streamMode }));
}

async function all(stream: AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const shown = [];
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
    if (inner instanceof Error) return { message: inner.message, stack: inner.stack, cause: inner.cause };
    if (typeof inner !== "object" || inner === null) return inner;
    if (path.includes(inner)) return "circle";
    path.push(inner);
    return inner;
  });
}
