import { defineConfig } from "vitest/config";

// Ink as it is installed draws nothing but its last frame where CI is set; the build does away with that.
const env = { CI: "false" };
const room = (name: string, timeout = 20_000) => ({
  test: {
    name,
    env,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
});

export default defineConfig({
  test: {
    globalSetup: "test/support/build.ts",
    // One a core: most tests wait for programs that they started.
    maxWorkers: "100%",
    projects: [
      room("unit"),
      room("contract"),
      room("http"),
      room("cli", 40_000),
      room("tui", 40_000),
      room("crash", 300_000),
    ],
  },
});
