import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished, type TestContext } from "vitest";

const folder = fileURLToPath(new URL("../../../shared/clips/", import.meta.url));

/** The path of a test clip; without it the running test is skipped with that reason. The clips are not part of the repository. */
export function clip(context: TestContext, name: string): string {
  const path = join(folder, name);
  context.skip(!existsSync(path), `the clip ${name} is not there`);
  return path;
}

/** A folder for the running test, removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "upres-test-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
