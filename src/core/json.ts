/** JSON text with bigints as plain integers; keys keep their order. Throws: RangeError past 2^53. */
export function stringifyJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? toSafeNumber(item) : item), indent);
}

export function toSafeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} does not fit a JSON number exactly`);
  return number;
}
