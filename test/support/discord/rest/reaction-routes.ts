import { PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import { userPayload } from "../payloads/member-payload.ts";
import type { User } from "../world/user.ts";
import type { World } from "../world/world.ts";
import { demand, messageOf, refuse } from "./access.ts";
import type { Call, Routes } from "./router.ts";

const { AddReactions, ManageMessages, ReadMessageHistory } = PermissionFlagsBits;

export function reactionRoutes(world: World): Routes {
  const reaction = "/channels/:channel/messages/:message/reactions/:emoji";
  return {
    [`PUT ${reaction}/@me`]: (call) => react(world, call),
    [`DELETE ${reaction}/@me`]: (call) => takeBack(world, call, world.bot),
    [`DELETE ${reaction}/:user`]: (call) => takeBack(world, call, userOf(world, call)),
    [`GET ${reaction}`]: (call) => [...(messageOf(world, call).reactions.get(emojiOf(call)) ?? [])].map(userPayload),
  };
}

function emojiOf({ parameters }: Call): string {
  return parameters["emoji"] ?? "";
}

function userOf(world: World, { parameters }: Call): User {
  return world.users.get(parameters["user"] ?? "") ?? refuse(RESTJSONErrorCodes.UnknownUser);
}

/** Who reacts first with an emoji needs a permission for it. */
function react(world: World, call: Call): undefined {
  const message = messageOf(world, call);
  demand(message.channel, ReadMessageHistory);
  if (!message.reactions.has(emojiOf(call))) demand(message.channel, AddReactions);
  message.react({ user: world.bot, emoji: emojiOf(call) });
}

function takeBack(world: World, call: Call, user: User): undefined {
  const message = messageOf(world, call);
  if (user !== world.bot) demand(message.channel, ManageMessages);
  message.takeBackReaction({ user, emoji: emojiOf(call) });
}
