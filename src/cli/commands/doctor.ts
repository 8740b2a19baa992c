import { availableParallelism, cpus, totalmem } from "node:os";
import { bundledChromaModels } from "../../models/chroma.ts";
import { bundledModels } from "../../models/registry.ts";
import { locateModel } from "../../models/locate.ts";
import type { CommandContext } from "../context.ts";
import { type ExitCode, exitCodes } from "../errors.ts";
import { version } from "../../engine/version.ts";
import { formatTable } from "../table.ts";
import { formatBytes } from "../units.ts";

/** One thing looked at. `failed` means that no video can be made; `missing`, that something optional is not there. */
export type Check = { readonly name: string; readonly state: "ok" | "missing" | "failed"; readonly finding: string };

const neededEncoders = ["libx264", "libx265", "libvpx-vp9", "libopus", "aac"] as const;

/** `upres doctor`: what this machine has, what works, and what will be used. */
export async function doctor({ output }: CommandContext): Promise<ExitCode> {
  const checks = [
    ...describeMachine(),
    ...(await settle("ffmpeg", checkFfmpeg)),
    ...(await checkModels()),
    ...(await settle("inference", checkProviders)),
  ];
  const isHealthy = checks.every((check) => check.state !== "failed");
  output.document({ healthy: isHealthy, checks });
  output.result(formatTable(checks.map(({ name, state, finding }) => [name, state, finding])));
  output.result(
    isHealthy ? "\nReady." : "\nNot ready: what has failed above is needed. Installing Upres again (npm ci) may mend it.",
  );
  return isHealthy ? exitCodes.done : exitCodes.failed;
}

function describeMachine(): readonly Check[] {
  const [cpu] = cpus();
  const memory = `${formatBytes(totalmem())}, ${formatBytes(process.availableMemory())} of it available`;
  return [
    { name: "upres", state: "ok", finding: version },
    { name: "node", state: "ok", finding: `${process.version} (${process.execPath})` },
    { name: "platform", state: "ok", finding: `${process.platform} ${process.arch}` },
    { name: "cores", state: "ok", finding: `${availableParallelism()} (${cpu?.model.trim() ?? "unknown model"})` },
    { name: "memory", state: "ok", finding: memory },
  ];
}

// Native libraries are loaded here and not above, so that one that cannot be loaded is a finding and not a crash.
async function checkFfmpeg(): Promise<readonly Check[]> {
  const { ffmpegFacts } = await import("../../media/ffmpeg.ts");
  const { availableEncoders } = await import("../../media/available-encoders.ts");
  const { version: ffmpegVersion, isGpl } = ffmpegFacts();
  const available = availableEncoders(neededEncoders);
  return [
    { name: "ffmpeg", state: "ok", finding: `${ffmpegVersion}, licensed under the ${isGpl ? "GPL" : "LGPL"}` },
    ...neededEncoders.map((name): Check => {
      const isThere = available.has(name);
      return { name: `encoder ${name}`, state: isThere ? "ok" : "failed", finding: isThere ? "there" : "not in this build" };
    }),
  ];
}

async function checkModels(): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const model of [...bundledModels, ...bundledChromaModels]) {
    const name = `network ${model.id}`;
    checks.push(
      ...(await settle(name, async () => {
        for (const bitDepth of [8, 10]) await locateModel(model, bitDepth);
        return [{ name, state: "ok", finding: "files are the published ones" }];
      })),
    );
  }
  return checks;
}

async function checkProviders(): Promise<readonly Check[]> {
  const { builtInProviders, chooseProvider, missingGpu, selfTest } = await import("../../inference/providers.ts");
  const [descriptor] = bundledModels;
  if (descriptor === undefined) return [];
  const subject = { descriptor, modelPath: await locateModel(descriptor, 8), bitDepth: 8 };
  const noGpu = missingGpu();
  const checks: Check[] = [];
  for (const provider of builtInProviders()) {
    const name = `provider ${provider}`;
    if (provider !== "cpu" && noGpu !== undefined) {
      checks.push({ name, state: "missing", finding: noGpu });
      continue;
    }
    const failureState = provider === "cpu" ? "failed" : "missing";
    checks.push(
      ...(await settle(
        name,
        async () => {
          await selfTest(provider, subject);
          return [{ name, state: "ok", finding: "self-test passed" }];
        },
        failureState,
      )),
    );
  }
  const chosen = await chooseProvider("auto", subject);
  return [...checks, { name: "auto uses", state: "ok", finding: `${chosen.name}: ${chosen.reason}` }];
}

/** A failing check is a finding. */
async function settle(
  name: string,
  check: () => Promise<readonly Check[]>,
  failureState: "failed" | "missing" = "failed",
): Promise<readonly Check[]> {
  try {
    return await check();
  } catch (error) {
    return [{ name, state: failureState, finding: error instanceof Error ? error.message : String(error) }];
  }
}
