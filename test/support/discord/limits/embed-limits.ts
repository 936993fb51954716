import type { APIEmbed } from "discord-api-types/v10";
import type { FormErrors } from "./form-errors.ts";

const MOST_EMBEDS = 10;
const MOST_FIELDS = 25;
const LONGEST = { title: 256, description: 4096, fieldName: 256, fieldValue: 1024, footer: 2048, author: 256 } as const;

/** All embeds of a message together. */
const LONGEST_IN_TOTAL = 6000;

export function checkEmbeds(errors: FormErrors, embeds: readonly APIEmbed[]): void {
  errors.checkLength(["embeds"], embeds.length, [0, MOST_EMBEDS]);
  embeds.forEach((embed, index) => {
    checkEmbed(errors, embed, index);
  });
  if (embeds.reduce((sum, embed) => sum + lengthOf(embed), 0) > LONGEST_IN_TOTAL) {
    errors.add(["embeds"], { code: "MAX_EMBED_SIZE_EXCEEDED", message: `Embed size exceeds maximum size of ${LONGEST_IN_TOTAL}` });
  }
}

function checkEmbed(errors: FormErrors, embed: APIEmbed, index: number): void {
  const { title = "", description = "", fields = [], footer, author } = embed;
  const at = ["embeds", index];
  errors.checkLength([...at, "title"], title.length, [0, LONGEST.title]);
  errors.checkLength([...at, "description"], description.length, [0, LONGEST.description]);
  errors.checkLength([...at, "footer", "text"], footer?.text.length ?? 0, [0, LONGEST.footer]);
  errors.checkLength([...at, "author", "name"], author?.name.length ?? 0, [0, LONGEST.author]);
  errors.checkLength([...at, "fields"], fields.length, [0, MOST_FIELDS]);
  for (const [field, { name, value }] of fields.entries()) {
    errors.checkLength([...at, "fields", field, "name"], name.length, [1, LONGEST.fieldName]);
    errors.checkLength([...at, "fields", field, "value"], value.length, [1, LONGEST.fieldValue]);
  }
}

function lengthOf({ title = "", description = "", fields = [], footer, author }: APIEmbed): number {
  const texts = [title, description, footer?.text ?? "", author?.name ?? "", ...fields.flatMap(({ name, value }) => [name, value])];
  return texts.join("").length;
}
