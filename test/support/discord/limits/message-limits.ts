import { type APIAllowedMentions, type APIEmbed, RESTJSONErrorCodes } from "discord-api-types/v10";
import { ApiError } from "../rest/access.ts";
import type { Content } from "../world/message.ts";
import { checkComponents } from "./component-limits.ts";
import { FormErrors } from "./form-errors.ts";

/** In UTF-16 units: never less than what Discord counts. */
const LONGEST_CONTENT = 2000;
const LONGEST_NONCE = 25;
const MOST_ATTACHMENTS = 10;
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_MENTIONS = 100;

export interface CheckedMessage extends Content {
  readonly flags: number;
  readonly nonce: string | undefined;
  readonly allowedMentions: APIAllowedMentions | undefined;
}

/** @throws {ApiError} where Discord would not show this message */
export function checkMessage(message: CheckedMessage): void {
  const { content, embeds, components, attachments, nonce, allowedMentions } = message;
  const errors = new FormErrors();
  errors.checkLength(["content"], content.length, [0, LONGEST_CONTENT]);
  errors.checkLength(["attachments"], attachments.length, [0, MOST_ATTACHMENTS]);
  errors.checkLength(["nonce"], nonce?.length ?? 0, [0, LONGEST_NONCE]);
  checkEmbeds(errors, embeds);
  checkComponents(errors, message);
  checkAllowedMentions(errors, allowedMentions ?? {});
  errors.throwIfAny();
  if (attachments.some((file) => file.content.length > MOST_BYTES)) throw new ApiError(RESTJSONErrorCodes.RequestEntityTooLarge);
  if (content === "" && [embeds, attachments, components].every((list) => list.length === 0)) {
    throw new ApiError(RESTJSONErrorCodes.CannotSendAnEmptyMessage);
  }
}

/** A kind of mention is allowed altogether, or one by one; not both. */
function checkAllowedMentions(errors: FormErrors, { parse = [], users = [], roles = [] }: APIAllowedMentions): void {
  const lists = { users, roles };
  for (const [kind, ids] of Object.entries(lists)) {
    errors.checkLength(["allowed_mentions", kind], ids.length, [0, MOST_MENTIONS]);
    if (ids.length > 0 && (parse as readonly string[]).includes(kind)) {
      errors.add(["allowed_mentions"], {
        code: "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        message: `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
      });
    }
  }
}

const MOST_EMBEDS = 10;
const MOST_FIELDS = 25;
const LONGEST = { title: 256, description: 4096, fieldName: 256, fieldValue: 1024, footer: 2048, author: 256 } as const;

/** All embeds of a message together. */
const LONGEST_IN_TOTAL = 6000;

function checkEmbeds(errors: FormErrors, embeds: readonly APIEmbed[]): void {
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
