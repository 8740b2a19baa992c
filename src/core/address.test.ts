import { describe, expect, it } from "vitest";
import { createAddressGuard, isPublicAddress } from "./address.ts";

describe("isPublicAddress", () => {
  it.each(["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "193.0.0.1", "2606:4700::1111", "2a00:1450:4001::200e"])(
    "accepts %s",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "localhost",
    "",
  ])("refuses %s", (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("createAddressGuard", () => {
  it("accepts public addresses and the ranges named, however an address in them is written", () => {
    const guard = createAddressGuard(["127.0.0.0/8", "10.1.2.3", " fd00::/8"]);
    for (const address of ["8.8.8.8", "127.255.0.1", "10.1.2.3", "fd12::1", "::ffff:127.0.0.1"])
      expect(guard(address)).toBe(true);
    for (const address of ["10.1.2.4", "::1", "fe80::1", "169.254.169.254", "::ffff:10.1.2.4", "localhost"]) {
      expect(guard(address)).toBe(false);
    }
  });

  it.each(["", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "10.0.0.0/-1"])(
    "refuses %j as a range",
    (range) => expect(() => createAddressGuard([range])).toThrow(RangeError),
  );
});
