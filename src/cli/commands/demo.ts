import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../domain/errors.ts";
import { defaultRequest } from "../../domain/upscale-request.ts";
import { demoClip, writeDemoClip } from "../../media/demo-clip.ts";
import type { CommandContext } from "../context.ts";
import { chosenModel } from "../model-folder.ts";
import { badRequest, containerOf, parseOptions } from "../options.ts";
import { RunDisplay } from "../run-display.ts";
import { printReport, upscaleOne } from "./upscale.ts";

/** `upres demo`: makes a short clip and upscales it, so that there is something to look at. */
export async function demo(typed: unknown, context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const options = parseOptions(typed, { ...defaultRequest, tier: "fast", target: { kind: "scale", factor: 4 } });
  const folder = options.output ?? "upres-demo";
  if (containerOf(folder) !== undefined) throw badRequest(`-o names a folder here, and ${folder} is a file name`);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new AppError("output_unwritable", `Nothing can be written to ${folder}; choose another folder with -o.`, { cause });
  }
  const clip = join(folder, "clip.mp4");
  const { size, durationSeconds } = demoClip;
  output.note(`making ${clip}, ${durationSeconds} seconds of ${size.width}x${size.height}`);
  await writeDemoClip(clip, demoClip, signal);
  const outputPath = join(folder, `clip.upres.${options.request.container}`);
  const job = { label: clip, input: { kind: "file", path: clip }, outputPath } as const;
  const report = await upscaleOne(
    job,
    { ...options, model: await chosenModel(typed), overwrite: true },
    context,
    new RunDisplay(output, clip),
  );
  output.document(report);
  printReport(report, output);
  output.result(`\nCompare ${clip} with ${outputPath}, both at full screen.`);
}
