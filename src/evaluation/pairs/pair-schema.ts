import { z } from "zod";
import { CONTRAST_FORMS } from "../../core/index.ts";
import { CONTRAST_FAMILIES, LABELS, POLES, type PreferencePair } from "../../pairs/index.ts";

const text = z.string().refine((content) => content.trim() !== "", "Expected a text with something in it");
const answer = z.tuple([z.strictObject({ role: z.literal("assistant"), content: text })]);
const value = z.number().min(-1).max(1);

/** A line of a file of preference pairs: TRL's conversational form, and beside it how the pair came about. */
export const PAIR_SCHEMA = z.strictObject({
  prompt: z
    .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
    .min(1)
    .refine((messages) => messages.at(-1)?.role === "user", "Expected a prompt that ends with what the user says"),
  chosen: answer,
  rejected: answer,
  metadata: z.strictObject({
    index: z.int().min(0),
    model: z.string(),
    family: z.enum(CONTRAST_FAMILIES),
    form: z.enum(CONTRAST_FORMS),
    label: z.enum(LABELS),
    seed: z.int().min(0),
    affixes: z.strictObject({ positive: text, negative: text }),
    chosen: z.enum(POLES),
    values: z.strictObject({ positive: value, negative: value }).optional(),
  }),
}) satisfies z.ZodType<PreferencePair>;
