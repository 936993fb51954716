import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import { COMMAND_DATA } from "../../../src/bots/discord/commands/interactions.ts";
import { CONFIG, CONFIG_NAMES, ConfigError, readConfig, SECRETS, variableOf } from "../../../src/bots/discord/config.ts";
import { Metrics } from "../../../src/bots/discord/metrics.ts";
import { SETTING_KEYS, settingAt } from "../../../src/bots/guard/settings-text.ts";
import { TOKEN } from "../../support/discord/platform.ts";
import { ROOT } from "../../support/run-module.ts";

const DOCS = join(ROOT, "docs");
const guide = readFileSync(join(DOCS, "discord.md"), "utf8");

const TALKS =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.ReadMessageHistory |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.AttachFiles;

/** A table in Markdown. */
function table(...rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [lines[0], `|${"---|".repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1), ""].join("\n");
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

describe("The guide", () => {
  it("has a page with all of the configuration", async () => {
    const defaults: Readonly<Record<string, unknown>> = CONFIG.parse({ token: TOKEN });
    const rows = CONFIG_NAMES.map((name) => {
      const initial = name === "token" ? "needed" : defaults[name] === undefined ? "" : code(defaults[name]);
      return [code(name), code(variableOf(name)), CONFIG.shape[name].description ?? "", initial];
    });
    const secrets = SECRETS.map((name) => code(`${variableOf(name)}_FILE`)).join(" and ");
    const page = `# Configuration of the Discord bot

Whoever runs the bot decides this, by variables or in a YAML or JSON file; variables win. A test makes this page of the schema.
${secrets} may name a file that holds the value, and \`RAIN_DISCORD_CONFIG\` names the file with all of it.

${table(["in the file", "variable", "is", "if left out"], ...rows)}`;
    await expect(page).toMatchFileSnapshot(join(DOCS, "discord-configuration.md"));
  });

  it("has a page with all settings of a server", async () => {
    const groups = [...new Set(SETTING_KEYS.map(({ path }) => path.split(".")[0] ?? ""))];
    const sections = groups.map((group) => {
      const keys = SETTING_KEYS.filter(({ path }) => path.split(".")[0] === group);
      const rows = keys.map(({ path, description = "", expected = "", default: initial }) => [
        code(path),
        description,
        expected,
        initial === undefined || JSON.stringify(initial) === "[]" || initial === "" ? "" : code(initial),
      ]);
      return `## ${group}\n\n${settingAt([group])?.description}.\n\n${table(["setting", "is", "may be", "at first"], ...rows)}`;
    });
    const page = `# Settings of a server

Each server decides these, with \`/settings\` or in a file. \`*\` stands for the name of a principle or a rule, in \`patterns\` of a pattern, or behind \`exceptions\` for an id. A test makes this page of the schema.

${sections.join("\n")}`;
    await expect(page).toMatchFileSnapshot(join(DOCS, "discord-settings.md"));
  });

  it("asks for the permissions that it explains", () => {
    const asked = [...guide.matchAll(/permissions=(\d+)/g)].map(([, number = ""]) => BigInt(number));
    const { BanMembers, ManageMessages, ModerateMembers, ViewAuditLog } = PermissionFlagsBits;
    expect(asked).toEqual([TALKS, TALKS | ManageMessages | ModerateMembers | BanMembers | ViewAuditLog]);
  });

  it("names every figure, and no other", () => {
    const inference = { load: async () => ({ running: 0, waiting: 0 }) };
    const { registry } = new Metrics({ outbound: { leaks: 0 }, inference, shards: () => [], gatewayPing: () => 0 });
    const figures = registry.getMetricsAsArray().map(({ name }) => name);
    const named = [...guide.matchAll(/`(rain_\w+)`/g)].map(([, name]) => name);
    expect([...new Set(named)].toSorted()).toEqual(figures.toSorted());
  });

  it("names commands that there are", () => {
    const commands = COMMAND_DATA.map(({ name }) => name);
    const named = [...guide.matchAll(/`\/([a-z]+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !["healthz", "readyz", "metrics", "models"].includes(name));
    expect([...new Set(named)].toSorted()).toEqual(["ask", "moderate", "privacy", "private", "rain", "settings"]);
    for (const name of named) expect(commands).toContain(name);
  });

  it("names variables that there are", () => {
    const named = [...guide.matchAll(/RAIN_DISCORD_\w+/g)].map(([name]) => name);
    const environment = Object.fromEntries(named.map((name) => [name, "x"]));
    const problems = problemsOf(environment).filter((problem) => problem.startsWith("Expected a known variable"));
    expect(problems).toEqual([]);
  });

  it("names settings that there are", () => {
    const named = [...guide.matchAll(/`?((?:talk|moderation|explain)\.[\w.]+)/g)].map(([, path = ""]) =>
      path.replace(/\.(?:harmless|nitro)\./, ".*."),
    );
    const paths = SETTING_KEYS.map(({ path }) => path);
    // Pages are named, too.
    for (const path of named)
      expect(
        paths.some((known) => known === path || known.startsWith(`${path}.`)),
        path,
      ).toBe(true);
  });

  it("installs the bot in a folder of its own as the service does", () => {
    const install = /npm install \.\/rain-align-\*\.tgz [^`]+/.exec(guide)?.[0] ?? "no line";
    const unit = readFileSync(join(ROOT, "examples/rain-discord.service"), "utf8");
    expect(unit).toContain(install);
    for (const text of [guide, unit]) expect(text).not.toMatch(/npm install rain-align/);
  });

  it("leads to pages that there are", () => {
    for (const page of readdirSync(DOCS).filter((name) => name.startsWith("discord"))) {
      const links = [...readFileSync(join(DOCS, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = ""]) => link);
      for (const link of links.filter((link) => link !== "...")) expect(existsSync(join(DOCS, link)), link).toBe(true);
    }
  });
});

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({ environment });
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : expect.fail(String(error));
  }
}
