// What motion.c shares with other kernels: the pyramid of a picture and how blocks of two pictures are compared.
#ifndef UPRES_MOTION_H
#define UPRES_MOTION_H

#include "simd.h"

enum {
  BLOCK = 8,
  WINDOW = 16,       // compared around each block, 4 pixels more on every side
  REACH = 4,         // (WINDOW - BLOCK) / 2
  PADDING = 48,      // repeated edge around every plane of the pyramid
  MAX_LEVELS = 7,
  SMALLEST_SIDE = 40, // of the coarsest level
  TRIED_VECTORS = 48
};

/** One level of one picture: luma in 8 bits; level 0 also between its pixels. */
typedef struct {
  int width, height, stride;
  uint8_t* planes[4]; // pixel (0, 0) of: whole pixels, half right, half down, half right and down
} Level;

/** Vectors of one level, one for each block. */
typedef struct {
  int columns, rows;
  int16_t *dx, *dy;
} Vectors;

typedef struct {
  int width, height, levels, slots;
  Vectors vectors[2][MAX_LEVELS]; // there, and back
  Level pictures[]; // levels of slot 0, levels of slot 1…
} Motion;

typedef struct { const uint8_t *a, *b; } Sample; // b is null at half pixels

/** Where the window of the block at (x, y) lies in a level-0 picture when moved by quarter pixels. */
static inline Sample sample_at(const Level* level, int x, int y, int dx, int dy) {
  int qx = 4 * x + dx, qy = 4 * y + dy;
  int ax = qx >> 1, ay = qy >> 1, bx = ax, by = ay; // half pixels around the wanted point
  if ((qx & 1) && (qy & 1)) {
    // Of the two diagonals, the one whose ends lie halfway in one direction only.
    if ((ax + ay) & 1) { bx += 1; by += 1; } else { ax += 1; by += 1; }
  } else if (qx & 1) bx += 1;
  else if (qy & 1) by += 1;
  Sample s;
  s.a = level->planes[(ax & 1) + 2 * (ay & 1)] + (ay >> 1) * level->stride + (ax >> 1);
  s.b = (qx & 1) || (qy & 1) ? level->planes[(bx & 1) + 2 * (by & 1)] + (by >> 1) * level->stride + (bx >> 1) : 0;
  return s;
}

/** Sum of absolute differences over a window. */
static inline int sad_whole(const uint8_t* a, const uint8_t* b, int stride) {
  vec sum = v_zero();
  for (int y = 0; y < 16; y += 1) sum = v_sad_add(sum, v_load(a + y * stride), v_load(b + y * stride));
  return v_sad_total(sum);
}

/** The same by every other row, at half the work. */
static inline int sad_half(const uint8_t* a, const uint8_t* b, int stride) {
  vec sum = v_zero();
  for (int y = 0; y < 16; y += 2) sum = v_sad_add(sum, v_load(a + y * stride), v_load(b + y * stride));
  return 2 * v_sad_total(sum);
}

static inline int sad_sample(const uint8_t* a, Sample s, int stride) {
  if (!s.b) return sad_whole(a, s.a, stride);
  vec sum = v_zero();
  for (int y = 0; y < 16; y += 1)
    sum = v_sad_add(sum, v_load(a + y * stride), v_avg_u8(v_load(s.a + y * stride), v_load(s.b + y * stride)));
  return v_sad_total(sum);
}

/** The vectors of the blocks on the four sides of one. */
typedef struct { int count, dx[4], dy[4]; } Neighbours;

static inline void add_neighbour(Neighbours* n, const Vectors* f, int i) {
  n->dx[n->count] = f->dx[i];
  n->dy[n->count] = f->dy[i];
  n->count += 1;
}

static inline void find_neighbours(Neighbours* n, const Vectors* f, int column, int row) {
  int i = row * f->columns + column;
  n->count = 0;
  if (column > 0) add_neighbour(n, f, i - 1);
  if (row > 0) add_neighbour(n, f, i - f->columns);
  if (column + 1 < f->columns) add_neighbour(n, f, i + 1);
  if (row + 1 < f->rows) add_neighbour(n, f, i + f->columns);
}

/** Sum of a vector's differences from its neighbours, each up to `limit`: far outliers pay no more, so that edges stay free. */
static inline int roughness_of(const Neighbours* n, int dx, int dy, int limit) {
  int sum = 0;
  for (int i = 0; i < n->count; i += 1) sum += min_of(magnitude(dx - n->dx[i]) + magnitude(dy - n->dy[i]), limit);
  return sum;
}

/** Vectors that were tried already. */
typedef struct {
  int count;
  int32_t keys[TRIED_VECTORS];
} Tried;

static inline void forget(Tried* t) { t->count = 0; }

/** Whether this vector is new; it is remembered while there is room. */
static inline int is_new(Tried* t, int dx, int dy) {
  int32_t key = (int32_t)(((uint32_t)dx << 16) | ((uint32_t)dy & 0xffff));
  for (int i = 0; i < t->count; i += 1)
    if (t->keys[i] == key) return 0;
  if (t->count < TRIED_VECTORS) t->keys[t->count++] = key;
  return 1;
}

static inline Level* level_of(Motion* m, int slot, int level) { return &m->pictures[slot * m->levels + level]; }

void motion_estimate_both(Motion* m, int from, int to, int smoothness, uint8_t* there, uint8_t* back, int stride_bytes);

#endif
