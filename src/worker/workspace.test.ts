import { expect, test } from "vitest";
import { sourceName } from "./workspace.ts";

test("a source is called by the last part of its address, without what may be secret", () => {
  const names = [
    sourceName({ kind: "url", url: "https://user:secret@example.com/a/my%20clip.mp4?token=secret#x" }),
    sourceName({ kind: "url", url: "https://example.com/" }),
    sourceName({ kind: "url", url: "https://example.com/50%-done.mov" }),
    sourceName({ kind: "url", url: "data:video/mp4;base64,AAAA" }),
    sourceName({ kind: "object", key: "inputs/1234/clip.webm" }),
  ];
  expect(names).toEqual(["my clip.mp4", "", "50%-done.mov", "video", "clip.webm"]);
});
