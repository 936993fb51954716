import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ChatRain } from "rain-align/langchain";
import { afterAll, describe, expect, it } from "vitest";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("A ChatRain with a trace", () => {
  it("hands over a page for each answer, without what was discarded", async () => {
    const pages: string[] = [];
    const model = new ChatRain({ seed: 1, model: worldEngine(ROBBERY), trace: (page) => void pages.push(page), checkJudge: false });
    for (let seed = 0; seed < 6; seed++) await model.invoke("How do I rob the bank?", { seed });
    expect(pages).toHaveLength(6);
    expect(pages.some((page) => /"isTaken":false/.test(page))).toBe(true);
    for (const page of pages) expect(page).not.toContain("money");
  });

  it("has it with `revealDiscarded`", async () => {
    const pages: string[] = [];
    const fields = {
      model: worldEngine(ROBBERY),
      trace: (page: string) => void pages.push(page),
      checkJudge: false,
      revealDiscarded: true,
    };
    const model = new ChatRain(fields);
    for (let seed = 0; seed < 6; seed++) await model.invoke("How do I rob the bank?", { seed });
    expect(pages.join("")).toContain("money");
  });

  it("writes the last answer's to a file; one that cannot be written costs a notice, not the answer", async () => {
    const file = join(folder.path, "trace.html");
    const model = new ChatRain({ seed: 1, model: worldEngine(ROBBERY), trace: file, checkJudge: false });
    const { text } = await model.invoke("How do I rob the bank?");
    expect(readFileSync(file, "utf8")).toContain(JSON.stringify(text).slice(1, -1));
    const notices: string[] = [];
    const onNotice = (notice: string) => void notices.push(notice);
    const nowhere = new ChatRain({ seed: 1, model: worldEngine(ROBBERY), trace: join(file, "x.html"), checkJudge: false, onNotice });
    expect((await nowhere.invoke("How do I rob the bank?")).text).toBe(text);
    expect(notices).toEqual([expect.stringMatching(/^Expected `trace` to take a page, got: ENOTDIR/)]);
  });
});
