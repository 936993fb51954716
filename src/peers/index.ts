import { RainError } from "../core/index.ts";

/** A package that an entry point needs is not installed, or not in a version that fits. */
export class MissingPeerError extends RainError {
  /** The package to install. */
  readonly peer: string;

  constructor(peer: string, range: string, options?: ErrorOptions) {
    super(
      `Expected the package \`${peer}\` (${range}) to be installed, got none that fits (run \`npm install ${peer}@${range}\`)`,
      options,
    );
    this.peer = peer;
  }
}

/**
 * Loads what needs optional peers; a static import would fail before anything could say what is missing.
 *
 * @param peers the packages and the versions that fit
 * @throws {MissingPeerError} when one of them cannot be found
 */
export async function withPeers<Module>(peers: Readonly<Record<string, string>>, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const missing = Object.entries(peers).find(([peer]) => isAbout(cause, peer));
    throw missing === undefined ? cause : new MissingPeerError(...missing, { cause });
  }
}

/** Whether Node could not find a package, or an entry point or a name in it that older versions lack. */
function isAbout(error: unknown, peer: string): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  const isUnresolved = code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED" || error instanceof SyntaxError;
  return isUnresolved && new RegExp(`['"/]${peer}['"/]`).test(error.message);
}
