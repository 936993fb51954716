import { DEFAULTS } from "rain-align";
import { expect, it } from "vitest";
import { askCommand } from "../../src/cli/ask.ts";
import { optionsPage } from "../support/options-page.ts";

it("docs/options.md says of every option what it means, what it must be, its default and its flag", async () => {
  const page = optionsPage(askCommand());
  for (const name of Object.keys(DEFAULTS)) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|.* \\| .+ \\| .+ \\| `, "m"));
  await expect(page).toMatchFileSnapshot("../../docs/options.md");
});
