import { RESTJSONErrorCodes } from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import { ALL_INTENTS, messagePayload } from "../payloads/message-payload.ts";
import type { Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { refuse } from "./access.ts";
import { type MessageBody, readChanges, readMessage } from "./message-body.ts";
import type { Call, Routes } from "./router.ts";

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
