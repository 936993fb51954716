import type { ElementContent, Root } from "hast";
import { toHtml } from "hast-util-to-html";
import { h } from "hastscript";

/** Should anything slip through the escaping one day: no browser runs or fetches anything for this page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

export interface Page {
  readonly title: string;
  readonly style: string;
  readonly body: readonly ElementContent[];
}

/** One page that needs nothing else: no scripts, no fonts, no network. What models say is text in it and nothing but. */
export function htmlPage({ title, style, body }: Page): string {
  const page: Root = {
    type: "root",
    children: [
      { type: "doctype" },
      h("html", { lang: "en" }, [
        h("head", [
          h("meta", { charset: "utf-8" }),
          h("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
          h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
          h("title", title),
          h("style", style),
        ]),
        h("body", [h("h1", title), ...body]),
      ]),
    ],
  };
  return `${toHtml(page)}\n`;
}
