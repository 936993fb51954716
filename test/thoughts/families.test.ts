import { Template } from "@huggingface/jinja";
import { answer } from "rain-align";
import { describe, expect, it } from "vitest";
import { chatFormat } from "../../src/engines/llama/chat-template.ts";
import { templateThoughts } from "../../src/engines/llama/template-thoughts.ts";
import type { ScriptedThinking } from "../support/scripted-engine.ts";
import { ASK } from "../support/scripted-world.ts";
import { says, thinkingEngine } from "../support/thinking-world.ts";

/** A template in a few words, as models of one family bring it, and what such a model writes behind its prompt. */
interface Family {
  readonly name: string;
  readonly template: string;
  readonly writes: string;
  readonly isOpen?: boolean;
  /** What asks it not to think. */
  readonly off?: Readonly<Record<string, unknown>>;
  /** What is written behind a prompt that asks for no thought. */
  readonly unasked?: string;
}

const CHATML = (answer: string, prompt: string) => `{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}
{%- if m.role == 'assistant' %}${answer}{% else %}{{ m.content }}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}${prompt}{% endif %}`;

const REASONED = "{% if m.reasoning_content %}{{ '<think>\\n' + m.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}{{ m.content }}";
const SWITCH = "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% else %}";

const CHANNELS = `{% if reasoning_effort is defined %}{{ 'Effort: ' + reasoning_effort }}{% endif %}{%- for m in messages %}{{ '<|start|>' + m.role }}
{%- if m.role == 'assistant' %}{% if m.thinking %}{{ '<|channel|>analysis<|message|>' + m.thinking + '<|end|><|start|>assistant' }}{% endif %}{{ '<|channel|>final' }}{% endif %}
{{- '<|message|>' + m.content + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}`;

const FAMILIES: readonly Family[] = [
  {
    name: "tags that the model opens itself (Qwen3, SmolLM3)",
    template: CHATML(REASONED, `${SWITCH}{% endif %}`),
    writes: "<think>\nLet me see.\n</think>\n\nTake the bus.",
    off: { enable_thinking: false },
  },
  {
    name: "tags that the template opens (Qwen3.5, Nemotron 3)",
    template: CHATML(REASONED, `${SWITCH}{{ '<think>\\n' }}{% endif %}`),
    writes: "Let me see.\n</think>\n\nTake the bus.",
    isOpen: true,
    off: { enable_thinking: false },
  },
  {
    name: "tags that the template opens and cannot leave out (R1 distills, StepFun)",
    template: CHATML("{{ m.content.split('</think>')[-1] }}", "{{ '<think>\\n' }}"),
    writes: "Let me see.\n</think>\n\nTake the bus.",
    isOpen: true,
    unasked: "</think>",
  },
  {
    name: "tags of which the template closes an empty pair (GLM-4.7, Laguna)",
    template: CHATML(
      "{% if m.reasoning_content %}{{ '<think>' + m.reasoning_content }}{% endif %}{{ '</think>' + m.content }}",
      "{% if enable_thinking is defined and not enable_thinking %}{{ '</think>' }}{% else %}{{ '<think>' }}{% endif %}",
    ),
    writes: "Let me see.</think>Take the bus.",
    isOpen: true,
    off: { enable_thinking: false },
  },
  {
    name: "a channel (gpt-oss)",
    template: CHANNELS,
    writes: "<|channel|>analysis<|message|>Let me see.<|end|><|start|>assistant<|channel|>final<|message|>Take the bus.",
    off: { reasoning_effort: "low" },
    unasked: "<|channel|>final<|message|>",
  },
  {
    name: "a channel on which they say first what they are about to do (gpt-oss)",
    template: CHANNELS,
    writes: "<|channel|>commentary<|message|>Let me see.<|end|><|start|>assistant<|channel|>final<|message|>Take the bus.",
    off: { reasoning_effort: "low" },
    unasked: "<|channel|>final<|message|>",
  },
  {
    name: "a channel that the template leaves empty (Gemma 4)",
    template: `{%- for m in messages %}{{ '<|turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + m.content + '<turn|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|turn>model\\n' }}{% if not enable_thinking %}{{ '<|channel>thought\\n<channel|>' }}{% endif %}{% endif %}`,
    writes: "<|channel>thought\nLet me see.<channel|>Take the bus.",
  },
  {
    name: "brackets (Magistral, Ministral)",
    template: `{{ 'Draft it first: [THINK]your thoughts[/THINK]' }}{%- for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}{% else %}{{ m.content }}{% endif %}{% endfor %}`,
    writes: "[THINK]Let me see.[/THINK]Take the bus.",
  },
  {
    name: "marks around the answer, too (Command-R7B)",
    template: `{%- for m in messages %}{{ '<|TURN|>' + m.role }}{% if m.role == 'assistant' %}{{ '<|START_RESPONSE|>' + m.content + '<|END_RESPONSE|>' }}{% else %}{{ m.content }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|TURN|>assistant' }}{% if not enable_thinking %}{{ '<|START_THINKING|><|END_THINKING|>' }}{% endif %}{% endif %}`,
    writes: "<|START_THINKING|>Let me see.<|END_THINKING|><|START_RESPONSE|>Take the bus.",
    unasked: "<|START_RESPONSE|>",
  },
  {
    name: "tags of its own (Seed-OSS)",
    template: CHATML(
      "{% if m.reasoning_content %}{{ '<seed:think>' + m.reasoning_content + '</seed:think>' }}{% endif %}{{ m.content }}",
      "",
    ),
    writes: "<seed:think>Let me see.</seed:think>Take the bus.",
  },
  {
    name: "tags around the answer, too (Granite 3.3)",
    template: CHATML(
      "{{ m.content }}",
      "{# Write your thoughts between <think></think> and your response between <response></response> #}",
    ),
    writes: "<think>Let me see.</think><response>Take the bus.</response>",
  },
  {
    name: "a heading and a last line (Apriel)",
    template: CHATML(
      "{% if m.reasoning_content %}{{ m.reasoning_content + '\\n[BEGIN FINAL RESPONSE]\\n' }}{% endif %}{{ m.content }}",
      "{{ 'Here are my reasoning steps:\\n' }}",
    ),
    writes: "Let me see.\n[BEGIN FINAL RESPONSE]\nTake the bus.\n[END FINAL RESPONSE]",
    isOpen: true,
    unasked: "\n[BEGIN FINAL RESPONSE]\n",
  },
  {
    name: "a part of the answer's turn (Kimi-K3)",
    template: `{% macro open_tag(name) %}{{ '<|open|>' + name + '<|sep|>' }}{% endmacro %}{% macro close_tag(name) %}{{ '<|close|>' + name + '<|sep|>' }}{% endmacro %}
{%- for m in messages %}{{ '<|turn|>' + m.role }}{% if m.role == 'assistant' %}{{ open_tag('think') + (m.reasoning_content or '') + close_tag('think') + open_tag('response') + m.content + close_tag('response') }}{% else %}{{ m.content }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '<|turn|>assistant' }}{% if thinking is defined and not thinking %}{{ open_tag('response') }}{% else %}{{ open_tag('think') }}{% endif %}{% endif %}`,
    writes: "Let me see.<|close|>think<|sep|><|open|>response<|sep|>Take the bus.<|close|>",
    isOpen: true,
    off: { thinking: false },
  },
  {
    name: "a pair that no table has",
    template: CHATML("{% if m.reasoning_content %}{{ '<ponder>' + m.reasoning_content + '</ponder>' }}{% endif %}{{ m.content }}", ""),
    writes: "<ponder>Let me see.</ponder>Take the bus.",
  },
];

describe("Thoughts of models with", () => {
  it.each(FAMILIES)("$name are found, and are apart", async ({ template, writes, isOpen = false, off = {}, unasked = "" }) => {
    const format = chatFormat(new Template(template), { bos_token: "", eos_token: "" });
    const found = templateThoughts(format, template, () => false);
    expect(found).toMatchObject({ isOpen, marks: { unasked }, off: { specials: off } });
    const { marks, end } = found as NonNullable<typeof found>;
    // With tokens of their own for all marks, and in plain text where they can be that.
    const specials = [...new Set(Object.values(marks).flatMap((mark) => mark.match(/<[^<>]*>|\[[^[\]]*\]/g) ?? []))];
    const isPlain = !writes.includes("<|");
    for (const own of isPlain ? [specials, []] : [[...specials, "<|close|>"]]) {
      const thinking: ScriptedThinking = { ...marks, end, specials: [...new Set(own)], asked: isOpen ? marks.open : "" };
      const engine = thinkingEngine({
        pieces: [],
        goOn: says((isOpen ? marks.open : "") + writes, thinking.specials),
        goodness: () => 0.9,
        thinking,
      });
      const judged = await answer(engine, ASK, { thoughts: "judged", maxTokens: 100 });
      expect(judged).toMatchObject({ text: "Take the bus.", thought: "Let me see.", finishReason: "stop" });
      expect((await answer(engine, ASK, { maxTokens: 100 })).text).toBe("Take the bus.");
      expect(judged.meter.thoughtTokens).toBeGreaterThan(10);
    }
  });

  it("nothing to say of them are none", () => {
    const template = CHATML("{{ m.content }}", "");
    const format = chatFormat(new Template(template), { bos_token: "", eos_token: "" });
    expect(templateThoughts(format, template, () => false)).toBeUndefined();
    // But the vocabulary may tell: of the marks, and of nothing that only a template could say.
    const marks = { open: "<think>", close: "</think>", closing: "</think>", lead: "" };
    expect(templateThoughts(format, template, (name) => /^<\/?think>$/.test(name))).toMatchObject({ marks, end: undefined });
  });
});
