import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../domain/errors.ts";
import { resolveOutputSize } from "../../domain/output-size.ts";
import {
  checkUploadType,
  decodeAccount,
  decodeForm,
  decodeId,
  decodeJson,
  decodePage,
  decodeReplyUrl,
  decodeStatuses,
  decodeSubmit,
  decodeUploadName,
  upscaleRequest,
} from "./decode.ts";

const uuid = "17f20503-6c24-4c16-946b-35dbbce2af2f";
const assetId = `user:1-runwayml:me@example.com-asset:${uuid}`;

const names = fc.constantFrom("videoAssetId", "assetId", "exploreMode", "replyUrl", "replyRef", "maxJobs", "email", "__proto__");
const values = fc.oneof(
  fc.constantFrom(assetId, assetId.replace("asset:", "task:"), "true", true, 1, 10, 11, "5", null, "", "https://a.b/c", "\u0000"),
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
);
const bodies = fc.oneof(
  fc.dictionary(names, values).map((body) => JSON.stringify(body)),
  fc.json(),
  fc.string({ unit: "binary" }),
  // JSON that was damaged at one place.
  fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([text, at, put]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + put + text.slice(index + 1);
  }),
);
const queries = fc.dictionary(fc.constantFrom("offset", "limit", "name", "statuses", "mediaType"), fc.string({ unit: "binary" }));

function expectDecoded(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "bad_request") throw error;
    expect(error.message).toMatch(/./);
  }
}

test("whatever a body or a query holds, it is decoded or refused as wrong input", () => {
  fc.assert(
    fc.property(bodies, fc.dictionary(names, fc.string({ unit: "binary" })), queries, (text, form, given) => {
      const query = new URLSearchParams(
        Object.entries(given).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
      );
      expectDecoded(() => {
        const { replyUrl = "", replyRef = "", maxJobs = 1 } = decodeSubmit(decodeJson(text), "videoAssetId");
        expect(replyUrl.length <= 1024 && replyRef.length <= 1024 && maxJobs >= 1 && maxJobs <= 10).toBe(true);
        expect(`${replyUrl}${replyRef}`).not.toContain("\u0000");
      });
      expectDecoded(() => decodeSubmit(decodeForm(new Map(Object.entries(form))), "assetId"));
      expectDecoded(() => decodeAccount(decodeJson(text), "me@example.com"));
      expectDecoded(() => decodeReplyUrl(decodeJson(text)));
      expectDecoded(() => decodePage(query, 50));
      expectDecoded(() => decodeStatuses(query));
      expectDecoded(() => expect(decodeUploadName(query)).not.toMatch(/\p{Cc}/u));
      expectDecoded(() => decodeId(text, "task", "taskId"));
    }),
    { numRuns: 10_000 },
  );
});

test("a submit is read with its defaults", () => {
  expect(decodeSubmit({ videoAssetId: assetId }, "videoAssetId")).toEqual({
    id: { userId: 1, email: "me@example.com", kind: "asset", uuid },
    exploreMode: false,
  });
  const full = { videoAssetId: assetId, exploreMode: true, replyUrl: "https://a.b/c", replyRef: "r", maxJobs: 10, other: 1 };
  expect(decodeSubmit(full, "videoAssetId")).toMatchObject({
    exploreMode: true,
    replyUrl: "https://a.b/c",
    replyRef: "r",
    maxJobs: 10,
  });
});

test("form fields become what JSON would have held", () => {
  const form = new Map([
    ["exploreMode", "TRUE"],
    ["maxJobs", "05"],
    ["replyRef", "5"],
    ["constructor", "x"],
  ]);
  expect(decodeForm(form)).toEqual({ exploreMode: true, maxJobs: 5, replyRef: "5", constructor: "x" });
  expect(decodeForm(new Map([["exploreMode", "1"]]))).toEqual({ exploreMode: "1" });
});

test.each(["video/mp4", "VIDEO/MP2T", "audio/wav; rate=1"])("%s may be uploaded", (type) => {
  expect(() => checkUploadType(type)).not.toThrow();
});

test("names of uploads lose what no player shows", () => {
  expect(decodeUploadName(new URLSearchParams("name=%00a%20b%0A.mp4"))).toBe("a b.mp4");
});

describe("the size rule", () => {
  test.each([
    [1280, 720, 4096, 2304],
    [1080, 1920, 2160, 3840],
    [1920, 1080, 3840, 2160],
    [720, 1280, 2304, 4096],
    [1280, 768, 4096, 2458],
    [960, 540, 3840, 2160],
    [640, 360, 4096, 2304],
    [3840, 2160, 3840, 2160],
    [1024, 1024, 4096, 4096],
    [8192, 4320, 4096, 2160],
  ])("%d x %d becomes %d x %d", (width, height, toWidth, toHeight) => {
    expect(resolveOutputSize({ width, height }, upscaleRequest.target)).toMatchObject({ width: toWidth, height: toHeight });
  });
});
