import {
  type APIApplicationCommand,
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
} from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import { type Entity, Resolved } from "./resolved.ts";

export type OptionValue = string | number | boolean | Entity;

/** What somebody types behind a command, by the names of its options. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

export interface TypedCommand {
  /** The whole line, such as `/rain config`. */
  readonly line: string;
  readonly values: OptionValues;
  /** Whether the last option is still being typed. */
  readonly isUnfinished: boolean;
}

export interface ChatInput {
  readonly command: APIApplicationCommand;
  readonly data: object;
}

type OptionPayload = { readonly name: string; readonly type: ApplicationCommandOptionType };

/** What the gateway tells of a command that was typed, checked as Discord's own client checks it. */
export function chatInput(channel: Channel, { line, values, isUnfinished }: TypedCommand): ChatInput {
  const [name = "", ...path] = line.replace(/^\//, "").split(" ");
  const command = channel.world.commands.find(name, ApplicationCommandType.ChatInput, channel);
  const resolved = new Resolved(channel);
  const groups = subcommands(command, path);
  const definitions = ((groups.at(-1) ?? command).options ?? []) as readonly APIApplicationCommandBasicOption[];
  const lastName = Object.keys(values).at(-1);
  const typed = Object.entries(values).map(([option, value]) => {
    const definition = definitions.find((candidate) => candidate.name === option);
    if (definition === undefined) throw new Error(`Expected "${line}" to have an option "${option}"`);
    const isFocused = isUnfinished && option === lastName;
    if (!isFocused) checkValue(definition, value);
    return { name: option, type: definition.type, value: plainValue(value, resolved), ...(isFocused ? { focused: true } : {}) };
  });
  const missing = definitions.find((definition) => definition.required && !(definition.name in values));
  if (missing !== undefined && !isUnfinished) throw new Error(`Expected a value for "${missing.name}" of "${line}"`);
  const options = groups.reduceRight<OptionPayload[]>(
    (inner, group) => [{ name: group.name, type: group.type, options: inner } as OptionPayload],
    typed,
  );
  return { command, data: { id: command.id, name, type: command.type, options, ...resolved.payload, ...scopeOf(command) } };
}

interface Group {
  readonly name: string;
  readonly type: ApplicationCommandOptionType;
  readonly options?: readonly APIApplicationCommandOption[];
}

/** The subcommand group and the subcommand that stand behind a command's name. */
function subcommands(command: APIApplicationCommand, path: readonly string[]): readonly Group[] {
  const groups: Group[] = [];
  let options: readonly APIApplicationCommandOption[] | undefined = command.options;
  for (const word of path) {
    const group = options?.find((option) => option.name === word && isGroup(option)) as Group | undefined;
    if (group === undefined) throw new Error(`Expected "/${command.name}" to have "${word}"`);
    groups.push(group);
    options = group.options;
  }
  if (options?.some(isGroup)) throw new Error(`Expected a subcommand behind "/${[command.name, ...path].join(" ")}"`);
  return groups;
}

function isGroup({ type }: APIApplicationCommandOption): boolean {
  return type === ApplicationCommandOptionType.Subcommand || type === ApplicationCommandOptionType.SubcommandGroup;
}

function plainValue(value: OptionValue, resolved: Resolved): string | number | boolean {
  return typeof value === "object" ? resolved.add(value) : value;
}

/** A guild's own commands say so. */
function scopeOf({ guild_id }: APIApplicationCommand): { readonly guild_id?: string } {
  return guild_id === undefined ? {} : { guild_id };
}

const TYPE_OF: Partial<Record<ApplicationCommandOptionType, string>> = {
  [ApplicationCommandOptionType.String]: "string",
  [ApplicationCommandOptionType.Integer]: "number",
  [ApplicationCommandOptionType.Number]: "number",
  [ApplicationCommandOptionType.Boolean]: "boolean",
};

function checkValue(definition: APIApplicationCommandBasicOption, value: OptionValue): void {
  const { name, type } = definition;
  const expected = TYPE_OF[type] ?? "object";
  const complain = (what: string): never => {
    throw new Error(`Expected the option "${name}" to be ${what}, got ${String(value)}`);
  };
  if (typeof value !== expected) complain(`a ${expected}`);
  if (type === ApplicationCommandOptionType.Integer && !Number.isInteger(value)) complain("an integer");
  const choices: readonly unknown[] = "choices" in definition ? (definition.choices ?? []).map((choice) => choice.value) : [];
  if (choices.length > 0 && !choices.includes(value)) complain(`one of ${choices.join(", ")}`);
  checkRange(definition, { value, complain });
}

interface Checked {
  readonly value: OptionValue;
  readonly complain: (what: string) => never;
}

const LONGEST_STRING = 6000;

function checkRange(definition: APIApplicationCommandBasicOption, { value, complain }: Checked): void {
  const { min_length = 0, max_length = LONGEST_STRING } = definition as { readonly min_length?: number; readonly max_length?: number };
  if (typeof value === "string" && (value.length < min_length || value.length > max_length)) {
    complain(`${min_length} to ${max_length} characters long`);
  }
  const { min_value = -(2 ** 53), max_value = 2 ** 53 } = definition as { readonly min_value?: number; readonly max_value?: number };
  if (typeof value === "number" && (value < min_value || value > max_value)) complain(`between ${min_value} and ${max_value}`);
}
