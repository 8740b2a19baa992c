import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeImage, decodeMedia, decodeTasks, decodeTaskType, decodeTaskUuid, decodeUpscale, type Task } from "./decode.ts";

const video = "https://example.com/clip.mp4";
const plain = { taskType: "upscale", taskUUID: randomUUID(), model: "bytedance:50@1", inputs: { video } };

function upscale(changes: Task) {
  return decodeUpscale({ ...plain, ...changes }, "1080p");
}

describe("a body", () => {
  test.each(["", "{", "nothing", "[1,]"])("%j is not JSON", (text) => {
    expect(decodeTasks(text)).toMatchObject({ ok: false, problem: { code: "invalidJSON", status: 400 } });
  });

  test.each(["{}", "[]", "null", "7", '["a"]', "[null]", "[[]]", `[${Array.from({ length: 101 }, () => "{}").join(",")}]`])(
    "%s is no array of tasks",
    (text) => {
      expect(decodeTasks(text)).toMatchObject({ ok: false, problem: { code: "invalidPayload", status: 400 } });
    },
  );

  test("tasks keep their order, and a byte order mark does no harm", () => {
    expect(decodeTasks('\uFEFF[{"a":1},{"b":2}]')).toEqual({ ok: true, value: [{ a: 1 }, { b: 2 }] });
  });
});

describe("a task's head", () => {
  test.each([
    [{}, "missingTaskType"],
    [{ taskType: null }, "missingTaskType"],
    [{ taskType: "videoInference" }, "unsupportedTaskType"],
    [{ taskType: 7 }, "unsupportedTaskType"],
  ])("the type of %j is refused with %s", (task, code) => {
    expect(decodeTaskType(task)).toMatchObject({
      ok: false,
      problem: { code, parameter: "taskType", type: "string", status: 400 },
    });
  });

  const v7 = "0190a6e0-7b3c-7def-8abc-0123456789ab";
  test.each([
    [undefined, "missingTaskUUID"],
    [null, "missingTaskUUID"],
    ["", "invalidTaskUUID"],
    [7, "invalidTaskUUID"],
    ["not-a-uuid", "invalidTaskUUID"],
    [v7, "invalidTaskUUID"],
    ["00000000-0000-0000-0000-000000000000", "invalidTaskUUID"],
  ])("the UUID %j is refused with %s", (taskUUID, code) => {
    expect(decodeTaskUuid({ taskUUID }, { acceptsAnyUuidVersion: false })).toMatchObject({ ok: false, problem: { code } });
  });

  test("upper case is kept, and other versions are a setting", () => {
    const upper = randomUUID().toUpperCase();
    expect(decodeTaskUuid({ taskUUID: upper }, { acceptsAnyUuidVersion: false })).toEqual({ ok: true, value: upper });
    expect(decodeTaskUuid({ taskUUID: v7 }, { acceptsAnyUuidVersion: true })).toEqual({ ok: true, value: v7 });
  });
});

describe("an upscale task", () => {
  test("without options gets the defaults of the model and the size of the setting", () => {
    expect(decodeUpscale(plain, "1080p")).toEqual({
      ok: true,
      value: {
        request: {
          target: { kind: "box", box: "1080p", keepsLarger: true },
          fps: "keep",
          preset: "general",
          tier: "standard",
          fidelity: "high",
          container: "mp4",
          quality: 95,
        },
        video: { kind: "url", url: video },
        delivery: "async",
        includeCost: false,
        webhookUrl: undefined,
        uploadUrl: undefined,
        resultLifetimeSeconds: undefined,
        original: plain,
      },
    });
    expect(decodeUpscale(plain, "next")).toMatchObject({ value: { request: { target: { kind: "next_box" } } } });
  });

  test("words are taken in any case, null is absent, and one result is what there is", () => {
    const decoded = upscale({ outputFormat: "webm", outputType: "url", ttl: null, upres: null, numberResults: 1, foo: null });
    expect(decoded).toMatchObject({ ok: true, value: { request: { container: "webm" } } });
  });

  test.each([
    [{ model: undefined }, "missingModel", "model"],
    [{ model: null }, "missingModel", "model"],
    [{ model: "other:1@1" }, "invalidModel", "model"],
    [{ model: 7 }, "invalidModel", "model"],
    [{ inputs: undefined }, "missingInputs", "inputs"],
    [{ inputs: "clip.mp4" }, "invalidInputs", "inputs"],
    [{ inputs: [] }, "invalidInputs", "inputs"],
    [{ inputs: {} }, "missingInputsVideo", "inputs.video"],
    [{ inputs: { video: "" } }, "missingInputsVideo", "inputs.video"],
    [{ inputs: { video: null } }, "missingInputsVideo", "inputs.video"],
    [{ inputs: { video: 7 } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video: "clip.mp4" } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video: "ftp://example.com/clip.mp4" } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video: "http://" } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video: `https://example.com/${"a".repeat(9_000)}` } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video: "data:video/mp4;base64" } }, "invalidInputsVideo", "inputs.video"],
    [{ inputs: { video, image: video } }, "unsupportedParameter", "inputs.image"],
    [{ outputType: "base64Data" }, "invalidOutputType", "outputType"],
    [{ outputType: ["URL"] }, "invalidOutputType", "outputType"],
    [{ outputFormat: "PNG" }, "invalidOutputFormat", "outputFormat"],
    [{ outputQuality: 19 }, "invalidOutputQuality", "outputQuality"],
    [{ outputQuality: 100 }, "invalidOutputQuality", "outputQuality"],
    [{ outputQuality: 95.5 }, "invalidOutputQuality", "outputQuality"],
    [{ outputQuality: "95" }, "invalidOutputQuality", "outputQuality"],
    [{ webhookURL: "/hook" }, "invalidWebhookURL", "webhookURL"],
    [{ webhookURL: "ftp://example.com" }, "invalidWebhookURL", "webhookURL"],
    [{ webhookURL: "" }, "invalidWebhookURL", "webhookURL"],
    [{ deliveryMethod: "stream" }, "invalidDeliveryMethod", "deliveryMethod"],
    [{ uploadEndpoint: "s3://bucket/key" }, "invalidUploadEndpoint", "uploadEndpoint"],
    [{ ttl: 59 }, "invalidTtl", "ttl"],
    [{ ttl: "60" }, "invalidTtl", "ttl"],
    [{ ttl: 60.5 }, "invalidTtl", "ttl"],
    [{ includeCost: "true" }, "invalidIncludeCost", "includeCost"],
    [{ includeCost: 1 }, "invalidIncludeCost", "includeCost"],
    [{ upscaleFactor: 2 }, "unsupportedParameter", "upscaleFactor"],
    [{ width: 1920 }, "unsupportedParameter", "width"],
    [{ numberResults: 2 }, "unsupportedParameter", "numberResults"],
    [{ upres: 2 }, "invalidUpres", "upres"],
    [{ upres: { scale: 1 } }, "invalidUpresScale", "upres.scale"],
    [{ upres: { scale: 10.5 } }, "invalidUpresScale", "upres.scale"],
    [{ upres: { scale: 2, targetResolution: "4k" } }, "invalidUpresScale", "upres.scale"],
    [{ upres: { targetResolution: "720p" } }, "invalidUpresTargetResolution", "upres.targetResolution"],
    [{ upres: { tier: "best" } }, "invalidUpresTier", "upres.tier"],
    [{ upres: { preset: "cats" } }, "invalidUpresPreset", "upres.preset"],
    [{ upres: { fidelity: "low" } }, "invalidUpresFidelity", "upres.fidelity"],
    [{ upres: { fps: 25 } }, "invalidUpresFps", "upres.fps"],
    [{ upres: { speed: 2 } }, "unsupportedParameter", "upres.speed"],
    // The first violation counts: unknown keys, then fields in their order.
    [{ model: "other:1@1", zoom: 2 }, "unsupportedParameter", "zoom"],
    [{ includeCost: 1, outputQuality: 5, ttl: 1 }, "invalidOutputQuality", "outputQuality"],
  ])("with %j is refused with %s", (changes, code, parameter) => {
    expect(upscale(changes)).toMatchObject({ ok: false, problem: { status: 400, code, parameter } });
  });

  test("a refusal says what would do", () => {
    expect(upscale({ outputQuality: 5 })).toEqual({
      ok: false,
      problem: {
        status: 400,
        code: "invalidOutputQuality",
        message: "Invalid value for 'outputQuality' parameter. It must be an integer between 20 and 99.",
        parameter: "outputQuality",
        type: "integer",
        min: 20,
        max: 99,
      },
    });
    expect(upscale({ ttl: 1 })).toMatchObject({ problem: { min: 60 } });
    expect(upscale({ outputFormat: "AVI" })).toMatchObject({ problem: { allowedValues: ["MP4", "WEBM", "MOV"] } });
  });

  test.each([
    [{ targetResolution: "4k" }, { target: { kind: "box", box: "4k", keepsLarger: true } }],
    [{ scale: 1.5 }, { target: { kind: "scale", factor: 1.5 } }],
    [
      { tier: "fast", preset: "aigc", fidelity: "medium", fps: 60 },
      { tier: "fast", preset: "aigc", fidelity: "medium", fps: 60 },
    ],
    [
      { scale: null, fps: 30 },
      { fps: 30, target: { kind: "box" } },
    ],
  ])("the extension %j is taken", (upres, request) => {
    expect(upscale({ upres })).toMatchObject({ ok: true, value: { request } });
  });

  test("addresses are kept whole, and made safe to store", () => {
    const decoded = upscale({
      webhookURL: "https://example.com/hook?token=a b",
      uploadEndpoint: "https://example.com/put?X-Signature=%2F",
      inputs: { video: " https://example.com/a\u0000b.mp4?x=1#t" },
      ttl: Number.MAX_SAFE_INTEGER,
    });
    expect(decoded).toMatchObject({
      value: {
        webhookUrl: "https://example.com/hook?token=a%20b",
        uploadUrl: "https://example.com/put?X-Signature=%2F",
        video: { kind: "url", url: "https://example.com/a%00b.mp4?x=1#t" },
        resultLifetimeSeconds: 1e9,
      },
    });
  });

  test("the forms of a source are told apart", () => {
    const id = randomUUID();
    const base64 = Buffer.alloc(60, 1).toString("base64");
    expect(upscale({ inputs: { video: id.toUpperCase() } })).toMatchObject({ value: { video: { kind: "stored", id } } });
    expect(upscale({ inputs: { video: base64 } })).toMatchObject({
      value: {
        video: { kind: "inline", dataUri: `data:;base64,${base64}` },
        original: { inputs: { video: `${base64.slice(0, 64)}…` } },
      },
    });
    const dataUri = "data:video/mp4;base64,AAAA";
    expect(upscale({ inputs: { video: dataUri } })).toMatchObject({ value: { video: { kind: "inline", dataUri } } });
  });
});

describe("a media task", () => {
  test.each([
    [decodeMedia, {}, "missingMedia"],
    [decodeMedia, { media: "" }, "missingMedia"],
    [decodeMedia, { media: 7 }, "invalidMedia"],
    [decodeMedia, { media: "clip.mp4" }, "invalidMedia"],
    [decodeMedia, { media: randomUUID() }, "invalidMedia"],
    [decodeMedia, { media: video, operation: "move" }, "invalidOperation"],
    [decodeMedia, { media: video, operation: "delete" }, "invalidMedia"],
    [decodeImage, {}, "missingImage"],
    [decodeImage, { image: "a.png" }, "invalidImage"],
  ] as const)("%o %j is refused with %s", (decode, task, code) => {
    expect(decode(task)).toMatchObject({ ok: false, problem: { code, status: 400 } });
  });

  test("to upload is what is meant when nothing is said", () => {
    expect(decodeMedia({ media: video })).toEqual({
      ok: true,
      value: { operation: "upload", source: { kind: "url", url: video } },
    });
  });
});

const anything = fc.oneof(
  fc.anything(),
  fc.constantFrom<unknown>(null, "", 60, true, video, "MP4", "sync", randomUUID(), "data:,x"),
);
const anyTask = fc.dictionary(
  fc.oneof(
    fc.constantFrom("model", "inputs", "outputType", "outputFormat", "outputQuality", "ttl", "upres", "__proto__"),
    fc.string(),
  ),
  anything,
);

test("whatever is sent is read or refused with a code, a message and a status", () => {
  let refusals = 0;
  fc.assert(
    fc.property(anyTask, fc.boolean(), (task, isNearlyRight) => {
      for (const decode of [(given: Task) => decodeUpscale(given, "next"), decodeMedia, decodeImage, decodeTaskType]) {
        const decoded = decode(isNearlyRight ? { ...plain, ...task } : task);
        if (decoded.ok) continue;
        refusals += 1;
        expect(decoded.problem.status).toBe(400);
        expect(decoded.problem.code).toMatch(/^(missing|invalid|unsupported)[A-Z]\w+$/);
        expect(decoded.problem.message.length).toBeLessThan(400);
      }
    }),
    { numRuns: 10_000 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => typeof decodeTasks(text).ok === "boolean"),
    { numRuns: 2_000 },
  );
  expect(refusals).toBeGreaterThan(10_000);
});
