import { describe, expect, it } from "vitest";
import { isLoopback, refuseOpenToOthers } from "./exposure.ts";

describe("isLoopback", () => {
  it.each(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "upres.localhost"])("accepts %s", (host) =>
    expect(isLoopback(host)).toBe(true),
  );
  it.each(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "localhost.example", "example.org", ""])("refuses %s", (host) =>
    expect(isLoopback(host)).toBe(false),
  );
});

describe("refuseOpenToOthers", () => {
  const open = { host: "127.0.0.1", publicUrl: undefined, isOpen: true, isForced: false };
  it.each([
    ["this machine only", open, true],
    ["every address", { ...open, host: "0.0.0.0" }, false],
    ["a proxy in front", { ...open, publicUrl: "https://video.example" }, false],
    ["every address, with keys", { ...open, host: "0.0.0.0", isOpen: false }, true],
    ["every address, by force", { ...open, host: "0.0.0.0", isForced: true }, true],
  ])("%s: allowed is %#", (_name, exposure, isAllowed) => {
    const check = (): void => refuseOpenToOthers(exposure);
    if (isAllowed) expect(check).not.toThrow();
    else expect(check).toThrow(/could use this server/);
  });
});
