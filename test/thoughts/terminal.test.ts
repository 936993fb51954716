import { afterEach, expect, it, vi } from "vitest";
import { askCommand } from "../../src/cli/ask.ts";
import { readDecodingOptions } from "../../src/cli/options.ts";
import { writeAnswer } from "../../src/cli/terminal.ts";
import { ASK } from "../support/scripted-world.ts";
import { MARKS, says, thinkingEngine } from "../support/thinking-world.ts";

const SAID = [" Let", " me", " see", " Take", " the", " bus", ".", ...MARKS.token.specials];

function engine() {
  const goOn = says("<think> Let me see.</think> Take the bus.", SAID);
  return thinkingEngine({ pieces: SAID.slice(0, 7), goOn, goodness: () => 0.9, thinking: MARKS.token });
}

afterEach(() => vi.restoreAllMocks());

/** All that standard output gets. */
async function shown(parameters: readonly string[], isTTY: boolean): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const before = { isTTY: process.stdout.isTTY, hasColors: process.stdout.hasColors };
  Object.assign(process.stdout, { isTTY, hasColors: () => true });
  try {
    const command = askCommand();
    command.parseOptions([...parameters]);
    const options = await readDecodingOptions(command.opts());
    await writeAnswer({ engine: engine(), turns: ASK, options, isShown: true });
  } finally {
    Object.assign(process.stdout, before);
  }
  return text;
}

it("The command hides a thought, and shows a judged one dimmed on a terminal, and nowhere else", async () => {
  expect(await shown([], true)).toBe("Take the bus.\n");
  expect(await shown(["--no-thoughts"], true)).not.toContain("see");
  expect(await shown(["--thoughts"], true)).toBe("\u001B[2mLet me see.\u001B[22m\n\nTake the bus.\n");
  expect(await shown(["--thoughts"], false)).toBe("Take the bus.\n");
});
