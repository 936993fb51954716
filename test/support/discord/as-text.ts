import { ComponentType } from "discord-api-types/v10";
import type { Message } from "./world/message.ts";

/** A message of the bot as people see it, for those who read text: its embeds, files, buttons and menus, in Discord's order. */
export function asText(message: Message): string {
  const lines = message.content === "" ? [] : message.content.split("\n");
  for (const { title, description, fields = [], footer, image } of message.embeds) {
    const inside = [
      ...(title === undefined ? [] : [`**${title}**`]),
      ...(description?.split("\n") ?? []),
      ...fields.flatMap(({ name, value }) => [`${name}:`, ...value.split("\n").map((line) => `  ${line}`)]),
      ...(image === undefined ? [] : [`(picture: ${image.url.replace("attachment://", "")})`]),
      ...(footer === undefined ? [] : [footer.text]),
    ];
    lines.push(...inside.map((line) => `│ ${line}`));
  }
  for (const { name } of message.attachments) lines.push(`(file: ${name})`);
  for (const row of message.components) {
    if (row.type !== ComponentType.ActionRow) continue;
    lines.push(
      row.components
        .map(
          (component) => `[ ${"label" in component ? component.label : `${"placeholder" in component ? component.placeholder : ""} v`} ]`,
        )
        .join(" "),
    );
  }
  return lines.join("\n");
}
