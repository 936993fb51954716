import { toldLogprobs } from "../serving/index.ts";
import { CHAT_NAMES, type ChatRequest } from "./chat-request.ts";
import { type Choice, chunk, completion, type Delta, deltasOf, headOf, rainOf, usageOf } from "./completion.ts";
import type { EventWriter } from "./events.ts";
import { failureOf } from "./request-error.ts";
import { opened, type Sent, type Serving, together, type Writing, writingsOf } from "./writing.ts";

/**
 * Answers a chat completion.
 *
 * @throws what `rain()` throws, before anything was sent
 */
export async function chat(request: ChatRequest, serving: Serving): Promise<Sent> {
  const writings = writingsOf(request, serving);
  const head = headOf(serving.model, serving.now());
  if (request.isStream) {
    const onBroken = (writer: EventWriter, error: unknown) => writer.data({ error: failureOf(error, CHAT_NAMES).error });
    return await opened((writer, onFirst) => writeChunks(writings, { request, head, serving, writer, onFirst }), onBroken, serving);
  }
  const choices = await together(writings, ({ write }) => write(), serving);
  for (const { answer } of choices) serving.onAnswer(answer);
  return { response: Response.json(completion(head, choices, settingsOf(writings))), over: Promise.resolve() };
}

interface Streaming {
  readonly request: ChatRequest;
  readonly head: ReturnType<typeof headOf>;
  readonly serving: Serving;
  readonly writer: EventWriter;
  readonly onFirst: () => void;
}

async function writeChunks(writings: readonly Writing[], { request, head, serving, writer, onFirst }: Streaming): Promise<void> {
  const { includesUsage, includesEvents } = request;
  const done: Choice[] = [];
  const one = async ({ index, write, settings }: Writing) => {
    const say = (event: object) => {
      writer.data(event);
      onFirst();
    };
    let calls = 0;
    writer.data(chunk(head, { index, delta: { role: "assistant", content: "" } }, includesUsage));
    const choice = await write({
      onStep: (step, call) => {
        const deltas: readonly Delta[] = deltasOf(step, call, calls);
        if (call !== undefined) calls++;
        for (const delta of deltas) {
          const logprobs = "content" in delta ? toldLogprobs([step]) : undefined;
          say(chunk(head, { index, delta, logprobs }, includesUsage));
        }
      },
      onRewind: (event) => includesEvents && say({ object: "rain.event", index, ...event }),
    });
    done.push(choice);
    const last = chunk(head, { index, delta: {}, finish: choice.answer.finishReason }, includesUsage);
    // Who asks for no usage gets no chunk without choices, in which some clients look for one.
    say(done.length === writings.length && !includesUsage ? { ...last, rain: rainOf(inOrder(done), settings) } : last);
  };
  await together(writings, one, serving);
  const choices = inOrder(done);
  for (const { answer } of choices) serving.onAnswer(answer);
  const account = () => ({ usage: usageOf(choices.map(({ answer }) => answer)), rain: rainOf(choices, settingsOf(writings)) });
  if (includesUsage) writer.data({ ...chunk(head, undefined, false), ...account() });
  writer.done();
}

function inOrder(choices: readonly Choice[]): readonly Choice[] {
  return choices.toSorted((left, right) => left.index - right.index);
}

function settingsOf(writings: readonly Writing[]): Writing["settings"] {
  return (writings[0] as Writing).settings;
}
