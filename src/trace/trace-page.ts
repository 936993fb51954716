import { readFileSync } from "node:fs";
import type { TraceData } from "./trace.ts";

/** One page that needs nothing else: no network, no server, no other file. What it shows is in it as data, and never becomes code. */
export function tracePage(trace: TraceData): string {
  const [style, script] = ["viewer.css", "viewer.js"].map((name) => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8"));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>How an answer came about</title>
<style>${style}</style>
</head>
<body>
<main id="page"><noscript>This page shows the search by a script, which your browser does not run.</noscript></main>
<script type="application/json" id="trace">${asData(trace)}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

/** JSON in which nothing can end the element that it stands in, whatever people and models wrote. */
function asData(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
