import { defineConfig } from "vitest/config";

const alias = { "is-in-ci": new URL("src/tui/not-in-ci.ts", import.meta.url).pathname };
const room = (name: string, timeout = 20_000) => ({
  resolve: { alias },
  test: { name, include: [`test/${name}/**/*.test.{ts,tsx}`], testTimeout: timeout, hookTimeout: timeout },
});

export default defineConfig({
  test: {
    globalSetup: "test/support/build.ts",
    projects: [
      room("unit"),
      room("contract"),
      room("http"),
      room("cli", 40_000),
      room("tui", 40_000),
      room("crash", 90_000),
    ],
  },
});
