import { conversationLines, promptLines } from "./conversations.ts";
import type { ReaderFormats } from "./formats.ts";
import { anyOf, contrastedPrompts, goalControls, goals, promptColumns, truthfulQuestions } from "./tables.ts";

/**
 * All public files in which somebody asks something, whichever task they were made for: tables are known by their columns, records by their
 * fields. Reviews are none of them: there an answer was begun.
 */
export const ANY_PROMPTS: ReaderFormats = {
  csv: anyOf([goals, truthfulQuestions, contrastedPrompts, ...promptColumns]),
  json: goalControls,
  jsonl: conversationLines,
  txt: promptLines,
};
