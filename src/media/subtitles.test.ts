import { describe, expect, test } from "vitest";
import { movTextHeader, movTextSample, subtitleText } from "./subtitles.ts";

const fullFormat = "[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
const shortFormat = "[Script Info]\r\nScriptType: v4.00+\r\n[Events]\r\nFormat: Layer, Start, End, Style, Text\r\n";

function text(codec: string, data: string, options: { header?: string; keepTags?: boolean } = {}): string {
  return subtitleText({ codec, header: options.header ?? "" }, Buffer.from(data, "utf8"), options.keepTags ?? false);
}

describe("ASS", () => {
  test("the text stands after eight fields; overrides go, line breaks and commas stay", () => {
    const packet = "0,0,Default,Olly,0,0,0,,{\\b1}Bonjour{\\b0}, le monde\\Nici\\hla";
    expect(text("ass", packet, { header: fullFormat })).toBe("Bonjour, le monde\nici la");
    expect(text("ssa", packet)).toBe("Bonjour, le monde\nici la");
  });

  test("a script that declares fewer fields has its text after those", () => {
    expect(text("ass", "0,0,Default,{\\b1}Bonjour{\\b0} le monde", { header: shortFormat })).toBe("Bonjour le monde");
    expect(text("ass", "0,0,Default,Un, deux", { header: shortFormat })).toBe("Un, deux");
  });

  test("a packet of all fields wins over a header of fewer", () => {
    expect(text("ass", "0,0,Default ,Olly,,,,,The first subtitle.", { header: shortFormat })).toBe("The first subtitle.");
  });
});

describe("SubRip and WebVTT", () => {
  test("simple tags stay where the target knows them, others go", () => {
    const packet = '<font color="red">Hello</font>, <i>bunny</i> {\\an8}\n';
    expect(text("subrip", packet, { keepTags: true })).toBe("Hello, <i>bunny</i>");
    expect(text("subrip", packet)).toBe("Hello, bunny");
    expect(text("webvtt", "<v Anna>Hi & <b>bye</b>", { keepTags: true })).toBe("Hi & <b>bye</b>");
  });
});

describe("3GPP timed text", () => {
  test("a sample is its length and its text, and reads back", () => {
    const sample = movTextSample("Zwei – ünïcode");
    expect(sample.readUInt16BE(0)).toBe(sample.length - 2);
    expect(subtitleText({ codec: "mov_text", header: "" }, sample, false)).toBe("Zwei – ünïcode");
  });

  test("style boxes after the text are not part of it", () => {
    const styled = Buffer.concat([movTextSample("plain"), Buffer.from("000000167374796c0001", "hex")]);
    expect(subtitleText({ codec: "mov_text", header: "" }, styled, false)).toBe("plain");
  });

  test("a sample too short to hold a length is empty", () => {
    expect(subtitleText({ codec: "mov_text", header: "" }, Buffer.from([0]), false)).toBe("");
  });

  test("the header ends in a font table of its own length", () => {
    const header = movTextHeader();
    expect(header.subarray(34, 38).toString("latin1")).toBe("ftab");
    expect(header.readUInt32BE(30)).toBe(header.length - 30);
  });
});
