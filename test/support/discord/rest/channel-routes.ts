import { ChannelType, PermissionFlagsBits, RESTJSONErrorCodes } from "discord-api-types/v10";
import { FormErrors } from "../limits/form-errors.ts";
import { channelPayload } from "../payloads/channel-payload.ts";
import type { Channel } from "../world/channel.ts";
import type { Message } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { channelOf, demand, messageOf, refuse } from "./access.ts";
import { demandWriting } from "./posting.ts";
import type { Call, Routes } from "./router.ts";

const { CreatePrivateThreads, CreatePublicThreads, ManageChannels, ManageThreads } = PermissionFlagsBits;

const LONGEST_NAME = 100;

/** Channels, threads, and private conversations. */
export function channelRoutes(world: World): Routes {
  return {
    "GET /channels/:channel": (call) => channelPayload(channelOf(world, call)),
    "DELETE /channels/:channel": (call) => deleteChannel(channelOf(world, call)),
    "POST /channels/:channel/typing": (call) => typing(channelOf(world, call)),
    "POST /channels/:channel/threads": (call) => startThread(channelOf(world, call), call, undefined),
    "POST /channels/:channel/messages/:message/threads": (call) => startThread(channelOf(world, call), call, messageOf(world, call)),
    "PUT /channels/:channel/thread-members/@me": (call) => channelOf(world, call).join(world.bot),
    "POST /users/@me/channels": (call) => openConversation(world, call),
  };
}

function typing(channel: Channel): undefined {
  demandWriting(channel);
  channel.typingStarted();
}

function deleteChannel(channel: Channel): object {
  demand(channel, channel.isThread ? ManageThreads : ManageChannels);
  channel.delete();
  return channelPayload(channel);
}

interface ThreadBody {
  readonly name?: string;
  readonly type?: ChannelType;
}

function startThread(parent: Channel, { request }: Call, from: Message | undefined): object {
  const { name = "", type } = (request.body ?? {}) as ThreadBody;
  // Without a message and a type, Discord takes it for a private one.
  const isPrivate = from === undefined && type !== ChannelType.PublicThread;
  const errors = new FormErrors();
  errors.checkLength(["name"], name.length, [1, LONGEST_NAME]);
  errors.throwIfAny();
  demand(parent, isPrivate ? CreatePrivateThreads : CreatePublicThreads);
  if (parent.isThread) refuse(RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType);
  return channelPayload(parent.addThread({ name, isPrivate, ...(from === undefined ? {} : { from }) }));
}

function openConversation(world: World, { request }: Call): object {
  const { recipient_id: id = "" } = (request.body ?? {}) as { readonly recipient_id?: string };
  const recipient = world.users.get(id);
  return recipient === undefined || recipient === world.bot
    ? refuse(RESTJSONErrorCodes.InvalidRecipients)
    : channelPayload(world.directChannel(recipient));
}
