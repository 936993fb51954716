/** `call:add{a:1,b:<|"|>two<|"|>}`: JSON but for keys without quotes, and texts between marks. Gemma 4. */
import {
  asData,
  byLongestName,
  type CallFamily,
  type CallPlace,
  closingBehind,
  headBefore,
  noCall,
  type ReadCall,
  type WrittenCall,
} from "./family.ts";

export const gemma: CallFamily = (call, text) => {
  const at = text.indexOf(call.name);
  const behind = text.slice(at + call.name.length);
  const [key, value] = Object.entries(call.arguments).find(([, one]) => typeof one === "string") as [string, string];
  const valueAt = behind.indexOf(value);
  const quote = behind.slice(behind.indexOf(`${key}:`) + key.length + 1, valueAt);
  const isQuoted = quote !== "" && behind.startsWith("{") && behind.includes(`${key}:${quote}${value}${quote}`);
  if (at < 0 || !isQuoted) return undefined;
  const head = headBefore(text, at);
  return {
    family: "unquoted json",
    openings: [head],
    formatOf: (tools) => ({
      type: "parts",
      parts: [head, { anyOf: tools.map(({ name, parameters }) => [asData(name), { json: parameters, quote }]) }],
    }),
    read: (written, tools) => {
      const tool = byLongestName(tools).find(({ name }) => written.startsWith(`${head}${name}{`));
      if (tool === undefined) return noCall(written);
      const values = new Reader(written.slice(head.length + tool.name.length), quote).value();
      return { name: tool.name, arguments: values as ReadCall["arguments"] };
    },
    placeOf: (other, whole) => placeOf(other, whole, head),
  };
};

function placeOf({ name }: WrittenCall, text: string, head: string): CallPlace {
  const nameStart = text.indexOf(name);
  // Of quotes there are none but in marks, two in each text: no bracket counts twice.
  return { start: nameStart - head.length, end: closingBehind(text, nameStart + name.length) };
}

/** Reads a value, and what stands in it. */
class Reader {
  readonly #text: string;
  readonly #quote: string;
  #at = 0;

  constructor(text: string, quote: string) {
    this.#text = text;
    this.#quote = quote;
  }

  value(): unknown {
    if (this.#takes(this.#quote)) return this.#until(this.#quote);
    if (this.#takes("[")) return this.#all("]", () => this.value());
    if (this.#takes("{")) return Object.fromEntries(this.#all("}", () => [this.#until(":"), this.value()] as const));
    const plain = /^[^,\]}]+/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += plain.length;
    return JSON.parse(plain);
  }

  #all<Item>(end: string, item: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.#takes(end)) {
      items.push(item());
      this.#takes(",");
    }
    return items;
  }

  #takes(sign: string): boolean {
    const isThere = this.#text.startsWith(sign, this.#at);
    if (isThere) this.#at += sign.length;
    return isThere;
  }

  #until(sign: string): string {
    const end = this.#text.indexOf(sign, this.#at);
    const said = this.#text.slice(this.#at, end);
    this.#at = end + sign.length;
    return said;
  }
}
