import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIComponentInMessageActionRow,
  type APIModalInteractionResponseCallbackData,
  type APITextInputComponent,
  ButtonStyle,
  ComponentType,
} from "discord-api-types/v10";
import { eachComponent } from "../world/each-component.ts";
import type { Content } from "../world/message.ts";
import { type FieldPath, FormErrors } from "./form-errors.ts";

const MOST_ROWS = 5;
const MOST_IN_ROW = 5;
const LONGEST_ID = 100;
const LONGEST_LABEL = 80;

/** Rows of buttons, or of one picker, which are all that the bot makes. */
export function checkComponents(errors: FormErrors, { components }: Content): void {
  errors.checkLength(["components"], components.length, [0, MOST_ROWS]);
  const ids = new Set<string>();
  for (const [index, row] of components.entries()) {
    const at = ["components", index];
    if (row.type === ComponentType.ActionRow) checkRow(errors, { at, row, ids });
    else errors.add([...at, "type"], { code: "BASE_TYPE_CHOICES", message: `Value must be one of (${ComponentType.ActionRow},).` });
  }
}

interface CheckedRow {
  readonly at: FieldPath;
  readonly row: APIActionRowComponent<APIComponentInMessageActionRow>;
  /** Those of the rows before; each may be there once. */
  readonly ids: Set<string>;
}

function checkRow(errors: FormErrors, { at, row, ids }: CheckedRow): void {
  errors.checkLength([...at, "components"], row.components.length, [1, MOST_IN_ROW]);
  for (const [index, component] of row.components.entries()) {
    const inRow = [...at, "components", index];
    if ("custom_id" in component) checkId(errors, { at: inRow, id: component.custom_id, ids });
    if (component.type === ComponentType.Button) checkButton(errors, inRow, component);
    else checkPicker(errors, inRow, component);
  }
  if (row.components.length > 1 && row.components.some(({ type }) => type !== ComponentType.Button))
    errors.add([...at, "components"], {
      code: "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
      message: "The specified component exceeds the maximum width",
    });
}

const MOST_OPTIONS = 25;
const LONGEST_OPTION = 100;
const LONGEST_PICKER_PLACEHOLDER = 150;

function checkPicker(errors: FormErrors, at: FieldPath, picker: Exclude<APIComponentInMessageActionRow, APIButtonComponent>): void {
  const { min_values: fewest = 1, max_values: most = 1, placeholder = "" } = picker;
  errors.checkLength([...at, "placeholder"], placeholder.length, [0, LONGEST_PICKER_PLACEHOLDER]);
  errors.checkLength([...at, "min_values"], fewest, [0, Math.min(most, MOST_OPTIONS)]);
  errors.checkLength([...at, "max_values"], most, [1, MOST_OPTIONS]);
  if (picker.type === ComponentType.StringSelect) {
    const { options } = picker;
    errors.checkLength([...at, "options"], options.length, [1, MOST_OPTIONS]);
    errors.checkLength([...at, "options"], options.filter((option) => option.default).length, [0, most]);
    for (const [index, { label, value, description = "" }] of options.entries()) {
      const inOptions = [...at, "options", index];
      errors.checkLength([...inOptions, "label"], label.length, [1, LONGEST_OPTION]);
      errors.checkLength([...inOptions, "value"], value.length, [1, LONGEST_OPTION]);
      errors.checkLength([...inOptions, "description"], description.length, [0, LONGEST_OPTION]);
      if (options.findIndex((option) => option.value === value) !== index)
        errors.add(inOptions, { code: "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message: "The specified option value is already used" });
    }
  } else {
    const { default_values: defaults = [] } = picker;
    // None at all, or as many as may be picked.
    if (defaults.length > 0) errors.checkLength([...at, "default_values"], defaults.length, [fewest, most]);
    for (const [index, { id }] of defaults.entries())
      if (!/^\d{17,20}$/.test(id))
        errors.add([...at, "default_values", index, "id"], { code: "NUMBER_TYPE_COERCE", message: `Value "${id}" is not snowflake.` });
  }
}

interface CheckedId {
  readonly at: FieldPath;
  readonly id: string;
  readonly ids: Set<string>;
}

function checkId(errors: FormErrors, { at, id, ids }: CheckedId): void {
  errors.checkLength([...at, "custom_id"], id.length, [1, LONGEST_ID]);
  if (ids.has(id)) {
    errors.add([...at, "custom_id"], { code: "COMPONENT_CUSTOM_ID_DUPLICATED", message: "Component custom id cannot be duplicated" });
  }
  ids.add(id);
}

function checkButton(errors: FormErrors, at: FieldPath, button: APIButtonComponent): void {
  if (button.style === ButtonStyle.Premium) return;
  const { label = "", emoji } = button;
  errors.checkLength([...at, "label"], label.length, [emoji === undefined ? 1 : 0, LONGEST_LABEL]);
  if (button.style === ButtonStyle.Link && !/^(?:https?|discord):\/\//.test(button.url)) {
    errors.add([...at, "url"], { code: "URL_TYPE_INVALID_SCHEME", message: "Scheme must be one of ('http', 'https', 'discord')." });
  }
}

const LONGEST_TITLE = 45;
const LONGEST_FIELD_LABEL = 45;
const LONGEST_FIELD_DESCRIPTION = 100;
const LONGEST_PLACEHOLDER = 100;
const LONGEST_VALUE = 4000;
const MOST_FIELDS = 5;

/** @throws {ApiError} where Discord would not open this form */
export function checkModal({ custom_id = "", title = "", components = [] }: Partial<APIModalInteractionResponseCallbackData>): void {
  const errors = new FormErrors();
  errors.checkLength(["data", "custom_id"], custom_id.length, [1, LONGEST_ID]);
  errors.checkLength(["data", "title"], title.length, [1, LONGEST_TITLE]);
  errors.checkLength(["data", "components"], components.length, [1, MOST_FIELDS]);
  for (const [index, component] of components.entries()) {
    const at = ["data", "components", index];
    const label = "label" in component ? component.label : "";
    errors.checkLength([...at, "label"], label.length, [0, LONGEST_FIELD_LABEL]);
    const description = "description" in component ? (component.description ?? "") : "";
    errors.checkLength([...at, "description"], description.length, [0, LONGEST_FIELD_DESCRIPTION]);
    for (const field of eachComponent([component])) {
      if (field.type === ComponentType.TextInput) checkTextInput(errors, at, field as unknown as APITextInputComponent);
    }
  }
  errors.throwIfAny();
}

function checkTextInput(errors: FormErrors, at: FieldPath, input: APITextInputComponent): void {
  const { custom_id, label = "", placeholder = "", value = "", max_length = LONGEST_VALUE, min_length = 0 } = input;
  errors.checkLength([...at, "custom_id"], custom_id.length, [1, LONGEST_ID]);
  errors.checkLength([...at, "label"], label.length, [0, LONGEST_FIELD_LABEL]);
  errors.checkLength([...at, "placeholder"], placeholder.length, [0, LONGEST_PLACEHOLDER]);
  errors.checkLength([...at, "value"], value.length, [0, Math.min(max_length, LONGEST_VALUE)]);
  if (max_length > LONGEST_VALUE || min_length > max_length) {
    errors.add([...at, "max_length"], { code: "NUMBER_TYPE_MAX", message: `int value should be less than or equal to ${LONGEST_VALUE}.` });
  }
}
