import type { Inference } from "../src/bots/guard/index.ts";
import { Scene } from "../test/support/discord-scene.ts";
import { WatchedInference } from "../test/support/watched-inference.ts";

/** What became of a minute of messages. */
export interface Flood {
  readonly messages: number;
  readonly seconds: number;
  /** From the last message until nothing waited. */
  readonly secondsAfter: number;
  /** What filters decided about: no judge is asked. */
  readonly byFilters: number;
  readonly judged: number;
  /** Of those that were to be judged, neither judged nor told of as let go. */
  readonly lost: number;
}

const PEOPLE = 50;
const SECONDS = 60;
/** Every so manieth message has what a filter looks for. */
const FILTERED = 5;
const FORBIDDEN = "discord.gg/free-nitro";

/** So many messages of fifty people, evenly over a minute, in a server with filters whose messages are judged. */
export async function flood(own: Inference, messages: number): Promise<Flood> {
  const inference = new WatchedInference(own);
  await using scene = await Scene.moderated(inference, "log", {
    filters: {
      invitations: { action: "delete" },
      words: { list: Array.from({ length: 200 }, (_, index) => `badword${index}`), action: "delete" },
    },
  });
  const people = Array.from({ length: PEOPLE }, (_, index) => scene.guild.addMember({ name: `Person ${index}` }));
  // Members of old: what newcomers write is another filter's.
  scene.platform.advance(30 * 86_400_000);
  const begun = performance.now();
  const meant = new Set<string>();
  for (let index = 0; index < messages; index++) {
    await new Promise((resolve) => setTimeout(resolve, begun + (index * SECONDS * 1000) / messages - performance.now()));
    const isFiltered = index % FILTERED === 0;
    const text = isFiltered ? `Look here ${index}: ${FORBIDDEN}` : `I have painted ${index} houses today and it went well.`;
    if (!isFiltered) meant.add(text);
    people[index % PEOPLE]?.says(scene.general, text);
  }
  const said = performance.now();
  await scene.settled();
  const ended = performance.now();
  const judged = new Set(inference.judged.map(({ turns }) => turns.at(-1)?.text ?? ""));
  const letGo = /rain_unjudged_total (\d+)/.exec(await scene.running.bot.metrics.registry.getSingleMetricAsString("rain_unjudged_total"));
  const missing = [...meant].filter((text) => !judged.has(text)).length;
  const gone = scene.platform.posts(scene.general).filter(({ content }) => content.includes(FORBIDDEN)).length;
  return {
    messages,
    seconds: (said - begun) / 1000,
    secondsAfter: (ended - said) / 1000,
    byFilters: messages - meant.size - gone,
    judged: judged.size,
    lost: missing - Number(letGo?.[1] ?? 0),
  };
}
