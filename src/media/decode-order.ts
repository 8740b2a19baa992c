/** Gives decoding times to packets whose presentation times are known, across segments encoded on their own.
 *  With D the deepest reordering met, packet i is decoded when the frame D places before the i-th shown one is shown:
 *  strictly rising, and never after the packet's own presentation.
 *  Shape: `ptsInDecodeOrder` as the encoder emitted them; the result has one entry per packet. */
export function decodeTimes(ptsInDecodeOrder: readonly bigint[]): readonly bigint[] {
  const shown = ptsInDecodeOrder.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rank = new Map(shown.map((pts, index) => [pts, index]));
  let delay = 0;
  ptsInDecodeOrder.forEach((pts, index) => {
    delay = Math.max(delay, index - (rank.get(pts) ?? index));
  });
  const [first, second] = shown;
  const step = first !== undefined && second !== undefined ? second - first : 1n;
  return ptsInDecodeOrder.map((_pts, index) => {
    const before = shown[index - delay];
    return before ?? (first ?? 0n) - BigInt(delay - index) * step;
  });
}
