/** Public data as others keep it: prompts, conversations and tables, read row by row. */

export { conversationLines, promptLines, transcriptTurns } from "./conversations.ts";
export {
  type BadRow,
  DataError,
  type Format,
  formatOf,
  type Numbered,
  type ReaderFormats,
  type RecordReading,
  readEntries,
} from "./reader.ts";
export { textOf } from "./rows.ts";
export {
  ANY_PROMPTS,
  contrastedPrompts,
  goalControls,
  goals,
  instructions,
  reviewSentences,
  reviewTable,
  truthfulQuestions,
} from "./tables.ts";
