import { PostgresServer } from "../test/support/postgres-server.ts";
import { startVitest, type TestCase, type TestModule, type Vitest } from "vitest/node";

// Runs every test, or those whose file names contain one of the arguments. The last line is `N passed, N failed, N skipped`.
// Tests on Postgres use the server that UPRES_TEST_DATABASE_URL names, or one of their own where Debian's is installed.

type Tally = { passed: number; failed: number; skipped: number };

const postgres = process.env["UPRES_TEST_DATABASE_URL"] === undefined ? await PostgresServer.start() : undefined;
if (postgres !== undefined) process.env["UPRES_TEST_DATABASE_URL"] = postgres.url;
const vitest = await startVitest("test", process.argv.slice(2), { watch: false, reporters: ["default"] });
const tally = count(vitest);
printSkipped(vitest);
await vitest.close();
await postgres?.[Symbol.asyncDispose]();
process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;

/** Counts tests, and as failures also files that cannot be loaded, failing hooks and errors outside of any test. */
function count(run: Vitest): Tally {
  const result = { passed: 0, failed: run.state.getUnhandledErrors().length, skipped: 0 };
  for (const module of run.state.getTestModules()) {
    result.failed += module.errors().length;
    for (const suite of module.children.allSuites()) result.failed += suite.errors().length;
    for (const test of module.children.allTests()) result[stateOf(test)] += 1;
  }
  return result;
}

/** A test that never ran counts as failed: it was wanted and gave no answer. */
function stateOf(test: TestCase): keyof Tally {
  const { state } = test.result();
  return state === "pending" ? "failed" : state;
}

function printSkipped(run: Vitest): void {
  for (const module of run.state.getTestModules()) {
    for (const test of module.children.allTests("skipped")) {
      process.stdout.write(`skipped: ${describe(module, test)}: ${skipNote(test) ?? "no reason given"}\n`);
    }
  }
}

function describe(module: TestModule, test: TestCase): string {
  return `${module.relativeModuleId} > ${test.fullName}`;
}

function skipNote(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === "skipped" ? result.note : undefined;
}
