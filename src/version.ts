import { readFileSync } from "node:fs";

/** The same place seen from `src` and from `dist`. */
const PACKAGE = new URL("../package.json", import.meta.url);

export const { version: VERSION } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string };
