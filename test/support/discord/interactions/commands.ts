import {
  type APIApplicationCommand,
  ApplicationCommandType,
  InteractionContextType,
  type RESTPostAPIApplicationCommandsJSONBody,
} from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import type { World } from "../world/world.ts";

/** The commands that the bot has registered, for everybody and for single guilds. */
export class Commands {
  readonly #world: World;
  readonly #byScope = new Map<string, readonly APIApplicationCommand[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @param guildId of the guild they are for; `undefined`: for everybody */
  in(guildId: string | undefined): readonly APIApplicationCommand[] {
    return this.#byScope.get(guildId ?? EVERYWHERE) ?? [];
  }

  /** Replaces all of one scope. A command keeps its id as long as it keeps its name. */
  register(definitions: readonly RESTPostAPIApplicationCommandsJSONBody[], guildId: string | undefined): readonly APIApplicationCommand[] {
    const commands = definitions.map((definition) => this.#command(definition, guildId));
    this.#byScope.set(guildId ?? EVERYWHERE, commands);
    return commands;
  }

  /** The command that somebody sees under this name here. A guild's own comes first. */
  find(name: string, type: ApplicationCommandType, channel: Channel): APIApplicationCommand {
    const { guild } = channel;
    const shown = [
      ...(guild === undefined ? [] : this.in(guild.id)),
      ...this.in(undefined).filter((command) => isShownIn(command, channel)),
    ];
    const found = shown.find((command) => command.name === name && command.type === type);
    if (found !== undefined) return found;
    const names = shown.map((command) => command.name).join(", ");
    throw new Error(`Expected the bot to have registered "${name}" for ${channel.name}, got only: ${names || "nothing"}`);
  }

  #command(definition: RESTPostAPIApplicationCommandsJSONBody, guildId: string | undefined): APIApplicationCommand {
    const type = definition.type ?? ApplicationCommandType.ChatInput;
    const known = this.in(guildId).find((command) => command.name === definition.name && command.type === type);
    return {
      default_member_permissions: null,
      contexts: null,
      description: "",
      ...definition,
      type,
      id: known?.id ?? this.#world.snowflakes.next(),
      application_id: this.#world.bot.id,
      version: this.#world.snowflakes.next(),
      ...(guildId === undefined ? {} : { guild_id: guildId }),
    } as APIApplicationCommand;
  }
}

const EVERYWHERE = "";

function isShownIn(command: APIApplicationCommand, { guild }: Channel): boolean {
  const context = guild === undefined ? InteractionContextType.BotDM : InteractionContextType.Guild;
  return command.contexts?.includes(context) ?? true;
}
