/** Parts of a protobuf message: bytes that follow each other. */
export type ProtoBytes = Buffer;

export function protoVarint(field: number, value: number | bigint): ProtoBytes {
  return Buffer.concat([varint(BigInt(field) << 3n), varint(BigInt.asUintN(64, BigInt(value)))]);
}

export function protoFloat(field: number, value: number): ProtoBytes {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((BigInt(field) << 3n) | 5n), bytes]);
}

/** A string, bytes or message. */
export function protoBytes(field: number, content: string | Uint8Array): ProtoBytes {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([varint((BigInt(field) << 3n) | 2n), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** One field of a message; `number` is set for varints, `bytes` for what has a length. */
export type ProtoField = { readonly field: number; readonly number: number | undefined; readonly bytes: Buffer | undefined };

/** The fields of a message in their order.  Throws: SyntaxError where the bytes are no message. */
export function* protoFields(message: Buffer): Generator<ProtoField> {
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at];
      if (byte === undefined) break;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError("a number is cut short");
  };
  while (at < message.length) {
    const tag = Number(readVarint());
    const field = Math.floor(tag / 8);
    const kind = tag % 8;
    if (field === 0) throw new SyntaxError("a field has no number");
    if (kind === 0) {
      yield { field, number: Number(BigInt.asIntN(64, readVarint())), bytes: undefined };
      continue;
    }
    const length = kind === 2 ? Number(readVarint()) : kind === 5 ? 4 : kind === 1 ? 8 : NaN;
    if (!(length <= message.length - at)) throw new SyntaxError("a field is cut short or of an unknown kind");
    yield { field, number: undefined, bytes: message.subarray(at, at + length) };
    at += length;
  }
}
