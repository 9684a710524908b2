import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Ink as it is installed draws nothing but its last frame where CI is set; the build does away with that.
const env = { CI: "false" };

/** What `npm run test:fast` leaves to `npm test`. */
const slow = [
  // Starts PostgreSQL.
  "test/http/postgres/**",
  // Start processes, and wait for them.
  "test/unit/cli/io/{clipboard,editor}.test.ts",
  "test/unit/client/conversations/two-writers.test.ts",
  "test/unit/server/stores/json/lock.test.ts",
  // Take seconds: every cut of a file or a stream, long texts, a whole terminal.
  "test/unit/client/conversations/{damage,long}.test.ts",
  "test/unit/server/providers/read-events.test.ts",
  "test/unit/tui/terminal/live-stdout.test.tsx",
];

export default defineConfig(({ mode }) => {
  const isFast = mode === "fast";
  // A time-out here ends what hangs; it is no measure of speed, and a busy machine takes many times as long as an idle one.
  const room = (name: string, timeout = 60_000) => ({
    test: {
      name,
      env,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      exclude: isFast ? slow : [],
      // Loading the same modules anew for each file takes a third of the CPU time.
      isolate: false,
      testTimeout: timeout,
      hookTimeout: timeout,
    },
  });
  const fast = [room("unit"), room("http"), room("upstreams")];
  const browser = { test: { ...room("browser", 180_000).test, globalSetup: "test/browser/start.ts" } };
  const others = [
    room("contract", 300_000),
    room("cli", 120_000),
    room("tui", 180_000),
    room("crash", 600_000),
    room("fuzz", 600_000),
    browser,
  ];
  return {
    test: {
      globalSetup: "test/support/build.ts",
      // One more than cores: most tests wait for programs that they started.
      maxWorkers: availableParallelism() + 1,
      projects: isFast ? fast : [...fast, ...others],
    },
  };
});
