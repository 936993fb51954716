import { type APIModalSubmission, type APITextInputComponent, ComponentType } from "discord-api-types/v10";
import type { Modal } from "../interactions/modal.ts";
import { eachComponent } from "../world/each-component.ts";
import { type Entity, Resolved } from "./resolved.ts";

/** What somebody writes into a form, by the custom ids or the labels of its fields. */
export type FieldValues = Readonly<Record<string, string | readonly (string | Entity)[]>>;

interface Field {
  readonly type: ComponentType;
  readonly custom_id: string;
  readonly label?: string;
  readonly value?: string;
  readonly required?: boolean;
}

/** A form as it is sent: a field that is left alone keeps what the bot had filled in. */
export function submission(modal: Modal, values: FieldValues): APIModalSubmission {
  const resolved = new Resolved(modal.interaction.channel);
  checkNames(modal, values);
  const filled = (field: Field, label = field.label ?? "") => {
    const given = values[field.custom_id] ?? values[label];
    return { type: field.type, custom_id: field.custom_id, ...written(field, given, resolved) };
  };
  const components = modal.components.map((component) => {
    if (component.type === ComponentType.TextDisplay) return { type: component.type };
    if (component.type === ComponentType.Label) {
      return { type: component.type, component: filled(component.component as Field, component.label) };
    }
    return { type: component.type, components: component.components.map((field) => filled(field)) };
  });
  return { custom_id: modal.customId, components, ...resolved.payload } as APIModalSubmission;
}

function checkNames({ title, components }: Modal, values: FieldValues): void {
  const names = [...eachComponent(components)].flatMap((component) => {
    const { custom_id, label } = component as Partial<Field>;
    return [custom_id, label].filter((name) => name !== undefined);
  });
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`Expected "${title}" to have a field "${unknown}", got: ${names.join(", ")}`);
}

function written(field: Field, given: FieldValues[string] | undefined, resolved: Resolved): object {
  if (field.type !== ComponentType.TextInput) {
    const values = [given ?? []].flat();
    return { values: values.map((value) => (typeof value === "string" ? value : resolved.add(value))) };
  }
  const text = String(given ?? field.value ?? "");
  checkText(field as APITextInputComponent, text);
  return { value: text };
}

const LONGEST_TEXT = 4000;

function checkText({ custom_id, required = true, min_length = 0, max_length = LONGEST_TEXT }: APITextInputComponent, text: string): void {
  if (text === "" && !required) return;
  const shortest = Math.max(min_length, required ? 1 : 0);
  if (text.length >= shortest && text.length <= max_length) return;
  throw new Error(`Expected the field "${custom_id}" to have ${shortest} to ${max_length} characters, got ${text.length}`);
}
