import { describe, expect, it } from "vitest";
import { createSignedLinks, type LinkClaim } from "./signed-links.ts";

const secret = Buffer.alloc(32, 1);
const now = new Date("2025-07-01T10:00:00Z");
const claim: LinkClaim = { key: "results/ä/1.mp4", purpose: "read", expiresAt: new Date("2025-07-01T11:00:00Z") };

function links(options: { secret?: Uint8Array; now?: Date } = {}): ReturnType<typeof createSignedLinks> {
  return createSignedLinks({ secret: options.secret ?? secret, clock: () => options.now ?? now });
}

describe("signed links", () => {
  it("give back what was signed, from tokens that need no escaping in a URL", () => {
    const write: LinkClaim = { ...claim, purpose: "write", maxBytes: 1000 };
    expect(links().verify(links().sign(claim), "read")).toEqual(claim);
    expect(links().verify(links().sign(write), "write")).toEqual(write);
    expect(links().sign(write)).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it("are refused when another secret signed them or a character is not as it was", () => {
    const token = links().sign(claim);
    const refused = expect.objectContaining({ code: "unauthorized" });
    expect(() => links({ secret: Buffer.alloc(32, 2) }).verify(token, "read")).toThrow(refused);
    for (const [index, character] of [...token].entries()) {
      const other = `${token.slice(0, index)}${character === "A" ? "B" : "A"}${token.slice(index + 1)}`;
      // The last character of Base64 may hold bits that mean nothing.
      if (index < token.length - 1) expect(() => links().verify(other, "read"), other).toThrow(refused);
    }
    for (const other of ["", ".", token.split(".")[0] ?? "", `${token}.`, `${token}.x`]) {
      expect(() => links().verify(other, "read")).toThrow(refused);
    }
  });

  it("are refused for another purpose", () => {
    const token = links().sign(claim);
    expect(() => links().verify(token, "write")).toThrow(expect.objectContaining({ code: "unauthorized" }));
  });

  it("lead nowhere from the moment they expire", () => {
    const token = links().sign(claim);
    const [before, at] = [new Date(claim.expiresAt.getTime() - 1), claim.expiresAt];
    expect(links({ now: before }).verify(token, "read")).toEqual(claim);
    expect(() => links({ now: at }).verify(token, "read")).toThrow(expect.objectContaining({ code: "object_not_found" }));
  });
});
