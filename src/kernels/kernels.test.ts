import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("kernels.wasm was built from the sources as they are: run kernels/build.sh after a change", () => {
  const folder = new URL("../../kernels/", import.meta.url);
  const names = readdirSync(folder);
  const sources = [".c", ".h"].flatMap((ending) => names.filter((name) => name.endsWith(ending)).toSorted());
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(new URL(name, folder)));
  expect(sources).toContain("motion.c");
  expect(readFileSync(new URL("kernels.sources.sha256", import.meta.url), "utf8").trim()).toBe(hash.digest("hex"));
});
