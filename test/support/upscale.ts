import { join } from "node:path";
import { onTestFinished } from "vitest";
import { defaultRequest, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import type { Report } from "../../src/engine/report.ts";
import { run } from "../../src/engine/run.ts";
import type { RunEvent } from "../../src/engine/session.ts";
import { temporaryFolder } from "./clips.ts";

export type Upscaled = { readonly report: Report; readonly outputPath: string; readonly events: readonly RunEvent[] };

/** Runs the whole engine on the CPU in the fast tier, to the 1080p box unless asked otherwise, into a folder of the running test. */
export async function upscale(inputPath: string, request: Partial<UpscaleRequest> = {}): Promise<Upscaled> {
  const whole: UpscaleRequest = { ...defaultRequest, tier: "fast", target: { kind: "box", box: "1080p" }, ...request };
  const outputPath = join(await temporaryFolder(), `output.${whole.container}`);
  const events: RunEvent[] = [];
  const report = await run({
    inputPath,
    outputPath,
    request: whole,
    provider: "cpu",
    threads: 2,
    overwrite: false,
    resume: true,
    onEvent: (event) => events.push(event),
    signal: abortWithTest(),
  });
  return { report, outputPath, events };
}

/** A signal that aborts when the running test ends, however it ends: a run that timed out does not go on. */
function abortWithTest(): AbortSignal {
  const controller = new AbortController();
  onTestFinished(() => controller.abort(new Error("the test has ended")));
  return controller.signal;
}
