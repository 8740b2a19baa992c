import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../domain/errors.ts";
import { resolveOutputSize } from "../../domain/output-size.ts";
import { decodeSubmit, jobIdOf, predictionIdOf, upscaleRequest } from "./decode.ts";

const video = "https://example.com/clip.mp4";
const hosted = { takesHttp: false };

function decode(body: unknown, query = "", rules = hosted) {
  return decodeSubmit(JSON.stringify(body), new URLSearchParams(query), rules);
}

test.each([
  [1280, 720, 4096, 2304],
  [1080, 1920, 2304, 4096],
  [1920, 1080, 4096, 2304],
  [640, 360, 2560, 1440],
  [320, 180, 1280, 720],
  [854, 480, 3416, 1920],
])("%i x %i becomes %i x %i", (width, height, wantedWidth, wantedHeight) => {
  expect(resolveOutputSize({ width, height }, upscaleRequest.target)).toMatchObject({ width: wantedWidth, height: wantedHeight });
  expect(upscaleRequest).toMatchObject({ fps: "keep", container: "mp4" });
});

describe("the callback", () => {
  test("in the query wins over the one in the body", () => {
    const webhook_url = "https://body.example/";
    expect(decode({ video, webhook_url }, "webhook=https%3A%2F%2Fquery.example%2Fh%3Fa%3D1").webhookUrl).toBe(
      "https://query.example/h?a=1",
    );
    expect(decode({ video, webhook_url }).webhookUrl).toBe(webhook_url);
    expect(decode({ video, webhook_url: "nowhere" }, "webhook=https://query.example/").webhookUrl).toBe("https://query.example/");
  });

  test("that is sent raw is read as any query is", () => {
    expect(decode({ video }, "webhook=https://cb/h?ref=1&b=2").webhookUrl).toBe("https://cb/h?ref=1");
  });

  test("is none when it is empty", () => {
    expect(decode({ video, webhook_url: "" }, "webhook=").webhookUrl).toBeUndefined();
    expect(decode({ video, webhook_url: null }).webhookUrl).toBeUndefined();
  });

  test("may be http and private only where that is allowed", () => {
    for (const target of ["http://example.com/", "https://127.0.0.1/", "https://[fd00::1]/", "https://a.localhost/"]) {
      expect(() => decode({ video }, `webhook=${target}`)).toThrow("invalid webhook url");
      expect(decode({ video }, `webhook=${target}`, { takesHttp: true }).webhookUrl).toBe(target);
    }
    expect(decode({ video }, "webhook=https://8.8.8.8/").webhookUrl).toBe("https://8.8.8.8/");
  });
});

test("the input is repeated as it came, in what a database can hold", () => {
  expect(decode({ video, enable_sync_mode: true, other: 1 })).toMatchObject({
    isSync: true,
    input: { video, enable_sync_mode: true },
  });
  expect(decode({ video: `${video}?\u0000\ud800` }).input).toEqual({ video: `${video}?\uFFFD\uFFFD` });
  expect(decode({ video, enable_sync_mode: null }).isSync).toBe(false);
});

test("an address without end is none", () => {
  const webhook_url = `https://body.example/${"x".repeat(5_000)}`;
  expect(() => decode({ video, webhook_url }, "webhook=https://query.example/")).toThrow("invalid webhook url");
  expect(() => decode({ video: `${video}?${"x".repeat(20_000)}` })).toThrow('property "video" must be a URL');
});

test("ids are the job's, without dashes", () => {
  const jobId = "b1946ac9-2492-d234-7c62-35b4d2611184";
  expect(predictionIdOf(jobId)).toBe("b1946ac92492d2347c6235b4d2611184");
  expect(jobIdOf("b1946ac92492d2347c6235b4d2611184")).toBe(jobId);
  for (const wrong of [
    "",
    jobId,
    "B1946AC92492D2347C6235B4D2611184",
    "b1946ac92492d2347c6235b4d261118",
    "../../../../../../../../../../etc.",
  ]) {
    expect(jobIdOf(wrong)).toBeUndefined();
  }
});

test("any text is read or refused in the dialect's words", () => {
  const field = fc.oneof(fc.constant(video), fc.webUrl(), fc.string({ unit: "binary" }), fc.jsonValue(), fc.constant("http://["));
  const body = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc
      .record(
        { video: field, enable_sync_mode: fc.oneof(fc.boolean(), fc.jsonValue()), webhook_url: field },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );
  const messages = /^(invalid request body|invalid webhook url|property "(video|enable_sync_mode)" (is missing|must be .+))$/;
  let taken = 0;
  fc.assert(
    fc.property(body, fc.string({ unit: "binary" }), fc.boolean(), (text, query, takesHttp) => {
      try {
        const decoded = decodeSubmit(text, new URLSearchParams(query), { takesHttp });
        taken += 1;
        expect(["http:", "https:"]).toContain(decoded.video.protocol);
        expect(JSON.stringify(decoded.input)).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        expect(error.code).toBe("bad_request");
        expect(error.message).toMatch(messages);
      }
    }),
    { numRuns: 10_000 },
  );
  expect(taken).toBeGreaterThan(100);
});
