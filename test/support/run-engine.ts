import { liveFrameCount } from "../../src/media/frame.ts";
import { run } from "../../src/engine/run.ts";
import type { SessionOptions } from "../../src/engine/session.ts";

// One engine run in a process of its own, for tests that end it or measure it.
// Takes the run's options as JSON; prints one JSON event per line, `planned` without its content, and `finished` at the end.

const options = JSON.parse(process.argv[2] ?? "{}") as SessionOptions; // written by engine-process.ts

await run({ ...options, onEvent: (event) => say(event.type === "planned" ? { type: event.type } : event) });
say({ type: "finished", liveFrames: liveFrameCount(), peakRssBytes: process.resourceUsage().maxRSS * 1024 });

function say(event: unknown): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
