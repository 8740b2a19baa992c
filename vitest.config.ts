import { defineConfig } from "vitest/config";

// Three projects: what is pure runs first, two files at a time; then what speaks to services whose work is done by hand, which
// mostly waits, three at a time; then what drives the engine, two at a time, since one engine nearly keeps two cores busy.
// Forks rather than threads, because native modules are loaded.
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
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...slow,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/{golden,fault,e2e}/**/*.test.ts", ...realWork],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          ...slow,
        },
      },
    ],
  },
});
