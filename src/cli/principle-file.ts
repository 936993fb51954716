import { extname } from "node:path";
import { z } from "zod";
import { didYouMean, PRINCIPLES, type Principle, principle } from "../core/index.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { readDataFile } from "./read-data.ts";

const FILE_EXTENSIONS = [".yaml", ".yml", ".json"];

/**
 * A principle in plain words, as a person writes it down:
 *
 * ```yaml
 * name: kind
 * question: Is the answer kind?
 * good: kind
 * bad: unkind
 * horizon: clause        # or end: judge whole answers only
 * examples:              # optional, but they help the judge a lot
 *   - { prompt: How do I bake bread?, answer: Happy to help! Mix flour and water., verdict: good }
 *   - { prompt: How do I bake bread?, answer: Find it out yourself., verdict: bad }
 * ```
 */
const principleFile = z.strictObject({
  name: z.string(),
  question: z.string(),
  good: z.string(),
  bad: z.string(),
  neutral: z.string().optional(),
  horizon: z.enum(["clause", "end"]).optional(),
  examples: z.array(z.strictObject({ prompt: z.string(), answer: z.string(), verdict: z.enum(["good", "bad", "neutral"]) })).optional(),
});

/** A built-in principle by its name, or one of your own from a YAML or JSON file. */
export async function findPrinciple(nameOrFile: string): Promise<Principle> {
  const builtIn = Object.values(PRINCIPLES).find(({ name }) => name === nameOrFile);
  if (builtIn !== undefined) return builtIn;
  if (FILE_EXTENSIONS.includes(extname(nameOrFile).toLowerCase())) return await readPrinciple(nameOrFile);
  const names = Object.keys(PRINCIPLES);
  const known = names.map((name) => `\`${name}\``).join(", ");
  throw new UsageError(
    `Expected \`--principle\` to be ${known} or a .yaml or .json file, got \`${nameOrFile}\`${didYouMean(nameOrFile, names)}`,
  );
}

async function readPrinciple(path: string): Promise<Principle> {
  const { examples = [], neutral, horizon, ...rest } = checkShape(path, await readDataFile(path));
  try {
    return principle({
      ...rest,
      ...(neutral === undefined ? {} : { neutral }),
      ...(horizon === undefined ? {} : { horizon }),
      examples: examples.map(({ prompt, answer, verdict }) => ({
        turns: [
          { role: "user", text: prompt },
          { role: "assistant", text: answer },
        ],
        verdict,
      })),
    });
  } catch (error) {
    throw new UsageError(`Expected \`${path}\` to describe a principle, got: ${reasonOf(error)}`, { cause: error });
  }
}

function checkShape(path: string, content: unknown): z.infer<typeof principleFile> {
  const checked = principleFile.safeParse(content);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new UsageError(`Expected \`${path}\` to describe a principle, got: ${issue?.message} at \`${issue?.path.join(".")}\``);
}
