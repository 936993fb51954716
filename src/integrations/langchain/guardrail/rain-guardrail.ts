import { dispatchCustomEvent } from "@langchain/core/callbacks/dispatch";
import { AIMessage, BaseMessage } from "@langchain/core/messages";
import { Runnable, type RunnableConfig } from "@langchain/core/runnables";
import { createMiddleware } from "langchain";
import { OptionError } from "../../../core/index.ts";
import type { EventSink } from "../../judging/events.ts";
import { CritiqueContext } from "../critique/context.ts";
import { CritiquedModel } from "../critique/critiqued-model.ts";
import { type ChatRunnable, isConfigurable } from "../unseen-call.ts";
import { type Intake, messagesOf, takeMessages, takeToolCall } from "./intake.ts";
import { CONTEXT_SCHEMA, type GuardrailOverrides, type GuardrailSettings, type RainGuardrailOptions, settingsFor } from "./options.ts";

/**
 * RAIN for an agent on any chat model: drafts of answers and tool calls are held back, judged, left and written again; only what was
 * accepted is released, through the model call's own run, so that every surface that streams shows it once and none shows a draft.
 *
 * ```ts
 * const agent = createAgent({ model, tools, middleware: [otherMiddleware, rainGuardrail({ judge: engine })] });
 * await agent.invoke({ messages }, { context: { rain: { threshold: 0.3 } } }); // decided for one run
 * ```
 *
 * Put it last: middleware behind it could exchange the model for one that is not judged. That is noticed, and is an error.
 * What is decided for a run is the developer's to say; do not fill it from what a user sends.
 *
 * @throws {OptionError} for an option that cannot be meant
 */
export function rainGuardrail(options: RainGuardrailOptions = {}): RainGuardrail {
  const standing = policyOf(settingsFor(options));
  // Every hook of a run asks, and what is found out about a model in one is known in the next.
  const policies = new WeakMap<GuardrailOverrides, Policy>();
  const policyFor = ({ context }: GuardedRuntime): Policy => {
    if (context?.rain === undefined) return standing;
    const policy = policies.get(context.rain) ?? policyOf(settingsFor(options, context.rain));
    policies.set(context.rain, policy);
    return policy;
  };
  const intakeOf = (runtime: GuardedRuntime): Intake => {
    const { settings, forText: context } = policyFor(runtime);
    return { settings, context, signal: runtime.signal, run: sinkOf(runtime) };
  };
  const middleware = createMiddleware({
    name: standing.settings.name,
    contextSchema: CONTEXT_SCHEMA,
    wrapModelCall: async (request, handler) => {
      const { runtime, responseFormat } = request;
      const { settings, forText, forSchema } = policyFor(runtime);
      const { checkOutput: text, checkToolCalls: toolCalls, name } = settings;
      if (!text && !toolCalls) return await handler(request);
      let released: BaseMessage | undefined;
      const onReleased = (message: BaseMessage | undefined) => {
        released = message;
      };
      const model = new CritiquedModel({
        model: configured(request.model, runtime),
        context: responseFormat === undefined ? forText : forSchema,
        judged: { text, toolCalls },
        sink: streamOf(runtime),
        onReleased,
      });
      const answer = await handler({ ...request, model });
      if (!isSame(answerIn(answer), released)) throw misplaced(name);
      return answer;
    },
    beforeModel: {
      canJumpTo: ["end"],
      hook: async (state, runtime) => await takeMessages(state.messages, intakeOf(runtime)),
    },
    wrapToolCall: async (request, handler) =>
      await takeToolCall(async () => await handler(request), request.toolCall, intakeOf(request.runtime)),
  });
  // Each hook is a node of the agent's graph: none where it can have nothing to do.
  const { beforeModel: _beforeModel, wrapToolCall: _wrapToolCall, ...drafting } = middleware;
  const hasIntake = options.checkInput !== undefined || options.checkToolResults !== undefined;
  return hasIntake ? middleware : drafting;
}

/** Middleware that adds `rain` to the context of a run. */
export type RainGuardrail = ReturnType<typeof createMiddleware<undefined, typeof CONTEXT_SCHEMA>>;

/** What a hook may know of the run. */
interface GuardedRuntime {
  readonly context?: { readonly rain?: GuardrailOverrides | undefined } | undefined;
  readonly configurable?: RunnableConfig["configurable"];
  readonly signal?: AbortSignal | undefined;
  /** Writes to streams with mode "custom". */
  readonly writer?: ((chunk: unknown) => void) | undefined;
}

/** Settings, and the contexts in which answers are critiqued by them. */
interface Policy {
  readonly settings: GuardrailSettings;
  readonly forText: CritiqueContext;
  readonly forSchema: CritiqueContext;
}

function policyOf(settings: GuardrailSettings): Policy {
  const { exitBehavior, violationMessage: refusal } = settings;
  return {
    settings,
    forText: new CritiqueContext({ ...settings, refusal, onExhausted: exitBehavior === "error" ? "error" : "refuse" }),
    // A sentence is no answer to a schema.
    forSchema: new CritiqueContext({ ...settings, refusal, onExhausted: "error" }),
  };
}

/** What `initChatModel` returns reads the run's configuration, which a model is not given when it is asked unseen. */
function configured(model: ChatRunnable, { configurable }: GuardedRuntime): ChatRunnable {
  return configurable !== undefined && isConfigurable(model) && model instanceof Runnable ? model.withConfig({ configurable }) : model;
}

function streamOf({ writer }: GuardedRuntime): EventSink {
  return { handleCustomEvent: (name, event) => writer?.({ [name]: event }) };
}

/** Callbacks and the stream: a hook has no run of its own, so that its events belong to the agent's. */
function sinkOf(runtime: GuardedRuntime): EventSink {
  return {
    handleCustomEvent: async (name, event) => {
      await dispatchCustomEvent(name, event);
      await streamOf(runtime).handleCustomEvent(name, event);
    },
  };
}

/**
 * The model's message in what its call has come to: that message alone, or with others that LangChain adds behind it, as a structured response
 * or a command to the agent's graph.
 */
function answerIn(outcome: unknown): BaseMessage | undefined {
  if (BaseMessage.isInstance(outcome)) return outcome;
  if (typeof outcome !== "object" || outcome === null) return undefined;
  return messagesOf("update" in outcome ? outcome : { update: outcome })[0];
}

/** Whether a message says what was released, and calls what was released. Where either is missing, that is unknown. */
function isSame(message: BaseMessage | undefined, released: BaseMessage | undefined): boolean {
  return message !== undefined && released !== undefined && textAndCallsOf(message) === textAndCallsOf(released);
}

function textAndCallsOf(message: BaseMessage): string {
  const calls = AIMessage.isInstance(message) ? (message.tool_calls ?? []) : [];
  return JSON.stringify([message.text, calls.map(({ name, args }) => [name, args])]);
}

function misplaced(name: string): OptionError {
  return new OptionError(
    "middleware",
    `Expected \`${name}\` to be asked for every answer, got one that it has not released (put it last in \`middleware\`: what stands behind it may exchange the model, or its answer)`,
    name,
  );
}
