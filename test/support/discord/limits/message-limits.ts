import { type APIAllowedMentions, RESTJSONErrorCodes } from "discord-api-types/v10";
import { ApiError } from "../rest/api-error.ts";
import type { Content } from "../world/message.ts";
import { checkComponents } from "./component-limits.ts";
import { checkEmbeds } from "./embed-limits.ts";
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
