import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OutboundFilter } from "../../../src/bots/discord/outbound-filter.ts";
import { LiveReply, type Post, type ReplyTarget } from "../../../src/bots/discord/reply/live-reply.ts";
import { type Inference, Vetted } from "../../../src/bots/guard/index.ts";
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

/** A target that writes down what is put there. */
function recordingTarget(put: (post: Post) => Promise<void> = async () => undefined) {
  const posts: Post[] = [];
  const added: string[] = [];
  let removed = 0;
  const target: ReplyTarget = {
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
  return { target, posts, added, removed: () => removed };
}

describe("What people see of an answer", () => {
  it("changes at most every 1.2 seconds while it is written, and is whole at once when it is done", async () => {
    const { target, posts } = recordingTarget();
    const reply = new LiveReply(target, new OutboundFilter(), false);
    let isReady = false;
    const shown = reply.show(await vetted("One.")).then(() => {
      isReady = true;
    });
    await vi.advanceTimersByTimeAsync(1199);
    expect([posts.length, isReady]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(1);
    await shown;
    expect(isReady).toBe(true);
    await reply.finish(["One. Two."]);
    expect(posts).toEqual([
      { content: "One.", canBeStopped: true },
      { content: "One. Two.", canBeStopped: false },
    ]);
  });

  it("is not changed any more when it is done, whatever comes late", async () => {
    const { target, posts, added } = recordingTarget();
    const reply = new LiveReply(target, new OutboundFilter(), false);
    await reply.finish(["One.", "Two."]);
    await reply.show(await vetted("Late."));
    reply.onPosition(9);
    await vi.runAllTimersAsync();
    expect([posts.map(({ content }) => content), added]).toEqual([["One."], ["Two."]]);
  });

  it("is its place in line, told once, where it waits for more than one other", async () => {
    const { target, posts } = recordingTarget();
    const reply = new LiveReply(target, new OutboundFilter(), false);
    for (const ahead of [1, 5, 4, 3, 0]) reply.onPosition(ahead);
    await vi.runAllTimersAsync();
    expect(posts).toEqual([{ content: "5 questions are before yours.", canBeStopped: true }]);
  });

  it("is taken away, or stands as a line, when it is given up", async () => {
    const nothing = recordingTarget();
    await new LiveReply(nothing.target, new OutboundFilter(), false).withdraw();
    expect(nothing.removed()).toBe(0);
    const gone = recordingTarget();
    const reply = new LiveReply(gone.target, new OutboundFilter(), false);
    reply.onPosition(3);
    await reply.withdraw();
    expect(gone.removed()).toBe(1);
    const stopped = recordingTarget();
    const other = new LiveReply(stopped.target, new OutboundFilter(), true);
    await other.withdraw("Stopped.");
    expect(stopped.posts).toEqual([{ content: "Stopped.", canBeStopped: false }]);
  });

  it("is given although its place could not be told", async () => {
    let isFirst = true;
    const { target, posts } = recordingTarget(async () => {
      if (isFirst) {
        isFirst = false;
        throw new Error("no");
      }
    });
    const reply = new LiveReply(target, new OutboundFilter(), false);
    reply.onPosition(3);
    await reply.finish(["One."]);
    expect(posts.map(({ content }) => content)).toEqual(["One."]);
  });
});
