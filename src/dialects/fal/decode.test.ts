import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeInput, decodeLifetime, decodeLogs, decodeQueueOptions } from "./decode.ts";
import { UpscaleRequest } from "../../domain/upscale-request.ts";

const fields = [
  "video_url",
  "target_resolution",
  "target_fps",
  "enhancement_preset",
  "enhancement_tier",
  "scale_ratio",
  "fidelity",
  "__proto__",
  "unknown",
];
const values = fc.oneof(
  fc.constantFrom(
    "1080p",
    "4k",
    "30fps",
    "60fps",
    "ugc",
    "pro",
    "2.5",
    "1_0",
    "nan",
    "-inf",
    "medium",
    2,
    1.0999,
    11,
    true,
    null,
  ),
  fc.jsonValue(),
  fc.double(),
  fc.string({ unit: "binary" }),
);
const bodies = fc.oneof(
  fc.dictionary(fc.constantFrom(...fields), values).map((body) => JSON.stringify(body)),
  fc.json(),
  fc.string({ unit: "binary" }),
  // JSON that was damaged at one place.
  fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, put]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + put + text.slice(index + 1);
  }),
);

test("whatever a body holds, it is a request or a list of what is wrong", () => {
  fc.assert(
    fc.property(bodies, (text) => {
      const input = decodeInput(text);
      if (input.ok) {
        expect(UpscaleRequest.parse(input.request)).toEqual(input.request);
        return;
      }
      expect(input.problems.length).toBeGreaterThan(0);
      for (const { loc, msg, type } of input.problems) {
        expect(loc[0]).toBe("body");
        expect(msg).not.toBe("");
        expect(type).toMatch(/^[a-z_]+$/);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("the defaults are the hosted ones, but the source keeps its rate", () => {
  expect(decodeInput('{"video_url":"https://a/b.mp4","sync_mode":true}')).toEqual({
    ok: true,
    videoUrl: "https://a/b.mp4",
    request: {
      target: { kind: "box", box: "1080p" },
      fps: "keep",
      preset: "general",
      tier: "standard",
      fidelity: "high",
      container: "mp4",
      quality: 90,
    },
  });
});

test("every field reaches the request", () => {
  const body = {
    video_url: "",
    target_resolution: "2k",
    target_fps: "60fps",
    enhancement_preset: "old_film",
    enhancement_tier: "pro",
    scale_ratio: " 1_0.0 ",
    fidelity: "medium",
  };
  expect(decodeInput(JSON.stringify(body))).toMatchObject({
    ok: true,
    videoUrl: "",
    request: { target: { kind: "scale", factor: 10 }, fps: 60, preset: "old_film", tier: "pro", fidelity: "medium" },
  });
});

test.each([
  ["30fps", 30],
  ["60fps", 60],
])("%s is a rate of %i whatever the source's", (rate, fps) => {
  expect(decodeInput(JSON.stringify({ video_url: "v", target_fps: rate }))).toMatchObject({ ok: true, request: { fps } });
});

test("several wrong fields are named in the order of the fields", () => {
  const input = decodeInput('{"fidelity":null,"scale_ratio":"abc","target_fps":30,"video_url":null}');
  expect(input.ok ? [] : input.problems.map(({ loc, type }) => [loc[1], type])).toEqual([
    ["video_url", "string_type"],
    ["target_fps", "literal_error"],
    ["scale_ratio", "float_parsing"],
    ["fidelity", "literal_error"],
  ]);
});

test.each([
  ["{bad", 1, "Expecting property name enclosed in double quotes"],
  ['{"a":,}', 5, "Expecting value"],
  ['{"a" 1}', 5, "Expecting ':' delimiter"],
  ['{"a":1 "b"}', 7, "Expecting ',' delimiter"],
  ['{"a":"b', 5, "Unterminated string starting at"],
  ['{"a":[1,2', 9, "Expecting ',' delimiter"],
  ["{} x", 3, "Extra data"],
])("the JSON error of %s is at %i: %s", (text, offset, reason) => {
  expect(decodeInput(text)).toMatchObject({
    ok: false,
    problems: [{ loc: ["body", offset], type: "json_invalid", ctx: { error: reason }, input: {} }],
  });
});

describe("the platform's headers and query", () => {
  const options = (headers: Record<string, string>, query = "") =>
    decodeQueueOptions((name) => headers[name], new URLSearchParams(query));

  test.each(["0", "-1", "abc", "", "NaN", "Infinity", "1e12"])("a start timeout of %j is refused", (timeout) => {
    expect(options({ "x-fal-request-timeout": timeout })).toMatch(/X-Fal-Request-Timeout/);
  });

  test.each([
    ["30", 30],
    ["30.0", 30],
    [" 1.5 ", 1.5],
  ])("a start timeout of %j is %d seconds", (timeout, seconds) => {
    expect(options({ "x-fal-request-timeout": timeout })).toMatchObject({ startTimeoutSeconds: seconds });
  });

  test("only low is low, only a number limits the queue, an empty webhook is none", () => {
    expect(options({ "x-fal-queue-priority": "LOW" }, "fal_max_queue_length=3&fal_webhook=http://a/")).toMatchObject({
      priority: "low",
      maxQueueLength: 3,
      webhookUrl: "http://a/",
    });
    expect(options({ "x-fal-queue-priority": "high" }, "fal_max_queue_length=x&fal_webhook=")).toMatchObject({
      priority: "normal",
      maxQueueLength: undefined,
      webhookUrl: undefined,
    });
  });

  test("a lifetime that cannot be read is none", () => {
    expect(decodeLifetime('{"expiration_duration_seconds":60,"initial_acl":{"default":"forbid"}}')).toBe(60);
    for (const value of [
      undefined,
      "",
      "{",
      "null",
      '{"expiration_duration_seconds":"60"}',
      '{"expiration_duration_seconds":0}',
    ]) {
      expect(decodeLifetime(value)).toBeUndefined();
    }
  });

  test("logs are wanted in both clients' spellings", () => {
    const wants = (query: string): boolean => decodeLogs(new URLSearchParams(query));
    expect(["logs=1", "logs=true", "logs=True"].every(wants)).toBe(true);
    expect(["", "logs=0", "logs=false", "logs="].some(wants)).toBe(false);
  });
});
