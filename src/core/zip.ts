import { inflateRawSync } from "node:zlib";

const endSignature = 0x06054b50;
const directorySignature = 0x02014b50;
const entrySignature = 0x04034b50;
const endBytes = 22;
const longestComment = 65_535;
const stored = 0;
const deflated = 8;

/** The content of the one entry of a ZIP archive whose name `matches`, at most `maxBytes` long.
 *  Throws: RangeError when there is none or more than one, when it is too long, or when the archive is damaged.
 *  Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export function readZipEntry(archive: Buffer, matches: (name: string) => boolean, maxBytes: number): Buffer {
  const found = [...zipEntries(archive)].filter(({ name }) => matches(name));
  const [entry] = found;
  if (entry === undefined || found.length > 1) throw new RangeError(`the archive holds ${found.length} such files`);
  const { at, packedBytes, sizeBytes, method } = entry;
  if (sizeBytes > maxBytes) throw new RangeError(`${entry.name} is larger than ${maxBytes} bytes`);
  if (signatureAt(archive, at) !== entrySignature || at + 30 > archive.length) throw new RangeError(`${entry.name} is damaged`);
  const from = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(from, from + packedBytes);
  if (packed.length !== packedBytes) throw new RangeError(`${entry.name} is cut short`);
  if (method !== stored && method !== deflated) throw new RangeError(`${entry.name} is packed in an unknown way`);
  const content = method === stored ? packed : inflate(packed, sizeBytes);
  if (content.length !== sizeBytes) throw new RangeError(`${entry.name} is damaged`);
  return content;
}

type Entry = {
  readonly name: string;
  readonly at: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly method: number;
};

function* zipEntries(archive: Buffer): Generator<Entry> {
  let end = archive.length - endBytes;
  const lowest = Math.max(0, end - longestComment);
  while (end >= lowest && signatureAt(archive, end) !== endSignature) end -= 1;
  if (end < lowest) throw new RangeError("it is not a ZIP archive");
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (signatureAt(archive, at) !== directorySignature || at + 46 > archive.length)
      throw new RangeError("its directory is damaged");
    const nameBytes = archive.readUInt16LE(at + 28);
    yield {
      name: archive.toString("utf8", at + 46, at + 46 + nameBytes),
      method: archive.readUInt16LE(at + 10),
      packedBytes: archive.readUInt32LE(at + 20),
      sizeBytes: archive.readUInt32LE(at + 24),
      at: archive.readUInt32LE(at + 42),
    };
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

function signatureAt(archive: Buffer, at: number): number | undefined {
  return at >= 0 && at + 4 <= archive.length ? archive.readUInt32LE(at) : undefined;
}

function inflate(packed: Buffer, sizeBytes: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, sizeBytes) });
  } catch (cause) {
    throw new RangeError("an entry is damaged", { cause });
  }
}
