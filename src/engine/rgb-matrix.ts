/** Matrices that FFmpeg's scaler can convert, by the names that its filter takes. */
const swsMatrices: Readonly<Record<string, string>> = {
  bt709: "bt709",
  fcc: "fcc",
  bt470bg: "bt470bg",
  smpte170m: "smpte170m",
  smpte240m: "smpte240m",
  bt2020nc: "bt2020",
};

/** Whether pictures with this matrix can be brought to R'G'B' and back. */
export function convertsMatrix(matrix: string): boolean {
  return Object.hasOwn(swsMatrices, matrix);
}

/** What the filter's options call it.  Throws: RangeError for one that cannot be converted. */
export function matrixOption(matrix: string): string {
  const name = Object.hasOwn(swsMatrices, matrix) ? swsMatrices[matrix] : undefined;
  if (name === undefined) throw new RangeError(`the matrix ${matrix} cannot be converted`);
  return name;
}
