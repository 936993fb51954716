import { ApplicationCommandType } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, type Inference } from "../../../src/bots/guard/index.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

async function inPrivate(inference: Inference = STEADY) {
  const watched = new WatchedInference(inference);
  const scene = await Scene.open(watched, {}, { options: { now: () => watched.asked.length * 3_600_000 } });
  const chooses = async (values: Record<string, string>) =>
    (await scene.ada.uses(scene.ada.privately, "/private", values).response()).content;
  const asks = async (person = scene.ada) => {
    scene.running.platform.advance(3_600_000);
    const reply = await scene.platform.replyTo(person.says(person.privately, "Where is the museum?"));
    return { reply: reply.content, request: watched.asked.at(-1) };
  };
  return { scene, chooses, asks, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() };
}

describe("A private conversation", () => {
  it("is held in the language and at the length that the person chooses, and in no other way", async () => {
    await using talk = await inPrivate();
    const before = (await talk.asks()).request;
    expect(await talk.chooses({ language: "German" })).toBe("My language in private: German. My answers: long.");
    expect(await talk.chooses({ length: "short" })).toBe("My language in private: German. My answers: short.");
    const { reply, request } = await talk.asks();
    expect(reply).toBe(STEADY_ANSWER);
    expect(request?.turns[0]).toEqual({ role: "system", text: "Answer in German." });
    expect(request?.maxTokens).toBe(64);
    expect({ ...request, turns: [], maxTokens: 0, seed: 0 }).toEqual({ ...before, turns: [], maxTokens: 0, seed: 0 });
    const { request: other } = await talk.asks(talk.scene.bob);
    expect([other?.turns[0]?.role, other?.maxTokens]).toEqual(["user", DEFAULT_SETTINGS.talk.maxTokens]);
  });

  it("is decided by nothing else, whatever is chosen", async () => {
    await using talk = await inPrivate();
    const guild = `dm:${talk.scene.ada.id}`;
    const { privately } = talk.scene.ada;
    const { options = [] } = privately.world.commands.find("private", ApplicationCommandType.ChatInput, privately);
    const [languages = [], lengths = []] = options.map((option) => ("choices" in option ? (option.choices ?? []) : []));
    expect([languages.length, lengths.length]).toEqual([17, 3]);
    for (const { value: language } of languages)
      for (const { value: length } of lengths) {
        await talk.chooses({ language: String(language), length: String(length) });
        const { instructions, maxTokens, ...rest } = (await talk.scene.running.store.settings(guild)).settings.talk;
        const { instructions: _, maxTokens: most, ...usual } = DEFAULT_SETTINGS.talk;
        expect(rest).toEqual(usual);
        expect(maxTokens).toBeLessThanOrEqual(most);
        expect(instructions).toMatch(language === "as you write" ? /^$/ : /^Answer in [A-Z][a-z]+\.$/);
      }
  });

  it("is told of and forgotten as all else is", async () => {
    await using talk = await inPrivate();
    const { ada, running } = talk.scene;
    await talk.chooses({ language: "German" });
    const about = await ada.uses(ada.privately, "/privacy export").response();
    expect(JSON.parse(String(about.attachments[0]?.content))).toMatchObject({ private: { instructions: "Answer in German." } });
    expect((await ada.uses(ada.privately, "/privacy delete").response()).content).toBe("Forgotten: 1 record.");
    expect(await running.store.settings(`dm:${ada.id}`)).toMatchObject({ version: 0 });
    expect((await running.store.personalData(ada.id)).actions).toEqual([]);
  });
});
