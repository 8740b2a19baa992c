import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function listen(): { lines: Record<string, unknown>[]; write: (line: string) => void } {
  const lines: Record<string, unknown>[] = [];
  return { lines, write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }; // written by the logger
}

test("facts stand beside a fixed message, those of a child too", () => {
  const stream = listen();
  createLogger("info", stream).child({ jobId: "j" }).info("job started", { attempt: 2 });
  expect(stream.lines).toEqual([expect.objectContaining({ msg: "job started", jobId: "j", attempt: 2, level: 30 })]);
});

test("keys, cookies and query strings stay out of the log", () => {
  const stream = listen();
  const headers = { authorization: "Bearer hidden", cookie: "hidden", accept: "*/*" };
  createLogger("debug", stream).warn("request", {
    headers,
    authorization: "hidden",
    url: "https://a.example/x?sig=hidden#hidden",
  });
  expect(JSON.stringify(stream.lines)).not.toContain("hidden");
  expect(stream.lines).toMatchObject([{ url: "https://a.example/x", headers: { accept: "*/*" } }]);
});

test("lines below the level are not written", () => {
  const stream = listen();
  createLogger("warn", stream).info("quiet");
  createLogger("silent", stream).error("quiet");
  expect(stream.lines).toEqual([]);
});
