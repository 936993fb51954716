import { type APIInteraction, ApplicationIntegrationType, InteractionContextType, type Locale } from "discord-api-types/v10";
import type { Interaction } from "../interactions/interaction.ts";
import type { User } from "../world/user.ts";
import { channelPayload } from "./channel-payload.ts";
import { memberPayload, userPayload } from "./member-payload.ts";
import { ALL_INTENTS, messagePayload } from "./message-payload.ts";

const MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024;

/** Permissions that Discord states where there is no guild to look them up in. */
const IN_PRIVATE = "0";

/** An interaction as the gateway tells it. What it refers to can be read whatever the intents. */
export function interactionPayload(interaction: Interaction): APIInteraction {
  const { channel, user, source } = interaction;
  const { bot, omitsChannels } = channel.world;
  return {
    id: interaction.id,
    application_id: bot.id,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    data: interaction.data,
    channel_id: channel.id,
    ...(omitsChannels ? {} : { channel: { ...channelPayload(channel), permissions: permissionsIn(interaction, user) } }),
    app_permissions: permissionsIn(interaction, bot),
    locale: user.locale,
    entitlements: [],
    attachment_size_limit: MAX_ATTACHMENT_BYTES,
    ...whoAndWhere(interaction),
    ...(source === undefined ? {} : { message: messagePayload(source, ALL_INTENTS) }),
  } as unknown as APIInteraction;
}

function whoAndWhere(interaction: Interaction): Partial<APIInteraction> {
  const { user, channel } = interaction;
  const { guild } = channel;
  const owners = { [ApplicationIntegrationType.GuildInstall]: guild?.id ?? "0" };
  if (guild === undefined) {
    return { user: userPayload(user), context: InteractionContextType.BotDM, authorizing_integration_owners: owners };
  }
  return {
    guild_id: guild.id,
    guild: { id: guild.id, features: [], locale: guild.preferredLocale as Locale },
    guild_locale: guild.preferredLocale as Locale,
    member: { ...memberPayload(guild.memberOf(user)), user: userPayload(user), permissions: permissionsIn(interaction, user) },
    context: InteractionContextType.Guild,
    authorizing_integration_owners: owners,
  };
}

function permissionsIn({ channel }: Interaction, user: User): string {
  return String(channel.permissionsOf(user) ?? IN_PRIVATE);
}
