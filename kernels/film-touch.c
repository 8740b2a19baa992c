// A whole plane moved by a part of a pixel, and a tone curve finer than the samples.
#include "film.h"

EXPORT(film_shift_bytes) long film_shift_bytes(int width) { return ((long)width + 8) * 4 * 5; }

static void cubic(int fraction, i32 *weights) { // of 64; Catmull-Rom, weights of 1024
  float t = (float)fraction / 64.0f, w[4];
  w[0] = ((2.0f - t) * t - 1.0f) * t * 0.5f;
  w[1] = ((3.0f * t - 5.0f) * t * t + 2.0f) * 0.5f;
  w[2] = ((4.0f - 3.0f * t) * t + 1.0f) * t * 0.5f;
  w[3] = (t - 1.0f) * t * t * 0.5f;
  int sum = 0;
  for (int i = 0; i < 4; i++) sum += weights[i] = (i32)(w[i] * 1024.0f + (w[i] < 0 ? -0.5f : 0.5f));
  weights[fraction < 32 ? 1 : 2] += 1024 - sum;
}

// One row, moved across and kept at 16 times the samples' scale.
static void shift_row(const void *from, int width, int y, int whole, const i32 *w, int wide, i32 *padded, i32 *out) {
  for (int x = -4; x < width + 4; x++) {
    long at = (long)y * width + clamp(x + whole, 0, width - 1);
    padded[x + 4] = wide ? ((const u16 *)from)[at] : ((const u8 *)from)[at];
  }
  const i32 *p = padded + 3;
  for (int x = 0; x < width; x++) out[x] = (p[x] * w[0] + p[x + 1] * w[1] + p[x + 2] * w[2] + p[x + 3] * w[3] + 32) >> 6;
}

// to(x, y) = from(x + dx / 64, y + dy / 64), bicubic; places outside read the border. Planes without padding.
EXPORT(film_shift)
void film_shift(const void *from, void *to, int width, int height, int dx, int dy, int bit_depth, i32 *work) {
  int wide = bit_depth > 8, most = (1 << bit_depth) - 1, down = dy >> 6, held[4] = {-1, -1, -1, -1};
  i32 across[4], along[4], *padded = work, *rows = work + width + 8;
  cubic(dx & 63, across);
  cubic(dy & 63, along);
  for (int y = 0; y < height; y++) {
    const i32 *r[4];
    for (int j = 0; j < 4; j++) {
      int row = clamp(y + down + j - 1, 0, height - 1), slot = row & 3;
      if (held[slot] != row) {
        shift_row(from, width, row, dx >> 6, across, wide, padded, rows + (long)slot * width);
        held[slot] = row;
      }
      r[j] = rows + (long)slot * width;
    }
    for (int x = 0; x < width; x++) {
      int value = (r[0][x] * along[0] + r[1][x] * along[1] + r[2][x] * along[2] + r[3][x] * along[3] + 8192) >> 14;
      value = clamp(value, 0, most);
      if (wide) ((u16 *)to)[(long)y * width + x] = (u16)value;
      else ((u8 *)to)[(long)y * width + x] = (u8)value;
    }
  }
}

// Thresholds 0 to 63, each once in 8x8 pixels, neighbours far apart.
static inline int threshold_at(int x, int y) {
  int a = x ^ y;
  return (a & 1) << 5 | (y & 1) << 4 | (a & 2) << 2 | (y & 2) << 1 | (a & 4) >> 1 | (y & 4) >> 2;
}

// Replaces each sample by its entry, which is in 64ths; fractions become a fixed fine pattern, so that slow changes of the
// table move the mean smoothly and stretched tones show no steps.
EXPORT(film_tone) void film_tone(void *plane, int width, int height, int bit_depth, const u16 *table) {
  int most = (1 << bit_depth) - 1;
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      long at = (long)y * width + x;
      int add = threshold_at(x, y);
      if (bit_depth > 8) ((u16 *)plane)[at] = (u16)min_of(most, (table[min_of(most, ((u16 *)plane)[at])] + add) >> 6);
      else ((u8 *)plane)[at] = (u8)min_of(most, (table[((u8 *)plane)[at]] + add) >> 6);
    }
}

// Eight bits of a plane of more.
EXPORT(film_narrow) void film_narrow(const u16 *from, u8 *to, int samples, int bit_depth) {
  int shift = bit_depth - 8;
  for (int i = 0; i < samples; i++) to[i] = (u8)min_of(255, (from[i] + (1 << shift >> 1)) >> shift);
}

// Writes 128 and the difference of `before` from `after` in 8 bits over the beginning of `before`.
EXPORT(film_difference) void film_difference(void *before, const void *after, int samples, int bit_depth) {
  u8 *out = before;
  int shift = bit_depth - 8;
  for (int i = 0; i < samples; i++) {
    int difference = shift ? ((u16 *)before)[i] - ((const u16 *)after)[i] : out[i] - ((const u8 *)after)[i];
    out[i] = (u8)clamp(128 + (difference >> shift), 0, 255);
  }
}
