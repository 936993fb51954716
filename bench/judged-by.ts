import { checkOptions, HARMLESS, Meter } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { answersOf, balanced, besides, calibrateJudge, foundJudge, panelOf, promptKey, readLabelledFile } from "../src/judges/index.ts";
import { ReadOnce } from "./read-once.ts";
import { sampled } from "./sampled.ts";

interface JudgedByOptions {
  /** A GGUF file: another model than the one that wrote. */
  readonly model: string;
  /** Labelled answers that it learns from. Those to prompts that are judged are left out. */
  readonly data: string;
  readonly rows: number;
  readonly builtIn: number;
  readonly threads: number | undefined;
  /** Where what was read is kept. */
  readonly file: string;
}

interface Answered {
  readonly prompt: string;
  readonly text: string;
}

/** What another model's read-out says of each answer, range [-1, 1], as it learned from people's labels of other answers to other prompts. */
export async function judgedBy(answers: readonly Answered[], options: JudgedByOptions) {
  await using engine = await loadLlamaEngine({ model: options.model, sequences: 8, contextSize: 2048, threads: options.threads });
  const reader = new ReadOnce(engine, options.file);
  const settings = checkOptions({ principle: HARMLESS });
  const asked = new Set(answers.map(({ prompt }) => prompt.trim()));
  const labelled = sampled(await readLabelledFile(options.data), options.rows).filter(
    ({ turns }) => !asked.has(turns[0]?.text.trim() ?? ""),
  );
  const builtIn = await answersOf(HARMLESS);
  const { fitted } = await calibrateJudge(reader, {
    answers: [...labelled, ...besides(balanced(builtIn, options.builtIn))],
    settings,
    panel: panelOf(engine, builtIn),
  });
  const { judge } = foundJudge(fitted, reader, { ...settings, preset: "strict" });
  const values: number[] = [];
  for (const { prompt, text } of answers) {
    const conversation = judge.conversation([{ role: "user", text: prompt }]);
    const tokens = engine.tokenizer.tokenize(text).slice(0, judge.longestAnswer(conversation));
    const [verdict] = await judge.verdicts(conversation, [tokens], { purpose: "evaluate", meter: new Meter(), signal: undefined }, [true]);
    values.push(verdict?.value ?? Number.NaN);
  }
  const prompts = new Set(labelled.map(promptKey)).size;
  return { model: engine.facts.model, fitness: fitted.fitness, prompts, values };
}
