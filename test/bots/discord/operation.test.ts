import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "rain-align/discord";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TOKEN } from "../../support/discord/platform.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { ROOT } from "../../support/run-module.ts";
import { STEADY } from "../../support/steady-inference.ts";

const UNIT = join(ROOT, "examples/rain-discord.service");

describe("The unit for systemd", () => {
  const unit = readFileSync(UNIT, "utf8");
  const said = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? expect.fail(`Expected ${name} in the unit`);

  it("gives the bot more time to end than answers have, and starts it again but for a configuration that is wrong", () => {
    const { drainSeconds } = readConfig({ environment: { RAIN_DISCORD_TOKEN: TOKEN } });
    const margin = 5;
    expect(Number(said("TimeoutStopSec"))).toBeGreaterThan(drainSeconds + margin);
    expect(said("Restart")).toBe("on-failure");
    expect(said("RestartPreventExitStatus")).toBe("2");
    expect(said("ExecStart")).toMatch(/\/rain-align\/dist\/cli\/main\.js discord$/);
  });

  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!hasSystemd)(`is one that systemd takes${hasSystemd ? "" : " (left out: there is no systemd-analyze)"}`, () => {
    expect(execFileSync("systemd-analyze", ["verify", "--man=no", UNIT], { encoding: "utf8", stdio: "pipe" })).toBe("");
  });
});

const dashboard = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      targets: z.array(z.object({ expr: z.string() })).min(1),
    }),
  ),
});

describe("The dashboard for Grafana", () => {
  const { panels } = dashboard.parse(JSON.parse(readFileSync(join(ROOT, "examples/grafana-dashboard.json"), "utf8")));

  it("shows each figure that there is, and no other", async () => {
    await using running = await RunningBot.start({ inference: STEADY });
    const figures = await running.bot.metrics.registry.getMetricsAsJSON();
    const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/rain_[a-z_]+/g) ?? []));
    expect(new Set(shown.map((name) => name.replace(/_bucket$/, "")))).toEqual(new Set(figures.map(({ name }) => name)));
  });

  it("has panels that do not cover each other", () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}:${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});
