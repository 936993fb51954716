import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIComponentInMessageActionRow,
  type APIStringSelectComponent,
  ButtonStyle,
  ComponentType,
  MessageFlags,
} from "discord-api-types/v10";
import { eachComponent } from "../world/each-component.ts";
import type { Content } from "../world/message.ts";
import type { FieldPath, FormErrors } from "./form-errors.ts";

const MOST_ROWS = 5;
const MOST_IN_ROW = 5;
const MOST_OPTIONS = 25;
const LONGEST_ID = 100;
const LONGEST_LABEL = 80;
const LONGEST_OPTION = 100;
const LONGEST_PLACEHOLDER = 150;

/** With the newer way of laying out messages. */
const MOST_COMPONENTS = 40;
const LONGEST_TEXT = 4000;

export function checkComponents(errors: FormErrors, message: Content & { readonly flags: number }): void {
  if ((message.flags & MessageFlags.IsComponentsV2) === 0) checkRows(errors, message);
  else checkLayout(errors, message);
}

function checkRows(errors: FormErrors, { components }: Content): void {
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
    else if (row.components.length > 1) {
      errors.add([...at, "components"], {
        code: "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        message: "The specified component exceeds the maximum width",
      });
    }
    if (component.type === ComponentType.StringSelect) checkOptions(errors, inRow, component);
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

function checkOptions(errors: FormErrors, at: FieldPath, { options, placeholder = "" }: APIStringSelectComponent): void {
  errors.checkLength([...at, "options"], options.length, [1, MOST_OPTIONS]);
  errors.checkLength([...at, "placeholder"], placeholder.length, [0, LONGEST_PLACEHOLDER]);
  for (const [index, { label, value, description = "" }] of options.entries()) {
    const inMenu = [...at, "options", index];
    errors.checkLength([...inMenu, "label"], label.length, [1, LONGEST_OPTION]);
    errors.checkLength([...inMenu, "value"], value.length, [1, LONGEST_OPTION]);
    errors.checkLength([...inMenu, "description"], description.length, [0, LONGEST_OPTION]);
  }
}

/** Components that are the whole message: beside them there is neither content nor an embed. */
function checkLayout(errors: FormErrors, { content, embeds, components }: Content): void {
  const alone = {
    code: "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    message: "The field cannot be used with MessageFlags.IS_COMPONENTS_V2",
  };
  if (content !== "") errors.add(["content"], alone);
  if (embeds.length > 0) errors.add(["embeds"], alone);
  const all = [...eachComponent(components)];
  errors.checkLength(["components"], all.length, [1, MOST_COMPONENTS]);
  const texts = all.map((component) => ("content" in component ? String(component.content) : ""));
  if (texts.join("").length > LONGEST_TEXT) {
    errors.add(["components"], { code: "COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED", message: `Text exceeds maximum size of ${LONGEST_TEXT}` });
  }
  const ids = new Set<string>();
  for (const component of all) {
    if ("custom_id" in component) checkId(errors, { at: ["components"], id: String(component.custom_id), ids });
  }
}
