import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { AppError } from "../domain/errors.ts";
import { defaultRequest } from "../domain/upscale-request.ts";
import { parseOptions } from "./options.ts";

function refusal(typed: unknown): AppError {
  try {
    parseOptions(typed);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error("the options were accepted");
}

describe("parseOptions", () => {
  it("fills in the defaults", () => {
    expect(parseOptions({})).toEqual({
      request: defaultRequest,
      output: undefined,
      report: undefined,
      removed: undefined,
      provider: "auto",
      threads: availableParallelism(),
      overwrite: false,
      resume: true,
    });
  });

  it("reads every option", () => {
    const typed = { scale: "2.5", fps: "60", preset: "ugc", tier: "fast", fidelity: "medium", quality: "20", threads: "3" };
    const { request, threads } = parseOptions({ ...typed, format: "webm" });
    expect(request).toEqual({
      target: { kind: "scale", factor: 2.5 },
      fps: 60,
      preset: "ugc",
      tier: "fast",
      fidelity: "medium",
      container: "webm",
      quality: 20,
    });
    expect(threads).toBe(3);
  });

  it.each([
    ["keep", "keep"],
    ["25", 25],
    ["24000/1001", { num: 24_000, den: 1001 }],
    ["48000/1000", 48],
    ["23.976", { num: 24_000, den: 1001 }],
    ["59.94", { num: 60_000, den: 1001 }],
    ["12.5", { num: 25, den: 2 }],
  ])("reads the frame rate %s exactly", (fps, rate) => {
    expect(parseOptions({ fps }).request.fps).toEqual(rate);
  });

  it.each(["0", "241", "1/2", "60/0", "-30", "1e2", "60fps", ""])("refuses the frame rate %j", (fps) => {
    expect(refusal({ fps }).message).toMatch(/^--fps takes keep, or a rate from 1 to 240/);
  });

  it("takes the container from the output's ending", () => {
    expect(parseOptions({ output: "a/b.WEBM" }).request.container).toBe("webm");
    expect(parseOptions({ output: "a.b/folder" }).request.container).toBe("mp4");
  });

  it.each([
    [{ to: "720p" }, "--to takes 1080p, 2k or 4k, not 720p."],
    [{ scale: "1" }, "--scale takes a number from 1.1 to 10, not 1."],
    [{ scale: "1e1" }, "--scale takes a number from 1.1 to 10, not 1e1."],
    [{ scale: "10.01" }, "--scale takes a number from 1.1 to 10, not 10.01."],
    [{ quality: "99.5" }, "--quality takes a whole number from 20 to 99, not 99.5."],
    [{ threads: "0" }, "--threads takes a whole number from 1 to 512, not 0."],
    [{ provider: "gpu" }, "--provider takes auto, cpu, webgpu, cuda, coreml or dml, not gpu."],
    [{ to: "4k", scale: "2" }, "--to and --scale both say how large the output is; give one of them."],
    [{ format: "mov", output: "a.mp4" }, "--format mov and the output name a.mp4 do not agree; change one of them."],
  ])("refuses %j in one sentence", (typed, message) => {
    expect(refusal(typed)).toMatchObject({ code: "bad_request", message });
  });

  it("names every wrong option at once", () => {
    expect(refusal({ fps: "fast", tier: "best" }).message).toBe(
      "--fps takes keep, or a rate from 1 to 240 such as 60 or 24000/1001, not fast; --tier takes fast, standard or pro, not best.",
    );
  });
});
