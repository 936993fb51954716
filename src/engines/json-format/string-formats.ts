/** What `format` asks of strings, as patterns. They may say less than a standard allows, and never more. */
import { regexes } from "zod";

interface StringFormat {
  readonly pattern: string;
  readonly maxLength?: number;
  /** Patterns that zod writes beside this format, of which each text of ours is one: then they need not be read as well. */
  readonly within?: readonly RegExp[];
}

const HOURS = "(?:[01]\\d|2[0-3])";
const TIME = `${HOURS}:[0-5]\\d:[0-5]\\d(?:\\.\\d+)?(?:Z|[+-]${HOURS}:[0-5]\\d)`;
const DATE = inner(regexes.date);

/** Up to 62 of the 63 characters that a label of a host name may have. */
const LABEL = "[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}";
const DOMAIN = `(?:${LABEL}\\.)+[A-Za-z]{2,18}`;
/** Up to 62 of 64 characters. */
const MAILBOX = "[A-Za-z0-9_+-]{1,20}(?:\\.[A-Za-z0-9_+-]{1,20}){0,2}";

const IPV4 = inner(regexes.ipv4);
const IPV6 = inner(regexes.ipv6);
const CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const AUTHORITY = `(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:${DOMAIN}|localhost|${IPV4}|\\[${IPV6}\\])(?::[1-9]\\d{0,3})?`;
const PATHS = `(?:/${CHARACTER}*)*`;
const ROOTED = `(?:/(?:${CHARACTER}+${PATHS})?)`;
const TAIL = `(?:\\?(?:${CHARACTER}|[/?])*)?(?:#(?:${CHARACTER}|[/?])*)?`;
const WEB = "(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp]|[Ww][Ss][Ss]?)";
// The schemes of the web need a host, as every reader of their addresses asks.
const URI = `(?:${WEB}://${AUTHORITY}${PATHS}|(?!${WEB}:)[A-Za-z][A-Za-z0-9+.-]*:(?://${AUTHORITY}${PATHS}|${ROOTED}|${CHARACTER}+${PATHS}))${TAIL}`;
const SEGMENT = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+";
const REFERENCE = `(?:${URI}|(?://${AUTHORITY}${PATHS}|${ROOTED}|${SEGMENT}${PATHS})?${TAIL})`;

const CLOCK = "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";
const DURATION = `P(?:\\d+W|(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)(?:${CLOCK})?|${CLOCK})`;
const POINTER = "(?:/(?:[^~/]|~[01])*)*";

const STRING_FORMATS: Readonly<Record<string, StringFormat>> = {
  date: { pattern: `^${DATE}$`, within: [regexes.date] },
  time: { pattern: `^${TIME}$` },
  "date-time": { pattern: `^${DATE}T${TIME}$`, within: [regexes.datetime({ offset: true })] },
  // Its numbers could go on without end, and a model that has begun one may well.
  duration: { pattern: `^${DURATION}$`, maxLength: 40, within: [regexes.duration] },
  email: { pattern: `^${MAILBOX}@${DOMAIN}$`, maxLength: 254, within: [regexes.email] },
  hostname: { pattern: `^${LABEL}(?:\\.${LABEL})*$`, maxLength: 253, within: [regexes.hostname] },
  ipv4: { pattern: `^${IPV4}$`, within: [regexes.ipv4] },
  ipv6: { pattern: `^${IPV6}$`, within: [regexes.ipv6] },
  uri: { pattern: `^${URI}$` },
  "uri-reference": { pattern: `^${REFERENCE}$` },
  uuid: { pattern: regexes.uuid().source, within: [regexes.uuid(), regexes.guid] },
  "json-pointer": { pattern: `^${POINTER}$` },
  "relative-json-pointer": { pattern: `^(?:0|[1-9]\\d*)(?:#|${POINTER})$` },
};

/** How zod names strings of which patterns beside or below say all. */
const SAID_BY_PATTERNS: ReadonlySet<string> = new Set(["starts_with", "ends_with", "includes", "lowercase", "uppercase"]);

/** What a format asks beside a pattern, if there is one. `"described"`: the pattern says it. `undefined`: it is not known. */
export function stringFormat(name: string, pattern: unknown): (StringFormat & { readonly isWithin: boolean }) | "described" | undefined {
  const format = Object.hasOwn(STRING_FORMATS, name) ? STRING_FORMATS[name] : undefined;
  if (format !== undefined) return { ...format, isWithin: format.within?.some(({ source }) => source === pattern) === true };
  return pattern !== undefined || SAID_BY_PATTERNS.has(name) ? "described" : undefined;
}

export const FORMAT_NAMES: readonly string[] = Object.keys(STRING_FORMATS);

/** An expression without its anchors. */
function inner({ source }: RegExp): string {
  return `(?:${source.replace(/^\^/, "").replace(/\$$/, "")})`;
}
