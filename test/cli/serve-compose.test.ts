import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { callRain } from "../support/call-rain.ts";
import { ROOT } from "../support/run-module.ts";

const seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform(Number.parseFloat);
const { rain } = z
  .object({
    services: z.object({
      rain: z.object({ command: z.string(), stop_grace_period: seconds, environment: z.record(z.string(), z.string()) }),
    }),
  })
  .parse(parse(readFileSync(join(ROOT, "examples/servers.compose.yaml"), "utf8"))).services;

it("The example for Compose serves with options that there are, a key, and more time to end than answers have", async () => {
  const { stdout } = await callRain(["serve", "--help"]);
  const options = [...rain.command.replaceAll(/\$\{[^}]*\}/g, "x").matchAll(/--[a-z-]+/g)].map(([option]) => option);
  expect(options.length).toBeGreaterThan(3);
  for (const option of options) expect(stdout).toContain(` ${option} <`);
  expect(rain.environment).toHaveProperty("RAIN_API_KEY");
  const drain = /--drain[^(]*\(default: (\d+)\)/s.exec(stdout)?.[1];
  expect(rain.stop_grace_period).toBeGreaterThan(Number(drain));
});
