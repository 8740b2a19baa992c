/** Float samples as three planes R, G and B. */
export type Picture = { readonly data: Float32Array; readonly width: number; readonly height: number };

/** A known square picture from 0 to 1: colours that run smoothly, discs with sharp edges and a little grain. */
export function testPicture(side: number): Picture {
  const data = new Float32Array(3 * side * side);
  for (let plane = 0; plane < 3; plane += 1) {
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const smooth = 0.5 + 0.25 * Math.sin(x * 0.09 + plane * 2) * Math.cos(y * 0.07 - plane);
        const disc = Math.hypot((x % 48) - 24, (y % 48) - 24) < 14 ? 0.18 - 0.08 * plane : 0;
        const grain = 0.02 * Math.sin(x * 12.9 + y * 78.2 + plane);
        data[(plane * side + y) * side + x] = Math.min(1, Math.max(0, smooth + disc + grain));
      }
    }
  }
  return { data, width: side, height: side };
}

/** The square of `side` pixels at (`at`, `at`). */
export function crop(picture: Picture, at: number, side: number): Picture {
  const data = new Float32Array(3 * side * side);
  for (let plane = 0; plane < 3; plane += 1) {
    for (let row = 0; row < side; row += 1) {
      const from = (plane * picture.height + at + row) * picture.width + at;
      data.set(picture.data.subarray(from, from + side), (plane * side + row) * side);
    }
  }
  return { data, width: side, height: side };
}

export function largestDifference(a: Picture, b: Picture): number {
  return a.data.reduce((most, value, index) => Math.max(most, Math.abs(value - (b.data[index] ?? NaN))), 0);
}

export type Doubled = {
  readonly picture: Picture;
  readonly output: Picture;
  readonly scale: number;
  readonly removedPixels: number;
};

/** The output, averaged down to the picture's size and divided by `peak`, against the picture, in dB. */
export function downscaledPsnr({ picture, output, scale, removedPixels }: Doubled, peak: number): number {
  const side = output.width / scale;
  let squared = 0;
  for (let plane = 0; plane < 3; plane += 1) {
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        let sum = 0;
        for (let dy = 0; dy < scale; dy += 1) {
          const row = (plane * output.height + y * scale + dy) * output.width + x * scale;
          for (let dx = 0; dx < scale; dx += 1) sum += output.data[row + dx] ?? 0;
        }
        const expected = picture.data[(plane * picture.height + y + removedPixels) * picture.width + x + removedPixels] ?? 0;
        squared += (sum / (scale * scale * peak) - expected) ** 2;
      }
    }
  }
  return squared === 0 ? 99 : Math.min(99, -10 * Math.log10(squared / (3 * side * side)));
}
