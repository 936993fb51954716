import { afterEach, describe, expect, it, vi } from "vitest";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";

const POST = { method: "POST", route: "/channels/:channel/messages" } as const;

afterEach(() => void vi.useRealTimers());

/** Ada asks, and time passes for the bot until nothing is under way. */
async function ask(scene: Scene): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  scene.ada.says(scene.general, scene.mention("Where is the museum?"));
  await scene.platform.idle();
  let isIdle = false;
  void scene.running.bot.idle().then(() => (isIdle = true));
  while (!isIdle) {
    await vi.advanceTimersByTimeAsync(500);
    await scene.platform.idle();
  }
  vi.useRealTimers();
}

async function why(scene: Scene): Promise<string> {
  return (await scene.mona.uses(scene.general, "/rain why").response()).embeds[0]?.description ?? "";
}

describe("An answer whose post breaks off", () => {
  it.each(["hang-up", "accepted-then-hang-up"] as const)("is posted again, and stands there once (%s, twice)", async (status) => {
    await using scene = await Scene.open(STEADY);
    scene.platform.failNext({ ...POST, status, times: 2 });
    await ask(scene);
    const posts = scene.platform.posts(scene.general);
    expect(posts.map(({ content }) => content)).toEqual([STEADY_ANSWER]);
    const [record] = await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1);
    expect(record).toMatchObject({ state: "posted", messages: [posts[0]?.id] });
    expect(await why(scene)).toContain(`Stands there: ${posts[0]?.url}`);
  });

  it("every time is given up, and /rain why says what stands there", async () => {
    await using scene = await Scene.open(STEADY);
    const heal = scene.platform.failEvery(({ method, route }) => method === "POST" && route === POST.route, {
      status: "accepted-then-hang-up",
    });
    await ask(scene);
    heal();
    const posts = scene.platform.posts(scene.general);
    expect(posts.map(({ content }) => content)).toEqual([STEADY_ANSWER]);
    expect(await why(scene)).toContain(`Stands there: ${posts[0]?.url}, though I got no word that it was posted`);
  });

  it("was its place in line stands there all the same", async () => {
    const answer: typeof STEADY.answer = async (request, waiting) => {
      waiting?.onPosition?.(3);
      return await STEADY.answer(request, waiting);
    };
    await using scene = await Scene.open({ ...STEADY, answer });
    scene.platform.failNext({ ...POST, status: "accepted-then-hang-up" });
    await ask(scene);
    const [post, ...others] = scene.platform.posts(scene.general);
    expect(post?.versions.map(({ content }) => content)).toEqual(["3 questions are before yours.", STEADY_ANSWER]);
    expect([post?.components, others]).toEqual([[], []]);
  });

  it("is none that Discord refuses", async () => {
    await using scene = await Scene.open(STEADY);
    scene.platform.failNext({ ...POST, status: 403 });
    await ask(scene);
    expect(scene.platform.requests.filter(({ method, route }) => method === "POST" && route === POST.route)).toHaveLength(1);
  });
});

describe("/rain why", () => {
  it("says that an answer was taken away", async () => {
    await using scene = await Scene.open(STEADY);
    await ask(scene);
    scene.guild.owner.deletes(scene.platform.posts(scene.general)[0] as NonNullable<ReturnType<typeof scene.platform.posts>[0]>);
    expect(await why(scene)).toContain("Stands there: nothing any more");
  });
});
