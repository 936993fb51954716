/** Debian's Chromium, without a window. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import puppeteer, { type Browser } from "puppeteer-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The program, installed where it is missing and we may; or why there is none here. */
export function findChromium(): string | { readonly reason: string } {
  const isRoot = process.getuid?.() === 0;
  if (!PROGRAMS.some(existsSync) && isRoot) install();
  const program = PROGRAMS.find(existsSync);
  return (
    program ?? { reason: `no Chromium in ${PROGRAMS.join(", ")}, and ${isRoot ? "apt-get brought none" : "only root may install it"}` }
  );
}

export async function startChromium(program: string): Promise<Browser> {
  // As root there is no sandbox; the pages are our own.
  return await puppeteer.launch({ executablePath: program, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

function install(): void {
  const quiet = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  spawnSync("apt-get", ["update"], quiet);
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "chromium"], quiet);
}
