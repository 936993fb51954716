import { type APIButtonComponentWithCustomId, type APISelectMenuComponent, ComponentType } from "discord-api-types/v10";
import { eachComponent } from "../world/each-component.ts";
import type { Message } from "../world/message.ts";

/** The button with this custom id or label, if somebody can press it. */
export function buttonOf(message: Message, customIdOrLabel: string): APIButtonComponentWithCustomId {
  const buttons = [...eachComponent(message.components)].filter(({ type }) => type === ComponentType.Button);
  const withIds = (buttons as unknown as APIButtonComponentWithCustomId[]).filter((button) => button.custom_id !== undefined);
  const button = withIds.find(({ custom_id, label }) => custom_id === customIdOrLabel || label === customIdOrLabel);
  const names = withIds.map(({ custom_id, label }) => `${label ?? "no label"} (${custom_id})`).join(", ");
  if (button === undefined) throw new Error(`Expected a button "${customIdOrLabel}", got: ${names || "none"}`);
  if (button.disabled) throw new Error(`Expected the button "${customIdOrLabel}" to be enabled`);
  return button;
}

export interface Choice {
  /** Of the menu; `undefined`: the only one there is. */
  readonly customId: string | undefined;
  readonly values: readonly unknown[];
}

/** The select menu, if somebody can pick these values from it. */
export function menuOf(message: Message, { customId, values }: Choice): APISelectMenuComponent {
  const menus = [...eachComponent(message.components)].filter(({ type }) => MENUS.includes(type)) as unknown as APISelectMenuComponent[];
  const found = menus.filter((menu) => customId === undefined || menu.custom_id === customId);
  const [menu] = found;
  if (menu === undefined || found.length > 1) {
    throw new Error(`Expected one select menu ${customId ?? ""}, got: ${menus.map(({ custom_id }) => custom_id).join(", ") || "none"}`);
  }
  if (menu.disabled) throw new Error(`Expected the select menu "${menu.custom_id}" to be enabled`);
  const options = menu.type === ComponentType.StringSelect ? menu.options.map(({ value }) => value) : values;
  const unknown = values.find((value) => !options.includes(value as string));
  if (unknown !== undefined) throw new Error(`Expected one of ${options.join(", ")}, got ${unknown}`);
  return menu;
}

const MENUS: readonly ComponentType[] = [
  ComponentType.StringSelect,
  ComponentType.UserSelect,
  ComponentType.RoleSelect,
  ComponentType.MentionableSelect,
  ComponentType.ChannelSelect,
];
