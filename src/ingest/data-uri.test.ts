import { describe, expect, it } from "vitest";
import { decodeDataUri } from "./data-uri.ts";

function textOf(uri: string, maxBytes = 1000): string {
  return Buffer.from(decodeDataUri(uri, maxBytes)).toString("latin1");
}

describe("decodeDataUri", () => {
  it.each([
    ["data:video/mp4;base64,aGVsbG8=", "hello"],
    ["DATA:;BASE64,aGVsbG8", "hello"],
    ['data:video/mp4;codecs="avc1";base64,aGVs\r\n bG8=', "hello"],
    ["data:;base64,aGVsbG8%3D", "hello"],
    ["data:;base64,-_-_", "\xfb\xff\xbf"],
    ["data:,a%20b%FFc", "a b\xffc"],
    ["data:,", ""],
  ])("decodes %s", (uri, text) => expect(textOf(uri)).toBe(text));

  it.each(["data:video/mp4;base64", "data:;base64,a", "data:;base64,aGVs*G8=", "data:;base64,aGVsbG8==", "data:,%zz", "data:,ä"])(
    "refuses %s as malformed",
    (uri) => expect(() => textOf(uri)).toThrow(expect.objectContaining({ code: "download_failed" })),
  );

  it("holds as many bytes as allowed and not one more, in either form", () => {
    const [limit, over] = ["x".repeat(30), "x".repeat(31)];
    for (const form of [(text: string) => `data:;base64,${btoa(text)}`, (text: string) => `data:,${text}`]) {
      expect(textOf(form(limit), 30)).toBe(limit);
      const refused = expect.objectContaining({ code: "upload_too_large", details: { url: "data:", maxBytes: 30 } });
      expect(() => textOf(form(over), 30)).toThrow(refused);
    }
    expect(() => textOf(`data:,${"%41".repeat(31)}`, 30)).toThrow("30 bytes");
    expect(textOf(`data:,${"%41".repeat(30)}`, 30)).toBe("A".repeat(30));
  });

  it("decodes many megabytes", () => {
    const large = Buffer.alloc(48 * 1024 ** 2, 7);
    const decoded = decodeDataUri(`data:video/mp4;base64,${large.toString("base64")}`, large.length);
    expect(Buffer.compare(Buffer.from(decoded), large)).toBe(0);
  });
});
