import { existsSync, readdirSync } from "node:fs";
import { listSupportedBackends } from "onnxruntime-node";
import { AppError } from "../domain/errors.ts";
import type { ChromaModelDescriptor, ModelDescriptor } from "../domain/model-descriptor.ts";
import { TilePool } from "./tile-pool.ts";

export const providerNames = ["cpu", "webgpu", "cuda", "coreml", "dml"] as const;
export type ProviderName = (typeof providerNames)[number];
export type Provider = { readonly name: ProviderName; readonly reason: string };

export type SelfTestSubject = {
  readonly descriptor: ModelDescriptor | ChromaModelDescriptor;
  readonly modelPath: string;
  readonly bitDepth: number;
};

/** Providers that the ONNX Runtime build of this platform contains. */
export function builtInProviders(): readonly ProviderName[] {
  const names = listSupportedBackends().map((backend) => backend.name);
  return providerNames.filter((name) => names.includes(name));
}

/** A named provider is used or refused, never replaced. `auto` takes WebGPU when a GPU is there and gives the CPU's picture
 *  on a known image, otherwise the CPU; the reason says which.  Throws: AppError `provider_unavailable`. */
export async function chooseProvider(wanted: "auto" | ProviderName, subject: SelfTestSubject): Promise<Provider> {
  if (wanted === "cpu") return { name: "cpu", reason: "asked for" };
  if (wanted !== "auto") {
    if (!builtInProviders().includes(wanted)) {
      throw new AppError(
        "provider_unavailable",
        `${wanted} is not part of this build; available: ${builtInProviders().join(", ")}.`,
      );
    }
    await selfTest(wanted, subject);
    return { name: wanted, reason: "asked for, self-test passed" };
  }
  const missing = missingGpu();
  if (missing !== undefined) return { name: "cpu", reason: missing };
  try {
    await selfTest("webgpu", subject);
    return { name: "webgpu", reason: "a GPU is there and gives the CPU's picture on the test image" };
  } catch (error) {
    return { name: "cpu", reason: `WebGPU is not usable: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Why no GPU can be used, from what the system shows without loading a driver; undefined when one may be there. */
export function missingGpu(): string | undefined {
  if (!builtInProviders().includes("webgpu")) return "this build has no GPU provider";
  if (process.platform !== "linux") return undefined;
  const nodes = existsSync("/dev/dri") ? readdirSync("/dev/dri").filter((name) => name.startsWith("renderD")) : [];
  return nodes.length > 0 || existsSync("/dev/nvidiactl") ? undefined : "no GPU is attached";
}

const testSide = 64;
const toleranceOfPeak = 2 / 255;

/** Runs one known image on the provider and on the CPU.  Throws: AppError `provider_unavailable` when they differ. */
export async function selfTest(provider: ProviderName, subject: SelfTestSubject): Promise<void> {
  const expected = await upscaleTestImage("cpu", subject);
  const found = await upscaleTestImage(provider, subject);
  const limit = Math.ceil((2 ** subject.bitDepth - 1) * toleranceOfPeak);
  const largest = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? 0))), 0);
  if (largest > limit) {
    throw new AppError(
      "provider_unavailable",
      `${provider} computes another picture than the CPU (off by up to ${largest}); use --provider cpu.`,
    );
  }
}

async function upscaleTestImage(
  provider: ProviderName,
  { descriptor, modelPath, bitDepth }: SelfTestSubject,
): Promise<readonly number[]> {
  await using pool = await TilePool.create({ descriptor, modelPath, provider, workers: 1, bitDepth });
  const plane = pool.allocate(testSide, testSide);
  const samples = bitDepth > 8 ? new Uint16Array(plane.data) : new Uint8Array(plane.data);
  const peak = 2 ** bitDepth - 1;
  for (let i = 0; i < samples.length; i += 1) {
    const [x, y] = [i % testSide, Math.floor(i / testSide)];
    samples[i] = Math.round(peak * (0.5 + 0.25 * Math.sin(x * y * 0.02) + (x > y ? 0.2 : -0.2)));
  }
  const output = await pool.upscale(plane, [{ x: 0, y: 0, width: testSide, height: testSide }]);
  return [...(bitDepth > 8 ? new Uint16Array(output.data) : new Uint8Array(output.data))];
}
