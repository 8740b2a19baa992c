import { describe, expect, it } from "vitest";
import { describeContent, sniffContentType } from "./sniff.ts";

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function box(type: string): string {
  return `\0\0\0\x18${type}`;
}

const packets = (stride: number, offset: number): string => `${"\0".repeat(offset)}${`G${"\0".repeat(stride - 1)}`.repeat(4)}`;

describe("sniffContentType", () => {
  it.each([
    ["video/mp4", box("ftypisom\0\0\x02\0isomiso2avc1mp41")],
    ["video/quicktime", box("ftypqt  ")],
    ["video/quicktime", box("moov")],
    ["audio/mp4", box("ftypM4A ")],
    ["image/avif", box("ftypavif")],
    ["video/webm", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87"],
    ["video/x-matroska", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska\x42\x87"],
    ["video/x-msvideo", "RIFF\x10\x20\0\0AVI LIST"],
    ["image/webp", "RIFF\x10\x20\0\0WEBPVP8 "],
    ["video/mp2t", packets(188, 0)],
    ["video/mp2t", packets(192, 4)],
    ["video/mpeg", "\0\0\x01\xba\x44\0\x04"],
    ["video/x-flv", "FLV\x01\x05\0\0\0\x09"],
    ["video/ogg", "OggS\0\x02"],
    ["video/x-yuv4mpeg", "YUV4MPEG2 W2 H2 F25:1\nFRAME\n"],
    ["application/octet-stream", "\0\0\0\x01\x67\x42\xc0\x1e"],
  ])("knows %s", (contentType, text) => expect(sniffContentType(bytes(text))).toBe(contentType));

  it.each([
    ["empty (0 bytes)", ""],
    ["blank", " \r\n\t"],
    ["a web page (HTML)", "\n<!DOCTYPE html><title>Not found</title>"],
    ["a web page (HTML)", "<html><body>Sign in"],
    ["an XML document", '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ["JSON", '{"detail":"Not found"}'],
    ["a playlist (M3U); give the address of the video itself", "#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd"],
    ["text", "ffconcat version 1.0\nfile /etc/passwd\n"],
    ["text", "Gone fishing"],
    ["a PDF document", "%PDF-1.7\n"],
    ["a ZIP archive or an office document", "PK\x03\x04\x14\0"],
  ])("refuses what is %s", (what, text) => {
    const message = `The file is not a video: it is ${what}.`;
    expect(() => sniffContentType(bytes(text))).toThrow(expect.objectContaining({ code: "input_unreadable", message }));
  });

  it("takes text for text in other scripts and encodings, cut off amid a character", () => {
    const whole = Buffer.from("Видео не найдено");
    for (const head of [whole, whole.subarray(0, -1), Buffer.from("\ufeffnot here", "utf16le")]) {
      expect(() => sniffContentType(head)).toThrow("it is text");
    }
  });
});

describe("describeContent", () => {
  it.each([
    ["clip.mp4", "clip.mp4"],
    ["../../etc/passwd", "passwd"],
    ["C:\\films\\Übung 1.mov", "Übung 1.mov"],
    ["a\r\nset-cookie: x", "aset-cookie: x"],
    ["..", "upload"],
    ["", "upload"],
    [`${"x".repeat(300)}.mp4`, `${"x".repeat(116)}.mp4`],
  ])("keeps of the name %j what is safe", (given, kept) => {
    expect(describeContent(bytes(box("ftypisom")), given)).toEqual({ contentType: "video/mp4", fileName: kept });
  });
});
