import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { isSerializableSchema } from "@langchain/core/utils/standard_schema";
import { interopSafeParseAsync, isInteropZodSchema, isZodSchemaV4 } from "@langchain/core/utils/types";
import { z } from "zod";

type Parameters = NonNullable<globalThis.Parameters<typeof z.toJSONSchema>[1]>;

/**
 * A schema of a library's own as JSON.
 *
 * @throws {Error} for what JSON cannot say
 */
export function jsonSchemaOf(
  schema: globalThis.Parameters<typeof toJsonSchema>[0],
  parameters: Parameters = {},
): Readonly<Record<string, unknown>> {
  try {
    return { ...toJsonSchema(schema, parameters) };
  } catch (error) {
    // LangChain's own way comes to no end in a schema that refers to itself by a getter.
    if (!(error instanceof RangeError) || !isZodSchemaV4(schema)) throw error;
    return { ...z.toJSONSchema(schema as z.ZodType, parameters) };
  }
}

/** Whether a library's own schema asks more of a value than its JSON form does, as far as can be seen: a refinement, or what a transform makes of it. Of others than zod 4 nothing can. */
export function asksMore(schema: unknown): boolean {
  if (!isZodSchemaV4(schema)) return validityOf(schema) !== undefined;
  let isMore = false;
  const override: Parameters["override"] = ({ zodSchema }) => {
    const { type, checks = [] } = zodSchema._zod.def;
    isMore ||= MAKERS.has(type) || checks.some(({ _zod }) => _zod.def.check === "custom");
  };
  z.toJSONSchema(schema as z.ZodType, { unrepresentable: "any", override });
  return isMore;
}

const MAKERS: ReadonlySet<string> = new Set(["pipe", "transform", "custom", "success", "catch"]);

/** Whether a value is all that a library's own schema says, refinements too: its JSON form may say less. `undefined` where there is no more than JSON. */
export function validityOf(schema: unknown): ((value: unknown) => Promise<boolean>) | undefined {
  if (isInteropZodSchema(schema)) return async (value) => (await interopSafeParseAsync(schema, value)).success;
  if (!isSerializableSchema(schema)) return undefined;
  return async (value) => (await schema["~standard"].validate(value)).issues === undefined;
}
