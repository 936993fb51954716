import type { APIModalInteractionResponseCallbackData, APITextInputComponent } from "discord-api-types/v10";
import { ComponentType } from "discord-api-types/v10";
import { eachComponent } from "../world/each-component.ts";
import { type FieldPath, FormErrors } from "./form-errors.ts";

const LONGEST_ID = 100;
const LONGEST_TITLE = 45;
const LONGEST_LABEL = 45;
const LONGEST_PLACEHOLDER = 100;
const LONGEST_VALUE = 4000;
const MOST_COMPONENTS = 5;

/** @throws {ApiError} where Discord would not open this form */
export function checkModal({ custom_id = "", title = "", components = [] }: Partial<APIModalInteractionResponseCallbackData>): void {
  const errors = new FormErrors();
  errors.checkLength(["data", "custom_id"], custom_id.length, [1, LONGEST_ID]);
  errors.checkLength(["data", "title"], title.length, [1, LONGEST_TITLE]);
  errors.checkLength(["data", "components"], components.length, [1, MOST_COMPONENTS]);
  for (const [index, component] of components.entries()) {
    const at = ["data", "components", index];
    const label = "label" in component ? component.label : "";
    errors.checkLength([...at, "label"], label.length, [0, LONGEST_LABEL]);
    for (const field of eachComponent([component])) {
      if (field.type === ComponentType.TextInput) checkTextInput(errors, at, field as unknown as APITextInputComponent);
    }
  }
  errors.throwIfAny();
}

function checkTextInput(errors: FormErrors, at: FieldPath, input: APITextInputComponent): void {
  const { custom_id, label = "", placeholder = "", value = "", max_length = LONGEST_VALUE, min_length = 0 } = input;
  errors.checkLength([...at, "custom_id"], custom_id.length, [1, LONGEST_ID]);
  errors.checkLength([...at, "label"], label.length, [0, LONGEST_LABEL]);
  errors.checkLength([...at, "placeholder"], placeholder.length, [0, LONGEST_PLACEHOLDER]);
  errors.checkLength([...at, "value"], value.length, [0, Math.min(max_length, LONGEST_VALUE)]);
  if (max_length > LONGEST_VALUE || min_length > max_length) {
    errors.add([...at, "max_length"], { code: "NUMBER_TYPE_MAX", message: `int value should be less than or equal to ${LONGEST_VALUE}.` });
  }
}
