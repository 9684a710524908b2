import { defineConfig } from "vitest/config";

// Ink as it is installed draws nothing but its last frame where CI is set; the build does away with that.
const env = { CI: "false" };
// A time-out here ends what hangs; it is no measure of speed, and a busy machine takes many times as long as an idle one.
const room = (name: string, timeout = 60_000) => ({
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
      room("contract", 300_000),
      room("http"),
      room("cli", 120_000),
      room("tui", 180_000),
      room("crash", 600_000),
    ],
  },
});
