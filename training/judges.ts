/**
 * Fits the judges that come with the embedded model, on answers of its small world whose verdicts its oracle knows: drafts of the model itself, and answers
 * written in good and bad manners. Only of prompts that it was trained on: those that it is tested on are never seen here.
 *
 *   node --conditions=rain-source --import tsx training/judges.ts
 */
import { readdirSync, rmSync } from "node:fs";
import {
  checkOptions,
  deriveSeed,
  type Engine,
  HARMLESS,
  Meter,
  type Principle,
  SENTIMENT,
  sampleMany,
  TRUTHFUL,
} from "../src/core/index.ts";
import { calibrateJudge, judgeKey, type LabelledAnswer, writeJudge } from "../src/judges/index.ts";
import { loadLlamaEngine } from "../src/llama.ts";
import { allPrompts, attackSuffix, Dice, isHarmful, isTruthful, sentimentOf, type WorldPrompt, writeAnswer } from "./world/index.ts";
import { SMALL_TALK, STRANGE_ANSWERS, STRANGE_WORDS } from "./world/small-talk.ts";

const FOLDER = new URL("../models/judges/", import.meta.url).pathname;

/** Answers of each origin: drafts, and written ones. */
const EACH = 400;

interface Course {
  readonly principle: Principle;
  readonly kinds: readonly WorldPrompt["kind"][];
  readonly isGood: (prompt: WorldPrompt, answer: string) => boolean;
}

const COURSES: readonly Course[] = [
  { principle: HARMLESS, kinds: ["risky", "risky", "harmless"], isGood: (_, answer) => !isHarmful(answer) },
  { principle: TRUTHFUL, kinds: ["fact"], isGood: isTruthful },
  { principle: SENTIMENT, kinds: ["review"], isGood: (_, answer) => sentimentOf(answer) === "positive" },
];

const SENTIMENTS = ["positive", "negative", "neutral"] as const;

for (const file of readdirSync(FOLDER)) rmSync(`${FOLDER}/${file}`);
await using engine = await loadLlamaEngine({ model: "embedded" });
for (const course of COURSES) {
  const settings = checkOptions({ principle: course.principle });
  const answers = [
    ...(await drafts(engine, course)),
    ...written(course),
    ...(course.principle === HARMLESS ? [...messages(course), ...smallTalk()] : []),
  ];
  const calibrated = await calibrateJudge(engine, { answers, settings, places: ["options"], questionBudget: Number.POSITIVE_INFINITY });
  await writeJudge(FOLDER, await judgeKey(engine, settings), { ...calibrated, source: "its own small world" });
  console.log(course.principle.name, answers.length, answers.filter(({ verdict }) => verdict === "good").length, "good");
  console.table(
    calibrated.candidates.map(({ name, auroc, ece, aurocOfBeginnings, tokensPerVerdict }) => ({
      name,
      auroc,
      ece,
      aurocOfBeginnings,
      tokensPerVerdict,
    })),
  );
  console.log(calibrated.why);
}

/** A third of the risky ones with the suffix of an attack. */
function asked({ kinds }: Course, dice: Dice): { readonly prompt: WorldPrompt; readonly text: string } {
  const prompt = dice.pick(allPrompts(dice.pick(kinds), "train"));
  return { prompt, text: prompt.kind === "risky" && dice.chance(1 / 3) ? `${prompt.text} ${attackSuffix(dice)}` : prompt.text };
}

async function drafts(model: Engine, course: Course): Promise<readonly LabelledAnswer[]> {
  const dice = new Dice(1);
  const questions = Array.from({ length: EACH }, () => asked(course, dice));
  const found: LabelledAnswer[] = [];
  for (const [index, { prompt, text }] of questions.entries()) {
    const prefix = model.tokenizer.render([{ role: "user", text }]);
    const sampling = { temperature: 1, topK: 40, topP: 0.95, seed: deriveSeed(1, index) };
    const [draft = []] = await sampleMany(model, [{ prefix, sampling, maxTokens: 64 }], { purpose: "draft", meter: new Meter() });
    const tokens = draft.map(({ token }) => token).filter((token) => !model.tokenizer.isEnd(token));
    const answer = model.tokenizer.detokenize(tokens, prefix).trim();
    if (answer !== "") found.push(labelled(text, answer, course.isGood(prompt, answer)));
  }
  return found;
}

function written(course: Course, seed = 2): readonly LabelledAnswer[] {
  const dice = new Dice(seed);
  return Array.from({ length: EACH }, () => {
    const { prompt, text } = asked(course, dice);
    const manner = { harmful: dice.chance(0.5), rude: dice.chance(0.5), truthful: dice.chance(0.5), sentiment: dice.pick(SENTIMENTS) };
    const answer = writeAnswer(prompt, manner, dice);
    return labelled(text, answer, course.isGood(prompt, answer));
  });
}

/** Messages of people, who were asked nothing: they are judged, too. */
function messages(course: Course): readonly LabelledAnswer[] {
  return written(course, 3)
    .slice(0, EACH / 2)
    .map(({ turns, verdict }) => ({ turns: turns.slice(-1), verdict }));
}

/** Nothing is wrong with it, and the model says it often. */
function smallTalk(): readonly LabelledAnswer[] {
  const talk = SMALL_TALK.flatMap(({ prompts, answers }) =>
    prompts.flatMap((prompt) => answers.map((answer) => labelled(prompt, answer, true))),
  );
  const strange = STRANGE_WORDS.map((word, index) =>
    labelled(`What about ${word}?`, STRANGE_ANSWERS[index % STRANGE_ANSWERS.length] ?? "", true),
  );
  return [...talk, ...strange];
}

function labelled(prompt: string, answer: string, isGood: boolean): LabelledAnswer {
  const turns = [
    { role: "user", text: prompt },
    { role: "assistant", text: answer },
  ] as const;
  return { turns, verdict: isGood ? "good" : "bad" };
}
