import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../domain/errors.ts";
import { decodeCreate, decodeUpload, decodeUsage } from "./decode.ts";
import type { UriRules } from "./video-uri.ts";

const rules: UriRules = {
  limits: { allowsHttp: false, maxDataUriCharacters: 10_000, maxUploadBytes: 5_000, checksTypes: true },
  ownUrlToKey: (url) => {
    if (url.pathname === "/files/old/a.mp4") throw new AppError("object_not_found", "The link has expired.");
    return url.pathname === "/files/ours/a.mp4" ? "results/a" : undefined;
  },
};

const fields = ["model", "videoUri", "filename", "type", "startDate", "beforeDate", "__proto__", "constructor"];
const uris = fc.oneof(
  fc.webUrl({ validSchemes: ["https", "http", "ftp"], withQueryParameters: true }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "https://",
    "data:",
    "data:,",
    "data:video/mp4;base64,",
    "runway://",
    "DATA:VIDEO/MP4;BASE64,AAAA",
    "https://[::1]/aaaa",
  ),
  fc.base64String().map((text) => `data:video/mp4;base64,${text}`),
  fc.tuple(fc.string(), fc.string()).map(([type, rest]) => `data:${type};${rest}`),
  fc.string({ maxLength: 6_000 }).map((rest) => `runway://${rest}`),
);
const values = fc.oneof(uris, fc.constantFrom("upscale_v1", "ephemeral", "2026-01-31", 7, null, true), fc.jsonValue());
const bodies = fc.oneof(
  fc.dictionary(fc.constantFrom(...fields), values).map((body) => JSON.stringify(body)),
  uris.map((videoUri) => JSON.stringify({ model: "upscale_v1", videoUri })),
  fc.json(),
  fc.string({ unit: "binary" }),
);

test("whatever a body holds, it is understood or a list of what is wrong, which is JSON", () => {
  fc.assert(
    fc.property(bodies, (text) => {
      const now = new Date("2026-01-31T12:00:00Z");
      for (const decoded of [decodeCreate(text, rules), decodeUpload(text), decodeUsage(text, now)]) {
        if (decoded.ok || decoded.problem === "not_json") continue;
        expect(decoded.problem.length).toBeGreaterThan(0);
        for (const issue of decoded.problem) {
          expect(issue.message).not.toBe("");
          expect(JSON.parse(JSON.stringify(issue))).toMatchObject({ code: issue.code, path: issue.path });
          expect(JSON.stringify(issue).length).toBeLessThan(2_000);
        }
      }
    }),
    { numRuns: 10_000 },
  );
});

describe("where a video is", () => {
  const uriOf = (videoUri: string, change: Partial<UriRules["limits"]> = {}) => {
    const text = JSON.stringify({ model: "upscale_v1", videoUri, ratio: "ignored" });
    return decodeCreate(text, { ...rules, limits: { ...rules.limits, ...change } });
  };

  test.each([
    ["https://example.com/a.mp4", { kind: "url" }],
    ["HTTPS://EXAMPLE.COM/a.mp4?b=c#d", { kind: "url" }],
    [`https://example.com/${"a".repeat(2028)}`, { kind: "url" }],
    ["https://upres.example/files/ours/a.mp4", { kind: "own", key: "results/a" }],
    ["http://127.0.0.1:8000/files/ours/a.mp4", { kind: "own", key: "results/a" }],
    ["http://localhost/files/old/a.mp4", { kind: "own", key: undefined }],
    ["runway://token", { kind: "upload", token: "token" }],
    ["data:video/quicktime;base64,AAEC", { kind: "data", bytes: Buffer.from([0, 1, 2]) }],
    ["DATA:VIDEO/MP4;codecs=avc1;base64,AAEC", { kind: "data", bytes: Buffer.from([0, 1, 2]) }],
  ])("%.60s", (uri, expected) => {
    expect(uriOf(uri)).toMatchObject({ ok: true, value: expected });
  });

  test.each([
    ["http://example.com/a.mp4", { allowsHttp: true }],
    ["https://10.0.0.1/a.mp4", { allowsHttp: true }],
    ["data:video/x-matroska;base64,AAEC", { checksTypes: false }],
  ])("%s, where that is allowed only", (uri, change) => {
    expect(uriOf(uri).ok).toBe(false);
    expect(uriOf(uri, change).ok).toBe(true);
  });

  test("a data URI whose bytes are too many says so", () => {
    const uri = `data:video/mp4;base64,${"A".repeat(8_000)}`;
    expect(uriOf(uri)).toMatchObject({ problem: [{ message: expect.stringMatching(/^Asset size exceeds/) }] });
  });

  test("a byte order mark before the body is no fault", () => {
    expect(decodeCreate('\uFEFF{"model":"upscale_v1","videoUri":"https://example.com/a"}', rules).ok).toBe(true);
  });
});

describe("the days of a usage", () => {
  const now = new Date("2026-01-31T22:00:00Z");
  const daysOf = (text: string) => {
    const decoded = decodeUsage(text, now);
    return decoded.ok ? [decoded.value.start, decoded.value.before].map((day) => day.toISOString().slice(0, 10)) : undefined;
  };

  test.each([
    ["", ["2026-01-02", "2026-02-01"]],
    ["{}", ["2026-01-02", "2026-02-01"]],
    ['{"startDate":"2026-01-01"}', ["2026-01-01", "2026-01-31"]],
    ['{"beforeDate":"2026-01-31"}', ["2026-01-01", "2026-01-31"]],
    ['{"startDate":"2025-01-01","beforeDate":"2025-04-01"}', ["2025-01-01", "2025-04-01"]],
    ['{"startDate":"2025-01-01","beforeDate":"2025-04-02"}', undefined],
    ['{"startDate":"2025-01-01","beforeDate":"2025-01-01"}', undefined],
    ['{"startDate":"2025-1-1"}', undefined],
    ['{"startDate":7}', undefined],
  ])("%s", (text, expected) => {
    expect(daysOf(text)).toEqual(expected);
  });
});
