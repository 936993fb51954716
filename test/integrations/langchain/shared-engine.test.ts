import { once } from "node:events";
import { resolve } from "node:path";
import { ChatRain, type LoadOptions, type LoadProgress, RainEmbeddings } from "rain-align/langchain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkOptions, type Engine } from "../../../src/core/index.ts";
import { type EngineSource, type HostedEngine, type LoadEngine, SharedEngines } from "../../../src/integrations/langchain/engine-source.ts";
import { letterJudge } from "../../../src/judges/index.ts";
import { Gate } from "../../support/gate.ts";
import { measuredEngine } from "../../support/measured-engine.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";

/** Loads that end when they are told to, or when they are aborted. */
class Loader {
  readonly #isDeaf: boolean;
  readonly loads: { readonly options: Parameters<LoadEngine>[0]; readonly end: (error?: Error) => Engine }[] = [];
  disposed = 0;
  readonly engines = new SharedEngines((options) => {
    return new Promise<Engine>((settle, reject) => {
      if (!this.#isDeaf) options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
      const end = (error?: Error) => {
        const engine = this.#engine();
        if (error === undefined) settle(engine);
        else reject(error);
        return engine;
      };
      this.loads.push({ options, end });
    });
  });

  /** @param isDeaf whether a load goes on where it is aborted, as one that is nearly done may */
  constructor({ isDeaf = false } = {}) {
    this.#isDeaf = isDeaf;
  }

  source(model = "embedded", options: LoadOptions = {}): EngineSource {
    return this.engines.source(model, options);
  }

  #engine(): Engine {
    const engine = worldEngine(ROBBERY);
    const dispose = engine[Symbol.asyncDispose].bind(engine);
    engine[Symbol.asyncDispose] = async () => {
      this.disposed++;
      await dispose();
    };
    return engine;
  }
}

describe("An engine that several chat models need", () => {
  it("is not loaded before somebody asks, and then once", async () => {
    const loader = new Loader();
    const [first, second] = [loader.source(), loader.source()];
    expect(loader.loads).toHaveLength(0);
    const asked = [first.hosted(), second.hosted(), first.hosted()];
    expect(loader.loads).toHaveLength(1);
    const engine = loader.loads[0]?.end();
    for (const { engine: got } of await Promise.all(asked)) expect(got).toBe(engine);
    const [one, other] = await Promise.all([first.hosted(), second.hosted()]);
    expect(one.queue).toBe(other.queue);
  });

  it("is one for the same file by whatever path, and another one for other load options", async () => {
    const loader = new Loader();
    const sources = [
      loader.source("models/a.gguf"),
      loader.source(resolve("models/a.gguf"), {}),
      loader.source("models/b.gguf"),
      loader.source("models/a.gguf", { gpu: false }),
      loader.source("models/a.gguf", { sequences: 2 }),
    ];
    const asked = sources.map((source) => source.hosted());
    expect(loader.loads.map(({ options: { model, gpu, sequences } }) => [model, gpu, sequences])).toEqual([
      ["models/a.gguf", undefined, undefined],
      ["models/b.gguf", undefined, undefined],
      ["models/a.gguf", false, undefined],
      ["models/a.gguf", undefined, 2],
    ]);
    for (const { end } of loader.loads) end();
    await Promise.all(asked);
  });

  it("is freed by the last one who leaves, and loaded anew for who comes after that", async () => {
    const loader = new Loader();
    const [first, second, unused] = [loader.source(), loader.source(), loader.source()];
    const asked = [first.hosted(), second.hosted()];
    loader.loads[0]?.end();
    await Promise.all(asked);
    await unused.release();
    await first.release();
    await first.release();
    expect(loader.disposed).toBe(0);
    await second.release();
    expect(loader.disposed).toBe(1);
    await expect(first.hosted()).rejects.toMatchObject({ name: "EngineError", code: "disposed" });
    const third = loader.source().hosted();
    expect(loader.loads).toHaveLength(2);
    loader.loads[1]?.end();
    await third;
  });

  it("that could not be loaded is tried again by who asks again", async () => {
    const loader = new Loader();
    const source = loader.source();
    const asked = source.hosted();
    loader.loads[0]?.end(new Error("no such file"));
    await expect(asked).rejects.toThrow("no such file");
    const again = source.hosted();
    loader.loads[1]?.end();
    await again;
    await source.release();
    expect(loader.disposed).toBe(1);
  });

  it("goes on loading for the others when one stops waiting", async () => {
    const loader = new Loader();
    const [patient, impatient] = [loader.source(), loader.source()];
    const controller = new AbortController();
    const asked = [patient.hosted(), impatient.hosted({ signal: controller.signal })] as const;
    controller.abort(new Error("enough"));
    await expect(asked[1]).rejects.toThrow("enough");
    const engine = loader.loads[0]?.end();
    expect((await asked[0]).engine).toBe(engine);
  });

  it("stops loading when the last one leaves", async () => {
    const loader = new Loader();
    const source = loader.source();
    const asked = source.hosted();
    await source.release();
    expect(loader.loads[0]?.options.signal?.aborted).toBe(true);
    await expect(asked).rejects.toMatchObject({ name: "EngineError", code: "disposed" });
  });

  it("that is there only after the last one has left is freed, and nobody gets it", async () => {
    const loader = new Loader({ isDeaf: true });
    const source = loader.source();
    const asked = source.hosted();
    const left = source.release();
    loader.loads[0]?.end();
    await left;
    expect(loader.disposed).toBe(1);
    await expect(asked).rejects.toMatchObject({ name: "EngineError", code: "disposed" });
  });

  it("that is there only after its one user has given up waiting and left is freed", async () => {
    const loader = new Loader({ isDeaf: true });
    const source = loader.source();
    const controller = new AbortController();
    const asked = source.hosted({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    const left = source.release();
    const next = loader.source().hosted();
    expect(loader.loads).toHaveLength(2);
    loader.loads[0]?.end();
    await left;
    expect(loader.disposed).toBe(1);
    const engine = loader.loads[1]?.end();
    expect((await next).engine).toBe(engine);
    expect(loader.disposed).toBe(1);
  });

  it("tells all who wait how far it is", async () => {
    const loader = new Loader();
    const heard: LoadProgress[][] = [[], []];
    const asked = heard.map((list) => loader.source().hosted({ onProgress: (progress) => list.push(progress) }));
    const { options, end } = loader.loads[0] as (typeof loader.loads)[0];
    options.onDownload?.({ downloadedBytes: 5, totalBytes: 20 });
    options.onLoad?.(0.5);
    end();
    await Promise.all(asked);
    const expected = [
      { phase: "download", share: 0.25 },
      { phase: "load", share: 0.5 },
    ];
    expect(heard).toEqual([expected, expected]);
  });

  it.each<[string, (progress: LoadProgress) => unknown]>([
    [
      "throws",
      () => {
        throw new Error("deaf");
      },
    ],
    ["rejects", async () => await Promise.reject(new Error("deaf"))],
  ])("is loaded whatever a listener does, and the others hear all: one %s", async (_, deaf) => {
    const loader = new Loader();
    const heard: unknown[] = [];
    const source = loader.source();
    const asked = [
      source.hosted({ onProgress: deaf, onNotice: deaf as never }),
      source.hosted({ onProgress: (progress) => heard.push(progress) }),
    ];
    const warned = once(process, "warning");
    const { options, end } = loader.loads[0] as (typeof loader.loads)[0];
    options.onLoad?.(0.5);
    options.onNotice?.("memory is short");
    end();
    await Promise.all(asked);
    expect(heard).toEqual([{ phase: "load", share: 0.5 }]);
    expect(String((await warned)[0])).toContain("deaf");
  });

  it("tells all who wait what a person should know", async () => {
    const loader = new Loader();
    const heard: string[] = [];
    const asked = ["first", "second"].map((name) => loader.source().hosted({ onNotice: (notice) => heard.push(`${name}: ${notice}`) }));
    const { options, end } = loader.loads[0] as (typeof loader.loads)[0];
    options.onNotice?.("memory is short");
    end();
    await Promise.all(asked);
    expect(heard).toEqual(["first: memory is short", "second: memory is short"]);
  });

  it("tells whoever listens to it how far the reading for its judge is, once however often they listen", async () => {
    const engines = new SharedEngines(async ({ onNotice, onJudge }) => {
      return measuredEngine(worldEngine(ROBBERY), 0.9, async (...asked) => {
        onNotice?.("Reading labelled answers");
        onJudge?.(0.5);
        return await letterJudge(...asked);
      }).engine;
    });
    const source = engines.source("embedded", {});
    const told: unknown[] = [];
    const listening = { onNotice: (notice: string) => told.push(notice), onProgress: (progress: LoadProgress) => told.push(progress) };
    const { engine, use } = await source.hosted();
    {
      // Two who are one: each thing is told once.
      using _ = use(listening);
      using _again = use(listening);
      await engine.findJudge?.(engine, checkOptions({}));
    }
    expect(told).toEqual(["Reading labelled answers", { phase: "judge", share: 0.5 }]);
    await engine.findJudge?.(engine, checkOptions({}));
    expect(told).toHaveLength(2);
  });
});

describe("An engine with `keepAlive`", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Loads what is asked for as soon as it is, or says that nothing is loaded. */
  async function asked(loader: Loader, source: EngineSource): Promise<HostedEngine> {
    const loads = loader.loads.length;
    const hosted = source.hosted();
    await vi.advanceTimersByTimeAsync(0);
    if (loader.loads.length > loads) loader.loads.at(-1)?.end();
    return await hosted;
  }

  it("is freed when nobody has asked anything for so long, and loaded again by the next call", async () => {
    const loader = new Loader();
    const source = loader.source("embedded", { keepAlive: 60 });
    const first = await asked(loader, source);
    await vi.advanceTimersByTimeAsync(59_000);
    expect((await asked(loader, source)).engine).toBe(first.engine);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(loader.disposed).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(loader.disposed).toBe(1);
    const again = await asked(loader, source);
    expect(again.engine).not.toBe(first.engine);
    expect(loader.loads).toHaveLength(2);
    await source.release();
    expect(loader.disposed).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(loader.disposed).toBe(2);
  });

  it("stays while it is used, however long that takes", async () => {
    const loader = new Loader();
    const source = loader.source("embedded", { keepAlive: 1 });
    const { use } = await asked(loader, source);
    {
      using _ = use();
      using _other = use();
      await vi.advanceTimersByTimeAsync(100_000);
      expect(loader.disposed).toBe(0);
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loader.disposed).toBe(1);
    await source.release();
    expect(loader.disposed).toBe(1);
  });

  it("stays as long as the most patient of those who share it wants, and for good where one says nothing", async () => {
    const loader = new Loader();
    const [short, long, silent] = [
      loader.source("embedded", { keepAlive: 1 }),
      loader.source("embedded", { keepAlive: 9 }),
      loader.source(),
    ];
    for (const source of [short, long, silent]) await asked(loader, source);
    expect(loader.loads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(loader.disposed).toBe(0);
    await silent.release();
    await asked(loader, short);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(loader.disposed).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(loader.disposed).toBe(1);
  });

  it("is loaded again only when the memory of the last one is free", async () => {
    const loader = new Loader();
    const source = loader.source("embedded", { keepAlive: 1 });
    const { engine } = await asked(loader, source);
    const freed = new Gate();
    const dispose = engine[Symbol.asyncDispose].bind(engine);
    engine[Symbol.asyncDispose] = async () => {
      await freed.opened;
      await dispose();
    };
    await vi.advanceTimersByTimeAsync(1_000);
    const again = source.hosted();
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.loads).toHaveLength(1);
    freed.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.loads).toHaveLength(2);
    loader.loads[1]?.end();
    await again;
  });

  it.each([0, -1, "5m", Number.POSITIVE_INFINITY])("is refused for %s, which is no time", (keepAlive) => {
    for (const make of [ChatRain, RainEmbeddings])
      expect(() => new make({ keepAlive } as object)).toThrow("Expected `keepAlive` to be a positive number of seconds, up to 2,000,000");
  });
});
