import { withoutUnseen } from "../../guard/normalise.ts";

/** Stands between the signs of a mention: people see nothing, and Discord sees no mention. */
const GAP = "\u200b";

/** A code block, in which Discord makes nothing of anything. One with backticks inside may end elsewhere than it seems. */
const CODE_BLOCK = /(```[^`]*[^`\s][^`]*```)/;

/**
 * A text that a model wrote, as it may be posted: it pings nobody, its links show where they lead, and it invites nowhere. Formatting
 * and blocks of code stay. Made twice it is the same.
 */
export function defang(text: string): string {
  const seen = withoutUnseen(text);
  const pieces = seen.split(CODE_BLOCK);
  // Where fences are left over, Discord may pair them in another way: then nothing is safe for being code.
  const isClear = pieces.every((piece, index) => index % 2 === 1 || !piece.includes("```"));
  if (!isClear) return harmless(seen);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : harmless(piece))).join("");
}

function harmless(text: string): string {
  return withoutPings(withoutMasks(withoutInvites(withLinksShown(text))));
}

/** `[a bank](https://elsewhere)` becomes `a bank (https://elsewhere)`; images and angle brackets too. */
const MASKED_LINK = /!?\[([^\]\n]*)\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/gi;

/** One link that is taken apart may leave another: the label of one is the end of the next. */
function withLinksShown(text: string): string {
  let masked: string;
  let shown = text;
  do {
    masked = shown;
    shown = masked.replace(MASKED_LINK, (_, label: string, address: string) => `${label} (${address})`);
  } while (shown !== masked);
  return shown;
}

/** Whatever still looks like one: labels may have brackets and lines in them, addresses whatever they like. */
function withoutMasks(text: string): string {
  return text.replace(/\](?=\()/g, `]${GAP}`);
}

/** Every address that Discord itself takes for an invitation, however it is spelled. */
const INVITE =
  /(?:h\s*t\s*t\s*p\s*s?\s*:\s*\/\s*\/\s*)?(?:www\s*\.\s*|canary\s*\.\s*|ptb\s*\.\s*)?(?:discord\s*\.\s*(?:gg|me|io|li)|dsc\s*\.\s*gg|discord(?:app)?\s*\.\s*com\s*[/\\]+\s*invite)\s*[/\\]+\s*[\w%-]+/gi;

const ADDRESS = /https?:[\\/]+[^\s<>"']+/gi;

const LEFT_OUT = "(an invitation was left out)";

function withoutInvites(text: string): string {
  return text.replace(ADDRESS, (address) => (isInvite(address) ? LEFT_OUT : address)).replace(INVITE, LEFT_OUT);
}

/** As a browser reads it, to which `%64iscord%2egg` and full-width letters are the same place. */
function isInvite(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, pathname } = new URL(address);
  const plain = `${hostname}${pathname.replace(/%[0-9a-f]{2}/gi, decoded)}`;
  return plain.search(INVITE) === 0;
}

function decoded(sign: string): string {
  return String.fromCharCode(Number.parseInt(sign.slice(1), 16));
}

function withoutPings(text: string): string {
  return text.replace(/@(?=everyone|here)/gi, `@${GAP}`).replace(/<(?=(?:@[!&]?|#|id:|\/[^>]*:)\w+>)/g, `<${GAP}`);
}
