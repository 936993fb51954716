import { readFileSync } from "node:fs";

/** The same place seen from `src/cli` and from `dist/cli`. */
const PACKAGE = new URL("../../package.json", import.meta.url);

export const { version: VERSION } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string };
