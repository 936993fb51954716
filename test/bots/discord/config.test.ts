import fc from "fast-check";
import { ConfigError, type ConfigSource, readConfig } from "rain-align/discord";
import { describe, expect, it } from "vitest";

/** Looks like one, and opens nothing. */
const TOKEN = "AAAAAAAAAAAAAAAAAAAAAAAAAA.BBBBBB.CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

const ONLY_TOKEN = { environment: { RAIN_DISCORD_TOKEN: TOKEN } };

describe("The configuration of the bot", () => {
  it("needs the token and nothing else", () => {
    expect(readConfig(ONLY_TOKEN)).toEqual({
      token: TOKEN,
      databaseUrl: "file:rain-discord.db",
      dataFolder: "rain-discord-data",
      engine: { model: "embedded" },
      prompting: "auto",
      shards: "auto",
      messageContent: false,
      dms: true,
      http: undefined,
      logLevel: "info",
      drainSeconds: 10,
      answerTimeoutSeconds: 120,
      judgeTimeoutSeconds: 30,
      maxWaiting: 100,
    });
  });

  it("is read from variables, all of them texts", () => {
    const environment = {
      RAIN_DISCORD_TOKEN: `${TOKEN}\n`,
      RAIN_DISCORD_API_URL: "http://127.0.0.1:8080/api",
      RAIN_DISCORD_APPLICATION_ID: "12345678901234567890",
      RAIN_DISCORD_DATABASE_URL: "postgres://rain:secret@host/rain",
      RAIN_DISCORD_DATA_FOLDER: "/var/lib/rain",
      RAIN_DISCORD_MODEL: "model.gguf",
      RAIN_DISCORD_HUB: "https://mirror.example",
      RAIN_DISCORD_GPU: "none",
      RAIN_DISCORD_GPU_LAYERS: "12",
      RAIN_DISCORD_THREADS: "4",
      RAIN_DISCORD_CONTEXT_SIZE: "2048",
      RAIN_DISCORD_PROMPTING: "urial",
      RAIN_DISCORD_SHARDS: "2",
      RAIN_DISCORD_MESSAGE_CONTENT: "yes",
      RAIN_DISCORD_DMS: "off",
      RAIN_DISCORD_HTTP_PORT: "9090",
      RAIN_DISCORD_HTTP_HOST: "0.0.0.0",
      RAIN_DISCORD_LOG_LEVEL: "debug",
      RAIN_DISCORD_GUILDS: "12345678901234567, 12345678901234568",
      RAIN_DISCORD_DRAIN_SECONDS: "0",
      RAIN_DISCORD_ANSWER_TIMEOUT_SECONDS: "60",
      RAIN_DISCORD_JUDGE_TIMEOUT_SECONDS: "5",
      RAIN_DISCORD_MAX_WAITING: "7",
      RAIN_DISCORD_CONFIG: "rain.yaml",
      PATH: "/bin",
    };
    expect(readConfig({ environment })).toEqual({
      token: TOKEN,
      apiUrl: "http://127.0.0.1:8080/api",
      applicationId: "12345678901234567890",
      databaseUrl: "postgres://rain:secret@host/rain",
      dataFolder: "/var/lib/rain",
      engine: { model: "model.gguf", hub: "https://mirror.example", gpu: false, gpuLayers: 12, threads: 4, contextSize: 2048 },
      prompting: "urial",
      shards: 2,
      messageContent: true,
      dms: false,
      http: { port: 9090, host: "0.0.0.0" },
      logLevel: "debug",
      guilds: ["12345678901234567", "12345678901234568"],
      drainSeconds: 0,
      answerTimeoutSeconds: 60,
      judgeTimeoutSeconds: 5,
      maxWaiting: 7,
    });
  });

  it("is read from a file of YAML or JSON, over which variables win", () => {
    const yaml = `
applicationId: 12345678901234567890 # all digits of it
gpu: cuda
gpuLayers: max
httpPort: 0
shards: auto
messageContent: true
guilds: [12345678901234567]
maxWaiting: 5
logLevel: warn
`;
    const fromFile = {
      applicationId: "12345678901234567890",
      engine: { model: "embedded", gpu: "cuda", gpuLayers: "max" },
      http: { port: 0, host: "127.0.0.1" },
      messageContent: true,
      guilds: ["12345678901234567"],
      maxWaiting: 5,
      logLevel: "warn",
    };
    expect(readConfig({ ...ONLY_TOKEN, fileText: yaml })).toMatchObject(fromFile);
    const json = JSON.stringify({ token: TOKEN, gpu: false, maxWaiting: 5 });
    const environment = { RAIN_DISCORD_MAX_WAITING: "6", RAIN_DISCORD_LOG_LEVEL: "" };
    expect(readConfig({ environment, fileText: json })).toMatchObject({
      token: TOKEN,
      engine: { gpu: false },
      maxWaiting: 6,
      logLevel: "info",
    });
    expect(readConfig({ ...ONLY_TOKEN, fileText: "" })).toEqual(readConfig(ONLY_TOKEN));
  });

  it("takes secrets from files, as Docker has them", () => {
    const files: Readonly<Record<string, string>> = { "/run/secrets/token": `${TOKEN}\n`, "/run/secrets/database": "postgres://a:b@c/d" };
    const environment = { RAIN_DISCORD_TOKEN_FILE: "/run/secrets/token", RAIN_DISCORD_DATABASE_URL_FILE: "/run/secrets/database" };
    const config = readConfig({ environment, readSecret: (path) => files[path] as string });
    expect(config).toMatchObject({ token: TOKEN, databaseUrl: "postgres://a:b@c/d" });
  });
});

describe("A wrong configuration", () => {
  it("is told every problem at once, by the name under which it was written", () => {
    const environment = {
      RAIN_DISCORD_TOKEN: "my token",
      RAIN_DISCORD_API_URL: "discord.com",
      RAIN_DISCORD_SHARDS: "many",
      RAIN_DISCORD_HTTP_PORT: "70000",
      RAIN_DISCORD_GUILDS: "12345678901234567,general",
      RAIN_DISCORD_DRAIN_SECONDS: "11",
      RAIN_DISCORD_GPU: "tpu",
      RAIN_DISCORD_THREADS: "0",
      RAIN_DISCORD_DATABASE_URL: "mysql://root:hunter2@host/rain",
      RAIN_DISCORD_TOKENS: "1",
      RAIN_DISCORD_MODEL_FILE: "a.gguf",
    };
    const { problems, message } = problemsOf({
      environment,
      fileText: "dms: perhaps\nlogLevel: loud\nmaxWait: 5\njudgeTimeoutSeconds: 1.5",
    });
    expect(problems).toEqual([
      "Expected a known variable, got `RAIN_DISCORD_TOKENS` (did you mean `RAIN_DISCORD_TOKEN`?)",
      "Expected a known variable, got `RAIN_DISCORD_MODEL_FILE` (did you mean `RAIN_DISCORD_TOKEN_FILE`?)",
      "Expected `RAIN_DISCORD_TOKEN` to be the bot's token: at least 20 letters, digits, `.`, `-` and `_`, without `Bot` before it, got 8 characters of something else",
      "Expected `RAIN_DISCORD_API_URL` to be the address of Discord's interface, such as a proxy's: http:// or https://, got `discord.com` (string)",
      "Expected `RAIN_DISCORD_DATABASE_URL` to be `file:` and a path, or `postgres://` and an address, got 30 characters of something else",
      "Expected `RAIN_DISCORD_GPU` to be one of auto, cuda, vulkan, metal, none, got `tpu` (string)",
      "Expected `RAIN_DISCORD_THREADS` to be a whole number from 1 to 512, got `0` (string)",
      "Expected `RAIN_DISCORD_SHARDS` to be a whole number from 1 to 10000, or `auto`, got `many` (string)",
      "Line 1, column 1: Expected `dms` to be true or false (whether the bot answers direct messages), got `perhaps` (string)",
      "Expected `RAIN_DISCORD_HTTP_PORT` to be a port from 0 to 65535 for the metrics; 0 is any that is free, got `70000` (string)",
      "Line 2, column 1: Expected `logLevel` to be one of trace, debug, info, warn, error, fatal, silent, got `loud` (string)",
      "Expected `RAIN_DISCORD_GUILDS` to be ids of 17 to 20 digits, with commas between them: the only guilds in which the bot works, got `12345678901234567,general` (string)",
      "Expected `RAIN_DISCORD_DRAIN_SECONDS` to be a whole number of seconds from 0 to 10, got `11` (string)",
      "Line 4, column 1: Expected `judgeTimeoutSeconds` to be a whole number of seconds from 1 to 300, got `1.5` (number)",
      "Line 3, column 1: Expected a known name in the file, got `maxWait` (did you mean `maxWaiting`?)",
    ]);
    for (const problem of problems) expect(message).toContain(`- ${problem}`);
  });

  it("misses the token", () => {
    expect(problemsOf({ environment: {} }).problems).toEqual([
      expect.stringMatching(/^Expected `RAIN_DISCORD_TOKEN` to be .*, got nothing$/),
    ]);
    expect(problemsOf({ environment: {}, fileText: "token:" }).problems).toEqual([
      expect.stringMatching(/^Line 1, column 1: Expected `token` to be /),
    ]);
  });

  it.each([
    ["a mistake in the file", { ...ONLY_TOKEN, fileText: "dms: [" }, "a mistake: Flow sequence"],
    ["a reference in the file", { ...ONLY_TOKEN, fileText: "dms: &a true" }, "no anchors"],
    ["a file that is a list", { ...ONLY_TOKEN, fileText: "- dms" }, "to hold names and values"],
    ["a secret in two places", { environment: { RAIN_DISCORD_TOKEN: TOKEN, RAIN_DISCORD_TOKEN_FILE: "/token" } }, "got both"],
    [
      "a secret whose file is not there",
      { environment: { RAIN_DISCORD_TOKEN_FILE: "/token" } },
      "`RAIN_DISCORD_TOKEN_FILE` to name a file",
    ],
    ["an id that is none", { ...ONLY_TOKEN, fileText: "applicationId: 5" }, "`applicationId` to be the application's id"],
  ] satisfies readonly (readonly [string, ConfigSource, string])[])("is refused: %s", (_what, source, problem) => {
    const readSecret = () => expect.fail("no such file");
    expect(problemsOf({ readSecret, ...source }).message).toContain(problem);
  });

  it("never shows the token, nor a password, wherever they were put", () => {
    const places = fc.constantFrom(
      ...[
        "TOKEN",
        "TOKEN_FILE",
        "APPLICATION_ID",
        "DATABASE_URL",
        "DATABASE_URL_FILE",
        "MODEL",
        "GPU",
        "SHARDS",
        "HTTP_HOST",
        "GUILDS",
        "LOG_LEVEL",
      ].map((name) => `RAIN_DISCORD_${name}`),
    );
    const secret = fc.constantFrom(TOKEN, `Bot ${TOKEN}`, `"${TOKEN}`, "mysql://root:hunter2@host/rain", `${TOKEN}, ${TOKEN}`);
    const files = fc.constantFrom(
      "",
      TOKEN,
      `token: ${TOKEN}\n  dms: 1`,
      `[${TOKEN}`,
      `dms: "${TOKEN}"`,
      `${TOKEN}: 1`,
      `logLevel: [${TOKEN}]`,
      `- !${TOKEN} a`,
    );
    fc.assert(
      fc.property(fc.dictionary(places, secret, { noNullPrototype: true }), files, (environment, fileText) => {
        const readSecret = (path: string) => {
          throw new Error(`ENOENT: no such file or directory, open '${path}'`);
        };
        const { message, cause, problems } = problemsOf({ environment: { ...environment, RAIN_DISCORD_X: "1" }, fileText, readSecret });
        for (const told of [message, String(cause), ...problems]) {
          expect(told).not.toContain(TOKEN.slice(0, 20));
          expect(told).not.toContain("hunter2");
        }
      }),
    );
  });
});

function problemsOf(source: ConfigSource): ConfigError {
  try {
    readConfig(source);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return expect.fail("it was accepted");
}

describe("A model that is a file", () => {
  const read = (model: string) =>
    readConfig({ environment: { ...ONLY_TOKEN.environment, RAIN_DISCORD_MODEL: model }, isFile: (path) => path === "./here.gguf" });

  it.each(["./here.gguf", "embedded", "hf:owner/repository:Q4_K_M"])("may be %s", (model) =>
    expect(read(model).engine).toMatchObject({ model }),
  );

  it("is looked for before anything is started", () =>
    expect(() => read("./gone.gguf")).toThrow("Expected `RAIN_DISCORD_MODEL` to be a file that is there, got `./gone.gguf`"));
});

describe("A model that a server has loaded", () => {
  const SERVED = { ...ONLY_TOKEN.environment, RAIN_DISCORD_ENGINE: "http://127.0.0.1:8080", RAIN_DISCORD_ENGINE_KEY: "sesame" };

  it("stands in place of one of the bot's own", () => {
    const environment = { ...SERVED, RAIN_DISCORD_VOCABULARY: "hf:owner/repository:Q4_K_M" };
    expect(readConfig({ environment }).engine).toEqual({
      url: "http://127.0.0.1:8080",
      vocabulary: "hf:owner/repository:Q4_K_M",
      key: "sesame",
      hub: undefined,
      contextSize: undefined,
    });
  });

  it.each([
    [{ RAIN_DISCORD_MODEL: "embedded" }, "Expected no `RAIN_DISCORD_MODEL` beside `RAIN_DISCORD_ENGINE`, got one"],
    [{ RAIN_DISCORD_THREADS: "2" }, "Expected no `RAIN_DISCORD_THREADS` beside `RAIN_DISCORD_ENGINE`, got one"],
    [{ RAIN_DISCORD_ENGINE: "ftp://host" }, "Expected `RAIN_DISCORD_ENGINE` to be the address of a server"],
    [
      { RAIN_DISCORD_VOCABULARY: "./gone.gguf" },
      "Expected `RAIN_DISCORD_VOCABULARY` to be a file that is there, or a folder with a tokenizer.json, got `./gone.gguf`",
    ],
  ])("and beside it nothing is passed over: %j", (more, problem) => {
    const { message } = problemsOf({ environment: { ...SERVED, ...more }, isFile: () => false });
    expect(message).toContain(problem);
    expect(message).not.toContain("sesame");
  });
});

describe("A database that is a file", () => {
  const read = (url: string | undefined) =>
    readConfig({
      environment: { ...ONLY_TOKEN.environment, RAIN_DISCORD_DATABASE_URL: url },
      isWritable: (path) => ["rain-discord.db", "/data/rain.db", "rain-discord-data"].includes(path),
    });

  it.each([undefined, "file:rain-discord.db", "file:/data/rain.db", "file:///data/rain.db?mode=rwc", ":memory:", "postgres://u:p@h/d"])(
    "may be %s",
    (url) => expect(read(url).databaseUrl).toBe(url ?? "file:rain-discord.db"),
  );

  it("is looked for before anything is started", () =>
    expect(() => read("file:/gone/rain.db?authToken=hush")).toThrow(
      /^Expected `RAIN_DISCORD_DATABASE_URL` to be a file that can be written, in a folder that is there, got `file:\/gone\/rain.db` \(string\)$/,
    ));
});

describe("The folder of the data", () => {
  const read = (folder: string | undefined) =>
    readConfig({
      environment: { ...ONLY_TOKEN.environment, RAIN_DISCORD_DATABASE_URL: ":memory:", RAIN_DISCORD_DATA_FOLDER: folder },
      isWritable: (path) => ["rain-discord-data", "/data"].includes(path),
    });

  it("is one beside the bot if left out, or another that can be written", () =>
    expect([undefined, "/data"].map((folder) => read(folder).dataFolder)).toEqual(["rain-discord-data", "/data"]));

  it("is looked for before anything is started", () =>
    expect(() => read("/gone/away")).toThrow(
      /^Expected `RAIN_DISCORD_DATA_FOLDER` to be a folder that can be written, or be made in one that is there, got `\/gone\/away` \(string\)$/,
    ));
});
