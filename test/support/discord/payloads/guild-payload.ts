import {
  type APIGuild,
  ApplicationFlags,
  type GatewayGuildCreateDispatchData,
  type GatewayReadyDispatchData,
  type GuildSystemChannelFlags,
  type Locale,
  PermissionFlagsBits,
} from "discord-api-types/v10";
import type { Session } from "../gateway/session.ts";
import type { Channel } from "../world/channel.ts";
import type { Guild } from "../world/guild.ts";
import type { World } from "../world/world.ts";
import { channelPayload, threadPayload } from "./channel-payload.ts";
import { memberPayload, rolePayload, timestamp, userPayload } from "./member-payload.ts";

export function guildPayload(guild: Guild): APIGuild {
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.owner.id,
    roles: [...guild.roles.values()].map(rolePayload),
    emojis: [],
    stickers: [],
    features: [],
    preferred_locale: guild.preferredLocale as Locale,
    icon: null,
    splash: null,
    banner: null,
    description: null,
    discovery_splash: null,
    vanity_url_code: null,
    application_id: null,
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0 as GuildSystemChannelFlags,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    premium_tier: 0,
    premium_progress_bar_enabled: false,
    nsfw_level: 0,
    hub_type: null,
    incidents_data: null,
  };
}

/** What the gateway tells of a guild at first: without its channels messages are dropped, without the bot's member permissions are wrong. */
export function guildCreatePayload(guild: Guild): GatewayGuildCreateDispatchData {
  const channels = [...guild.channels.values()];
  return {
    ...guildPayload(guild),
    joined_at: timestamp(guild.bot.joinedAtMs),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    members: [memberPayload(guild.bot)],
    channels: channels.filter(({ isThread }) => !isThread).map(channelPayload) as GatewayGuildCreateDispatchData["channels"],
    threads: channels.filter((channel) => channel.isThread && isSeenByBot(channel)).map(threadPayload),
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

function isSeenByBot(channel: Channel): boolean {
  return ((channel.permissionsOf(channel.world.bot) ?? 0n) & PermissionFlagsBits.ViewChannel) !== 0n;
}

interface Readiness {
  readonly session: Session;
  readonly guilds: readonly Guild[];
  readonly resumeUrl: string;
}

/** The first event of a session. Without any of `user`, `application` and `guilds`, discord.js waits forever. */
export function readyPayload(world: World, { session, guilds, resumeUrl }: Readiness): GatewayReadyDispatchData {
  return {
    v: 10,
    user: userPayload(world.bot),
    application: { id: world.bot.id, flags: ApplicationFlags.GatewayMessageContent, flags_new: "0" },
    guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    shard: [...session.shard],
  };
}
