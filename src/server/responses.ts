import { randomUUID } from "node:crypto";
import type { RainAnswer, RainStep } from "../core/index.ts";
import type { ChatRequest } from "./chat-request.ts";
import { type Choice, rainOf, type ToldCall, usageOf } from "./completion.ts";
import type { EventWriter } from "./events.ts";
import { failureOf } from "./request-error.ts";
import { type AskedResponse, RESPONSE_NAMES } from "./responses-request.ts";
import { opened, type Sent, type Serving, type Writing, writingsOf } from "./writing.ts";

/**
 * Answers by OpenAI's newer API: what is asked is the same, what is told of it is told in items.
 *
 * @throws what `rain()` throws, before anything was sent
 */
export async function responses(request: ChatRequest, asked: AskedResponse, serving: Serving): Promise<Sent> {
  const [writing] = writingsOf(request, serving) as [Writing];
  const shell = shellOf(asked, serving);
  if (!request.isStream) {
    const choice = await writing.write();
    serving.onAnswer(choice.answer);
    return { response: Response.json(whole(shell, choice, writing)), over: Promise.resolve() };
  }
  const events = new Numbered();
  const onBroken = (writer: EventWriter, error: unknown) => {
    const { message, code, param } = failureOf(error, RESPONSE_NAMES).error;
    events.say(writer, { type: "error", message, code, param });
  };
  return await opened(
    (writer, onFirst) => writeEvents(writing, { shell, serving, onFirst, say: (event) => events.say(writer, event) }),
    onBroken,
    serving,
  );
}

/** What is known of a response before it is written. */
function shellOf(asked: AskedResponse, { model, now }: Serving) {
  return {
    id: newId("resp"),
    object: "response",
    created_at: Math.floor(now() / 1000),
    error: null,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    metadata: asked.metadata ?? {},
    model,
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    previous_response_id: null,
    store: false,
    temperature: asked.temperature ?? null,
    text: { format: asked.text?.format ?? { type: "text" } },
    tool_choice: asked.tool_choice ?? "auto",
    tools: asked.tools ?? [],
    top_p: asked.top_p ?? null,
    truncation: asked.truncation ?? "disabled",
  };
}

type Shell = ReturnType<typeof shellOf>;

function whole(
  shell: Shell,
  choice: Choice,
  { settings }: Writing,
  output: readonly object[] = outputOf(choice, settings.refusal),
): object {
  const { finishReason } = choice.answer;
  const reason = finishReason === "length" ? "max_output_tokens" : finishReason === "content_filter" ? "content_filter" : undefined;
  return {
    ...shell,
    status: reason === undefined ? "completed" : "incomplete",
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: usageInItems(choice.answer),
    rain: rainOf([choice], settings),
  };
}

function outputOf({ answer, calls }: Choice, refusal: string): readonly object[] {
  const { text, thought } = answer;
  return [
    ...(thought === undefined ? [] : [thoughtItem(thought)]),
    ...(text === "" && calls.length > 0 ? [] : [messageItem(newId("msg"), [contentPart(answer, refusal)])]),
    ...calls.map(callItem),
  ];
}

function thoughtItem(thought: string) {
  return { id: newId("rs"), type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: thought }], status: "completed" };
}

function messageItem(id: string, content: readonly object[], status = "completed") {
  return { id, type: "message", role: "assistant", status, content };
}

/** A refusal has a kind of its own, unless there was text before it. */
function contentPart({ text, finishReason }: Pick<RainAnswer, "text" | "finishReason">, refusal: string): object {
  return finishReason === "content_filter" && text === refusal ? { type: "refusal", refusal } : textPart(text);
}

function textPart(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function callItem({ id, function: { name, arguments: values } }: ToldCall) {
  return { id: newId("fc"), type: "function_call", call_id: id, name, arguments: values, status: "completed" };
}

function usageInItems(answer: RainAnswer): object {
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, completion_tokens_details } = usageOf([answer]);
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { ...prompt_tokens_details, cache_write_tokens: 0 },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: completion_tokens_details.reasoning_tokens },
    total_tokens,
  };
}

function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}

/** Events are counted, so that a client sees that none is missing. */
class Numbered {
  #count = 0;

  say(writer: EventWriter, event: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    writer.data({ ...event, sequence_number: this.#count++ }, event.type);
  }
}

interface Telling {
  readonly shell: Shell;
  readonly serving: Serving;
  readonly onFirst: () => void;
  readonly say: (event: { readonly type: string } & Readonly<Record<string, unknown>>) => void;
}

async function writeEvents(writing: Writing, { shell, serving, onFirst, say }: Telling): Promise<void> {
  const begun = { ...shell, status: "in_progress", incomplete_details: null, output: [], usage: null };
  say({ type: "response.created", response: begun });
  say({ type: "response.in_progress", response: begun });
  const items = new Items(say);
  const choice = await writing.write({
    onStep: (step, call) => {
      if (items.add(step, call)) onFirst();
    },
  });
  items.end(choice, writing.settings.refusal);
  serving.onAnswer(choice.answer);
  const response = whole(shell, choice, writing, items.output) as { readonly status: string };
  say({ type: `response.${response.status}`, response });
  onFirst();
}

/** What has been told of the output so far. Text is one item with one part, which ends with a call or the answer. */
class Items {
  readonly output: object[] = [];
  readonly #say: Telling["say"];
  #message: { readonly id: string; text: string } | undefined;

  constructor(say: Telling["say"]) {
    this.#say = say;
  }

  /** Whether there was anything to tell. */
  add({ text, thought = "" }: RainStep, call: ToldCall | undefined): boolean {
    if (thought !== "") this.#wholeItem(thoughtItem(thought));
    if (text !== "") this.#addText(text);
    if (call !== undefined) this.#addCall(call);
    return thought !== "" || text !== "" || call !== undefined;
  }

  end({ answer }: Choice, refusal: string): void {
    // An empty answer is a message, too.
    if (this.#message === undefined && this.output.length === 0) this.#addText(answer.text);
    this.#endMessage(contentPart(answer, refusal));
  }

  #addText(text: string): void {
    const index = this.output.length;
    if (this.#message === undefined) {
      this.#message = { id: newId("msg"), text: "" };
      this.#say({ type: "response.output_item.added", output_index: index, item: messageItem(this.#message.id, [], "in_progress") });
      this.#say({
        type: "response.content_part.added",
        item_id: this.#message.id,
        output_index: index,
        content_index: 0,
        part: textPart(""),
      });
    }
    this.#message.text += text;
    this.#say({
      type: "response.output_text.delta",
      item_id: this.#message.id,
      output_index: index,
      content_index: 0,
      delta: text,
      logprobs: [],
    });
  }

  /** @param part what it turned out to be: a refusal is known at its end */
  #endMessage(part: object): void {
    if (this.#message === undefined) return;
    const { id, text } = this.#message;
    const at = { item_id: id, output_index: this.output.length, content_index: 0 };
    this.#message = undefined;
    const item = messageItem(id, [part]);
    this.#say({ type: "response.output_text.done", ...at, text, logprobs: [] });
    this.#say({ type: "response.content_part.done", ...at, part });
    this.#say({ type: "response.output_item.done", output_index: at.output_index, item });
    this.output.push(item);
  }

  #addCall(call: ToldCall): void {
    this.#endMessage(textPart(this.#message?.text ?? ""));
    const item = callItem(call);
    const at = { item_id: item.id, output_index: this.output.length };
    this.#say({
      type: "response.output_item.added",
      output_index: at.output_index,
      item: { ...item, arguments: "", status: "in_progress" },
    });
    this.#say({ type: "response.function_call_arguments.delta", ...at, delta: item.arguments });
    this.#say({ type: "response.function_call_arguments.done", ...at, name: item.name, arguments: item.arguments });
    this.#say({ type: "response.output_item.done", output_index: at.output_index, item });
    this.output.push(item);
  }

  #wholeItem(item: object): void {
    this.#say({ type: "response.output_item.added", output_index: this.output.length, item });
    this.#say({ type: "response.output_item.done", output_index: this.output.length, item });
    this.output.push(item);
  }
}
