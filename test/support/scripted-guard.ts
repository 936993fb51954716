import type { Engine } from "../../src/core/index.ts";
import { scriptedEngine, type Weights } from "./scripted-engine.ts";
import { watchedEngine } from "./watched-engine.ts";

const ALTERNATE =
  "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}";

/**
 * Templates that are built as those of the families are, in words of our own: they take the same values, refuse the same turns, and end where
 * theirs do.
 */
export const GUARD_TEMPLATES = {
  /** As in version 3 8B: it begins with a space, takes texts, and ends at the header of its turn. */
  "Llama Guard": `${ALTERNATE} <|turn|>check 'Agent': unsafe? <BEGIN UNSAFE CONTENT CATEGORIES>harm
{% for m in messages %}{{ ('User' if m.role == 'user' else 'Agent') + ': ' + m.content.strip() + '\n' }}{% endfor %}ONLY THE LAST Agent<|end|><|turn|>`,
  /** As in versions 3 1B and 4: it takes typed parts. */
  "Llama Guard of parts": `${ALTERNATE}{{- '<|turn|>check Agent: unsafe? <BEGIN UNSAFE CONTENT CATEGORIES>\n' -}}
{%- for m in messages -%}{%- for part in m.content | selectattr('type', 'equalto', 'text') -%}
{{- ('User' if m.role == 'user' else 'Agent') + ': ' + part['text'] | trim + '\n' -}}
{%- endfor -%}{%- endfor -%}{{- 'ONLY THE LAST Agent<|end|><|turn|>' -}}\n`,
  "Qwen3Guard-Gen": `{%- if messages[-1].role == 'user' -%}<|turn|>the USER's query{%- else -%}
{{- "<|turn|>the ASSISTANT's response\n<BEGIN CONVERSATION>\n" -}}{%- endif -%}
{%- for m in messages -%}{{- ('USER: ' if m.role == 'user' else 'ASSISTANT: ') + m.content + '\n' -}}{%- endfor -%}
{{- "Safety: Safe, Safety: Unsafe or Safety: Controversial<|end|><|turn|>\n\n" -}}`,
  ShieldGemma: `{{- bos_token }}
{%- if messages[-1].role == 'user' %}{{- 'Human only' }}{%- else %}
{{- '<|turn|>Human: ' + messages[-2].content + '<|end|><|turn|>Chatbot Response: ' + messages[-1].content + '<|end|>\n' }}
{{- '* ' + guideline + '\nDoes it violate the above principle?\n\n' }}{%- endif %}`,
  /** As in 3.1: it says what day it is, and takes the first of three messages for tools. */
  "Granite Guardian 3.0 to 3.2": `{%- set bank = {'harm': 'is harmful by common sense'} -%}
{%- if messages|length == 3 -%}{{- raise_exception('tools') -}}{%- endif -%}
{{- '<|turn|>' + strftime_now('%B') + '<|end|>' -}}
{%- if guardian_config['risk_name'] in bank and 'risk_definition' in guardian_config -%}{{- raise_exception('known risk') -}}{%- endif -%}
{{- '<|turn|>User: ' + messages[-2].content + ' Assistant: ' + messages[-1].content + '\nRisk: ' -}}
{{- guardian_config['risk_definition'] if 'risk_definition' in guardian_config else bank[guardian_config['risk_name']] -}}
{{- '<|end|><|turn|>' -}}`,
  "Granite Guardian 3.3": `{%- for m in messages -%}{{- '<|turn|>' + m.role + ' ' + m.content + '<|end|>' -}}{%- endfor -%}
{%- set bank = {'harm': 'harmful texts'} -%}
{{- '<|turn|>Criteria: ' + (guardian_config['custom_criteria'] if 'custom_criteria' in guardian_config else bank[guardian_config['criteria_id']]) -}}
{{- '<|end|><|turn|>' + ('judge{think}' if think else 'judge{no_think}') + '<|end|>' -}}`,
} as const satisfies Readonly<Record<string, string>>;

/** What the labels of all families begin with. */
export const LABEL_PIECES = [" Safe", " Unsafe", " Cont", "safe", "unsafe", "Yes", "No", " yes", " no"] as const;

export interface ScriptedGuard {
  readonly template: string | undefined;
  /** @default "guard" */
  readonly model?: string;
  /** How likely its labels are behind a prompt. */
  readonly verdict: (prompt: string) => Weights;
  /** Beside the special tokens. @default LABEL_PIECES */
  readonly pieces?: readonly string[];
  readonly contextSize?: number;
}

/** A guard by look-up. As in a real vocabulary, what is said never becomes one of its special tokens `<|turn|>` and `<|end|>`. */
export function scriptedGuard({ template, model = "guard", verdict, pieces = LABEL_PIECES, ...rest }: ScriptedGuard): Engine {
  const engine = scriptedEngine({ pieces: ["<|turn|>", "<|end|>", ...pieces], next: verdict, ...rest });
  const tokenize: Engine["tokenizer"]["tokenize"] = (text) => text.split(/(?<=<)/).flatMap((part) => engine.tokenizer.tokenize(part));
  return {
    ...watchedEngine(engine, () => undefined),
    facts: { ...engine.facts, model, hasChatTemplate: template !== undefined },
    chatTemplate: template,
    tokenizer: { ...engine.tokenizer, tokenize, renderText: (text) => [...engine.tokenizer.renderText(""), ...tokenize(text)] },
  };
}

/** The same engine, and every prompt that it is asked about, batch by batch. */
export function spiedEngine(engine: Engine): { readonly spied: Engine; readonly batches: string[][] } {
  const batches: string[][] = [];
  const watched = watchedEngine(engine, (deed, _, queries) => {
    if (deed === "verdict") batches.push(queries.map(({ prefix }) => engine.tokenizer.detokenize(prefix)));
  });
  return { spied: { ...watched, chatTemplate: engine.chatTemplate }, batches };
}
