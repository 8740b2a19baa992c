import { describe, expect, test } from "vitest";
import { audioStream, mediaInfo, planQuestion, timelineOf, videoStream } from "../../test/support/media.ts";
import { defaultRequest, type UpscaleRequest } from "../domain/upscale-request.ts";
import { nothingFound } from "./diagnosis/diagnosis.ts";
import { makePlan, type Plan, type PlanQuestion } from "./plan.ts";

function planFor(request: Partial<UpscaleRequest>): Plan {
  return makePlan(planQuestion({ request: { ...defaultRequest, ...request } }));
}

function reasonOf(plan: Plan, topic: string): string {
  return plan.decisions.find((decision) => decision.topic === topic)?.reason ?? "";
}

test("a video without frames is no video", () => {
  expect(() => makePlan(planQuestion({ timeline: timelineOf(0) }))).toThrow(expect.objectContaining({ code: "no_video" }));
});

test("a scale past the limit is refused", () => {
  expect(() => planFor({ target: { kind: "scale", factor: 4 } })).toThrow(expect.objectContaining({ code: "size_limit" }));
});

test("every decision has a choice and a reason, and covers what matters", () => {
  const { decisions } = planFor({});
  for (const { topic, choice, reason } of decisions) {
    expect(choice, topic).not.toBe("");
    expect(reason, topic).not.toBe("");
  }
  expect(decisions.map(({ topic }) => topic)).toEqual(
    expect.arrayContaining([
      "video",
      "scan",
      "geometry",
      "size",
      "network",
      "pixels",
      "colour",
      "encoder",
      "time",
      "segments",
      "cost",
    ]),
  );
});

test("the same question gives the same plan", () => {
  expect(makePlan(planQuestion())).toEqual(makePlan(planQuestion()));
});

test("a turned anamorphic source: size by what is shown, network by what is stored", () => {
  const video = videoStream({
    codedSize: { width: 720, height: 480 },
    sampleAspect: { num: 32, den: 27 },
    orientation: { mirrored: false, quarterTurnsClockwise: 1 },
  });
  const plan = makePlan(planQuestion({ video }));
  expect(plan.source.uprightSize).toEqual({ width: 480, height: 720 });
  expect(plan.outputSize).toEqual({ width: 1080, height: 1920 });
  expect(plan.network?.passes).toBe(2);
  expect(reasonOf(plan, "geometry")).toMatch(/32\/27.*90° clockwise/);
});

describe("what becomes of the scan", () => {
  const scanned = (scan: "interlaced" | "telecined", changes: Partial<PlanQuestion> = {}): Plan =>
    makePlan(
      planQuestion({
        diagnosis: { ...nothingFound, scan, fieldOrder: "bottom_first", reason: "61 of 90 frames combed" },
        ...changes,
      }),
    );
  const ntsc = timelineOf(100, {
    timeBase: { num: 1001, den: 30_000 },
    frameTicks: Array.from({ length: 100 }, (_, i) => BigInt(i)),
    endTicks: 100n,
  });

  test("interlaced frames become whole ones, as many", () => {
    const plan = scanned("interlaced");
    expect(plan.stages).toEqual([
      { name: "deinterlace", fieldOrder: "bottom_first", output: "frames", reason: "61 of 90 frames combed" },
    ]);
    expect(plan.time).toMatchObject({ rule: { scan: "keep", rate: undefined }, frames: 100 });
  });

  test("a higher rate is made of fields", () => {
    const plan = scanned("interlaced", { request: { ...defaultRequest, fps: 50 } });
    expect(plan.stages).toMatchObject([{ name: "deinterlace", output: "fields" }]);
    expect(plan.time).toMatchObject({ rule: { scan: "fields", rate: undefined }, frames: 200, timeBase: { num: 1, den: 2000 } });
    expect(plan.encode.frameRate).toEqual({ num: 50, den: 1 });
  });

  test("telecined film gets its 24000/1001 frames back", () => {
    const plan = scanned("telecined", { timeline: ntsc });
    expect(plan.stages).toMatchObject([{ name: "inverse_telecine", fieldOrder: "bottom_first" }]);
    expect(plan.time).toMatchObject({ frames: 80, timeBase: { num: 1, den: 120_000 } });
    expect(plan.encode.frameRate).toEqual({ num: 24_000, den: 1001 });
  });

  test("what has no steady 30 frames is deinterlaced, with the reason", () => {
    const plan = scanned("telecined");
    expect(plan.stages).toMatchObject([{ name: "deinterlace", reason: expect.stringMatching(/61 of 90.*steadily/) }]);
  });
});

describe("a frame rate that was asked for", () => {
  const rated = (fps: UpscaleRequest["fps"]): Plan => planFor({ fps });

  test("the source's own changes nothing", () => {
    expect(rated(25).time.rule.rate).toBeUndefined();
    expect(rated(25).stages).toEqual([]);
  });

  test("a part of the source's takes every so manieth frame", () => {
    const plan = rated({ num: 25, den: 2 });
    expect(plan.time).toMatchObject({ frames: 50, grid: { firstTicks: 0n, rate: { num: 25, den: 2 } } });
    expect(plan.stages).toEqual([]);
  });

  test("any other has pictures made in between", () => {
    const plan = rated(60);
    expect(plan.time).toMatchObject({ frames: 240, timeBase: { num: 1, den: 3000 } });
    expect(plan.stages).toMatchObject([{ name: "interpolate", rate: { num: 60, den: 1 } }]);
    expect(plan.encode.frameRate).toEqual({ num: 60, den: 1 });
  });
});

test("4:2:2 becomes 4:2:0 in WebM only, and that is said", () => {
  const video = videoStream({ pixelFormat: { name: "yuv422p10le", bitDepth: 10, chroma: "422", isRgb: false, hasAlpha: false } });
  const kept = makePlan(planQuestion({ video }));
  expect(kept.work).toEqual({ pixelFormat: "yuv422p10le", bitDepth: 10 });
  const webm = makePlan(planQuestion({ video, request: { ...defaultRequest, container: "webm" } }));
  expect(webm.work).toEqual({ pixelFormat: "yuv420p10le", bitDepth: 10 });
  expect(reasonOf(webm, "pixels")).toContain("4:2:0 only");
});

test("a transport stream's clock is taken off, another container's start is kept", () => {
  const video = videoStream();
  const start = { startSeconds: 1.433367 };
  const transport = mediaInfo([video], { ...start, hasArbitraryClock: true, container: "mpegts" });
  expect(makePlan(planQuestion({ media: transport, video })).time.shiftSeconds).toBe(1.433367);
  expect(makePlan(planQuestion({ media: mediaInfo([video], start), video })).time.shiftSeconds).toBe(0);
});

test("seeking is trusted in indexed containers only", () => {
  const video = videoStream();
  const canSeek = (container: string): boolean =>
    makePlan(planQuestion({ media: mediaInfo([video], { container }), video })).source.canSeek;
  expect(["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"].map(canSeek)).toEqual([true, true]);
  expect(["mpegts", "mpeg", "avi", "gif", "flv", "asf"].map(canSeek)).toEqual([false, false, false, false, false, false]);
});

test("a missing average rate does not stop the plan", () => {
  const plan = makePlan(planQuestion({ video: videoStream({ averageRate: { num: 0, den: 0 } }) }));
  expect(plan.encode.frameRate.num).toBeGreaterThan(0);
});

describe("damage known before decoding", () => {
  test("frames that the index announces and the file lacks", () => {
    const plan = makePlan(planQuestion({ timeline: timelineOf(60, { declaredFrames: 120 }) }));
    expect(plan.damage).toContainEqual("the index announces 120 frames, the file holds 60");
    expect(plan.decisions).toContainEqual(expect.objectContaining({ topic: "damage", choice: "partial result" }));
  });

  test("frames that an edit list cuts away are not missing", () => {
    const plan = makePlan(planQuestion({ timeline: timelineOf(100, { declaredFrames: 120, discardedFrames: 20 }) }));
    expect(plan.damage).toEqual([]);
  });

  test("one or two frames off is how indexes are", () => {
    expect(makePlan(planQuestion({ timeline: timelineOf(98, { declaredFrames: 100 }) })).damage).toEqual([]);
  });

  test("an announced length far beyond the last packet", () => {
    const video = videoStream();
    const plan = makePlan(planQuestion({ video, media: mediaInfo([video], { durationSeconds: 10 }) }));
    expect(plan.damage).toEqual([expect.stringContaining("announces 10.00 s, the file holds 4.00 s")]);
  });

  test("a read error and marked packets", () => {
    const plan = makePlan(
      planQuestion({ timeline: timelineOf(100, { corruptPackets: 3, readError: "Reading stopped early." }) }),
    );
    expect(plan.damage).toEqual(["Reading stopped early.", "3 packets are marked as damaged"]);
  });
});

test("every other stream is decided in the plan and listed among the decisions", () => {
  const video = videoStream();
  const plan = makePlan(
    planQuestion({ video, media: mediaInfo([video, audioStream(), audioStream({ index: 2, codec: "wmav2" })]) }),
  );
  expect(plan.streams.map(({ index, action }) => [index, action])).toEqual([
    [1, "keep"],
    [2, "convert"],
  ]);
  expect(plan.decisions.map(({ topic }) => topic)).toEqual(expect.arrayContaining(["audio 1", "audio 2"]));
});

test("Dolby Vision's own layer is dropped with the reason", () => {
  const plan = makePlan(planQuestion({ video: videoStream({ hasDolbyVision: true }) }));
  expect(plan.decisions).toContainEqual(expect.objectContaining({ topic: "Dolby Vision", choice: "drop" }));
});
