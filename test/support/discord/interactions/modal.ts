import type { APIModalInteractionResponseCallbackData } from "discord-api-types/v10";
import type { Interaction } from "./interaction.ts";

/** A form that the bot has opened for somebody. */
export class Modal {
  /** What led to it. */
  readonly interaction: Interaction;
  readonly #data: APIModalInteractionResponseCallbackData;

  constructor(interaction: Interaction, data: APIModalInteractionResponseCallbackData) {
    this.interaction = interaction;
    this.#data = data;
  }

  get customId(): string {
    return this.#data.custom_id;
  }

  get title(): string {
    return this.#data.title;
  }

  get components(): APIModalInteractionResponseCallbackData["components"] {
    return this.#data.components;
  }
}
