import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Door } from "../../../src/bots/discord/door.ts";
import type { Post, Site } from "../../../src/bots/discord/talk/site.ts";
import { LiveReply } from "../../../src/bots/discord/talk/talker.ts";
import type { Inference } from "../../../src/bots/guard/inference.ts";
import { Vetted } from "../../../src/bots/guard/vetted.ts";
import { HARMLESS } from "../../../src/core/index.ts";
import { verdictOf } from "../../support/steady-inference.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function vetted(text: string): Promise<Vetted> {
  const judge = async () => [verdictOf(1)];
  const one = await Vetted.vet(
    { judge } as unknown as Inference,
    { turns: [], text, principle: HARMLESS, preset: "balanced", isBeginning: false },
    AbortSignal.abort(),
  );
  if (one === undefined) throw new Error("Expected it to pass");
  return one;
}

/** A site that writes down what is put there. */
function recordingSite(put: (post: Post) => Promise<void> = async () => undefined) {
  const posts: Post[] = [];
  const added: string[] = [];
  let removed = 0;
  const site: Site = {
    async put(post) {
      await put(post);
      posts.push(post);
      return "1";
    },
    async add(content) {
      added.push(content);
      return "2";
    },
    async remove() {
      removed += 1;
    },
  };
  return { site, posts, added, removed: () => removed };
}

describe("What people see of an answer", () => {
  it("changes at most every 1.2 seconds while it is written, and is whole at once when it is done", async () => {
    const { site, posts } = recordingSite();
    const stage = new LiveReply(site, new Door(), false);
    let isReady = false;
    const shown = stage.show(await vetted("One.")).then(() => {
      isReady = true;
    });
    await vi.advanceTimersByTimeAsync(1199);
    expect([posts.length, isReady]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(1);
    await shown;
    expect(isReady).toBe(true);
    await stage.finish(["One. Two."]);
    expect(posts).toEqual([
      { content: "One.", canBeStopped: true },
      { content: "One. Two.", canBeStopped: false },
    ]);
  });

  it("is not changed any more when it is done, whatever comes late", async () => {
    const { site, posts, added } = recordingSite();
    const stage = new LiveReply(site, new Door(), false);
    await stage.finish(["One.", "Two."]);
    await stage.show(await vetted("Late."));
    stage.onPosition(9);
    await vi.runAllTimersAsync();
    expect([posts.map(({ content }) => content), added]).toEqual([["One."], ["Two."]]);
  });

  it("is its place in line, told once, where it waits for more than one other", async () => {
    const { site, posts } = recordingSite();
    const stage = new LiveReply(site, new Door(), false);
    for (const ahead of [1, 5, 4, 3, 0]) stage.onPosition(ahead);
    await vi.runAllTimersAsync();
    expect(posts).toEqual([{ content: "5 questions are before yours.", canBeStopped: true }]);
  });

  it("is taken away, or stands as a line, when it is given up", async () => {
    const nothing = recordingSite();
    await new LiveReply(nothing.site, new Door(), false).withdraw();
    expect(nothing.removed()).toBe(0);
    const gone = recordingSite();
    const stage = new LiveReply(gone.site, new Door(), false);
    stage.onPosition(3);
    await stage.withdraw();
    expect(gone.removed()).toBe(1);
    const stopped = recordingSite();
    const other = new LiveReply(stopped.site, new Door(), true);
    await other.withdraw("Stopped.");
    expect(stopped.posts).toEqual([{ content: "Stopped.", canBeStopped: false }]);
  });

  it("is given although its place could not be told", async () => {
    let isFirst = true;
    const { site, posts } = recordingSite(async () => {
      if (isFirst) {
        isFirst = false;
        throw new Error("no");
      }
    });
    const stage = new LiveReply(site, new Door(), false);
    stage.onPosition(3);
    await stage.finish(["One."]);
    expect(posts.map(({ content }) => content)).toEqual(["One."]);
  });
});
