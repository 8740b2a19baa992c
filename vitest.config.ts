import { defineConfig } from "vitest/config";

// Three projects: what is pure runs first, then what speaks to services whose work is done by hand, both two files at a time;
// what drives the engine runs file after file, since one engine already keeps every core busy. Forks rather than threads,
// because native modules are loaded.
const slow = { testTimeout: 240_000, hookTimeout: 240_000, teardownTimeout: 20_000 };
const realWork = ["test/wire/**/real.test.ts"];
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
          name: "service",
          include: ["test/{contract,wire}/**/*.test.ts"],
          exclude: realWork,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/{golden,fault,e2e}/**/*.test.ts", ...realWork],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...slow,
        },
      },
    ],
  },
});
