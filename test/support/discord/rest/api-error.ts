import { RESTJSONErrorCodes } from "discord-api-types/v10";

/** What Discord says when it refuses a request. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  /** What is wrong with which field. */
  readonly errors: object | undefined;

  constructor(code: RESTJSONErrorCodes, errors?: object) {
    const [status, message] = REFUSALS[code] ?? [400, "Bad Request"];
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  get body(): object {
    return { message: this.message, code: this.code, ...(this.errors === undefined ? {} : { errors: this.errors }) };
  }
}

const REFUSALS: Partial<Record<RESTJSONErrorCodes, readonly [status: number, message: string]>> = {
  [RESTJSONErrorCodes.GeneralError]: [404, "404: Not Found"],
  [RESTJSONErrorCodes.UnknownApplication]: [404, "Unknown Application"],
  [RESTJSONErrorCodes.UnknownChannel]: [404, "Unknown Channel"],
  [RESTJSONErrorCodes.UnknownGuild]: [404, "Unknown Guild"],
  [RESTJSONErrorCodes.UnknownMember]: [404, "Unknown Member"],
  [RESTJSONErrorCodes.UnknownMessage]: [404, "Unknown Message"],
  [RESTJSONErrorCodes.UnknownRole]: [404, "Unknown Role"],
  [RESTJSONErrorCodes.UnknownUser]: [404, "Unknown User"],
  [RESTJSONErrorCodes.UnknownEmoji]: [404, "Unknown Emoji"],
  [RESTJSONErrorCodes.UnknownWebhook]: [404, "Unknown Webhook"],
  [RESTJSONErrorCodes.UnknownInteraction]: [404, "Unknown interaction"],
  [RESTJSONErrorCodes.UnknownApplicationCommand]: [404, "Unknown application command"],
  [RESTJSONErrorCodes.RequestEntityTooLarge]: [413, "Request entity too large"],
  [RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged]: [400, "Interaction has already been acknowledged."],
  [RESTJSONErrorCodes.MissingAccess]: [403, "Missing Access"],
  [RESTJSONErrorCodes.CannotExecuteActionOnDMChannel]: [403, "Cannot execute action on a DM channel"],
  [RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser]: [403, "Cannot edit a message authored by another user"],
  [RESTJSONErrorCodes.CannotSendAnEmptyMessage]: [400, "Cannot send an empty message"],
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]: [403, "Cannot send messages to this user"],
  [RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel]: [400, "Cannot send messages in a non-text channel"],
  [RESTJSONErrorCodes.MissingPermissions]: [403, "Missing Permissions"],
  [RESTJSONErrorCodes.InvalidToken]: [401, "Invalid token"],
  [RESTJSONErrorCodes.InvalidWebhookToken]: [401, "Invalid Webhook Token"],
  [RESTJSONErrorCodes.InvalidFormBodyOrContentType]: [400, "Invalid Form Body"],
  [RESTJSONErrorCodes.InvalidRecipients]: [400, "Invalid Recipient(s)"],
  [RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType]: [400, "Cannot execute action on this channel type"],
  [RESTJSONErrorCodes.ProvidedTooFewOrTooManyMessagesToDelete]: [
    400,
    "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete",
  ],
  [RESTJSONErrorCodes.OneOfTheMessagesProvidedWasTooOldForBulkDelete]: [400, "A message provided was too old to bulk delete"],
  [RESTJSONErrorCodes.CannotReplyWithoutPermissionToReadMessageHistory]: [400, "Cannot reply without permission to read message history"],
};
