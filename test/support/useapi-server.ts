import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import type { DialectParts } from "../../src/dialects/dialect-parts.ts";
import { useapiRoutes } from "../../src/dialects/useapi/routes.ts";
import { createUseapiWebhooks } from "../../src/dialects/useapi/webhook.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { type DialectServer, startDialectServer } from "./dialect-server.ts";

export type UseapiServer = DialectServer & {
  /** `http://127.0.0.1:port/v1/runwayml`. */
  readonly api: string;
};

export type UseapiServerOptions = {
  readonly clock?: Clock;
  readonly maxSeconds?: number;
  readonly change?: (parts: DialectParts) => Partial<DialectParts>;
};

/** The useapi.net dialect on a listening server. */
export async function startUseapiServer(options: UseapiServerOptions = {}): Promise<UseapiServer> {
  const { clock, maxSeconds = 40, change = () => ({}) } = options;
  const server = await startDialectServer({
    dialect: "useapi",
    routes: (parts) => useapiRoutes({ ...parts, ...change(parts), maxSeconds }),
    webhooks: createUseapiWebhooks,
    ...(clock !== undefined && { clock }),
  });
  return Object.assign(server, { api: `${server.base}/v1/runwayml` });
}

/** A small video with sound, of 25 frames a second. */
export async function makeClip(durationSeconds: number, size = { width: 32, height: 18 }): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  try {
    const path = join(folder, "clip.mp4");
    await writeDemoClip(path, { size, durationSeconds, gopFrames: 25 });
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One pixel. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A second of silence. */
export const wav = makeWav(8_000);

function makeWav(sampleRate: number): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "ascii");
  header.writeUInt32LE(36 + sampleRate * 2, 4);
  header.write("WAVEfmt ", 8, "ascii");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "ascii");
  header.writeUInt32LE(sampleRate * 2, 40);
  return Buffer.concat([header, Buffer.alloc(sampleRate * 2)]);
}
