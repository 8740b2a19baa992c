import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { readZipEntry } from "./zip.ts";

type Packed = { readonly name: string; readonly content: Buffer; readonly method?: 0 | 8; readonly claimedBytes?: number };

function zip(entries: readonly Packed[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 8, claimedBytes = content.length } of entries) {
    const packed = method === 8 ? deflateRawSync(content) : content;
    const head = Buffer.alloc(30 + name.length);
    head.writeUInt32LE(0x04034b50);
    head.writeUInt16LE(name.length, 26);
    head.write(name, 30);
    const record = Buffer.alloc(46 + name.length);
    record.writeUInt32LE(0x02014b50);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(packed.length, 20);
    record.writeUInt32LE(claimedBytes, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt32LE(at, 42);
    record.write(name, 46);
    parts.push(head, packed);
    directory.push(record);
    at += head.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const content = Buffer.from("some weights ".repeat(100));
const isBin = (name: string): boolean => name.endsWith(".bin");

test.each([0, 8] as const)("an entry stored by method %i is read", (method) => {
  const archive = zip([
    { name: "readme", content: Buffer.from("hello") },
    { name: "models/a.bin", content, method },
  ]);
  expect(readZipEntry(archive, isBin, 5000).equals(content)).toBe(true);
});

test.each<[string, Buffer, RegExp]>([
  ["no archive", Buffer.from("no archive at all, just words"), /not a ZIP archive/],
  ["nothing", Buffer.alloc(0), /not a ZIP archive/],
  ["no such entry", zip([{ name: "a.txt", content }]), /0 such files/],
  [
    "two such entries",
    zip([
      { name: "a.bin", content },
      { name: "b.bin", content },
    ]),
    /2 such files/,
  ],
  ["one that says it is large", zip([{ name: "a.bin", content, claimedBytes: 4e9 }]), /larger than 5000/],
  ["one that is larger than it says", zip([{ name: "a.bin", content, claimedBytes: 20 }]), /damaged/],
  ["one that is shorter than it says", zip([{ name: "a.bin", content, claimedBytes: 1400 }]), /damaged/],
  ["a directory that lies elsewhere", zip([{ name: "a.bin", content }]).subarray(10), /damaged/],
])("%s is refused", (_what, archive, message) => {
  expect(() => readZipEntry(archive, isBin, 5000)).toThrow(message);
});

test("an archive cut anywhere is refused with a RangeError and nothing else", () => {
  const archive = zip([{ name: "a.bin", content }]);
  for (let length = 0; length < archive.length; length += 1) {
    expect(() => readZipEntry(archive.subarray(0, length), isBin, 5000)).toThrow(RangeError);
  }
});
