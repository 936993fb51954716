/** What is asked of Discord over REST alone, before the bot logs in or without that. */
import { GatewayCloseCodes, REST, type RESTGetCurrentApplicationResult, RESTJSONErrorCodes, Routes } from "discord.js";
import { COMMAND_DATA } from "./commands/interactions.ts";
import { LoginError, type SafeError, safeError } from "./errors.ts";

/** How to reach Discord, and as which bot. */
export interface DiscordAccount {
  readonly token: string;
  /** Where Discord's interface is, if not where it always is. */
  readonly apiUrl?: string | undefined;
}

/** @throws {LoginError} when Discord does not know the token or cannot be reached */
export async function checkAccount(account: DiscordAccount, signal: AbortSignal): Promise<void> {
  try {
    await restOf(account).get(Routes.gatewayBot(), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw loginErrorOf(error);
  }
}

export interface Deployment extends DiscordAccount {
  /** @default what Discord says */
  readonly applicationId?: string | undefined;
  /** Where they can be used, and at once. @default everywhere, within an hour */
  readonly guild?: string | undefined;
}

/**
 * Registers the bot's commands; others of the same application and place go. Gives their names.
 *
 * @throws {LoginError} when Discord does not know the token or cannot be reached
 */
export async function deployCommands({ applicationId, guild, ...account }: Deployment): Promise<readonly string[]> {
  const rest = restOf(account);
  try {
    const application = applicationId ?? ((await rest.get(Routes.currentApplication())) as RESTGetCurrentApplicationResult).id;
    const route = guild === undefined ? Routes.applicationCommands(application) : Routes.applicationGuildCommands(application, guild);
    const registered = (await rest.put(route, { body: COMMAND_DATA })) as readonly { readonly name: string }[];
    return registered.map(({ name }) => name);
  } catch (error) {
    throw loginErrorOf(error);
  }
}

/** What went wrong, and what a person should do about it. */
export function loginErrorOf(cause: unknown): LoginError {
  if (cause instanceof LoginError) return cause;
  const { status, code, message } = cause as Readonly<Record<"status" | "code" | "message", unknown>>;
  const isUnknown = status === 401 || code === "TokenInvalid";
  const complaint = isUnknown ? COMPLAINTS.token : (REFUSALS[String(message)] ?? NOT_THERE[String(code)]);
  if (complaint === undefined && status === undefined)
    return new LoginError(`Expected to reach Discord, got ${inWords(safeError(cause))} (check the network, and \`apiUrl\` if it is set)`, {
      cause,
    });
  return new LoginError(complaint ?? `Expected Discord to do as it was asked, got ${inWords(safeError(cause))}`, { cause });
}

/** The gateway was closed, and will not be opened again. @param code Discord's */
export function closedError(code: number): LoginError {
  return new LoginError(CLOSES[code] ?? `Expected the gateway to stay open, got a refusal (${code})`);
}

const COMPLAINTS = {
  token: "Expected Discord to know the bot's token, got a refusal (copy it anew from the developer portal: Bot, Reset Token)",
  intents:
    "Expected the application to have the intents that the bot asks for, got a refusal (developer portal: Bot, Message Content Intent; or set `messageContent` to false)",
  shards: "Expected a number of shards that Discord accepts, got a refusal (set `shards` to auto)",
} as const;

const CLOSES: Readonly<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: COMPLAINTS.token,
  [GatewayCloseCodes.InvalidIntents]: COMPLAINTS.intents,
  [GatewayCloseCodes.DisallowedIntents]: COMPLAINTS.intents,
  [GatewayCloseCodes.ShardingRequired]: COMPLAINTS.shards,
  [GatewayCloseCodes.InvalidShard]: COMPLAINTS.shards,
};

const NOT_IN_GUILD =
  "Expected the bot to be in this server, got a refusal (copy the server's id anew, and invite the bot with `applications.commands`)";

/** By Discord's code for what it does not find. */
const NOT_THERE: Readonly<Record<string, string>> = {
  [RESTJSONErrorCodes.UnknownGuild]: NOT_IN_GUILD,
  [RESTJSONErrorCodes.MissingAccess]: NOT_IN_GUILD,
  [RESTJSONErrorCodes.UnknownApplication]: "Expected `applicationId` to be the token's application, got another one (leave it out)",
};

/** How the library puts them while it logs in. */
const REFUSALS: Readonly<Record<string, string>> = {
  "Authentication failed": COMPLAINTS.token,
  "Used invalid intents": COMPLAINTS.intents,
  "Used disallowed intents": COMPLAINTS.intents,
  "Sharding is required": COMPLAINTS.shards,
  "Invalid shard": COMPLAINTS.shards,
};

function inWords({ type, code, status, cause, errors: [first] = [] }: SafeError): string {
  if (code === undefined && status === undefined && (first ?? cause) !== undefined) return inWords(first ?? (cause as SafeError));
  return `${code ?? type}${status === undefined ? "" : ` (HTTP ${status})`}`;
}

function restOf({ token, apiUrl }: DiscordAccount): REST {
  return new REST(apiUrl === undefined ? {} : { api: apiUrl }).setToken(token);
}
