/** A track's codec and its header: for ASS the script's first sections. */
export type SubtitleTrack = { readonly codec: string; readonly header: string };

/** The plain text of one subtitle packet; italics, bold and underline survive as `<i>`, `<b>`, `<u>` where `keepTags`. */
export function subtitleText(track: SubtitleTrack, data: Buffer, keepTags: boolean): string {
  switch (track.codec) {
    case "mov_text":
      return data.length < 2 ? "" : data.subarray(2, 2 + data.readUInt16BE(0)).toString("utf8");
    case "ass":
    case "ssa": {
      const fields = data.toString("utf8").split(",");
      const before = fields.length > assFieldsBeforeText ? assFieldsBeforeText : declaredFieldsBeforeText(track.header);
      return fields
        .slice(before)
        .join(",")
        .replace(/\{[^}]*\}/g, "")
        .replace(/\\[Nn]/g, "\n")
        .replace(/\\h/g, " ")
        .trim();
    }
    default:
      return data
        .toString("utf8")
        .replace(keepTags ? /<(?!\/?[ibu]>)[^>]*>/g : /<[^>]*>/g, "")
        .replace(/\{\\an?\d\}/g, "")
        .trim();
  }
}

/** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect: what stands before an event's text in a packet. */
const assFieldsBeforeText = 8;

/** The same for scripts that declare fewer fields, which some muxers then write: Start and End go, ReadOrder comes. */
function declaredFieldsBeforeText(header: string): number {
  const format = /^\[Events\]\s*^Format:(.*)$/im.exec(header)?.[1];
  return format === undefined ? assFieldsBeforeText : Math.max(0, format.split(",").length - 2);
}

/** One sample of a 3GPP timed text track: 16-bit length, then UTF-8. */
export function movTextSample(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8").subarray(0, 0xffff);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/** The sample description of such a track: white sans-serif, centred at the bottom.
 *  Source: 3GPP TS 26.245 §5.16 (TextSampleEntry after its common header). */
export function movTextHeader(): Buffer {
  const fontName = Buffer.from("Sans", "utf8");
  const fontTable = Buffer.alloc(8 + 2 + 2 + 1);
  fontTable.writeUInt32BE(fontTable.length + fontName.length, 0);
  fontTable.write("ftab", 4, "latin1");
  fontTable.writeUInt16BE(1, 8);
  fontTable.writeUInt16BE(1, 10);
  fontTable.writeUInt8(fontName.length, 12);
  const entry = Buffer.alloc(30);
  entry.writeUInt32BE(0, 0); // display flags
  entry.writeInt8(1, 4); // horizontally centred
  entry.writeInt8(-1, 5); // at the bottom
  entry.writeUInt32BE(0, 6); // background: transparent
  // Text box (8 bytes) stays 0: the whole picture. Then the style: characters 0..0, font 1, plain, size, colour.
  entry.writeUInt16BE(1, 22);
  entry.writeUInt8(0, 24);
  entry.writeUInt8(18, 25);
  entry.writeUInt32BE(0xffffffff, 26);
  return Buffer.concat([entry, fontTable, fontName]);
}
