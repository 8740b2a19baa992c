import { z } from "zod";
import type { Playground } from "../../test/support/playground.ts";

const LoadNumbers = z.object({
  paintMs: z.number(),
  largestPaintMs: z.number(),
  usableMs: z.number(),
  longTasksMs: z.number(),
  layoutShift: z.number(),
  scriptBytes: z.number(),
  allBytes: z.number(),
  requests: z.number(),
});
export type LoadNumbers = z.infer<typeof LoadNumbers>;

/** What the browser itself says of one visit by somebody who was never here. Bytes are counted as they were sent. */
export async function loadInBrowser(playground: Playground): Promise<LoadNumbers> {
  const visitor = await playground.newVisitor();
  await visitor.addInitScript(`
    globalThis.seen = { longTasksMs: 0, layoutShift: 0, largestPaintMs: 0 };
    const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
    watch("longtask", ({ duration }) => { seen.longTasksMs += duration; });
    watch("layout-shift", ({ value }) => { seen.layoutShift += value; });
    watch("largest-contentful-paint", ({ startTime }) => { seen.largestPaintMs = startTime; });
  `);
  const page = await playground.visitIn(visitor, "");
  await page.getByRole("button", { name: "Choose a file" }).waitFor();
  const usableMs = z.number().parse(await page.evaluate("performance.now()"));
  await page.waitForLoadState("load");
  const rest = await page.evaluate(`(() => {
    const files = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
      .filter(({ name }) => !new URL(name).pathname.startsWith("/api/"));
    const bytes = (list) => list.reduce((sum, { transferSize }) => sum + transferSize, 0);
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return { ...seen, paintMs: paint ? paint.startTime : 0, requests: files.length,
      scriptBytes: bytes(files.filter(({ name }) => name.endsWith(".js"))), allBytes: bytes(files) };
  })()`);
  await visitor.close();
  return LoadNumbers.parse({ ...z.record(z.string(), z.number()).parse(rest), usableMs });
}
