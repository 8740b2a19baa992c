// Cleaning: shrinkage of noise and codec errors in the frequency domain, tone tables, grain, and corrections of a picture.
//
// Shrinkage: blocks of 8x8 pixels of one picture, or of a picture and its aligned neighbours, overlapping by all but `step`
// pixels, are transformed (cosine transform over space, and over the pictures). Coefficients below a threshold are taken for
// noise and dropped; what is left is transformed back for the middle picture and averaged over all blocks, those that needed
// few coefficients counting more. Neighbours that do not match are told apart by the transform over the pictures itself.
#include "simd.h"

typedef float f4 __attribute__((vector_size(16)));
typedef float f4_at_float __attribute__((vector_size(16), aligned(4)));
typedef int32_t i4 __attribute__((vector_size(16)));

enum { SIDE = 8, MAX_PICTURES = 5, HALVES = 16 }; // a block is 16 vectors: rows of its left half, rows of its right half

// sqrt(2) / 4 * cos(k * pi / 16), and 1 / sqrt(8) in the middle: the transform keeps the noise's deviation.
#define K1 0.49039264f
#define K2 0.46193977f
#define K3 0.41573481f
#define K4 0.35355339f
#define K5 0.27778512f
#define K6 0.19134172f
#define K7 0.09754516f

static inline void transform8(f4* x) {
  f4 s0 = x[0] + x[7], s1 = x[1] + x[6], s2 = x[2] + x[5], s3 = x[3] + x[4];
  f4 d0 = x[0] - x[7], d1 = x[1] - x[6], d2 = x[2] - x[5], d3 = x[3] - x[4];
  f4 t0 = s0 + s3, t1 = s1 + s2, t2 = s0 - s3, t3 = s1 - s2;
  x[0] = (t0 + t1) * K4;
  x[4] = (t0 - t1) * K4;
  x[2] = t2 * K2 + t3 * K6;
  x[6] = t2 * K6 - t3 * K2;
  x[1] = d0 * K1 + d1 * K3 + d2 * K5 + d3 * K7;
  x[3] = d0 * K3 - d1 * K7 - d2 * K1 - d3 * K5;
  x[5] = d0 * K5 - d1 * K1 + d2 * K7 + d3 * K3;
  x[7] = d0 * K7 - d1 * K5 + d2 * K3 - d3 * K1;
}

static inline void restore8(f4* x) {
  f4 a = (x[0] + x[4]) * K4, b = (x[0] - x[4]) * K4;
  f4 c = x[2] * K2 + x[6] * K6, d = x[2] * K6 - x[6] * K2;
  f4 e0 = a + c, e1 = b + d, e2 = b - d, e3 = a - c;
  f4 o0 = x[1] * K1 + x[3] * K3 + x[5] * K5 + x[7] * K7;
  f4 o1 = x[1] * K3 - x[3] * K7 - x[5] * K1 - x[7] * K5;
  f4 o2 = x[1] * K5 - x[3] * K1 + x[5] * K7 + x[7] * K3;
  f4 o3 = x[1] * K7 - x[3] * K5 + x[5] * K3 - x[7] * K1;
  x[0] = e0 + o0;
  x[7] = e0 - o0;
  x[1] = e1 + o1;
  x[6] = e1 - o1;
  x[2] = e2 + o2;
  x[5] = e2 - o2;
  x[3] = e3 + o3;
  x[4] = e3 - o3;
}

static inline void transpose4(f4* a) {
  f4 p = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5), q = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
  f4 r = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7), s = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
  a[0] = __builtin_shufflevector(p, q, 0, 1, 4, 5);
  a[1] = __builtin_shufflevector(p, q, 2, 3, 6, 7);
  a[2] = __builtin_shufflevector(r, s, 0, 1, 4, 5);
  a[3] = __builtin_shufflevector(r, s, 2, 3, 6, 7);
}

static inline void transpose8(f4* block) {
  for (int i = 0; i < HALVES; i += 4) transpose4(block + i);
  for (int i = 0; i < 4; i += 1) {
    f4 kept = block[4 + i];
    block[4 + i] = block[8 + i];
    block[8 + i] = kept;
  }
}

static inline void load_block(const uint16_t* from, int stride, f4* block) {
  for (int y = 0; y < SIDE; y += 1) {
    const uint16_t* p = from + y * stride;
    block[y] = (f4){ p[0], p[1], p[2], p[3] };
    block[SIDE + y] = (f4){ p[4], p[5], p[6], p[7] };
  }
  transform8(block);
  transform8(block + SIDE);
  transpose8(block);
  transform8(block);
  transform8(block + SIDE);
}

// Cosine transforms over 1, 3 and 5 pictures; the middle column brings the middle picture back.
static const float over_time[3][MAX_PICTURES][MAX_PICTURES] = {
  { { 1 } },
  { { .57735027f, .57735027f, .57735027f }, { .70710678f, 0, -.70710678f }, { .40824829f, -.81649658f, .40824829f } },
  { { .4472136f, .4472136f, .4472136f, .4472136f, .4472136f },
    { .60150096f, .37174803f, 0, -.37174803f, -.60150096f },
    { .51166727f, -.19543951f, -.63245553f, -.19543951f, .51166727f },
    { .37174803f, -.60150096f, 0, .60150096f, -.37174803f },
    { .19543951f, -.51166727f, .63245553f, -.51166727f, .19543951f } },
};

static inline float sum4(f4 x) { return x[0] + x[1] + x[2] + x[3]; }

/** Fills `out` with the middle picture's block in space again; returns how many coefficients were kept. Of a single
 *  picture, adds to `dropped` the squares of those that were not. */
static inline float shrink_block(f4 blocks[][HALVES], int count, float spatial, float temporal, f4* out, float* dropped) {
  const float(*t)[MAX_PICTURES] = over_time[count / 2];
  int middle = count / 2;
  f4 kept = { 0, 0, 0, 0 }, lost = { 0, 0, 0, 0 };
  const f4 one = { 1, 1, 1, 1 };
  for (int i = 0; i < HALVES; i += 1) out[i] = (f4){ 0, 0, 0, 0 };
  for (int k = 0; k < count; k += 1) {
    float limit = k == 0 ? spatial * spatial : temporal * temporal;
    f4 limits = { limit, limit, limit, limit };
    for (int i = 0; i < HALVES; i += 1) {
      f4 value = blocks[0][i] * t[k][0];
      for (int j = 1; j < count; j += 1) value += blocks[j][i] * t[k][j];
      i4 mask = value * value >= limits;
      if (i == 0 && k == 0) mask[0] = -1; // the mean stays
      kept += (f4)((i4)one & mask);
      if (count == 1) lost += (f4)((i4)(value * value) & ~mask);
      out[i] += (f4)((i4)value & mask) * t[k][middle];
    }
  }
  restore8(out);
  restore8(out + SIDE);
  transpose8(out);
  restore8(out);
  restore8(out + SIDE);
  *dropped += sum4(lost);
  return sum4(kept);
}

static inline int padded_width(int width) { return ((width + SIDE - 1) & ~(SIDE - 1)) + 2 * SIDE; }
static inline int padded_height(int height) { return ((height + SIDE - 1) & ~(SIDE - 1)) + 2 * SIDE; }
static inline int mirrored(int at, int size) {
  if (at < 0) at = -at - 1;
  if (at >= size) at = 2 * size - 1 - at;
  return clamp(at, 0, size - 1);
}

static void pad(const uint8_t* from, int width, int height, int bytes, uint16_t* to) {
  int stride = padded_width(width), rows = padded_height(height);
  for (int y = 0; y < rows; y += 1) {
    const uint8_t* narrow = from + (long)mirrored(y - SIDE, height) * width * bytes;
    const uint16_t* wide = (const uint16_t*)narrow;
    uint16_t* row = to + (long)y * stride;
    if (bytes == 1) for (int x = 0; x < width; x += 1) row[SIDE + x] = narrow[x];
    else for (int x = 0; x < width; x += 1) row[SIDE + x] = wide[x];
    for (int x = 0; x < SIDE; x += 1) row[x] = row[SIDE + mirrored(x - SIDE, width)];
    for (int x = width + SIDE; x < stride; x += 1) row[x] = row[SIDE + mirrored(x - SIDE, width)];
  }
}

/** Bytes of scratch memory that clean_shrink needs. */
EXPORT(clean_scratch_bytes) long clean_scratch_bytes(int width, int height, int count) {
  long stride = padded_width(width);
  return stride * padded_height(height) * 2 * count + stride * SIDE * 2 * 4 + 64;
}

/** Cleans the middle one of `count` (1, 3, 5) aligned pictures, which lie one behind the other without gaps.
 *  Thresholds are in sample values: `spatial` for what the pictures share, `temporal` for what differs between them.
 *  `dropped`: for each place of a block's corner in 8x8, row by row, the mean square for a sample of what was dropped in the
 *  blocks there that lie within the picture, for a single picture; 0 where there are none. */
EXPORT(clean_shrink)
void clean_shrink(const uint8_t* pictures, int count, int width, int height, int bytes, int largest, float spatial,
                  float temporal, int step, uint8_t* output, uint8_t* scratch, double* dropped) {
  int blocks_at[SIDE * SIDE] = { 0 };
  for (int i = 0; i < SIDE * SIDE; i += 1) dropped[i] = 0;
  int stride = padded_width(width), rows = padded_height(height);
  long padded = (long)stride * rows;
  uint16_t* sources = (uint16_t*)scratch;
  float* sums = (float*)(((uintptr_t)(sources + padded * count) + 15) & ~(uintptr_t)15);
  float* weights = sums + stride * SIDE;
  for (int k = 0; k < count; k += 1) pad(pictures + (long)k * width * height * bytes, width, height, bytes, sources + padded * k);
  for (int i = 0; i < stride * SIDE * 2; i += 1) sums[i] = 0;
  for (int y = 0; y + SIDE <= rows; y += step) {
    for (int x = 0; x + SIDE <= stride; x += step) {
      f4 blocks[MAX_PICTURES][HALVES], cleaned[HALVES];
      for (int k = 0; k < count; k += 1) load_block(sources + padded * k + (long)y * stride + x, stride, blocks[k]);
      float lost = 0;
      float kept = count == 1   ? shrink_block(blocks, 1, spatial, temporal, cleaned, &lost)
                   : count == 3 ? shrink_block(blocks, 3, spatial, temporal, cleaned, &lost)
                                : shrink_block(blocks, 5, spatial, temporal, cleaned, &lost);
      if (x >= SIDE && x <= width && y >= SIDE && y <= height) {
        int place = (y & (SIDE - 1)) * SIDE + (x & (SIDE - 1));
        dropped[place] += lost;
        blocks_at[place] += SIDE * SIDE;
      }
      float trust = 1 / kept;
      f4 trusts = { trust, trust, trust, trust };
      for (int r = 0; r < SIDE; r += 1) {
        long at = (long)((y + r) & (SIDE - 1)) * stride + x; // a ring of the rows under way
        f4_at_float* sum = (f4_at_float*)(sums + at);
        f4_at_float* weight = (f4_at_float*)(weights + at);
        sum[0] += cleaned[r] * trusts;
        sum[1] += cleaned[SIDE + r] * trusts;
        weight[0] += trusts;
        weight[1] += trusts;
      }
    }
    for (int r = 0; r < step; r += 1) {
      int row = y + r - SIDE;
      float* sum = sums + (long)((y + r) & (SIDE - 1)) * stride;
      float* weight = weights + (long)((y + r) & (SIDE - 1)) * stride;
      for (int x = 0; row >= 0 && row < height && x < width; x += 1) {
        int value = clamp((int)(sum[SIDE + x] / weight[SIDE + x] + 0.5f), 0, largest);
        if (bytes == 1) output[(long)row * width + x] = (uint8_t)value;
        else ((uint16_t*)output)[(long)row * width + x] = (uint16_t)value;
      }
      for (int x = 0; x < stride; x += 1) sum[x] = weight[x] = 0;
    }
  }
  for (int i = 0; i < SIDE * SIDE; i += 1) dropped[i] /= max_of(1, blocks_at[i]);
}

/** Brings `changed` back to `plane` but for `share` / 256 of what differs. */
EXPORT(clean_fade) void clean_fade(const uint8_t* plane, uint8_t* changed, int count, int bytes, int share) {
  const uint16_t* wide = (const uint16_t*)plane;
  uint16_t* wide_changed = (uint16_t*)changed;
  for (int i = 0; i < count; i += 1) {
    int from = bytes == 1 ? plane[i] : wide[i], to = bytes == 1 ? changed[i] : wide_changed[i];
    int step = (magnitude(to - from) * share + 127) >> 8; // a half stays with the plane
    int value = to < from ? from - step : from + step;
    if (bytes == 1) changed[i] = (uint8_t)value;
    else wide_changed[i] = (uint16_t)value;
  }
}

/** Replaces each sample by its entry in a table of `largest + 1` values. */
EXPORT(clean_map) void clean_map(uint8_t* plane, int count, int bytes, int largest, const uint16_t* table) {
  uint16_t* wide = (uint16_t*)plane;
  if (bytes == 1) for (int i = 0; i < count; i += 1) plane[i] = (uint8_t)table[plane[i]];
  else for (int i = 0; i < count; i += 1) wide[i] = table[min_of(wide[i], largest)];
}

/** Adds a tile of noise (32 = one deviation), repeated in both directions from an offset, times an amplitude for each tone.
 *  `amplitudes`: deviation in 1/512 of a sample value, for 256 tones from black to white. */
EXPORT(clean_grain)
void clean_grain(uint8_t* plane, int width, int height, int bytes, int bit_depth, const int8_t* tile, int tile_side,
                 int offset_x, int offset_y, const uint16_t* amplitudes) {
  int largest = (1 << bit_depth) - 1, shift = bit_depth - 8;
  for (int y = 0; y < height; y += 1) {
    const int8_t* noise = tile + (long)((y + offset_y) & (tile_side - 1)) * tile_side;
    uint8_t* narrow = plane + (long)y * width * bytes;
    uint16_t* wide = (uint16_t*)narrow;
    for (int x = 0; x < width; x += 1) {
      int value = bytes == 1 ? narrow[x] : wide[x];
      int grain = (noise[(x + offset_x) & (tile_side - 1)] * amplitudes[min_of(value >> shift, 255)] + (1 << 13)) >> 14;
      value = clamp(value + grain, 0, largest);
      if (bytes == 1) narrow[x] = (uint8_t)value;
      else wide[x] = (uint16_t)value;
    }
  }
}

/** Writes a - b around 32768 in steps of 1/16 of a sample value; returns the sum of squared differences. */
EXPORT(clean_difference)
double clean_difference(const uint8_t* a, const uint8_t* b, int count, int bytes, uint16_t* output) {
  const uint16_t *wide_a = (const uint16_t*)a, *wide_b = (const uint16_t*)b;
  double total = 0;
  for (int start = 0; start < count; start += 4096) {
    int64_t squares = 0;
    for (int i = start; i < min_of(count, start + 4096); i += 1) {
      int difference = bytes == 1 ? a[i] - b[i] : wide_a[i] - wide_b[i];
      squares += difference * difference;
      output[i] = (uint16_t)(32768 + clamp(difference, -2047, 2047) * 16);
    }
    total += (double)squares;
  }
  return total;
}

/** Adds differences as clean_difference writes them, times gain / 256. */
EXPORT(clean_add)
void clean_add(uint8_t* plane, const uint16_t* differences, int count, int bytes, int largest, int gain) {
  uint16_t* wide = (uint16_t*)plane;
  for (int i = 0; i < count; i += 1) {
    int step = ((differences[i] - 32768) * gain + 2048) >> 12;
    if (bytes == 1) plane[i] = (uint8_t)clamp(plane[i] + step, 0, largest);
    else wide[i] = (uint16_t)clamp(wide[i] + step, 0, largest);
  }
}

enum { SHARPEN_REACH = 2, SHARPEN_PADDING = 8 };

static inline int sharpen_stride(int width) { return (width + 2 * SHARPEN_PADDING + 7) & ~7; }

/** Bytes of scratch memory that clean_sharpen needs. */
EXPORT(clean_sharpen_bytes) long clean_sharpen_bytes(int width) { return (long)sharpen_stride(width) * 8 * 2 + 64; }

static void widen_row(const uint8_t* plane, int y, int width, int height, int bytes, uint16_t* to) {
  const uint8_t* narrow = plane + (long)clamp(y, 0, height - 1) * width * bytes;
  const uint16_t* wide = (const uint16_t*)narrow;
  if (bytes == 1) for (int x = 0; x < width; x += 1) to[SHARPEN_PADDING + x] = narrow[x];
  else for (int x = 0; x < width; x += 1) to[SHARPEN_PADDING + x] = wide[x];
  for (int x = 0; x < SHARPEN_REACH; x += 1) {
    to[SHARPEN_PADDING - 1 - x] = to[SHARPEN_PADDING];
    to[SHARPEN_PADDING + width + x] = to[SHARPEN_PADDING + width - 1];
  }
}

/** Adds `gain` / 256 of what a 5x5 binomial smoothing takes away; fully where 3x3 samples span `high` or more, not at all
 *  below `low`, and at most an eighth of that span beyond it. */
EXPORT(clean_sharpen)
void clean_sharpen(const uint8_t* plane, int width, int height, int bytes, int largest, int gain, int low, int high,
                   uint8_t* output, uint8_t* scratch) {
  int stride = sharpen_stride(width);
  uint16_t* rows = (uint16_t*)scratch; // a ring of 5, then sums, greatest and least of columns
  uint16_t *sums = rows + 5 * stride, *most = sums + stride, *least = most + stride;
  int slope = 256 * 16 / max_of(1, high - low);
  for (int y = -SHARPEN_REACH; y < SHARPEN_REACH; y += 1) widen_row(plane, y, width, height, bytes, rows + ((y + 5) % 5) * stride);
  for (int y = 0; y < height; y += 1) {
    widen_row(plane, y + SHARPEN_REACH, width, height, bytes, rows + ((y + 2) % 5) * stride);
    const uint16_t *a = rows + ((y + 3) % 5) * stride, *b = rows + ((y + 4) % 5) * stride, *c = rows + (y % 5) * stride;
    const uint16_t *d = rows + ((y + 1) % 5) * stride, *e = rows + ((y + 2) % 5) * stride;
    for (int x = SHARPEN_PADDING - 2; x < width + SHARPEN_PADDING + 2; x += 1) {
      sums[x] = (uint16_t)(a[x] + 4 * b[x] + 6 * c[x] + 4 * d[x] + e[x]);
      uint16_t more = b[x] > c[x] ? b[x] : c[x], less = b[x] < c[x] ? b[x] : c[x];
      most[x] = more > d[x] ? more : d[x];
      least[x] = less < d[x] ? less : d[x];
    }
    uint8_t* narrow = output + (long)y * width * bytes;
    uint16_t* wide = (uint16_t*)narrow;
    for (int i = 0; i < width; i += 1) {
      int x = SHARPEN_PADDING + i;
      int smooth = sums[x - 2] + 4 * sums[x - 1] + 6 * sums[x] + 4 * sums[x + 1] + sums[x + 2];
      int top = max_of(max_of(most[x - 1], most[x]), most[x + 1]);
      int bottom = min_of(min_of(least[x - 1], least[x]), least[x + 1]);
      int span = top - bottom;
      int share = min_of(256, max_of(0, ((span - low) * slope) >> 4));
      int detail = c[x] * 256 - smooth; // 1/256 of a sample value
      int added = (((detail * gain) >> 8) * share + 32768) >> 16;
      int value = clamp(c[x] + added, max_of(0, bottom - (span >> 3)), min_of(largest, top + (span >> 3)));
      if (bytes == 1) narrow[i] = (uint8_t)value;
      else wide[i] = (uint16_t)value;
    }
  }
}
