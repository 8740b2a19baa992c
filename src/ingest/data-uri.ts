import { AppError } from "../domain/errors.ts";

/** The bytes in a `data:` URI; its declared type is not asked.
 *  Throws: AppError `download_failed` for one that is malformed, `upload_too_large`.  Source: RFC 2397. */
export function decodeDataUri(uri: string, maxBytes: number): Uint8Array {
  const comma = uri.indexOf(",");
  if (!/^data:/i.test(uri) || comma < 0) throw malformed("it has no comma before its data");
  const isBase64 = /;\s*base64\s*$/i.test(uri.slice("data:".length, comma));
  const text = uri.slice(comma + 1);
  // The shortest that so much text can mean; sizes near the limit are checked on the bytes.
  const leastBytes = Math.floor(text.length / 4);
  if (leastBytes > maxBytes) throw tooLarge(maxBytes);
  const bytes = isBase64 ? decodeBase64(text) : decodePercent(text);
  if (bytes.length > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

function decodeBase64(text: string): Uint8Array {
  const compact = (text.includes("%") ? decodePercent(text).toString("latin1") : text).replaceAll(/\s+/g, "");
  const padding = /={0,2}$/.exec(compact)?.[0].length ?? 0;
  const digits = compact.slice(0, compact.length - padding);
  if (/[^A-Za-z0-9+/_-]/.test(digits) || digits.length % 4 === 1 || (padding > 0 && compact.length % 4 !== 0)) {
    throw malformed("its data is not Base64");
  }
  return Buffer.from(digits, "base64");
}

function decodePercent(text: string): Buffer {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw malformed("a percent sign in it is not followed by two hexadecimal digits");
  if (/[^\x20-\x7e\s]/.test(text)) throw malformed("it has characters that are not allowed");
  return Buffer.from(
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_match, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );
}

function malformed(reason: string): AppError {
  return new AppError("download_failed", `The data URI cannot be read: ${reason}.`, {
    details: { url: "data:", failure: "bad_url" },
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("upload_too_large", `The data URI holds more than the ${maxBytes} bytes that are allowed.`, {
    details: { url: "data:", maxBytes },
  });
}
