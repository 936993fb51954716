/**
 * How much of all prompts is found in a cache when a router stands in front of two servers. The router is sglang-router (`pip install sglang-router`); the
 * servers are stand-ins that answer and keep what they have read as SGLang does, with the embedded model: what is measured is where requests are sent.
 *
 *   npm run bench:routed -- --router PATH [--json] [--n N]
 */
import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { answer, Meter } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { connectEngine } from "rain-align/remote";
import { letterJudge } from "../src/judges/index.ts";
import { serveLikeSglang } from "../test/support/model-server.ts";
import { TASKS } from "../training/world/index.ts";
import { wholeNumber } from "./arguments.ts";

const { values } = parseArgs({
  options: { router: { type: "string" }, json: { type: "boolean", default: false }, n: { type: "string", default: "20" } },
});
if (values.router === undefined) throw new RangeError("Expected `--router` to name sglang-router, got nothing");
const n = wholeNumber("n", values.n);

/** Answers that are written at once. */
const AT_ONCE = 4;

/** What a gateway asks of its workers beside what an engine does. */
const OF_WORKERS: Readonly<Record<string, object>> = {
  "/health": {},
  "/get_server_info": { model_id: "served", model_path: "owner/served", served_model_name: "served" },
};

await using local = await loadLlamaEngine({ gpu: false, threads: 1 });
let prompts = 0;
const requests = [0, 0];
const served = [0, 1].map((worker) =>
  serveLikeSglang(local, {
    fault({ path, body }) {
      if (path !== "/generate" || body["input_ids"] === undefined) return OF_WORKERS[path] && { body: JSON.stringify(OF_WORKERS[path]) };
      prompts += (body["input_ids"] as readonly number[]).length;
      requests[worker] = (requests[worker] ?? 0) + 1;
      return undefined;
    },
  }),
);
const [one, other] = await Promise.all(served);
const [port, metrics] = [await freePort(), await freePort()];
const workers = ["--worker-urls", one?.url ?? "", other?.url ?? "", "--policy", "cache_aware"];
const address = ["--host", "127.0.0.1", "--port", String(port), "--prometheus-port", String(metrics)];
const router = spawn(values.router, ["launch", ...address, ...workers, "--log-level", "error"], { stdio: "ignore" });
try {
  const url = `http://127.0.0.1:${port}`;
  await listening(url);
  await using engine = await connectEngine({ url, vocabulary: "embedded", contextSize: local.facts.contextSize, findJudge: letterJudge });
  [prompts, requests[0], requests[1]] = [0, 0, 0];
  const sum = new Meter();
  const questions = [...TASKS.harmless.questions(n, 1)];
  for (let first = 0; first < n; first += AT_ONCE) {
    const some = questions.slice(first, first + AT_ONCE);
    const answers = await Promise.all(some.map(({ text }, seed) => answer(engine, [{ role: "user", text }], { seed, maxTokens: 32 })));
    for (const { meter } of answers) sum.add(meter);
  }
  const computed = sum.forward + sum.spent.prompt.tokens;
  const result = { n, atOnce: AT_ONCE, prompts, computed, cached: 1 - computed / prompts, requests };
  if (values.json) console.log(JSON.stringify(result));
  else
    console.log(
      `n = ${n}, ${AT_ONCE} at once: of ${prompts} tokens in prompts ${(result.cached * 100).toFixed(1)} % were found in a cache; ${requests.join(" and ")} requests`,
    );
} finally {
  router.kill("SIGKILL");
  for (const server of [one, other]) await server?.[Symbol.asyncDispose]();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A router tells nobody that it has found its workers. */
async function listening(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isThere = await fetch(`${url}/get_model_info`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) return;
    await pause(300);
  }
  throw new Error(`Expected the router to find its workers within half a minute, got nothing at ${url}`);
}
