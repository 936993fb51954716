import { type APIButtonComponent, type APIStringSelectComponent, ComponentType } from "discord-api-types/v10";
import type { Person } from "./discord/people/person.ts";
import type { Channel } from "./discord/world/channel.ts";
import { eachComponent } from "./discord/world/each-component.ts";
import type { Message } from "./discord/world/message.ts";

export const GO = "Go to ...";
const CHOOSE = "Change ...";
const ANOTHER = "another";

/** Opens the settings and walks to a page or a setting, as a person does. */
export async function opensSettings(person: Person, channel: Channel, path: string): Promise<Message> {
  const panel = await person.uses(channel, "/settings").response();
  for (;;) {
    const ways = optionsOf(panel, GO).filter((way) => way === path || path.startsWith(`${way}.`));
    const onward = ways.toSorted((left, right) => right.length - left.length)[0];
    const more = optionsOf(panel, GO).find((way) => way.endsWith(`#${partOf(panel) + 1}`));
    if (optionsOf(panel, CHOOSE).includes(path)) return await person.picks(panel, CHOOSE, [path]).response();
    if (onward === path) return await person.picks(panel, GO, [path]).response();
    if (onward !== undefined) await person.picks(panel, GO, [onward]).response();
    else if (more !== undefined) await person.picks(panel, GO, [more]).response();
    else if (titleOf(panel) === "Settings: exceptions") await picksException(person, panel, path.split(".")[1] ?? "");
    else throw new Error(`Expected a way to ${path}, got ${optionsOf(panel, GO).join(", ")}`);
  }
}

/** Sets it there, and confirms what is shown. Gives the panel. */
export async function setsByPanel(...[person, ...asked]: Parameters<typeof asksByPanel>): Promise<Message> {
  return await confirms(person, await asksByPanel(person, ...asked));
}

/** Asks for it by whatever control it has. Gives what is shown then. */
export async function asksByPanel(person: Person, channel: Channel, path: string, value: string): Promise<Message> {
  const panel = await opensSettings(person, channel, path);
  const set = menuNamed(panel, "Set it to ...");
  const button = buttonNamed(panel, value === "true" ? "On" : value === "false" ? "Off" : "Write ...");
  if (set?.options.some((option) => option.value === value)) await person.picks(panel, set.custom_id, [value]).response();
  else if (set?.options.some((option) => option.value === ANOTHER))
    await person.submits(await person.picks(panel, set.custom_id, [ANOTHER]).modal(), { value }).response();
  else if (set !== undefined) throw new Error(`Expected one of ${set.options.map((option) => option.value).join(", ")}, got ${value}`);
  else if (button === "On" || button === "Off") await person.presses(panel, button).response();
  else await person.submits(await person.presses(panel, "Write ...").modal(), { value }).response();
  return panel;
}

/** What is shown when a person confirms, where they are asked to. */
export async function confirms(person: Person, shown: Message): Promise<Message> {
  return buttonNamed(shown, "Confirm") === undefined ? shown : await person.presses(shown, "Confirm").response();
}

/** Writes a principle by the form of the panel: a new one, or one that there is. Gives the panel. */
export async function writesPrinciple(
  person: Person,
  channel: Channel,
  words: Readonly<Record<string, string>>,
  known?: string,
): Promise<Message> {
  const panel = await opensSettings(person, channel, known === undefined ? "principles" : `principles.${known}`);
  const form = await person.presses(panel, known === undefined ? "New ..." : "Write ...").modal();
  return await person.submits(form, words).response();
}

function optionsOf(panel: Message, placeholder: string): readonly string[] {
  return menuNamed(panel, placeholder)?.options.map(({ value }) => value) ?? [];
}

function menuNamed(panel: Message, name: string): APIStringSelectComponent | undefined {
  return componentsOf<APIStringSelectComponent>(panel, ComponentType.StringSelect).find(({ placeholder }) => placeholder === name);
}

function buttonNamed(panel: Message, name: string): string | undefined {
  const buttons = componentsOf<APIButtonComponent>(panel, ComponentType.Button);
  return buttons.map((button) => ("label" in button ? button.label : undefined)).find((label) => label === name);
}

function componentsOf<Component>(panel: Message, type: ComponentType): readonly Component[] {
  return [...eachComponent(panel.components)].filter((component) => component.type === type) as unknown as Component[];
}

function titleOf({ embeds: [embed] }: Message): string {
  return embed?.title ?? "";
}

/** Which part of a long list it shows. */
function partOf(panel: Message): number {
  const before = optionsOf(panel, GO).flatMap((way) => /#(\d+)$/.exec(way)?.[1] ?? []);
  return before.length === 2 ? Number(before[0]) + 1 : 0;
}

/** Of what has none yet. */
async function picksException(person: Person, panel: Message, id: string): Promise<void> {
  const { guild } = panel.channel;
  const role = guild?.roles.get(id);
  const place = guild?.channels.get(id);
  if (role !== undefined) await person.picks(panel, "Roles", [role]).response();
  else if (place !== undefined) await person.picks(panel, "A channel or a category", [place]).response();
  else throw new Error(`Expected the id of a role or a channel of this guild, got ${id}`);
}
