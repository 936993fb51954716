import { readFileSync } from "node:fs";
import { checkOptions, DEFAULTS } from "rain-align";
import { expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";

it("docs/options.md says of every option what it means, what it must be, its default and its flag", async () => {
  const page = optionsPage((await callRain(["ask", "--help"])).stdout);
  for (const name of Object.keys(DEFAULTS)) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|.* \\| .+ \\| .+ \\| `, "m"));
  await expect(page).toMatchFileSnapshot("../../docs/options.md");
});

/** One option as its types tell it. */
interface Documented {
  readonly name: string;
  readonly text: string;
  /** What its documentation says of the default, in place of the bare value. */
  readonly byDefault: string | undefined;
}

const SOURCES = ["../../src/core/options.ts", "../../src/core/options.ts"];

/** The page of all options: their documentation from the types, their rules from what is said where they are broken, their flags from the command's help. */
function optionsPage(help: string): string {
  const documented = SOURCES.flatMap((path) => [...optionsIn(readFileSync(new URL(path, import.meta.url), "utf8"))]);
  const byName = new Map(documented.map((option) => [option.name, option]));
  const flags = new Map([...help.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].map(([, flag = ""]) => [camelCase(flag), `--${flag}`]));
  const rows = Object.keys(DEFAULTS).map((name) => {
    const { text = "", byDefault } = byName.get(name) ?? {};
    const cells = [`\`${name}\``, text, ruleOf(name), byDefault ?? `\`${JSON.stringify(Reflect.get(DEFAULTS, name))}\``];
    return `| ${[...cells, flags.has(name) ? `\`${flags.get(name)}\`` : ""].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `# All options

How an answer is written: what \`answer()\` and \`rain()\` take, \`ChatRain\` as fields and for each call, and the command as flags. All can be left out. What they cost, and which to
choose: [choosing options](choosing-options.md). This page is made from the types and the table that checks them (\`src/core/options.ts\`, \`check-options.ts\`), by
\`npx vitest run test/core/options-page.test.ts -u\`.

| option | | must be | default | flag of \`rain ask\` |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

/** What an option has to be, from the complaint about what none can be. */
function ruleOf(name: string): string {
  try {
    checkOptions({ [name]: Symbol("none") });
  } catch (error) {
    return /^Expected `\w+` to be (.*), got `/.exec((error as Error).message)?.[1] ?? "";
  }
  throw new Error(`Expected ${name} to have a rule, got none`);
}

function camelCase(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function* optionsIn(source: string): Generator<Documented> {
  for (const [, comment = "", name = ""] of source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\?:/g)) {
    const words = comment.replaceAll(/\s*\n\s*\*\s?/g, " ").trim();
    const [text = "", byDefault] = words.split("@default").map((part) => part.trim());
    yield { name, text, byDefault: byDefault?.replace(/^("[^"]*"|[\w.[\], ]+?)(?= \(|$)/, "`$1`") };
  }
}
