import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { z } from "zod";
import { Playground } from "../../test/support/playground.ts";
import { ServeProcess } from "../../test/support/serve-process.ts";
import { loadInBrowser, type LoadNumbers } from "./load.ts";

// What a first visit costs: bytes, paints, blocking tasks; and how a list of a thousand jobs scrolls. With a clock, so not a test.

const visits = 5;
const Scroll = z.object({ frames: z.int(), longestMs: z.number(), rows: z.int() });

const folder = await mkdtemp(join(tmpdir(), "upres-bench-page-"));
try {
  await using server = await ServeProcess.start(["--data", folder]);
  await using playground = await Playground.open(server.url);
  const runs: LoadNumbers[] = [];
  for (let visit = 0; visit < visits; visit += 1) runs.push(await loadInBrowser(playground));
  console.log(`First visit, ${visits} times, nothing cached; the middle one of each:\n`);
  const rows: readonly (readonly [string, keyof LoadNumbers, string])[] = [
    ["JavaScript, as sent", "scriptBytes", "B"],
    ["everything, as sent", "allBytes", "B"],
    ["requests", "requests", ""],
    ["first contentful paint", "paintMs", "ms"],
    ["largest contentful paint", "largestPaintMs", "ms"],
    ["ready to be used", "usableMs", "ms"],
    ["long tasks together", "longTasksMs", "ms"],
    ["layout shift", "layoutShift", ""],
  ];
  for (const [label, name, unit] of rows) console.log(`${label.padEnd(26)} ${median(runs.map((run) => run[name]))} ${unit}`);
  const page = await playground.visit("#/");
  const scroll = await scrollThousandJobs(page);
  console.log(
    `\nScrolling 1,000 jobs for two seconds: ${scroll.frames} frames, the longest ${scroll.longestMs} ms, ${scroll.rows} rows drawn`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 1000) / 1000;
}

/** A list that the server did not make: a thousand jobs of one shape. */
async function scrollThousandJobs(page: Page): Promise<z.infer<typeof Scroll>> {
  await page.route(/\/api\/jobs\?/, async (route) => {
    const start = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const jobs = Array.from({ length: 200 }, (_, index) => madeUpJob(start + index));
    await route.fulfill({ json: { jobs, next_cursor: start + 200 < 1000 ? String(start + 200) : null, next_before: null } });
  });
  await page.reload();
  await page.evaluate('location.hash = "#/jobs"');
  await page.getByRole("article").first().waitFor();
  for (let count = 0; count < 1000;) {
    await page.keyboard.press("End");
    count = Number(await page.getByRole("listitem").first().getAttribute("aria-setsize"));
  }
  return Scroll.parse(
    await page.evaluate(`new Promise((resolve) => {
      const start = performance.now();
      let last = start, frames = 0, longestMs = 0;
      const step = (now) => {
        longestMs = Math.max(longestMs, now - last);
        last = now;
        frames += 1;
        scrollTo(0, (document.documentElement.scrollHeight * ((now - start) % 1000)) / 1000);
        if (now - start < 2000) requestAnimationFrame(step);
        else resolve({ frames, longestMs: Math.round(longestMs), rows: document.querySelectorAll("article").length });
      };
      requestAnimationFrame(step);
    })`),
  );
}

function madeUpJob(index: number): object {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  return {
    id,
    dialect: "native",
    state: "running",
    progress: (index % 100) / 100,
    frames_done: index % 100,
    frames_total: 100,
    frames_per_second: 12.5,
    queue_position: null,
    seconds_left: 60,
    request: {
      target: { kind: "scale", factor: 2 },
      fps: "keep",
      preset: "general",
      tier: "fast",
      fidelity: "high",
      format: "mp4",
      quality: 90,
    },
    priority: "normal",
    created_at: new Date(Date.UTC(2026, 0, 1) - index * 1000).toISOString(),
    started_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
    finished_at: null,
    source: { id, kind: "upload", upload_id: id, file_name: `clip ${index}.mp4`, url: null },
    taste: null,
    result: null,
    error: null,
    price_micros: "0",
    is_free: false,
  };
}
