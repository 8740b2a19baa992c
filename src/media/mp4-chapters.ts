import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { AppError } from "../domain/errors.ts";
import type { Chapter } from "../domain/media-info.ts";

type Box = { readonly type: string; readonly start: number; readonly headerBytes: number; readonly size: number };

const copyChunkBytes = 4 << 20;

/** Copies an MP4 or MOV file whose `moov` stands before `mdat`, adding a chapter list (`udta/chpl`), and moves the
 *  sample tables' file offsets by what that adds. Players and FFmpeg read this list; titles are cut at 255 bytes. */
export async function copyWithChapters(inputPath: string, outputPath: string, chapters: readonly Chapter[]): Promise<void> {
  const input = await open(inputPath, "r");
  const output = await open(outputPath, "w");
  try {
    const { size } = await stat(inputPath);
    const moov = await findTopLevel(input, size, "moov");
    const before = await read(input, 0, moov.start);
    const original = await read(input, moov.start, moov.size);
    const edited = addChapterList(original, chapterList(chapters));
    shiftChunkOffsets(edited, 8, edited.length, edited.length - original.length);
    await output.writev([before, edited]);
    for (let at = moov.start + moov.size; at < size; at += copyChunkBytes) {
      await output.write(await read(input, at, Math.min(copyChunkBytes, size - at)));
    }
  } finally {
    await input.close();
    await output.close();
  }
}

async function findTopLevel(file: FileHandle, size: number, type: string): Promise<Box> {
  for (let at = 0; at + 8 <= size;) {
    const header = await read(file, at, Math.min(16, size - at));
    const box = parseBox(header, 0, size - at);
    if (box.type === type) return { ...box, start: at };
    if (box.type === "mdat") break;
    at += box.size;
  }
  throw new AppError("internal", `The file written has no ${type} before its media data.`);
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new AppError("internal", "The file written is shorter than its boxes say.");
  return buffer;
}

function parseBox(data: Buffer, at: number, available: number): Box {
  const size32 = data.readUInt32BE(at);
  const type = data.toString("latin1", at + 4, at + 8);
  if (size32 === 1) return { type, start: at, headerBytes: 16, size: Number(data.readBigUInt64BE(at + 8)) };
  return { type, start: at, headerBytes: 8, size: size32 === 0 ? available : size32 };
}

function children(data: Buffer, start: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const box = parseBox(data, at, end - at);
    if (box.size < 8) break;
    boxes.push(box);
    at += box.size;
  }
  return boxes;
}

/** `chpl` version 1: 100 ns start times and titles. */
function chapterList(chapters: readonly Chapter[]): Buffer {
  const entries = chapters.slice(0, 255).map((chapter) => {
    const title = Buffer.from(chapter.title, "utf8").subarray(0, 255);
    const entry = Buffer.alloc(9);
    entry.writeBigUInt64BE(BigInt(Math.max(0, Math.round(chapter.startSeconds * 1e7))), 0);
    entry.writeUInt8(title.length, 8);
    return Buffer.concat([entry, title]);
  });
  const header = Buffer.alloc(9);
  header.writeUInt32BE(0x01000000, 0);
  header.writeUInt8(entries.length, 8);
  return makeBox("chpl", Buffer.concat([header, ...entries]));
}

function makeBox(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length, 0);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, content]);
}

function addChapterList(moov: Buffer, list: Buffer): Buffer {
  const boxes = children(moov, 8, moov.length);
  const userData = boxes.find((box) => box.type === "udta");
  const parts = boxes.filter((box) => box !== userData).map((box) => moov.subarray(box.start, box.start + box.size));
  const kept = userData === undefined ? Buffer.alloc(0) : moov.subarray(userData.start + 8, userData.start + userData.size);
  return makeBox("moov", Buffer.concat([...parts, makeBox("udta", Buffer.concat([kept, list]))]));
}

function shiftChunkOffsets(data: Buffer, start: number, end: number, delta: number): void {
  for (const box of children(data, start, end)) {
    const content = box.start + box.headerBytes;
    if (["trak", "mdia", "minf", "stbl"].includes(box.type)) shiftChunkOffsets(data, content, box.start + box.size, delta);
    else if (box.type === "stco") {
      for (let i = 0; i < data.readUInt32BE(content + 4); i += 1) {
        const at = content + 8 + i * 4;
        data.writeUInt32BE(data.readUInt32BE(at) + delta, at);
      }
    } else if (box.type === "co64") {
      for (let i = 0; i < data.readUInt32BE(content + 4); i += 1) {
        const at = content + 8 + i * 8;
        data.writeBigUInt64BE(data.readBigUInt64BE(at) + BigInt(delta), at);
      }
    }
  }
}
