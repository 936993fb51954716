import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Engine } from "../../core/index.ts";

/** What names a model to people, and in traces: never a path, which may say whose machine it is, nor what an address carries along. */
export function modelName(model: string | Engine): string {
  if (typeof model !== "string") return model.facts.model;
  return /^https?:/.test(model) ? basename(new URL(model).pathname) : model.startsWith("hf:") ? model : basename(model);
}

/** What tells two models apart that have the same name. */
export function modelKey(model: string | Engine): string {
  const place = typeof model === "string" ? model : JSON.stringify(model.facts);
  return `${modelName(model)}#${createHash("sha256").update(place).digest("hex").slice(0, 12)}`;
}
