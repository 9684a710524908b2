import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the one Chromium of all tests listens; empty if there is none. */
    browser: string;
  }
}

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

const onPath = () =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));

/** Starts the Chromium of this machine, for all tests of this folder. */
export async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const executablePath = onPath();
  if (executablePath === undefined) {
    provide("browser", "");
    return undefined;
  }
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const server = await chromium.launchServer({ executablePath, args });
  provide("browser", server.wsEndpoint());
  return () => server.close();
}
