import { BlockList, isIP } from "node:net";

// IANA special-purpose registries: https://www.iana.org/assignments/iana-ipv4-special-registry
const specialIpv4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

// Global unicast is 2000::/3; these parts of it lead elsewhere: protocol assignments and Teredo, documentation, 6to4.
const specialIpv6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const globalIpv6 = new BlockList();
globalIpv6.addSubnet("2000::", 3, "ipv6");
const special = new BlockList();
for (const [network, prefix] of specialIpv4) special.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of specialIpv6) special.addSubnet(network, prefix, "ipv6");

/** Whether an address lies on the public internet: not this machine, a private network, link-local or reserved.
 *  IPv4 inside IPv6 notation counts as not public, since what it reaches depends on the machine. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, "ipv4");
    case 6:
      return !address.includes("%") && globalIpv6.check(address, "ipv6") && !special.check(address, "ipv6");
    default:
      return false;
  }
}

/** A guard that accepts public addresses and those in the given ranges, written "10.0.0.0/8" or as one address.
 *  Throws: RangeError for what is neither. */
export function createAddressGuard(allow: readonly string[]): (address: string) => boolean {
  const allowed = new BlockList();
  for (const range of allow) {
    const [network = "", prefix, ...rest] = range.trim().split("/");
    const version = isIP(network);
    const longest = version === 4 ? 32 : 128;
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (version === 0 || rest.length > 0 || !(length <= longest)) throw new RangeError(`"${range}" is not a range of addresses`);
    allowed.addSubnet(network, length, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const version = isIP(address);
    if (version === 0) return false;
    return isPublicAddress(address) || allowed.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}
