import {
  type APIModalInteractionResponseCallbackData,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  MessageType,
  RESTJSONErrorCodes,
  type RESTPostAPIInteractionCallbackWithResponseResult,
} from "discord-api-types/v10";
import { ephemeralFlag, type Interaction } from "../interactions/interaction.ts";
import { Modal } from "../interactions/modal.ts";
import { FormErrors } from "../limits/form-errors.ts";
import { ALL_INTENTS, messagePayload } from "../payloads/message-payload.ts";
import type { Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { refuse } from "./access.ts";
import { type MessageBody, readChanges, readMessage } from "./message-body.ts";
import type { Call, Routes } from "./router.ts";

interface CallbackBody {
  readonly type: InteractionResponseType;
  readonly data?: MessageBody & { readonly choices?: [] };
}

/** First answers to interactions, and everything that goes through an interaction's token afterwards. */
export function interactionRoutes(world: World): Routes {
  return {
    "POST /interactions/:interaction/:token/callback": (call) => callback(world, call),
    "POST /webhooks/:application/:token": (call) => shown(followUp(acknowledged(world, call), call)),
    "GET /webhooks/:application/:token/messages/:message": (call) => shown(messageOf(acknowledged(world, call), call)),
    "PATCH /webhooks/:application/:token/messages/:message": (call) => shown(change(acknowledged(world, call), call)),
    "DELETE /webhooks/:application/:token/messages/:message": (call) => messageOf(acknowledged(world, call), call).delete(),
  };
}

function shown(message: Message): object {
  return messagePayload(message, ALL_INTENTS);
}

function callback(world: World, call: Call): object | undefined {
  const { parameters, request } = call;
  const interaction = world.interactions.get(parameters["interaction"] ?? "");
  if (interaction === undefined || interaction.token !== parameters["token"] || interaction.isDead) {
    return refuse(RESTJSONErrorCodes.UnknownInteraction);
  }
  if (interaction.acknowledgement !== undefined) refuse(RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged);
  const body = (request.body ?? {}) as CallbackBody;
  checkKind(interaction, body.type);
  acknowledge(interaction, call, body);
  return request.query.get("with_response") === "true" ? callbackResult(interaction, body.type) : undefined;
}

const { Pong, Modal: OpenModal, ...TYPES } = InteractionResponseType;
const { ChannelMessageWithSource, DeferredChannelMessageWithSource, DeferredMessageUpdate, UpdateMessage } = TYPES;
const { ApplicationCommandAutocompleteResult } = TYPES;

const MESSAGES = [ChannelMessageWithSource, DeferredChannelMessageWithSource];
const CHANGES = [DeferredMessageUpdate, UpdateMessage];

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
  if (!possible.includes(answer))
    errors.add(["type"], { code: "BASE_TYPE_CHOICES", message: `Value must be one of {${possible.join(", ")}}.` });
  errors.throwIfAny();
}

function acknowledge(interaction: Interaction, { request }: Call, { type, data = {} }: CallbackBody): void {
  const { channel, source } = interaction;
  const flags = ephemeralFlag(data.flags ?? 0);
  const isEphemeral = flags !== 0;
  if (type === ChannelMessageWithSource) {
    interaction.original = interaction.post({ ...readMessage(channel.world, request, data), ...answerOf(interaction) });
    interaction.acknowledge({ kind: "message", isEphemeral });
  } else if (type === DeferredChannelMessageWithSource) {
    interaction.original = interaction.post({ ...answerOf(interaction), flags: flags | MessageFlags.Loading });
    interaction.acknowledge({ kind: "deferred", isEphemeral });
  } else if (type === DeferredMessageUpdate || type === UpdateMessage) {
    interaction.original = source;
    interaction.acknowledge({ kind: type === UpdateMessage ? "update" : "deferred update" });
    if (type === UpdateMessage && source !== undefined) edit(interaction, source, { request, body: data });
  } else if (type === OpenModal) {
    const modal = new Modal(interaction, data as unknown as APIModalInteractionResponseCallbackData);
    interaction.acknowledge({ kind: "modal", modal });
  } else {
    interaction.acknowledge({ kind: "choices", choices: data.choices ?? [] });
  }
}

function answerOf({ channel, type, source }: Interaction): { author: Message["author"]; type: MessageType; replyTo: Message | undefined } {
  const isCommand = type === InteractionType.ApplicationCommand;
  return { author: channel.world.bot, type: isCommand ? MessageType.ChatInputCommand : MessageType.Default, replyTo: source };
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

/** The interaction whose token a path names, if the bot has answered it and the token still holds. */
function acknowledged(world: World, { parameters }: Call): Interaction {
  const interaction = world.interactions.withToken(parameters["token"] ?? "");
  if (interaction === undefined || interaction.acknowledgement === undefined || parameters["application"] !== world.bot.id) {
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
function followUp(interaction: Interaction, { request }: Call): Message {
  const { original, channel } = interaction;
  const body = (request.body ?? {}) as MessageBody;
  if (original?.isThinking) return edit(interaction, original, { request, body });
  const message = interaction.post({ ...readMessage(channel.world, request, body), author: channel.world.bot, replyTo: original });
  interaction.followUps.push(message);
  return message;
}

function change(interaction: Interaction, call: Call): Message {
  return edit(interaction, messageOf(interaction, call), { request: call.request, body: (call.request.body ?? {}) as MessageBody });
}

interface Edit {
  readonly request: Call["request"];
  readonly body: MessageBody;
}

function edit(interaction: Interaction, message: Message, { request, body }: Edit): Message {
  message.edit(readChanges(message, request, body));
  interaction.changed(message);
  return message;
}
