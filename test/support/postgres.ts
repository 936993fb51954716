/** A real PostgreSQL server, as Debian packages it: its data and its socket in a temporary folder, and nothing left at the end. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";

const PROGRAMS = "/usr/lib/postgresql";

/** As whom a program runs. The server refuses to be root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** Where the programs are, and who runs them; or why there is no server here. */
interface Installation {
  readonly programs: string;
  readonly account: Account;
}

/** Finds Debian's package, and installs it where that is missing and we may. */
export async function findPostgres(): Promise<Installation | { readonly reason: string }> {
  const isRoot = process.getuid?.() === 0;
  if ((await newestVersion()) === undefined && isRoot) install();
  const version = await newestVersion();
  if (version === undefined)
    return { reason: `no PostgreSQL in ${PROGRAMS}, and ${isRoot ? "apt-get brought none" : "only root may install it"}` };
  return { programs: join(PROGRAMS, version, "bin"), account: isRoot ? (accountOf("postgres") ?? accountOf("nobody") ?? {}) : {} };
}

export class PostgresServer implements AsyncDisposable {
  readonly #installation: Installation;
  readonly #folder: string;
  #server: ChildProcess | undefined;
  #places = 0;

  private constructor(installation: Installation, folder: string) {
    this.#installation = installation;
    this.#folder = folder;
  }

  static async start(installation: Installation): Promise<PostgresServer> {
    const { programs, account } = installation;
    const folder = await mkdtemp(join(tmpdir(), "rain-postgres-"));
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
    const parameters = ["--pgdata", join(folder, "data"), "--username", "rain", "--auth", "trust", "--encoding", "UTF8", "--no-sync"];
    const made = spawnSync(join(programs, "initdb"), [...parameters, "--locale", "C.UTF-8"], { ...account, cwd: folder, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const server = new PostgresServer(installation, folder);
    await server.resume();
    return server;
  }

  /** An empty place of its own, as an address: a schema, as a database takes twenty times as long to make. */
  async newPlace(): Promise<string> {
    const name = `rain_${++this.#places}`;
    await this.run(`CREATE SCHEMA ${name}`);
    return this.addressOf({ schema: name });
  }

  addressOf({ user = "rain", database = "postgres", schema = "public" }): string {
    const parameters = new URLSearchParams({ host: this.#folder, options: `-c search_path=${schema}` });
    // The driver knows no `+` for a blank.
    return `postgres://${user}@localhost/${database}?${String(parameters).replaceAll("+", "%20")}`;
  }

  /** Statements of another program, on a connection of their own. */
  async run(statements: string, address = this.addressOf({})): Promise<void> {
    const client = new Client({ connectionString: address });
    await client.connect();
    await client.query(statements);
    await client.end();
  }

  /** As when the machine is stopped. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const ended = once(server, "exit");
    // "Immediate" shutdown: breaks all connections without asking, and is a crash to the server that starts again.
    server.kill("SIGQUIT");
    await ended;
  }

  /** Starts it again, with the same data. */
  async resume(): Promise<void> {
    const { programs, account } = this.#installation;
    const settings = ["listen_addresses=", `unix_socket_directories=${this.#folder}`, "fsync=off", "max_connections=60"];
    const parameters = ["-D", join(this.#folder, "data"), ...settings.flatMap((setting) => ["-c", setting])];
    const server = spawn(join(programs, "postgres"), parameters, { ...account, cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
    this.#server = server;
    const said: string[] = [];
    for await (const line of createInterface({ input: server.stderr })) {
      if (line.includes("ready to accept connections")) return void server.stderr.resume();
      said.push(line);
    }
    throw new Error(`postgres: ${said.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }
}

async function newestVersion(): Promise<string | undefined> {
  const versions = await readdir(PROGRAMS).catch((): string[] => []);
  return versions.toSorted((a, b) => Number(b) - Number(a))[0];
}

function install(): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const parameters of [["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]])
    spawnSync("apt-get", parameters, { env: environment, stdio: "ignore" });
}

/** The user's and the group's number; `undefined`: there is no such user. */
function accountOf(name: string): Account | undefined {
  const [uid, gid] = ["-u", "-g"]
    .map((which) => spawnSync("id", [which, name], { encoding: "utf8" }))
    .map((id) => (id.status === 0 ? Number(id.stdout) : undefined));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}
