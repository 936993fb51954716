import { GatewayDispatchEvents } from "discord-api-types/v10";
import { interactionPayload } from "../payloads/interaction-payload.ts";
import type { World } from "../world/world.ts";
import { Interaction, type InteractionSpec } from "./interaction.ts";

/** Everything that people did with the bot. */
export class Interactions {
  readonly #world: World;
  readonly #byId = new Map<string, Interaction>();
  readonly #byToken = new Map<string, Interaction>();

  constructor(world: World) {
    this.#world = world;
  }

  open(spec: InteractionSpec): Interaction {
    const interaction = new Interaction(spec);
    this.#byId.set(interaction.id, interaction);
    this.#byToken.set(interaction.token, interaction);
    this.#world.happenings.tell(`${spec.user.name} uses ${spec.name}`);
    this.#world.announce.always(GatewayDispatchEvents.InteractionCreate, spec.channel.guild?.id, () => interactionPayload(interaction));
    return interaction;
  }

  forget(): void {
    this.#byId.clear();
    this.#byToken.clear();
  }

  get(id: string): Interaction | undefined {
    return this.#byId.get(id);
  }

  withToken(token: string): Interaction | undefined {
    return this.#byToken.get(token);
  }
}
