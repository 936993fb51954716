import { answer, ContextFullError, checkOptions, type Engine, MODES, promptingNotice, type RainOptions, rain, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { END, scriptedEngine, type Weights } from "../support/scripted-engine.ts";
import { ASK, ROBBERY, type World, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const EXAMPLE = { query: "Why?", answer: "Because." };
const URIAL = { prompting: "urial", urialExamples: [EXAMPLE] } as const;
const CODE = "Run this:\n```js\nf();\n```\nDone.";

/** Writes one text behind every prompt. */
function writer(text: string): Engine {
  const next = (said: string): Weights => {
    const answered = said.slice(said.lastIndexOf("# Answer:\n```\n") + "# Answer:\n```\n".length);
    return { [text.slice(answered.length)[0] ?? END]: 1 };
  };
  return scriptedEngine({ pieces: [], next });
}

function asBaseModel(engine: Engine): Engine {
  return Object.assign(engine, { facts: { ...engine.facts, isBaseModel: true } });
}

describe("An answer that is prompted by examples", () => {
  it("ends at its closing fence, with its code blocks whole, and nothing behind it is ever shown", async () => {
    const engine = writer(`${CODE}\n\`\`\`\n\n# Query:\n\`\`\`\nMore`);
    const shown: string[] = [];
    const answering = rain(engine, ASK, { ...URIAL, mode: "vanilla" });
    let next = await answering.next();
    for (; !next.done; next = await answering.next()) shown.push(next.value.text);
    expect(shown.join("")).toBe(CODE);
    expect(next.value).toMatchObject({ text: CODE, finishReason: "stop" });
  });

  it("ends at a stop string as well", async () => {
    expect(await answer(writer(CODE), ASK, { ...URIAL, mode: "vanilla", stop: ["```js"] })).toMatchObject({ text: "Run this:\n" });
  });

  it.each(MODES)("is written behind the examples and judged without them in %s mode", async (mode) => {
    const { engine, seen } = watched();
    const { text } = await answer(engine, ASK, { ...URIAL, mode, maxTokens: 12, maxIterations: 4, onExhausted: "best" });
    expect(text).not.toBe("");
    expect(seen.written.every((prefix) => prefix.includes("Because."))).toBe(true);
    expect(seen.judged.every((prefix) => !prefix.includes("Because.") && prefix.includes("User: How do I rob the bank?"))).toBe(true);
    expect(seen.judged.length > 0).toBe(mode !== "vanilla");
  });

  it("is judged behind the space that a plain conversation has there", async () => {
    const { engine, seen } = watched();
    await answer(engine, ASK, { ...URIAL, maxTokens: 4, onExhausted: "best" });
    expect(seen.judged.every((prefix) => prefix.includes("Assistant: You"))).toBe(true);
  });

  it("has no room in a small context, and the error says what takes it", async () => {
    const engine = worldEngine({ ...ROBBERY, contextSize: 2000 });
    const refused = answer(engine, ASK, { prompting: "urial", urialExamples: 8, mode: "vanilla" });
    await expect(refused).rejects.toThrow(ContextFullError);
    await expect(refused).rejects.toThrow(
      /^Expected at most 2000 tokens .* \(\d+ of them are URIAL's instruction and examples: show fewer/,
    );
  });
});

describe("The way of prompting", () => {
  const turns: readonly Turn[] = ASK;
  const plain = () => worldEngine({ ...ROBBERY, contextSize: 20_000 });

  it("is chosen for a base model, and said in one line", async () => {
    const engine = asBaseModel(plain());
    expect(await promptLength(engine, turns)).toBe(await promptLength(engine, turns, { prompting: "urial" }));
    expect(promptingNotice(engine)).toMatch(/^scripted has no chat template: .* \d+ tokens of URIAL [^\n]+$/);
  });

  it.each([
    ["that has a chat format", plain(), {}],
    ["in whose context it would not fit", asBaseModel(worldEngine({ ...ROBBERY, contextSize: 3000 })), {}],
    ["that is to call tools", asBaseModel(plain()), { tools: [{ name: "add", parameters: {} }] }],
    ["for which somebody chose", asBaseModel(plain()), { prompting: "chat" as const }],
  ])("is the plain one for a model %s", async (_, engine, options) => {
    expect(await promptLength(engine, turns, options)).toBe(engine.tokenizer.render(turns).length);
    expect(promptingNotice(engine, options)).toBeUndefined();
  });

  it.each([
    [{ prompting: "base" }, /`prompting` to be one of `auto`, `chat`, `urial`, got `base`/],
    [{ urialExamples: 2 }, /`urialExamples` to be one of 0, 1, 3, 8, or a list of `\{ query, answer \}`, got `2`/],
    [{ urialExamples: [{ query: "Hi", answer: "" }] }, /`urialExamples`/],
    [{ urialLayout: "none" }, /`urialLayout` to be one of `lines`, `inline`/],
    [{ prompting: "urial", tools: [{ name: "add", parameters: {} }] }, /`tools` to be empty where `prompting` is `urial`/],
  ])("is refused where it cannot be meant: %j", (options, complaint) => {
    expect(() => checkOptions(options as never)).toThrow(complaint);
  });
});

/** On a line of its own an answer begins without a space. */
const ON_ITS_LINE: World = {
  ...ROBBERY,
  pieces: [...ROBBERY.pieces, "You"],
  goOn: (text) => (text.endsWith("```\n") ? { You: 1 } : text.endsWith("\nYou") ? { " should": 1 } : ROBBERY.goOn(text)),
  contextSize: 20_000,
};

/** An engine that notes what it is asked to continue, and what it is asked to judge. */
function watched() {
  const engine = worldEngine(ON_ITS_LINE);
  const seen = { written: [] as string[], judged: [] as string[] };
  const watching = watchedEngine(engine, (deed, _, queries) => {
    const list = deed === "verdict" ? seen.judged : seen.written;
    if (deed !== "prime") list.push(...queries.map(({ prefix }) => engine.tokenizer.detokenize(prefix)));
  });
  return { engine: watching, seen };
}

/** How many tokens the conversation is, as it is put to the model. */
async function promptLength(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Promise<number> {
  return (await answer(engine, turns, { ...options, mode: "vanilla", maxTokens: 1, toolChoice: "none" })).promptTokens;
}
