import { escapeMarkdown } from "discord.js";
import { defang } from "./defang.ts";

/** What somebody else wrote, between words of ours: as they wrote it, without any effect. */
export function quoted(text: string): string {
  return escapeMarkdown(defang(text));
}
