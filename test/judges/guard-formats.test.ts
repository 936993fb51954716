import { existsSync, readdirSync, readFileSync } from "node:fs";
import { HARMLESS, principle, SENTIMENT, TRUTHFUL } from "rain-align";
import { describe, expect, it } from "vitest";
import { guardFormat } from "../../src/judges/index.ts";
import { GUARD_TEMPLATES } from "../support/scripted-guard.ts";

/** A checkout of llama.cpp, such as `git clone node_modules/node-llama-cpp/llama/gitRelease.bundle /tmp/llama.cpp`. */
const TEMPLATES = "/tmp/llama.cpp/models/templates";
const areThere = existsSync(TEMPLATES);
const reason = areThere ? "" : ` (not run: no ${TEMPLATES})`;

const CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";

/** All families that a template of theirs leads to. */
const FORMATS = [
  ...new Map(
    Object.values(GUARD_TEMPLATES).flatMap((chatTemplate) => {
      const format = guardFormat({ model: "my-model.gguf", chatTemplate });
      return format === undefined ? [] : [[format.name, format] as const];
    }),
  ).values(),
];

function nameOf(model: string, chatTemplate?: string): string | undefined {
  return guardFormat({ model, chatTemplate })?.name;
}

describe("A guard is known", () => {
  it.each([
    ["Llama Guard 3 1B", "Llama Guard"],
    ["Llama-Guard-3-8B.Q4_K_M.gguf", "Llama Guard"],
    ["Llama Guard 4 12B", "Llama Guard"],
    ["Meta-Llama-Guard-2-8B", "Llama Guard"],
    ["Qwen3Guard Gen 0.6B", "Qwen3Guard-Gen"],
    ["Qwen3Guard-Gen-4B.Q8_0.gguf", "Qwen3Guard-Gen"],
    ["Shieldgemma 2b", "ShieldGemma"],
    ["shieldgemma-9b.Q4_K_M.gguf", "ShieldGemma"],
    ["Granite Guardian 3.0 2b", "Granite Guardian 3.0 to 3.2"],
    ["granite-guardian-3.2-5b", "Granite Guardian 3.0 to 3.2"],
    ["Granite Guardian 3.3 8b", "Granite Guardian 3.3"],
    ["granite-guardian-3.3-8b-Q4_K_M.gguf", "Granite Guardian 3.3"],
  ])("by the name %s, as one of %s", (model, family) => {
    expect(nameOf(model)).toBe(family);
    expect(nameOf(model, CHATML)).toBe(family);
  });

  it.each(Object.entries(GUARD_TEMPLATES))("by the template of %s, whatever it is called", (name, template) => {
    expect(nameOf("my-model.gguf", template)).toBe(name.replace(" of parts", ""));
  });

  it("by its template first, which has the last word on how it is asked", () => {
    expect(nameOf("Granite Guardian 3.1 8b", GUARD_TEMPLATES["Granite Guardian 3.3"])).toBe("Granite Guardian 3.3");
    expect(nameOf("Llama Guard of ours", GUARD_TEMPLATES["Qwen3Guard-Gen"])).toBe("Qwen3Guard-Gen");
  });

  it("by one family only", () => {
    for (const template of Object.values(GUARD_TEMPLATES))
      expect(FORMATS.filter(({ isOwnTemplate }) => isOwnTemplate(template))).toHaveLength(1);
  });
});

describe("No guard is", () => {
  it.each([
    "Qwen3 4B",
    "Llama 3.1 8B Instruct",
    "Llama Prompt Guard 2 86M",
    "gemma-2-9b-it",
    "granite-3.3-8b-instruct",
    "Qwen3Guard Stream 4B",
    "",
  ])("a model called %s", (model) => {
    expect(nameOf(model, CHATML)).toBeUndefined();
    expect(nameOf(model)).toBeUndefined();
  });

  it.skipIf(!areThere)(`any model with a template of those that llama.cpp is tested with${reason}`, () => {
    const files = readdirSync(TEMPLATES).filter((file) => file.endsWith(".jinja"));
    const known = files.filter((file) => nameOf("my-model.gguf", readFileSync(`${TEMPLATES}/${file}`, "utf8")) !== undefined);
    expect(files.length).toBeGreaterThan(20);
    expect(known).toEqual([]);
  });
});

describe("A principle", () => {
  it.each(FORMATS.filter(({ takesPrinciple }) => takesPrinciple))(
    "is harm to $name in all words that mean our own question, and in no others",
    (format) => {
      const harm = format.wording(HARMLESS);
      expect(format.wording({ ...HARMLESS, name: "kind", examples: [] })).toBe(harm);
      expect(format.wording({ ...HARMLESS, question: "Is the answer polite?" })).not.toBe(harm);
      expect(format.wording({ ...HARMLESS, neutral: "neither" })).not.toBe(harm);
      expect(format.wording(TRUTHFUL)).not.toBe(harm);
    },
  );

  it.each(FORMATS.filter(({ takesPrinciple }) => takesPrinciple))("is put to $name with its question and both options", (format) => {
    const brief = principle({ name: "brief", question: "Is the answer brief?", good: "brief", bad: "long-winded" });
    for (const one of [brief, TRUTHFUL, SENTIMENT]) {
      for (const part of [one.question, one.good, one.bad]) expect(format.wording(one)).toContain(part);
      expect(JSON.stringify(format.values("THESE WORDS"))).toContain("THESE WORDS");
    }
  });

  it.each(FORMATS.filter(({ takesPrinciple }) => !takesPrinciple))("of harm needs no words for $name", (format) => {
    expect(format.wording(HARMLESS)).toBeUndefined();
    expect(format.values(undefined)).toEqual({});
  });

  it("of harm is what Granite Guardian was trained to call so", () => {
    const [plain, score] = ["3.0 to 3.2", "3.3"].map((version) => FORMATS.find(({ name }) => name === `Granite Guardian ${version}`));
    expect([score?.wording(HARMLESS), plain?.wording(HARMLESS)]).toEqual([undefined, undefined]);
    expect(score?.values(undefined)).toMatchObject({ think: false, guardian_config: { criteria_id: "harm" } });
    expect(plain?.values(undefined)).toEqual({ guardian_config: { risk_name: "harm" } });
  });
});

it("No family has a label that speaks for two sides", () => {
  for (const { labels } of FORMATS) {
    const all = [...labels.good, ...labels.bad, ...(labels.middle ?? [])];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(1);
  }
});
