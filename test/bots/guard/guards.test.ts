import { describe, expect, it } from "vitest";
import {
  cooldown,
  DEFAULT_SETTINGS,
  dailyCaps,
  failures,
  fewAtOnce,
  type GuildSettings,
  guarded,
  type Incoming,
  type Inference,
  InferenceError,
  type InferenceErrorCode,
  type JudgeRequest,
  judgedQuestions,
  type Outcome,
  type Respond,
  shortQuestions,
} from "../../../src/bots/guard/index.ts";
import { asking } from "../../support/asking.ts";
import { UNFIT, verdictOf } from "../../support/steady-inference.ts";

const REACHED: Outcome = { kind: "refuse", reason: "judged", line: "It came through." };
const reached: Respond = async () => REACHED;

function talking(changes: Partial<GuildSettings["talk"]>): GuildSettings {
  return { ...DEFAULT_SETTINGS, talk: { ...DEFAULT_SETTINGS.talk, ...changes } };
}

describe("Guards", () => {
  it("are asked in their order, and each may decide by itself", async () => {
    const asked: string[] = [];
    const passing = (name: string) => async (incoming: Incoming, next: Respond) => {
      asked.push(name);
      return await next(incoming);
    };
    const deciding = async (): Promise<Outcome> => ({ kind: "ignore", reason: "cooldown" });
    const respond = guarded(reached, [passing("first"), passing("second"), deciding, passing("never")]);
    expect(await respond(asking("Hello."))).toEqual({ kind: "ignore", reason: "cooldown" });
    expect(asked).toEqual(["first", "second"]);
  });
});

describe("Questions of one person that are not answered yet", () => {
  it("are two at most, of which they are told once; others and other guilds go on, also where an answer fails", async () => {
    const ends: { readonly answer: () => void; readonly fail: () => void }[] = [];
    const slow: Respond = () =>
      new Promise((resolve, reject) => ends.push({ answer: () => resolve(REACHED), fail: () => reject(new Error("It broke.")) }));
    const respond = guarded(slow, [fewAtOnce()]);
    const ann = asking("Hello.");
    const asked = [respond(ann), respond(ann)];
    const line = "Please wait: 2 questions of yours are not answered yet.";
    expect(await respond(ann)).toEqual({ kind: "refuse", reason: "cooldown", line });
    expect(await respond(ann)).toEqual({ kind: "ignore", reason: "cooldown" });
    const others = [respond({ ...ann, author: "5" }), respond({ ...ann, guild: "9" })];
    expect(ends).toHaveLength(4);
    ends[0]?.fail();
    expect(await Promise.allSettled(asked.slice(0, 1))).toMatchObject([{ reason: { message: "It broke." } }]);
    asked.push(respond(ann));
    expect(ends).toHaveLength(5);
    // One is there still: they know it by now.
    expect(await respond(ann)).toEqual({ kind: "ignore", reason: "cooldown" });
    for (const { answer } of ends) answer();
    await Promise.allSettled([...asked, ...others]);
    const next = [respond(ann), respond(ann)];
    expect(ends).toHaveLength(7);
    expect(await respond(ann)).toMatchObject({ kind: "refuse", line });
    for (const { answer } of ends) answer();
    await Promise.all(next);
  });

  it("are as many as the guild wants: one, or any number with 0", async () => {
    const ends: (() => void)[] = [];
    const respond = guarded(() => new Promise((resolve) => ends.push(() => resolve(REACHED))), [fewAtOnce()]);
    const ann = asking("Hello.", { settings: talking({ questionsAtOnce: 1 }) });
    const first = respond(ann);
    expect(await respond(ann)).toMatchObject({ line: "Please wait: a question of yours is not answered yet." });
    const others = Array.from({ length: 9 }, () => respond({ ...ann, guild: "9", settings: talking({ questionsAtOnce: 0 }) }));
    expect(ends).toHaveLength(10);
    for (const end of ends) end();
    await Promise.all([first, ...others]);
  });
});

describe("The cooldown", () => {
  it("lets a person ask once in a while, says so once, and is each person's own in each guild", async () => {
    let now = 0;
    const respond = guarded(reached, [cooldown(() => now)]);
    const ann = asking("Hello.", { settings: talking({ cooldownSeconds: 5 }) });
    expect(await respond(ann)).toBe(REACHED);
    now = 2000;
    const again = { ...ann, source: "another question" };
    expect(await respond(again)).toMatchObject({ reason: "cooldown", line: "Please wait 3 seconds before you ask again." });
    expect(await respond(again)).toEqual({ kind: "ignore", reason: "cooldown" });
    // Edited while it was answered.
    expect(await respond(ann)).toBe(REACHED);
    expect(await respond({ ...ann, author: "5" })).toBe(REACHED);
    expect(await respond({ ...ann, guild: "9" })).toBe(REACHED);
    now = 7000;
    expect(await respond(again)).toBe(REACHED);
  });
});

describe("Daily caps", () => {
  it("are a person's and a guild's, and 0 is none", async () => {
    const counts = new Map<string, number>();
    const countWithin = async ({ key, day, cap }: { key: string; day: string; cap: number }) => {
      const count = (counts.get(`${key} ${day}`) ?? 0) + 1;
      if (count > cap) return false;
      counts.set(`${key} ${day}`, count);
      return true;
    };
    let time = Date.UTC(2026, 0, 1, 23, 59);
    const respond = guarded(reached, [dailyCaps({ countWithin }, () => time)]);
    const settings = talking({ userDailyCap: 1, guildDailyCap: 2 });
    const ask = (author: string) => respond(asking("Hello.", { author, settings }));
    expect(await ask("4")).toBe(REACHED);
    expect(await ask("4")).toMatchObject({ reason: "cap", line: "You have asked me enough for today. Please come back tomorrow." });
    expect(await ask("5")).toBe(REACHED);
    expect(await ask("6")).toMatchObject({ reason: "cap", line: "I have answered enough here for today. Please come back tomorrow." });
    time += 60_000;
    expect(await ask("4")).toBe(REACHED);
    expect(await respond(asking("Hello.", { settings: talking({ userDailyCap: 0, guildDailyCap: 0 }) }))).toBe(REACHED);
    expect([...counts.keys()].filter((key) => key.includes(":1:4"))).toHaveLength(2);
  });
});

describe("Short questions", () => {
  const respond = guarded(reached, [shortQuestions]);

  it("pass", async () => expect(await respond(asking("a".repeat(8000)))).toBe(REACHED));

  it("are asked for where one is too long, as people see it", async () => {
    expect(await respond(asking("a".repeat(8001)))).toMatchObject({ reason: "long" });
    expect(await respond(asking(`Hello.${"\u200b".repeat(3990)}`))).toBe(REACHED);
    expect(await respond(asking("\ufdfa".repeat(1000)))).toMatchObject({ reason: "long" });
  });

  it("are asked for where one says nothing", async () => {
    expect(await respond(asking("\u200b\u200b"))).toMatchObject({
      reason: "long",
      line: expect.stringContaining("What would you like to know?"),
    });
  });
});

describe("Failures", () => {
  const settings = talking({ failure: "Try again." });
  const failing = (error: unknown) =>
    guarded(async () => {
      throw error;
    }, [failures]);

  it.each<[InferenceErrorCode, string, string]>([
    ["model", "failed", "Try again."],
    ["judge", "failed", "Try again."],
    ["late", "failed", "Try again."],
    ["away", "failed", "Try again."],
    ["busy", "busy", "Too many people are asking me at the moment. Please try again in a minute."],
    ["long", "long", "That is longer than I can read. Please ask in fewer words."],
    [
      "unfit",
      "unfit",
      "The model that I run on is not fit to judge what it writes, and I post nothing unjudged: I cannot answer until whoever runs me gives me another one.",
    ],
  ])("of the kind %s end as %s", async (code, reason, line) => {
    const error = new InferenceError(code, "inside");
    expect(await failing(error)(asking("Hello.", { settings }))).toEqual({ kind: "refuse", reason, line, error });
  });

  it("of any other kind end in the guild's own line", async () => {
    expect(await failing(new Error("disk"))(asking("Hello.", { settings }))).toMatchObject({ reason: "failed", line: "Try again." });
  });

  it("say nothing where the question was taken back", async () => {
    const reason = new Error("taken back");
    await expect(failing(new Error("disk"))(asking("Hello.", { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  });
});

describe("Judged questions", () => {
  const judge = async ({ turns }: JudgeRequest) => [verdictOf(turns[0]?.text.includes("kill") ? -0.9 : 0.9)];
  const respond = guarded(reached, [judgedQuestions({ judge } as unknown as Inference)]);

  it("are answered unless a principle speaks against them, however they are written", async () => {
    const settings = talking({ judgeQuestions: true, refusal: "No." });
    expect(await respond(asking("Hello.", { settings }))).toBe(REACHED);
    expect(await respond(asking("How do I k\u200bіll?", { settings }))).toEqual({ kind: "refuse", reason: "question", line: "No." });
  });

  it("are not answered where the judge is unfit, and people are told why", async () => {
    const unfit = async () => [verdictOf(1, UNFIT)];
    const closed = guarded(reached, [failures, judgedQuestions({ judge: unfit } as unknown as Inference)]);
    const settings = talking({ judgeQuestions: true });
    const line = expect.stringContaining("not fit to judge");
    expect(await closed(asking("Hello.", { settings }))).toMatchObject({ kind: "refuse", reason: "unfit", line });
  });

  it("are not judged where the guild does not ask for it", async () => {
    expect(await respond(asking("How do I kill?", { settings: talking({ judgeQuestions: false }) }))).toBe(REACHED);
  });
});
