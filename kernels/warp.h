// Moved pictures: samples between pixels, blended over overlapping blocks. Shared by compensation and interpolation.
#ifndef UPRES_WARP_H
#define UPRES_WARP_H

#include "simd.h"

enum {
  WARP_PADDING = 16, // repeated edge around a source plane
  SUBPIXELS = 16,    // vectors here are in sixteenths of a pixel
  CELL = 8           // samples are made in groups of 8x8, or 4x4 for planes smaller than the field's picture
};

/** A plane with repeated edges. Samples of 8 bits, or up to 12 bits in 16. */
typedef struct {
  uint8_t* origin; // sample (0, 0)
  int width, height, stride_bytes, bytes_per_sample, bit_depth;
} WarpPlane;

static inline int warp_stride(int width, int bytes_per_sample) {
  return ((width + 2 * WARP_PADDING + 15) & ~15) * bytes_per_sample;
}

static inline long warp_bytes(int width, int height, int bytes_per_sample) {
  return (long)warp_stride(width, bytes_per_sample) * (height + 2 * WARP_PADDING) + 64;
}

static inline WarpPlane warp_plane(uint8_t* memory, int width, int height, int bytes_per_sample, int bit_depth) {
  int stride = warp_stride(width, bytes_per_sample);
  WarpPlane p = { memory + WARP_PADDING * stride + WARP_PADDING * bytes_per_sample, width, height, stride, bytes_per_sample, bit_depth };
  return p;
}

static inline void warp_pad(const WarpPlane* p) {
  int bytes = p->bytes_per_sample, stride = p->stride_bytes;
  int right = stride / bytes - WARP_PADDING - p->width;
  for (int y = 0; y < p->height; y += 1) {
    uint8_t* row = p->origin + (long)y * stride;
    if (bytes == 1) {
      __builtin_memset(row - WARP_PADDING, row[0], WARP_PADDING);
      __builtin_memset(row + p->width, row[p->width - 1], (unsigned)right);
    } else {
      uint16_t* wide = (uint16_t*)row;
      for (int x = 1; x <= WARP_PADDING; x += 1) wide[-x] = wide[0];
      for (int x = 0; x < right; x += 1) wide[p->width + x] = wide[p->width - 1];
    }
  }
  uint8_t* first = p->origin - WARP_PADDING * bytes;
  uint8_t* last = first + (long)(p->height - 1) * stride;
  for (int y = 1; y <= WARP_PADDING; y += 1) {
    __builtin_memcpy(first - (long)y * stride, first, (unsigned)stride);
    __builtin_memcpy(last + (long)y * stride, last, (unsigned)stride);
  }
}

/** Bicubic taps (Catmull-Rom) in 32768ths for sixteenths of a pixel; whole pixels are copied instead. */
static const int16_t cubic_taps[SUBPIXELS][4] = {
  { 0 },
  { -1080, 32472, 1448, -72 },
  { -1882, 31629, 3290, -269 },
  { -2434, 30306, 5458, -562 },
  { -2765, 28570, 7885, -922 },
  { -2904, 26488, 10504, -1320 },
  { -2880, 24128, 13248, -1728 },
  { -2722, 21557, 16050, -2117 },
  { -2458, 18842, 18842, -2458 },
  { -2117, 16050, 21557, -2722 },
  { -1728, 13248, 24128, -2880 },
  { -1320, 10504, 26488, -2904 },
  { -922, 7885, 28570, -2765 },
  { -562, 5458, 30306, -2434 },
  { -269, 3290, 31629, -1882 },
  { -72, 1448, 32472, -1080 },
};

static inline vec cubic(vec a, vec b, vec c, vec d, const vec* taps) {
  vec inner = v_add(v_mul_fraction(b, taps[1]), v_mul_fraction(c, taps[2]));
  return v_add(inner, v_add(v_mul_fraction(a, taps[0]), v_mul_fraction(d, taps[3])));
}

/** Eight samples at `p` as lanes of 14 bits. */
static inline vec warp_lanes(const uint8_t* p, int bytes_per_sample, int shift) {
  return v_shift_left(bytes_per_sample == 1 ? v_load_u8(p) : v_load(p), shift);
}

/** Inlined with constants for the common depths and sizes. */
static inline __attribute__((always_inline)) void warp_predict_as(
    const WarpPlane* p, int x, int y, int dx, int dy, int rows, int bytes, int shift, vec* out) {
  int left = clamp(x + (dx >> 4), -WARP_PADDING + 1, p->width + WARP_PADDING - 11);
  int top = clamp(y + (dy >> 4), -WARP_PADDING + 1, p->height + WARP_PADDING - 11);
  int fx = dx & 15, fy = dy & 15, stride = p->stride_bytes;
  const uint8_t* in = p->origin + (long)top * stride + left * bytes;
  if (!fx && !fy) {
    for (int i = 0; i < rows; i += 1, in += stride) out[i] = warp_lanes(in, bytes, shift);
    return;
  }
  const int16_t *tx = cubic_taps[fx], *ty = cubic_taps[fy];
  vec down[4] = { v_set(ty[0]), v_set(ty[1]), v_set(ty[2]), v_set(ty[3]) };
  if (!fx) {
    vec a = warp_lanes(in - stride, bytes, shift), b = warp_lanes(in, bytes, shift), c = warp_lanes(in + stride, bytes, shift);
    for (int i = 0; i < rows; i += 1, in += stride) {
      vec d = warp_lanes(in + 2 * stride, bytes, shift);
      out[i] = cubic(a, b, c, d, down);
      a = b, b = c, c = d;
    }
    return;
  }
  vec across[4] = { v_set(tx[0]), v_set(tx[1]), v_set(tx[2]), v_set(tx[3]) };
#define WARP_LINE(q)                                                                                                     \
  cubic(warp_lanes((q) - bytes, bytes, shift), warp_lanes(q, bytes, shift), warp_lanes((q) + bytes, bytes, shift),        \
        warp_lanes((q) + 2 * bytes, bytes, shift), across)
  if (!fy) {
    for (int i = 0; i < rows; i += 1, in += stride) out[i] = WARP_LINE(in);
    return;
  }
  vec a = WARP_LINE(in - stride), b = WARP_LINE(in), c = WARP_LINE(in + stride);
  for (int i = 0; i < rows; i += 1, in += stride) {
    vec d = WARP_LINE(in + 2 * stride);
    out[i] = cubic(a, b, c, d, down);
    a = b, b = c, c = d;
  }
#undef WARP_LINE
}

/** 8 by `rows` samples around (x + dx / 16, y + dy / 16) as rows of eight lanes of 14 bits. */
static NOINLINE void warp_predict(const WarpPlane* p, int x, int y, int dx, int dy, int rows, vec* out) {
  if (p->bit_depth == 8) warp_predict_as(p, x, y, dx, dy, rows, 1, 6, out);
  else if (p->bit_depth == 10) warp_predict_as(p, x, y, dx, dy, rows, 2, 4, out);
  else warp_predict_as(p, x, y, dx, dy, rows, 2, 14 - p->bit_depth, out);
}

/** Shares of 32768 of the four blocks around a cell, for each of its samples, by bits: 1 left above, 2 right above, 4 left
 *  below, 8 right below, and sums of these. */
typedef struct { vec shares[15][CELL]; } CellShares;

static inline void warp_shares(CellShares* s, int cell) {
  int unit = 32768 / (4 * cell * cell);
  for (int blocks = 1; blocks < 15; blocks += 1)
    for (int y = 0; y < cell; y += 1) {
      int16_t lanes[CELL];
      for (int x = 0; x < CELL; x += 1) {
        int right = x < cell ? 2 * x + 1 : 0, below = 2 * y + 1, left = 2 * cell - right, above = 2 * cell - below;
        int share = (blocks & 1 ? left * above : 0) + (blocks & 2 ? right * above : 0);
        share += (blocks & 4 ? left * below : 0) + (blocks & 8 ? right * below : 0);
        lanes[x] = (int16_t)min_of(share * unit, 32767);
      }
      s->shares[blocks][y] = v_load(lanes);
    }
}

/** Writes a cell of 8 or 4 samples across and `rows` down at (x, y), the part inside the plane. */
static inline void warp_write(const WarpPlane* to, int x, int y, int across, int rows, const vec* lanes) {
  int bytes = to->bytes_per_sample, shift = 14 - to->bit_depth;
  vec half = v_set(1 << (shift - 1)), top = v_set((1 << to->bit_depth) - 1);
  int from_x = max_of(0, -x), until_x = min_of(across, to->width - x), until_y = min_of(rows, to->height - y);
  uint8_t* out = to->origin + (long)max_of(0, y) * to->stride_bytes + x * bytes;
  for (int row = max_of(0, -y); row < until_y; row += 1, out += to->stride_bytes) {
    vec v = v_add(lanes[row], half);
    v = to->bit_depth == 8 ? v_shift_right(v, 6) : v_max(v_min(v_shift_right(v, shift), top), v_zero());
    if (bytes == 1) v = v_pack_u8(v, v);
    if (from_x == 0 && until_x == CELL) {
      if (bytes == 1) v_store_low(out, v);
      else v_store(out, v);
    } else if (from_x == 0 && until_x == CELL / 2) {
      if (bytes == 1) v_store_quarter(out, v);
      else v_store_low(out, v);
    } else {
      uint8_t samples[16];
      v_store(samples, v);
      for (int i = from_x * bytes; i < until_x * bytes; i += 1) out[i] = samples[i];
    }
  }
}

/** Vectors for the block centres of a plane: a centre every `cell` samples, from half a cell on. */
typedef struct { int cell, columns, rows; } WarpGrid;

/** Small cells where large ones would hold more than one of the field's blocks. */
static inline WarpGrid warp_grid(int width, int height, int field_width, int block) {
  int cell = (long)4 * block * width < (long)3 * CELL * field_width ? CELL / 2 : CELL;
  WarpGrid g = { cell, (width + cell - 1) / cell, (height + cell - 1) / cell };
  return g;
}

/** Where a centre of the grid lies between the centres of a field's blocks: the block before it, and how far past that. */
static inline int warp_between(int index, int cell, int side, int field_side, int block, int blocks, int* share_of_256) {
  // In 256ths of a block: ((index + 0.5) * cell * field_side / side) / block - 0.5
  int64_t at = (int64_t)(2 * index + 1) * cell * field_side * 128 / ((int64_t)side * block) - 128;
  *share_of_256 = 0;
  if (at <= 0) return 0;
  int before = (int)(at >> 8);
  if (before >= blocks - 1) return blocks - 1;
  *share_of_256 = (int)(at & 255);
  return before;
}

#endif
