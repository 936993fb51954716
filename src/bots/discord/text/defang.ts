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
  const pieces = withoutUnseen(text).split(CODE_BLOCK);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : withoutPings(withoutInvites(withoutMasks(piece))))).join("");
}

/** `[a bank](https://elsewhere)` becomes `a bank (https://elsewhere)`; images and angle brackets too. */
const MASKED_LINK = /!?\[([^\]\n]*)\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/gi;

function withoutMasks(text: string): string {
  return text.replace(MASKED_LINK, (_, label: string, address: string) => `${label} (${address})`);
}

/** Every address that Discord itself takes for an invitation, however it is spelled. */
const INVITE =
  /(?:h\s*t\s*t\s*p\s*s?\s*:\s*\/\s*\/\s*)?(?:www\s*\.\s*|canary\s*\.\s*|ptb\s*\.\s*)?(?:discord\s*\.\s*(?:gg|me|io|li)|dsc\s*\.\s*gg|discord(?:app)?\s*\.\s*com\s*[/\\]+\s*invite)\s*[/\\]+\s*[\w-]+/gi;

function withoutInvites(text: string): string {
  return text.replace(INVITE, "(an invitation was left out)");
}

function withoutPings(text: string): string {
  return text.replace(/@(?=everyone|here)/gi, `@${GAP}`).replace(/<(?=(?:@[!&]?|#|id:|\/[^>]*:)\w+>)/g, `<${GAP}`);
}
