import {
  type APICommandAutocompleteInteractionResponseCallbackData,
  type APIModalInteractionResponseCallbackData,
  ApplicationCommandType,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  MessageType,
  RESTJSONErrorCodes,
  type RESTPostAPIInteractionCallbackWithResponseResult,
} from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import { checkSuggestions } from "../limits/command-limits.ts";
import { checkModal } from "../limits/component-limits.ts";
import { FormErrors } from "../limits/form-errors.ts";
import { ALL_INTENTS, messagePayload } from "../payloads/message-payload.ts";
import type { Draft, Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { refuse } from "./access.ts";
import { type MessageBody, readChanges, readMessage } from "./message-routes.ts";
import type { RestRequest } from "./rest-request.ts";
import type { Call, Routes } from "./router.ts";

/** The first answer to an interaction, of one kind or another. */
export function callbackRoutes(world: World): Routes {
  return { "POST /interactions/:interaction/:token/callback": (call) => callback(world, call) };
}

interface Answer {
  readonly interaction: Interaction;
  readonly request: RestRequest;
  /** A message, a form, or choices. */
  readonly data: object;
}

const { ApplicationCommandAutocompleteResult, ChannelMessageWithSource, DeferredChannelMessageWithSource } = InteractionResponseType;
const { DeferredMessageUpdate, UpdateMessage, Modal: OpenModal, Pong } = InteractionResponseType;

const MESSAGES = [ChannelMessageWithSource, DeferredChannelMessageWithSource];
const CHANGES = [DeferredMessageUpdate, UpdateMessage];

const ANSWERS: Partial<Record<InteractionResponseType, (answer: Answer) => void>> = {
  [ChannelMessageWithSource]: respond,
  [DeferredChannelMessageWithSource]: defer,
  [DeferredMessageUpdate]: ({ interaction }) => interaction.update(undefined),
  [UpdateMessage]: update,
  [OpenModal]: openModal,
  [ApplicationCommandAutocompleteResult]: suggest,
};

function callback(world: World, { parameters, request }: Call): object | undefined {
  const interaction = world.interactions.get(parameters["interaction"] ?? "");
  if (interaction === undefined || interaction.token !== parameters["token"] || interaction.isDead) {
    return refuse(RESTJSONErrorCodes.UnknownInteraction);
  }
  if (interaction.acknowledgement !== undefined) refuse(RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged);
  const { type, data = {} } = (request.body ?? {}) as { readonly type: InteractionResponseType; readonly data?: object };
  checkKind(interaction, type);
  ANSWERS[type]?.({ interaction, request, data });
  return request.query.get("with_response") === "true" ? callbackResult(interaction, type) : undefined;
}

/** Not every answer goes with every kind of interaction. */
function checkKind({ type, source }: Interaction, answer: InteractionResponseType): void {
  const possible = {
    [InteractionType.Ping]: [Pong],
    [InteractionType.ApplicationCommand]: [...MESSAGES, OpenModal],
    [InteractionType.MessageComponent]: [...MESSAGES, ...CHANGES, OpenModal],
    [InteractionType.ApplicationCommandAutocomplete]: [ApplicationCommandAutocompleteResult],
    [InteractionType.ModalSubmit]: [...MESSAGES, ...(source === undefined ? [] : CHANGES)],
  }[type];
  const errors = new FormErrors();
  if (!possible.includes(answer)) {
    errors.add(["type"], { code: "BASE_TYPE_CHOICES", message: `Value must be one of {${possible.join(", ")}}.` });
  }
  errors.throwIfAny();
}

function respond({ interaction, request, data }: Answer): void {
  interaction.respond({ ...readMessage(interaction.channel.world, request, data), ...originOf(interaction) });
}

function defer({ interaction, data }: Answer): void {
  const { flags } = data as MessageBody;
  interaction.defer({ ...originOf(interaction), flags: (flags ?? 0) & MessageFlags.Ephemeral });
}

function update({ interaction, request, data }: Answer): void {
  if (interaction.source !== undefined) interaction.update(readChanges(interaction.source, request, data));
}

function openModal({ interaction, data }: Answer): void {
  checkModal(data);
  interaction.openModal(data as APIModalInteractionResponseCallbackData);
}

function suggest({ interaction, data }: Answer): void {
  const { choices = [] } = data as APICommandAutocompleteInteractionResponseCallbackData;
  checkSuggestions(choices);
  interaction.suggest(choices);
}

function originOf({ channel, type, source, data }: Interaction): Draft {
  const author = channel.world.bot;
  if (type !== InteractionType.ApplicationCommand) return { author, replyTo: source };
  const isTyped = (data as { readonly type?: ApplicationCommandType }).type === ApplicationCommandType.ChatInput;
  return { author, type: isTyped ? MessageType.ChatInputCommand : MessageType.ContextMenuCommand };
}

function callbackResult(interaction: Interaction, type: InteractionResponseType): RESTPostAPIInteractionCallbackWithResponseResult {
  const { id, original } = interaction;
  if (original === undefined) return { interaction: { id, type: interaction.type }, resource: { type } };
  return {
    interaction: {
      id,
      type: interaction.type,
      response_message_id: original.id,
      response_message_loading: original.isThinking,
      response_message_ephemeral: original.isEphemeral,
    },
    resource: { type, message: messagePayload(original, ALL_INTENTS) },
  };
}

/** Everything that goes through an interaction's token once it is acknowledged. */
export function followUpRoutes(world: World): Routes {
  return {
    "POST /webhooks/:application/:token": (call) => shown(followUp(acknowledged(world, call), call)),
    "GET /webhooks/:application/:token/messages/:message": (call) => shown(messageOf(acknowledged(world, call), call)),
    "PATCH /webhooks/:application/:token/messages/:message": (call) => shown(change(acknowledged(world, call), call)),
    "DELETE /webhooks/:application/:token/messages/:message": (call) => messageOf(acknowledged(world, call), call).delete(),
  };
}

function shown(message: Message): object {
  return messagePayload(message, ALL_INTENTS);
}

/** The interaction whose token a path names, if the bot has answered it and the token still holds. */
function acknowledged(world: World, { parameters }: Call): Interaction {
  const interaction = world.interactions.withToken(parameters["token"] ?? "");
  if (interaction?.acknowledgement === undefined || parameters["application"] !== world.bot.id) {
    return refuse(RESTJSONErrorCodes.UnknownWebhook);
  }
  return interaction.isTokenExpired ? refuse(RESTJSONErrorCodes.InvalidWebhookToken) : interaction;
}

function messageOf({ original, followUps }: Interaction, { parameters }: Call): Message {
  const id = parameters["message"];
  const message = id === "@original" ? original : [original, ...followUps].find((candidate) => candidate?.id === id);
  return message === undefined || message.isDeleted ? refuse(RESTJSONErrorCodes.UnknownMessage) : message;
}

/** The first follow-up to a deferred response takes its place. */
function followUp(interaction: Interaction, call: Call): Message {
  const { original, channel } = interaction;
  if (original?.isThinking) return edited(interaction, original, call);
  const message = readMessage(channel.world, call.request, bodyOf(call));
  return interaction.followUp({ ...message, author: channel.world.bot, replyTo: original });
}

function change(interaction: Interaction, call: Call): Message {
  return edited(interaction, messageOf(interaction, call), call);
}

function edited(interaction: Interaction, message: Message, call: Call): Message {
  interaction.edit(message, readChanges(message, call.request, bodyOf(call)));
  return message;
}

function bodyOf({ request }: Call): MessageBody {
  return (request.body ?? {}) as MessageBody;
}
