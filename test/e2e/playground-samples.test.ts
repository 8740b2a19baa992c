import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/cli/options.ts";
import { decodeInput } from "../../src/dialects/fal/decode.ts";
import { boxes, containers, presets, tiers, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { CreateJob, toUpscaleRequest } from "../../src/server/native/wire.ts";
import { UpscaleTask } from "../../src/dialects/runware/wire.ts";
import { sayForCommand, sayForFal, sayForNative, sayForRunware } from "../../web/src/code/said.ts";
import { samplesFor } from "../../web/src/code/samples.ts";

// What the page shows as code is read by the dialects' own decoders: it must ask for the job on screen, or say what differs.

const anyRequest: fc.Arbitrary<UpscaleRequest> = fc.record({
  target: fc.oneof(
    fc.record({ kind: fc.constant("box" as const), box: fc.constantFrom(...boxes) }),
    fc.record({ kind: fc.constant("scale" as const), factor: fc.constantFrom(1.1, 2, 2.5, 4, 10) }),
    fc.constant({ kind: "next_box" as const }),
  ),
  fps: fc.constantFrom("keep" as const, 25, 30, 60, { num: 24_000, den: 1001 }),
  preset: fc.constantFrom(...presets),
  tier: fc.constantFrom(...tiers),
  fidelity: fc.constantFrom("high" as const, "medium" as const),
  container: fc.constantFrom(...containers),
  quality: fc.integer({ min: 20, max: 99 }),
});

function shown({ container, ...request }: UpscaleRequest) {
  return { request: { ...request, format: container }, result: { width: 1920, height: 1080 } };
}

/** A job that left the size to the server asks for the size that it came to. */
function explicit(request: UpscaleRequest): UpscaleRequest {
  return request.target.kind === "next_box" ? { ...request, target: { kind: "box", box: "1080p" } } : request;
}

describe("a request on screen", () => {
  it("asks the native API for exactly the job", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { body, differences } = sayForNative(shown(request));
        const sent = CreateJob.parse({ upload_id: "b0e0dd5a-9c7c-4a53-8a55-4bd3c0a86d2c", ...body });
        expect(toUpscaleRequest(sent)).toEqual(request);
        expect(differences).toEqual([]);
      }),
    );
  });

  it("asks the command for exactly the job", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { words, extension } = sayForCommand(shown(request)).body;
        const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [[word.slice(2), words[at + 1]]] : []));
        const options = parseOptions({ ...Object.fromEntries(pairs), output: `out.${extension}` });
        expect(options.request).toEqual(request);
      }),
    );
  });

  it("asks fal for the job, or says what it cannot", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { body, differences } = sayForFal(shown(request));
        const decoded = decodeInput(JSON.stringify({ video_url: "https://example.org/a.mp4", ...body }));
        if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
        const isSaid = JSON.stringify(decoded.request) === JSON.stringify(explicit(request));
        expect(isSaid || differences.length > 0).toBe(true);
        expect(decoded.request).toMatchObject({ tier: request.tier, preset: request.preset, fidelity: request.fidelity });
        expect(decoded.request.target).toEqual(explicit(request).target);
      }),
    );
  });

  it("asks Runware for the job in fields that its task knows", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const { body } = sayForRunware(shown(request));
        const task = UpscaleTask.parse({ model: "bytedance:50@1", inputs: { video: "https://example.org/a.mp4" }, ...body });
        expect(task.outputQuality ?? 95).toBe(request.quality);
        expect(task.upres).toMatchObject({ tier: request.tier });
        expect(task.upres?.fps ?? "keep").toEqual(request.fps === 30 || request.fps === 60 ? request.fps : "keep");
      }),
    );
  });

  it("is shown for every service, with this server's address and the job's own file or address", () => {
    const job = shown({
      target: { kind: "box", box: "4k" },
      fps: "keep",
      preset: "general",
      tier: "fast",
      fidelity: "high",
      container: "mp4",
      quality: 90,
    });
    const base = "https://upres.example";
    const common = { id: "s", upload_id: null };
    const upload = { ...common, kind: "upload", file_name: "it's mine.mp4", url: null } as const;
    const url = { ...common, kind: "url", file_name: "a.mp4", url: "https://example.org/a.mp4" } as const;
    for (const source of [upload, url]) {
      const all = samplesFor({ job: { ...job, result: null, source }, base });
      expect(all.map(({ name }) => name)).toEqual(["native", "fal", "runware", "runway", "useapi", "wavespeed", "cli"]);
      for (const { name, samples } of all) {
        for (const { code } of samples) {
          if (name !== "cli") expect(code).toMatch(/(?:https|wss):\/\/upres\.example/);
          expect(code).toContain(source.kind === "url" ? source.url : "mine.mp4");
        }
      }
    }
  });
});
