import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "rain-align/discord";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { TOKEN } from "../../support/discord/platform.ts";
import { ROOT } from "../../support/run-module.ts";

const dockerfile = textOf("Dockerfile").replaceAll("\\\n", " ");
const ignored = textOf(".dockerignore").split("\n");

const compose = z
  .object({
    services: z.object({
      bot: z.object({
        environment: z.record(z.string(), z.string()),
        stop_grace_period: z.string(),
        ports: z.array(z.string()),
        volumes: z.array(z.string()),
        secrets: z.array(z.string()),
        read_only: z.literal(true),
        cap_drop: z.tuple([z.literal("ALL")]),
      }),
    }),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(textOf("compose.yaml")));

const { bot } = compose.services;

function textOf(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

/** What stands behind an instruction, wherever it is given. */
function instructions(name: string): readonly string[] {
  return [...dockerfile.matchAll(new RegExp(`^\\s*${name} (.*)$`, "gm"))].map(([, rest = ""]) => rest.trim());
}

/** Variables of the image, or of the service as Compose hands them on where nobody set others. */
function variables(): Record<string, string> {
  const image = instructions("ENV").flatMap((line) => line.split(/\s+/).map((pair) => pair.split("=", 2) as [string, string]));
  const service = Object.entries(bot.environment).map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, "$1")]);
  return Object.fromEntries([...image, ...service]) as Record<string, string>;
}

describe("The image", () => {
  it("is made of what there is, and of nothing that it is not to hold", () => {
    const copied = instructions("COPY")
      .filter((line) => !line.startsWith("--from"))
      .flatMap((line) => line.split(/\s+/).slice(0, -1));
    expect(copied).toContain("src");
    for (const name of copied) {
      expect(existsSync(join(ROOT, name)), name).toBe(true);
      expect(ignored, name).toContain(`!${name}`);
    }
    // First everything is left out: secrets, history, what was built elsewhere.
    expect(ignored.find((line) => line !== "" && !line.startsWith("#"))).toBe("*");
  });

  it("runs as nobody special, and keeps its data in a volume", () => {
    expect(instructions("USER")).toEqual(["node"]);
    expect(dockerfile.indexOf("\nUSER node")).toBeLessThan(dockerfile.indexOf("\nENTRYPOINT"));
    expect(instructions("VOLUME")).toEqual(["/data"]);
    expect(variables()).toMatchObject({ HOME: "/data", RAIN_DISCORD_DATABASE_URL: "file:/data/rain-discord.db" });
  });

  it("has the optional packages that the tests run with", () => {
    const { devDependencies, peerDependencies } = JSON.parse(textOf("package.json")) as Record<string, Record<string, string>>;
    // What programs of one's own call the library by is not needed by the command.
    const needed = Object.keys(peerDependencies ?? {}).filter((name) => !/langchain|ai-sdk/.test(name));
    expect(needed).toHaveLength(7);
    for (const name of needed) expect(dockerfile).toContain(` ${name}@${devDependencies?.[name]} `);
  });

  it("starts the command of the package", () => {
    const { bin } = JSON.parse(textOf("package.json")) as { readonly bin: { readonly rain: string } };
    expect(instructions("ENTRYPOINT")[0]).toContain(`/app/node_modules/rain-align/${bin.rain.replace("./", "")}`);
    expect(instructions("CMD").at(-1)).toBe('["discord"]');
  });
});

describe("The service", () => {
  it("is a configuration that the bot takes", () => {
    const config = readConfig({ environment: variables(), readSecret: () => TOKEN });
    expect(config).toMatchObject({ token: TOKEN, http: { host: "0.0.0.0", port: 9464 }, engine: { model: "embedded" } });
    expect(bot.ports).toEqual([`127.0.0.1:${config.http?.port}:${config.http?.port}`]);
    // And GGUF files of one's own, which nobody there can change.
    expect(bot.volumes).toEqual([...Object.keys(compose.volumes).map((name) => `${name}:/data`), "./models:/models:ro"]);
  });

  it("gets its token from a file that is in no image and no history", () => {
    const [name = ""] = bot.secrets;
    expect(bot.environment["RAIN_DISCORD_TOKEN_FILE"]).toBe(`/run/secrets/${name}`);
    expect(textOf(".gitignore")).toContain(compose.secrets[name]?.file.replace("./", "/"));
  });

  it("is given longer to end than it takes", () => {
    const config = readConfig({ environment: variables(), readSecret: () => TOKEN });
    // The bot ends by itself five seconds after the last answer may.
    expect(Number.parseInt(bot.stop_grace_period, 10)).toBeGreaterThan(config.drainSeconds + 5);
  });
});
