// What a fusion network is told of a neighbour in time that was moved onto a picture: how well both match in each cell of 4x4, as they lie
// and with the neighbour shifted by up to two samples, and how much there is to match.
//
// Calling it: reserve fusion_bytes(...) bytes, put the picture's samples at fusion_own(...) and the moved neighbour's at
// fusion_moved(...), both with fusion_stride(...) bytes from row to row, then fusion_look.
#include "simd.h"

enum { CELL = 4, PAIR = 2 * CELL, SHIFTS = 2, SIDE = 2 * SHIFTS + 1, COSTS = SIDE * SIDE, PADDING = 16 /* samples beside a plane */ };
/** Costs are told as differences from that of the neighbour as it lies, up to so many code values of 8 bits. */
#define MOST_APART 8.0f
/** Means are told in so many parts of an 8-bit code value. */
#define MEAN_PARTS 16.0f

typedef struct {
  uint8_t *own, *moved; // sample (0, 0)
  int width, height, bytes, stride_bytes;
  float unit; // 8-bit code values in a sample value
} Fusion;

static int fusion_line(int width, int bytes) { return ((width + 2 * PADDING + 15) & ~15) * bytes; }

EXPORT(fusion_bytes) long fusion_bytes(int width, int height, int bytes) {
  return (long)sizeof(Fusion) + 64 + 2l * fusion_line(width, bytes) * (height + 2 * SHIFTS) + 64;
}

EXPORT(fusion_init) void fusion_init(Fusion* f, int width, int height, int bytes, int bit_depth) {
  uint8_t* planes = (uint8_t*)f + ((sizeof(Fusion) + 63) & ~63ul);
  int stride = fusion_line(width, bytes);
  long first = (long)SHIFTS * stride + PADDING * bytes;
  *f = (Fusion) { planes + first, planes + (long)stride * (height + 2 * SHIFTS) + first, width, height, bytes, stride, 1.0f / (1 << (bit_depth - 8)) };
}

EXPORT(fusion_own) uint8_t* fusion_own(Fusion* f) { return f->own; }
EXPORT(fusion_moved) uint8_t* fusion_moved(Fusion* f) { return f->moved; }
EXPORT(fusion_stride) int fusion_stride(Fusion* f) { return f->stride_bytes; }

/** Repeats a plane's edges as far as it is looked beyond them. */
static void repeat_edges(const Fusion* f, uint8_t* plane) {
  int bytes = f->bytes, stride = f->stride_bytes;
  for (int y = 0; y < f->height; y += 1) {
    uint8_t* row = plane + (long)y * stride;
    for (int i = 1; i <= PADDING; i += 1) {
      __builtin_memcpy(row - i * bytes, row, (unsigned)bytes);
      __builtin_memcpy(row + (f->width - 1 + i) * bytes, row + (f->width - 1) * bytes, (unsigned)bytes);
    }
  }
  for (int y = 1; y <= SHIFTS; y += 1) {
    uint8_t* last = plane + (long)(f->height - 1) * stride - PADDING * bytes;
    __builtin_memcpy(plane - PADDING * bytes - (long)y * stride, plane - PADDING * bytes, (unsigned)stride);
    __builtin_memcpy(last + (long)y * stride, last, (unsigned)stride);
  }
}

static inline __attribute__((always_inline)) vec eight(const uint8_t* p, int bytes) { return bytes == 1 ? v_load_u8(p) : v_load(p); }

/** The sums of both cells of a pair. */
static inline void sums_of(vec v, int sums[2]) {
  int16_t lanes[PAIR];
  v_store(lanes, v);
  for (int half = 0; half < 2; half += 1) {
    const int16_t* part = lanes + half * CELL;
    sums[half] = part[0] + part[1] + part[2] + part[3];
  }
}

static inline uint16_t told_mean(float mean) { return (uint16_t)min_of((int)(mean * MEAN_PARTS + 0.5f), 65535); }

/** Which of the eight samples of a pair of cells are in the picture. */
static inline vec inside(int columns) {
  int16_t lanes[PAIR];
  for (int i = 0; i < PAIR; i += 1) lanes[i] = (int16_t)(i < columns ? -1 : 0);
  return v_load(lanes);
}

typedef struct { float found[COSTS], down, across, brighter; } Look;

/** Two cells beside each other; of the second there may be nothing. */
static inline __attribute__((always_inline)) void look_at_pair(const Fusion* f, int bytes, int x, int y, Look looks[2]) {
  int columns = min_of(PAIR, f->width - x), rows = min_of(CELL, f->height - y), sums[2];
  long stride = f->stride_bytes, start = (long)y * stride + x * bytes;
  const uint8_t *own = f->own + start, *moved = f->moved + start;
  vec mask = inside(columns), samples[CELL], down = v_zero(), across = v_zero(), off = v_zero();
  float units[2];
  for (int half = 0; half < 2; half += 1) units[half] = f->unit / (float)(max_of(1, clamp(columns - half * CELL, 0, CELL)) * rows);
  for (int i = 0; i < rows; i += 1) {
    samples[i] = v_and(eight(own + i * stride, bytes), mask);
    vec next = v_and(eight(own + (i + 1) * stride, bytes), mask), right = v_and(eight(own + i * stride + bytes, bytes), mask);
    if (y + i + 1 < f->height) down = v_add(down, v_abs(v_sub(next, samples[i])));
    across = v_add(across, v_abs(v_sub(right, samples[i])));
    off = v_add(off, v_sub(v_and(eight(moved + i * stride, bytes), mask), samples[i]));
  }
  for (int shift = 0; shift < COSTS; shift += 1) {
    const uint8_t* shifted = moved + (shift / SIDE - SHIFTS) * stride + (shift % SIDE - SHIFTS) * bytes;
    vec sum = v_zero();
    for (int i = 0; i < rows; i += 1) sum = v_add(sum, v_abs(v_sub(v_and(eight(shifted + i * stride, bytes), mask), samples[i])));
    sums_of(sum, sums);
    for (int half = 0; half < 2; half += 1) looks[half].found[shift] = (float)sums[half] * units[half];
  }
  sums_of(down, sums);
  for (int half = 0; half < 2; half += 1) looks[half].down = (float)sums[half] * units[half];
  sums_of(across, sums);
  for (int half = 0; half < 2; half += 1) looks[half].across = (float)sums[half] * units[half];
  sums_of(off, sums);
  for (int half = 0; half < 2; half += 1) looks[half].brighter = (float)magnitude(sums[half]) * units[half];
}

static inline void tell(const Look* look, long at, long cells, uint8_t* costs, uint16_t* means) {
  float here = look->found[COSTS / 2];
  for (int shift = 0; shift < COSTS; shift += 1) {
    float apart = look->found[shift] - here;
    apart = apart < -MOST_APART ? -MOST_APART : apart > MOST_APART ? MOST_APART : apart;
    costs[shift * cells + at] = (uint8_t)(128.5f + apart * (127 / MOST_APART));
  }
  means[at] = told_mean(here);
  means[cells + at] = told_mean(look->down);
  means[2 * cells + at] = told_mean(look->across);
  means[3 * cells + at] = told_mean(look->brighter);
}

/** For each cell, row by row: `costs`, 25 planes of bytes, 128 and 127/8 times by how many code values of 8 bits, from
 *  -8 to 8, the mean difference of the neighbour shifted down and right by -2 to 2 samples is above that of the neighbour as it lies; `means`, 4 planes in sixteenths of such a value, the
 *  difference as it lies, the picture's own change down and across, and how much brighter or darker the neighbour is. */
EXPORT(fusion_look) void fusion_look(Fusion* f, uint8_t* costs, uint16_t* means) {
  int across = (f->width + CELL - 1) / CELL, down = (f->height + CELL - 1) / CELL;
  long cells = (long)across * down;
  repeat_edges(f, f->own);
  repeat_edges(f, f->moved);
  for (int row = 0; row < down; row += 1)
    for (int column = 0; column < across; column += 2) {
      Look looks[2];
      long at = (long)row * across + column;
      if (f->bytes == 1) look_at_pair(f, 1, column * CELL, row * CELL, looks);
      else look_at_pair(f, 2, column * CELL, row * CELL, looks);
      tell(&looks[0], at, cells, costs, means);
      if (column + 1 < across) tell(&looks[1], at + 1, cells, costs, means);
    }
}
