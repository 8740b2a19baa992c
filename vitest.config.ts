import { defineConfig } from "vitest/config";

// Two projects: what is pure runs first, two files at a time; what drives the engine runs file after file, since one
// engine already keeps every core busy. Forks rather than threads, because native modules are loaded.
export default defineConfig({
  test: {
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts", "test/property/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/{contract,golden,fault,wire,e2e}/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 240_000,
          hookTimeout: 240_000,
          teardownTimeout: 20_000,
        },
      },
    ],
  },
});
