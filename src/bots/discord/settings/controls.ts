/** What one sets a setting with: Discord's own pickers, buttons, and forms. */
import {
  type APIActionRowComponent,
  type APIComponentInMessageActionRow,
  type APIModalInteractionResponseCallbackData,
  ButtonStyle,
  ChannelType,
  ComponentType,
  SelectMenuDefaultValueType,
  TextInputStyle,
} from "discord.js";
import { type Picks, type PlainKey, type SettingFacts, say } from "../../guard/index.ts";
import { cut } from "../reply/text.ts";

export type Row = APIActionRowComponent<APIComponentInMessageActionRow>;

/** The first part of all custom ids of the panel. What follows is untrusted input, and checked as such. */
export const SETTINGS = "settings";

/** The option of a list that opens a form. */
export const ANOTHER = "another";

/** Discord's limits. */
const MOST_OPTIONS = 25;
const LONGEST_OPTION = 100;
const LONGEST_VALUE = 4000;
const LONGEST_LABEL = 45;

/** The options of a list, so many at a time. */
export function pageOf<Item>(
  items: readonly Item[],
  number: number,
  size: number,
): { readonly items: readonly Item[]; readonly hasMore: boolean } {
  return { items: items.slice(number * size, (number + 1) * size), hasMore: items.length > (number + 1) * size };
}

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly isChosen?: boolean;
}

/** At most 25, each once. */
export function optionsRow(customId: string, placeholder: string, options: readonly Option[]): Row {
  const shown = options.slice(0, MOST_OPTIONS).map(({ value, label, description = "", isChosen = false }) => ({
    value,
    label: cut(label, LONGEST_OPTION),
    ...(description === "" ? {} : { description: cut(description, LONGEST_OPTION) }),
    default: isChosen,
  }));
  return row({ type: ComponentType.StringSelect, custom_id: customId, placeholder, options: shown });
}

export interface Button {
  readonly customId: string;
  readonly label: string;
  readonly isChosen?: boolean;
}

/** What is chosen already cannot be pressed. */
export function buttonsRow(buttons: readonly Button[]): Row {
  return row(
    ...buttons.map(
      ({ customId, label, isChosen = false }) =>
        ({
          type: ComponentType.Button,
          style: isChosen ? ButtonStyle.Success : ButtonStyle.Secondary,
          custom_id: customId,
          label,
          disabled: isChosen,
        }) as const,
    ),
  );
}

const CHANNELS = [
  ChannelType.GuildText,
  ChannelType.GuildAnnouncement,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
  ChannelType.GuildVoice,
  ChannelType.GuildStageVoice,
] as const;

/** Forums and the like have threads, in which people write. */
/** Discord's description of its interface knows no pickers of media channels. */
const WITH_FORUMS = [...CHANNELS, ChannelType.GuildForum] as const;

const { ChannelSelect, RoleSelect, UserSelect } = ComponentType;
const { Channel, Role, User } = SelectMenuDefaultValueType;

const PICKERS = {
  channels: { kind: { type: ChannelSelect, channel_types: [...WITH_FORUMS] }, of: Channel, label: "pick.channels.placeholder" },
  "postable channels": { kind: { type: ChannelSelect, channel_types: [...CHANNELS] }, of: Channel, label: "pick.postable.placeholder" },
  categories: {
    kind: { type: ChannelSelect, channel_types: [ChannelType.GuildCategory] },
    of: Channel,
    label: "pick.categories.placeholder",
  },
  roles: { kind: { type: RoleSelect }, of: Role, label: "pick.roles.placeholder" },
  people: { kind: { type: UserSelect }, of: User, label: "pick.people.placeholder" },
} as const satisfies Readonly<Record<Picks, { readonly kind: object; readonly of: SelectMenuDefaultValueType; readonly label: PlainKey }>>;

/** @param most that may be picked at once, of which `picked` are */
export function pickerRow(
  language: string,
  customId: string,
  picks: Picks,
  { picked = [], most = 1 }: { readonly picked?: readonly string[]; readonly most?: number } = {},
): Row {
  const { kind, of, label } = PICKERS[picks];
  const defaults = picked.map((id) => ({ id, type: of }));
  // Discord's types tie the kind of what is picked to the kind of picker, which a table cannot show them.
  return row({
    ...kind,
    custom_id: customId,
    placeholder: say(language, label),
    min_values: 0,
    max_values: most,
    default_values: defaults,
  } as APIComponentInMessageActionRow);
}

/** Channels and categories alike. */
export function placeRow(language: string, customId: string): Row {
  return row({ type: ChannelSelect, custom_id: customId, placeholder: say(language, "pick.place.placeholder") });
}

/** How many ids one picker shows. */
export const MOST_PICKED = MOST_OPTIONS;

function row(...components: APIComponentInMessageActionRow[]): Row {
  return { type: ComponentType.ActionRow, components };
}

interface Field {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly value?: string;
  readonly longest?: number | undefined;
}

/** A form. */
export function formOf(customId: string, title: string, fields: readonly Field[]): APIModalInteractionResponseCallbackData {
  const components = fields.map(({ id, label, hint = "", value = "", longest = LONGEST_VALUE }) => {
    const style = longest > LONGEST_OPTION ? TextInputStyle.Paragraph : TextInputStyle.Short;
    const input = { type: ComponentType.TextInput, custom_id: id, style, max_length: longest, required: false } as const;
    // What is too long for a form is written anew, or imported.
    const component = { ...input, ...(value === "" || value.length > longest ? {} : { value }) };
    return {
      type: ComponentType.Label,
      label: cut(label, LONGEST_LABEL),
      ...(hint === "" ? {} : { description: cut(hint, LONGEST_OPTION) }),
      component,
    } as const;
  });
  return { custom_id: customId, title: cut(title, LONGEST_LABEL), components };
}

/** Of a setting that is written by hand: a number needs no more. */
export function longestOf({ control, isList, longest }: SettingFacts): number {
  return isList || control === "pick" ? LONGEST_VALUE : (longest ?? LONGEST_OPTION);
}
