import { AppError } from "../domain/errors.ts";

/** Enough bytes to tell every kind in the table. */
export const headBytes = 4096;

type Signature = { readonly contentType: string; readonly at: readonly (readonly [offset: number, bytes: string])[] };

// Bytes as Latin-1 text. The first that fits wins.
const signatures: readonly Signature[] = [
  ...["M4A ", "M4B "].map((brand) => ({ contentType: "audio/mp4", at: [[4, `ftyp${brand}`]] as const })),
  ...["avif", "avis"].map((brand) => ({ contentType: "image/avif", at: [[4, `ftyp${brand}`]] as const })),
  ...["heic", "heix", "mif1"].map((brand) => ({ contentType: "image/heic", at: [[4, `ftyp${brand}`]] as const })),
  { contentType: "video/quicktime", at: [[4, "ftypqt  "]] },
  { contentType: "video/3gpp", at: [[4, "ftyp3gp"]] },
  { contentType: "video/3gpp2", at: [[4, "ftyp3g2"]] },
  { contentType: "video/mp4", at: [[4, "ftyp"]] },
  // QuickTime files from before there were brands.
  ...["moov", "mdat", "wide", "free", "skip", "pnot"].map((box) => ({ contentType: "video/quicktime", at: [[4, box]] as const })),
  {
    contentType: "video/x-msvideo",
    at: [
      [0, "RIFF"],
      [8, "AVI "],
    ],
  },
  {
    contentType: "audio/wav",
    at: [
      [0, "RIFF"],
      [8, "WAVE"],
    ],
  },
  {
    contentType: "image/webp",
    at: [
      [0, "RIFF"],
      [8, "WEBP"],
    ],
  },
  { contentType: "video/x-flv", at: [[0, "FLV\x01"]] },
  { contentType: "video/x-ms-wmv", at: [[0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"]] },
  { contentType: "video/ogg", at: [[0, "OggS"]] },
  { contentType: "video/mpeg", at: [[0, "\x00\x00\x01\xba"]] },
  { contentType: "video/mpeg", at: [[0, "\x00\x00\x01\xb3"]] },
  {
    contentType: "video/mp2t",
    at: [
      [0, "G"],
      [188, "G"],
      [376, "G"],
    ],
  },
  // Blu-ray and AVCHD put a time of four bytes before each packet.
  {
    contentType: "video/mp2t",
    at: [
      [4, "G"],
      [196, "G"],
      [388, "G"],
    ],
  },
  { contentType: "application/mxf", at: [[0, "\x06\x0e\x2b\x34\x02\x05\x01\x01"]] },
  { contentType: "video/x-ivf", at: [[0, "DKIF"]] },
  { contentType: "video/x-yuv4mpeg", at: [[0, "YUV4MPEG2 "]] },
  { contentType: "image/gif", at: [[0, "GIF8"]] },
  { contentType: "image/png", at: [[0, "\x89PNG\r\n\x1a\n"]] },
  { contentType: "image/jpeg", at: [[0, "\xff\xd8\xff"]] },
  { contentType: "audio/mpeg", at: [[0, "ID3"]] },
  { contentType: "audio/flac", at: [[0, "fLaC"]] },
];

// Kinds of file that people send by mistake, with the words for them.
const mistakes: readonly (readonly [bytes: string, what: string])[] = [
  ["%PDF-", "a PDF document"],
  ["PK\x03\x04", "a ZIP archive or an office document"],
  ["\x1f\x8b", "a compressed archive"],
  ["Rar!\x1a\x07", "a compressed archive"],
  ["7z\xbc\xaf\x27\x1c", "a compressed archive"],
];

/** The media type of a file by its first bytes; whatever a sender declares is not asked.
 *  Throws: AppError `input_unreadable` for what is no media file for certain: nothing, a web page, JSON, text, an archive. */
export function sniffContentType(head: Uint8Array): string {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, headBytes)).toString("latin1");
  if (text === "") throw notMedia("empty (0 bytes)");
  if (text.startsWith("\x1a\x45\xdf\xa3")) return text.includes("webm") ? "video/webm" : "video/x-matroska";
  const found = signatures.find(({ at }) => at.every(([offset, bytes]) => text.startsWith(bytes, offset)));
  if (found !== undefined) return found.contentType;
  const mistake = mistakes.find(([bytes]) => text.startsWith(bytes));
  if (mistake !== undefined) throw notMedia(mistake[1]);
  const words = asText(head.subarray(0, headBytes));
  if (words !== undefined) throw notMedia(kindOfText(words));
  return "application/octet-stream";
}

/** What to store about a file: its true type, and the name its sender gave, without any folders. */
export function describeContent(head: Uint8Array, fileName: string): { contentType: string; fileName: string } {
  return { contentType: sniffContentType(head), fileName: safeFileName(fileName) };
}

export function safeFileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const clean = last.replaceAll(/\p{Cc}/gu, "").trim();
  return clean === "" || clean === "." || clean === ".." ? "upload" : clean.slice(-120).toWellFormed();
}

function notMedia(what: string): AppError {
  return new AppError("input_unreadable", `The file is not a video: it is ${what}.`, { details: { found: what } });
}

function asText(head: Uint8Array): string | undefined {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  try {
    const encoding = isUtf16 ? (head[0] === 0xff ? "utf-16le" : "utf-16be") : "utf-8";
    // As a stream, so that a character cut off at the end is no fault.
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
    // oxlint-disable-next-line no-control-regex -- the very point
    return /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function kindOfText(text: string): string {
  const start = text.trimStart().slice(0, 200).toLowerCase();
  if (start === "") return "blank";
  if (/^(?:<!doctype html|<html|<head|<body|<!--)/.test(start)) return "a web page (HTML)";
  if (start.startsWith("<?xml") || start.startsWith("<")) return "an XML document";
  if (/^[{[]/.test(start)) return "JSON";
  if (start.startsWith("#extm3u")) return "a playlist (M3U); give the address of the video itself";
  return "text";
}
