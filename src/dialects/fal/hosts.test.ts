import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baseOf, falHostRewrite, routePath, routeTarget } from "./hosts.ts";

describe("the host header", () => {
  test.each([
    ["fal.run", "/a/b?x=1", "/fal/run/a/b?x=1"],
    ["queue.fal.run", "/a", "/fal/queue/a"],
    ["Queue.Fal.Run:443", "/a", "/fal/queue/a"],
    ["rest.alpha.fal.ai", "/storage", "/fal/rest/storage"],
    ["v3b.fal.media", "/files/upload", "/fal/cdn/files/upload"],
    ["v3.fal.media", "/files/upload/multipart", "/fal/cdn/files/upload/multipart"],
    ["v3.fal.media", "/files/token/a.mp4?download", "/files/token/a.mp4?download"],
    ["v3.fal.media", "/files/token/a.mp4/multipart/id/1", "/fal/cdn/files/token/a.mp4/multipart/id/1"],
    ["localhost:7878", "/fal/cdn/files/token/a.mp4", "/files/token/a.mp4"],
    ["localhost:7878", "/fal/queue/a", "/fal/queue/a"],
    ["evil.example", "/a", "/a"],
    ["fal.run.evil.example", "/a", "/a"],
  ])("%s leads %s to %s", (host, url, rewritten) => {
    expect(falHostRewrite({ host }, url)).toBe(rewritten);
  });
});

test("a path below the mounts has a host and segments, with or without a slash at its end", () => {
  for (const end of ["", "/", "//"]) {
    expect(routePath(`/fal/queue/a/b%20c${end}?logs=1`)).toMatchObject({ host: "queue", segments: ["a", "b c"] });
  }
  expect(routePath("/fal/proxy")).toBe("proxy");
  expect(routePath("/fal/other/a")).toBeUndefined();
  expect(routePath("/fal/queue/%zz")).toBeUndefined();
});

test.each([
  undefined,
  "",
  "nonsense",
  "ftp://fal.run/a",
  "https://evil.example/fal.run",
  "https://queue.fal.run.evil.example/",
  "file:///fal.run",
])("the proxy target %j leads nowhere", (target) => {
  expect(routeTarget(target)).toBeUndefined();
});

test("a proxy target is a routing key by host, path and query", () => {
  const routed = routeTarget("https://queue.fal.run/a/b?logs=1");
  expect(routed).toMatchObject({ host: "queue", segments: ["a", "b"] });
  expect(routed?.query.get("logs")).toBe("1");
});

test("URLs are handed out in the way the caller came", () => {
  expect(baseOf("http://localhost:7878/", "queue")).toBe("http://localhost:7878/fal/queue");
  expect(baseOf("http://queue.fal.run", "queue")).toBe("https://queue.fal.run");
  expect(baseOf("http://queue.fal.run", "cdn")).toBe("https://v3.fal.media");
});

test("no URL breaks the routing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.webUrl(), (text, url) => {
      for (const any of [text, `/fal/${text}`, url]) {
        expect(typeof falHostRewrite({ host: text }, any)).toBe("string");
        routePath(any);
        routeTarget(any);
      }
    }),
  );
});
