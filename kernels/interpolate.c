// A picture between two others: where its blocks come from in both, and the mixing of the two moved pictures.
//
// How it works: both fields (first → second, second → first) offer vectors to the blocks of the picture between, at the places
// they pass through. Each block takes the vector whose ends look most alike, costs least against its neighbours, and agrees
// with one of the fields. Blocks of 4x4 then choose among the vectors around them, so that edges of objects are followed.
// Where only one end agrees with its own picture's field, that side alone is seen (the other is covered), and is used alone.
//
// Calling it: between_init, motion_load for both pictures, between_estimate; between_field for a time; then for each plane put
// both pictures' samples at between_samples(0 and 1) and call between_plane.
#include "motion.h"
#include "warp.h"

enum {
  FINE = 4,
  FULL_TIME = 65536,
  // Prices and limits below are in sums of absolute differences (256 pixels, or 64 for blocks of 4x4) and quarter pixels;
  // chosen by bench/interpolation.
  ROUGHNESS_PRICE = 6,   // for each quarter pixel of difference from each neighbour
  ROUGHNESS_LIMIT = 24,
  SUPPORT_PRICE = 48,     // for each quarter pixel by which neither field supports the vector
  SUPPORT_LIMIT = 128,
  ASTRAY_FREE = 4,        // a block that comes back to within this is not astray
  SPLIT_PRICE = 64,       // of a 4x4 block that leaves its 8x8 block
  DOUBT_FROM = 320,       // the ends of a 4x4 block look different
  TRUST_MATTERS = 64,     // difference of trust, of 256
  TRUST_FREE = 8,
  TRUST_HALF = 32         // square of the quarter pixels past TRUST_FREE at which half the trust is gone
};

typedef struct {
  int16_t *dx, *dy;
  uint16_t* cost;
  int16_t* astray; // how far from itself a block ends up by its vector and the one found there, in quarter pixels
} Field;

typedef struct {
  int width, height, columns, rows, fine_columns, fine_rows, time;
  Field forward, backward;
  Vectors chosen;          // blocks of 8x8 of the picture between: movement from the first picture to the second
  Vectors offered[2];      // by the fields, where they land
  uint16_t* offered_cost[2];
  Vectors fine;            // blocks of 4x4
  int16_t* share;          // of the second picture, in 32767ths
  WarpPlane planes[2];
  uint8_t* plane_memory[2];
  int16_t *x0, *y0, *x1, *y1, *mix; // at the centres of a plane's grid, in sixteenths
  CellShares shares;
} Between;


static inline long up16(long x) { return (x + 15) & ~15l; }

static long blocks_bytes(int width, int height, int block) {
  return up16(2l * ((width + block - 1) / block) * ((height + block - 1) / block));
}

static long centres_bytes(int width, int height) { return up16(2l * ((width + 3) / 4) * ((height + 3) / 4)); }

/** For pictures of width x height and planes of at most plane_width x plane_height samples. */
EXPORT(between_bytes) long between_bytes(int width, int height, int plane_width, int plane_height, int bytes_per_sample) {
  return up16(sizeof(Between)) + 16 * blocks_bytes(width, height, BLOCK) + 3 * blocks_bytes(width, height, FINE) +
         2 * up16(warp_bytes(plane_width, plane_height, bytes_per_sample)) + 5 * centres_bytes(plane_width, plane_height) + 64;
}

static Vectors take_vectors(uint8_t** next, int width, int height, int block) {
  Vectors v = { (width + block - 1) / block, (height + block - 1) / block, (int16_t*)*next, 0 };
  *next += blocks_bytes(width, height, block);
  v.dy = (int16_t*)*next;
  *next += blocks_bytes(width, height, block);
  return v;
}

static Field take_field(uint8_t** next, int width, int height) {
  Vectors v = take_vectors(next, width, height, BLOCK);
  Field f = { v.dx, v.dy, (uint16_t*)*next, (int16_t*)(*next + blocks_bytes(width, height, BLOCK)) };
  *next += 2 * blocks_bytes(width, height, BLOCK);
  return f;
}

EXPORT(between_init)
void between_init(Between* b, int width, int height, int plane_width, int plane_height, int bytes_per_sample) {
  uint8_t* next = (uint8_t*)b + up16(sizeof(Between));
  b->width = width;
  b->height = height;
  b->columns = (width + BLOCK - 1) / BLOCK;
  b->rows = (height + BLOCK - 1) / BLOCK;
  b->forward = take_field(&next, width, height);
  b->backward = take_field(&next, width, height);
  b->chosen = take_vectors(&next, width, height, BLOCK);
  for (int i = 0; i < 2; i += 1) {
    b->offered[i] = take_vectors(&next, width, height, BLOCK);
    b->offered_cost[i] = (uint16_t*)next;
    next += blocks_bytes(width, height, BLOCK);
  }
  b->fine = take_vectors(&next, width, height, FINE);
  b->share = (int16_t*)next;
  next += blocks_bytes(width, height, FINE);
  int16_t** centres[5] = { &b->x0, &b->y0, &b->x1, &b->y1, &b->mix };
  for (int i = 0; i < 5; i += 1) {
    *centres[i] = (int16_t*)next;
    next += centres_bytes(plane_width, plane_height);
  }
  for (int i = 0; i < 2; i += 1) {
    b->plane_memory[i] = next;
    next += up16(warp_bytes(plane_width, plane_height, bytes_per_sample));
  }
}

static inline int part_of(int vector, int time) { return (int)(((int64_t)vector * time + FULL_TIME / 2) >> 16); }

/** One block of the picture between under choice. */
typedef struct {
  const Between* between;
  const Level *first, *second;
  int column, row, dx, dy, cost;
  Neighbours neighbours;
  Tried tried;
} Choice;

static inline Sample clamped_sample(const Level* level, int x, int y, int dx, int dy) {
  int margin = PADDING - 5;
  dx = clamp(dx, (-margin - x) * 4, (level->width + margin - WINDOW - x) * 4);
  dy = clamp(dy, (-margin - y) * 4, (level->height + margin - WINDOW - y) * 4);
  Sample s = sample_at(level, x, y, dx, dy);
  if (!s.b) s.b = s.a;
  return s;
}

/** Differences over a window of 16x16 pixels, by every other row. */
static NOINLINE int sad_pair(Sample p, Sample q, int stride) {
  vec sum = v_zero();
  for (int y = 0; y < 16; y += 2)
    sum = v_sad_add(sum, v_avg_u8(v_load(p.a + y * stride), v_load(p.b + y * stride)),
                    v_avg_u8(v_load(q.a + y * stride), v_load(q.b + y * stride)));
  return 2 * v_sad_total(sum);
}

static int sad_pair_small(Sample p, Sample q, int stride) {
  vec sum = v_zero();
  for (int y = 0; y < 8; y += 1)
    sum = v_sad_add(sum, v_avg_u8(v_load_8_bytes(p.a + y * stride), v_load_8_bytes(p.b + y * stride)),
                    v_avg_u8(v_load_8_bytes(q.a + y * stride), v_load_8_bytes(q.b + y * stride)));
  return v_sad_total(sum);
}

/** Least difference of a field's vectors around a point (quarter pixels) from a vector. */
static int disagreement(const Between* b, const Field* f, int x, int y, int dx, int dy) {
  // The four blocks whose centres surround the point.
  int column = (x - 2 * BLOCK) >> 5, row = (y - 2 * BLOCK) >> 5, least = 1 << 14;
  for (int j = 0; j < 2; j += 1)
    for (int i = 0; i < 2; i += 1) {
      int at = clamp(row + j, 0, b->rows - 1) * b->columns + clamp(column + i, 0, b->columns - 1);
      least = min_of(least, magnitude(f->dx[at] - dx) + magnitude(f->dy[at] - dy));
    }
  return least;
}

/** The same, for vectors that can be relied on. */
static int unsupported(const Between* b, const Field* f, int x, int y, int dx, int dy) {
  int column = (x - 2 * BLOCK) >> 5, row = (y - 2 * BLOCK) >> 5, least = 1 << 14;
  for (int j = 0; j < 2; j += 1)
    for (int i = 0; i < 2; i += 1) {
      int at = clamp(row + j, 0, b->rows - 1) * b->columns + clamp(column + i, 0, b->columns - 1);
      least = min_of(least, magnitude(f->dx[at] - dx) + magnitude(f->dy[at] - dy) + f->astray[at]);
    }
  return least;
}

static NOINLINE void offer(Choice* c, int dx, int dy) {
  int price = roughness_of(&c->neighbours, dx, dy, ROUGHNESS_LIMIT) * ROUGHNESS_PRICE;
  if (price >= c->cost || !is_new(&c->tried, dx, dy)) return;
  const Between* b = c->between;
  int x = c->column * BLOCK - REACH, y = c->row * BLOCK - REACH;
  int x0 = -part_of(dx, b->time), y0 = -part_of(dy, b->time), x1 = dx + x0, y1 = dy + y0;
  int centre_x = 4 * (c->column * BLOCK + BLOCK / 2), centre_y = 4 * (c->row * BLOCK + BLOCK / 2);
  int e0 = unsupported(b, &b->forward, centre_x + x0, centre_y + y0, dx, dy);
  int e1 = unsupported(b, &b->backward, centre_x + x1, centre_y + y1, -dx, -dy);
  price += min_of(min_of(e0, e1), SUPPORT_LIMIT) * SUPPORT_PRICE;
  int limit = c->cost - price;
  if (limit <= 0) return;
  Sample p = clamped_sample(c->first, x, y, x0, y0), q = clamped_sample(c->second, x, y, x1, y1);
  int sad = sad_pair(p, q, c->first->stride);
  if (sad >= limit) return;
  c->cost = sad + price;
  c->dx = dx;
  c->dy = dy;
}

/** Every vector of a field is offered to the block that its middle passes through at the time. */
static void land(Between* b, int which) {
  const Field* f = which ? &b->backward : &b->forward;
  Vectors* to = &b->offered[which];
  uint16_t* cost = b->offered_cost[which];
  int count = b->columns * b->rows, time = which ? FULL_TIME - b->time : b->time;
  for (int i = 0; i < count; i += 1) cost[i] = 0xffff;
  for (int i = 0; i < count; i += 1) {
    int x = i % b->columns * BLOCK * 4 + part_of(f->dx[i], time) + 2 * BLOCK;
    int y = i / b->columns * BLOCK * 4 + part_of(f->dy[i], time) + 2 * BLOCK;
    int column = x >> 5, row = y >> 5;
    if (column < 0 || row < 0 || column >= b->columns || row >= b->rows) continue;
    int at = row * b->columns + column;
    if (f->cost[i] >= cost[at]) continue;
    cost[at] = f->cost[i];
    to->dx[at] = (int16_t)(which ? -f->dx[i] : f->dx[i]);
    to->dy[at] = (int16_t)(which ? -f->dy[i] : f->dy[i]);
  }
  for (int i = 0; i < count; i += 1)
    if (cost[i] == 0xffff) {
      to->dx[i] = which ? (int16_t)-f->dx[i] : f->dx[i];
      to->dy[i] = which ? (int16_t)-f->dy[i] : f->dy[i];
    }
}

static void choose(Between* b, const Level* first, const Level* second, int round) {
  Vectors* v = &b->chosen;
  int count = v->columns * v->rows;
  Choice c;
  c.between = b;
  c.first = first;
  c.second = second;
  for (int n = 0; n < count; n += 1) {
    int i = round & 1 ? count - 1 - n : n;
    c.column = i % v->columns;
    c.row = i / v->columns;
    c.cost = 1 << 28;
    forget(&c.tried);
    find_neighbours(&c.neighbours, v, c.column, c.row);
    offer(&c, v->dx[i], v->dy[i]);
    for (int k = 0; k < c.neighbours.count; k += 1) offer(&c, c.neighbours.dx[k], c.neighbours.dy[k]);
    if (round == 0) {
      offer(&c, b->offered[0].dx[i], b->offered[0].dy[i]);
      offer(&c, b->offered[1].dx[i], b->offered[1].dy[i]);
      offer(&c, 0, 0);
    }
    v->dx[i] = (int16_t)c.dx;
    v->dy[i] = (int16_t)c.dy;
  }
}

/** 256 for vectors that agree, less and less for others. */
static inline int trust(int error) {
  int excess = max_of(0, error - TRUST_FREE);
  return 256 * TRUST_HALF / (TRUST_HALF + excess * excess);
}

static int is_inside(const Between* b, int x, int y) {
  return x >= -8 && y >= -8 && x <= 4 * b->width + 8 && y <= 4 * b->height + 8;
}

/** Differences of the ends of a 4x4 block's vector, over 8x8 pixels. */
static int fine_sad(const Between* b, const Level* first, const Level* second, int column, int row, int dx, int dy) {
  int x = column * FINE - 2, y = row * FINE - 2, x0 = -part_of(dx, b->time), y0 = -part_of(dy, b->time);
  return sad_pair_small(clamped_sample(first, x, y, x0, y0), clamped_sample(second, x, y, dx + x0, dy + y0), first->stride);
}

/** How much of a 4x4 block comes from the second picture, in 32767ths. `sad` is negative where it is not known yet. */
static int share_of_second(const Between* b, const Level* first, const Level* second, int column, int row, int sad) {
  int i = row * b->fine.columns + column, dx = b->fine.dx[i], dy = b->fine.dy[i];
  int x0 = 4 * (column * FINE + FINE / 2) - part_of(dx, b->time), y0 = 4 * (row * FINE + FINE / 2) - part_of(dy, b->time);
  int k0 = trust(disagreement(b, &b->forward, x0, y0, dx, dy)) + 1;
  int k1 = trust(disagreement(b, &b->backward, x0 + dx, y0 + dy, -dx, -dy)) + 1;
  if (magnitude(k0 - k1) > TRUST_MATTERS) {
    // Where both ends look alike it does not matter which is right.
    if (sad < 0) sad = fine_sad(b, first, second, column, row, dx, dy);
    int doubt = clamp(sad - DOUBT_FROM, 0, 256);
    k0 += ((257 - k0) * (256 - doubt)) >> 8;
    k1 += ((257 - k1) * (256 - doubt)) >> 8;
  }
  if (!is_inside(b, x0, y0)) k0 = 0;
  if (!is_inside(b, x0 + dx, y0 + dy)) k1 = 0;
  if (k0 + k1 == 0) k0 = k1 = 1;
  float share = (float)b->time * (float)k1;
  share /= share + (float)(FULL_TIME - b->time) * (float)k0;
  return (int)(share * 32767.0f + 0.5f);
}

static void split(Between* b, const Level* first, const Level* second) {
  const Vectors* v = &b->chosen;
  Vectors* f = &b->fine;
  for (int row = 0; row < f->rows; row += 1)
    for (int column = 0; column < f->columns; column += 1) {
      int own = (row >> 1) * v->columns + (column >> 1), i = row * f->columns + column;
      int best = -1, best_sad = -1;
      f->dx[i] = v->dx[own];
      f->dy[i] = v->dy[own];
      int at_column = clamp((column >> 1) + (column & 1 ? 1 : -1), 0, v->columns - 1);
      int at_row = clamp((row >> 1) + (row & 1 ? 1 : -1), 0, v->rows - 1);
      int others[3] = { (row >> 1) * v->columns + at_column, at_row * v->columns + (column >> 1), at_row * v->columns + at_column };
      for (int k = 0; k < 3; k += 1) {
        int dx = v->dx[others[k]], dy = v->dy[others[k]];
        if (dx == f->dx[i] && dy == f->dy[i]) continue;
        if (best < 0) best = best_sad = fine_sad(b, first, second, column, row, f->dx[i], f->dy[i]);
        int sad = fine_sad(b, first, second, column, row, dx, dy);
        if (sad + SPLIT_PRICE >= best) continue;
        best = sad + SPLIT_PRICE;
        best_sad = sad;
        f->dx[i] = (int16_t)dx;
        f->dy[i] = (int16_t)dy;
      }
      b->share[i] = (int16_t)share_of_second(b, first, second, column, row, best_sad);
    }
}

static void follow_back(const Between* b, Field* f, const Field* back) {
  for (int i = 0; i < b->columns * b->rows; i += 1) {
    int x = 4 * (i % b->columns * BLOCK + BLOCK / 2) + f->dx[i], y = 4 * (i / b->columns * BLOCK + BLOCK / 2) + f->dy[i];
    f->astray[i] = (int16_t)max_of(0, min_of(disagreement(b, back, x, y, -f->dx[i], -f->dy[i]), SUPPORT_LIMIT) - ASTRAY_FREE);
  }
}

/** Finds the motion between the pictures in two slots. */
EXPORT(between_estimate) void between_estimate(Between* b, Motion* m, int first, int second, int smoothness) {
  int stride = (int)blocks_bytes(b->width, b->height, BLOCK);
  motion_estimate_both(m, first, second, smoothness, (uint8_t*)b->forward.dx, (uint8_t*)b->backward.dx, stride);
  follow_back(b, &b->forward, &b->backward);
  follow_back(b, &b->backward, &b->forward);
}

/** Finds the blocks of the picture at `time` (of 65536) between the pictures in slots `first` and `second`. */
EXPORT(between_field) void between_field(Between* b, Motion* m, int first, int second, int time) {
  const Level *p = level_of(m, first, 0), *q = level_of(m, second, 0);
  b->time = time;
  land(b, 0);
  land(b, 1);
  for (int i = 0; i < b->columns * b->rows; i += 1) {
    const Vectors* o = b->offered_cost[0][i] <= b->offered_cost[1][i] ? &b->offered[0] : &b->offered[1];
    b->chosen.dx[i] = o->dx[i];
    b->chosen.dy[i] = o->dy[i];
  }
  choose(b, p, q, 0);
  choose(b, p, q, 1);
  split(b, p, q);
}

EXPORT(between_samples) uint8_t* between_samples(Between* b, int which, int width, int height, int bytes_per_sample, int bit_depth) {
  b->planes[which] = warp_plane(b->plane_memory[which], width, height, bytes_per_sample, bit_depth);
  return b->planes[which].origin;
}
EXPORT(between_stride) int between_stride(Between* b) { return b->planes[0].stride_bytes; }

static float blend_at(const int16_t* v, int columns, int right, int below, int share_x, int share_y) {
  int above = v[0] * (256 - share_x) + v[right] * share_x;
  int under = v[below * columns] * (256 - share_x) + v[below * columns + right] * share_x;
  return ((float)above * (float)(256 - share_y) + (float)under * (float)share_y) * (1.0f / 65536.0f);
}

static inline int16_t round16(float x) { return (int16_t)clamp((int)(x < 0 ? x - 0.5f : x + 0.5f), -32767, 32767); }

static void spread_between(Between* b, WarpGrid g) {
  const Vectors* f = &b->fine;
  const WarpPlane* p = &b->planes[0];
  float time = (float)b->time / (float)FULL_TIME;
  float scale_x = 4.0f * (float)p->width / (float)b->width, scale_y = 4.0f * (float)p->height / (float)b->height;
  for (int row = 0; row < g.rows; row += 1) {
    int share_y, y = warp_between(row, g.cell, p->height, b->height, FINE, f->rows, &share_y);
    for (int column = 0; column < g.columns; column += 1) {
      int share_x, x = warp_between(column, g.cell, p->width, b->width, FINE, f->columns, &share_x);
      int at = y * f->columns + x, right = share_x > 0, below = share_y > 0, i = row * g.columns + column;
      float dx = blend_at(f->dx + at, f->columns, right, below, share_x, share_y) * scale_x;
      float dy = blend_at(f->dy + at, f->columns, right, below, share_x, share_y) * scale_y;
      b->x0[i] = round16(-time * dx);
      b->y0[i] = round16(-time * dy);
      b->x1[i] = round16((1.0f - time) * dx);
      b->y1[i] = round16((1.0f - time) * dy);
      b->mix[i] = round16(blend_at(b->share + at, f->columns, right, below, share_x, share_y));
    }
  }
}

static NOINLINE void predict_mixed(const Between* b, int centre, int x, int y, int rows, vec* out) {
  vec second[CELL], share = v_set(b->mix[centre]);
  warp_predict(&b->planes[0], x, y, b->x0[centre], b->y0[centre], rows, out);
  warp_predict(&b->planes[1], x, y, b->x1[centre], b->y1[centre], rows, second);
  for (int i = 0; i < rows; i += 1) out[i] = v_add(out[i], v_mul_fraction(v_sub(second[i], out[i]), share));
}

static int is_same(const Between* b, int i, int j) {
  return b->x0[i] == b->x0[j] && b->y0[i] == b->y0[j] && b->x1[i] == b->x1[j] && b->y1[i] == b->y1[j] && b->mix[i] == b->mix[j];
}

/** One cell, between four centres. */
static void mix_cell(const Between* b, WarpGrid g, const WarpPlane* to, int column, int row) {
  int x = column * g.cell - g.cell / 2, y = row * g.cell - g.cell / 2;
  int left = max_of(column - 1, 0), right = min_of(column, g.columns - 1);
  int above = max_of(row - 1, 0) * g.columns, below = min_of(row, g.rows - 1) * g.columns;
  int centres[4] = { above + left, above + right, below + left, below + right };
  vec result[CELL], one[CELL];
  int done = 0; // bits of the centres that are in the result
  for (int n = 0; done != 15; n += 1) {
    if (done & (1 << n)) continue;
    int alike = 0;
    for (int k = n; k < 4; k += 1)
      if (k == n || is_same(b, centres[n], centres[k])) alike |= 1 << k;
    if (alike == 15) {
      predict_mixed(b, centres[0], x, y, g.cell, result);
      break;
    }
    predict_mixed(b, centres[n], x, y, g.cell, one);
    const vec* shares = b->shares.shares[alike];
    for (int i = 0; i < g.cell; i += 1) {
      vec part = v_mul_fraction(one[i], shares[i]);
      result[i] = done ? v_add(result[i], part) : part;
    }
    done |= alike;
  }
  warp_write(to, x, y, g.cell, g.cell, result);
}

/** Two by two small cells at once where nothing changes among their nine centres; whether that was so. */
static int mix_four_cells(const Between* b, WarpGrid g, const WarpPlane* to, int column, int row) {
  if (column < 1 || row < 1 || column + 1 >= g.columns || row + 1 >= g.rows) return 0;
  int first = (row - 1) * g.columns + column - 1;
  for (int i = 1; i < 9; i += 1)
    if (!is_same(b, first, first + i / 3 * g.columns + i % 3)) return 0;
  vec result[CELL];
  int x = column * g.cell - g.cell / 2, y = row * g.cell - g.cell / 2;
  predict_mixed(b, first, x, y, CELL, result);
  warp_write(to, x, y, CELL, CELL, result);
  return 1;
}

/** Mixes the two planes at between_samples into `out` by the field last found. */
EXPORT(between_plane) void between_plane(Between* b, uint8_t* out, int out_stride) {
  WarpPlane to = b->planes[0];
  WarpGrid g = warp_grid(to.width, to.height, b->width, FINE);
  to.origin = out;
  to.stride_bytes = out_stride;
  warp_pad(&b->planes[0]);
  warp_pad(&b->planes[1]);
  warp_shares(&b->shares, g.cell);
  spread_between(b, g);
  if (g.cell == CELL) {
    for (int row = 0; row <= g.rows; row += 1)
      for (int column = 0; column <= g.columns; column += 1) mix_cell(b, g, &to, column, row);
    return;
  }
  for (int row = 0; row <= g.rows; row += 2)
    for (int column = 0; column <= g.columns; column += 2) {
      if (mix_four_cells(b, g, &to, column, row)) continue;
      for (int i = 0; i < 4; i += 1)
        if (row + i / 2 <= g.rows && column + i % 2 <= g.columns) mix_cell(b, g, &to, column + i % 2, row + i / 2);
    }
}

/** Mean differences at a level that is coarse but not too coarse, in 256ths of a code value: of two pictures from each other,
 *  and of both together from their own means, which is how much unrelated pictures of this contrast would differ or more. */
static void compare_coarsely(Motion* m, int first, int second, int32_t* results) {
  int l = min_of(2, m->levels - 1);
  const Level *p = level_of(m, first, l), *q = level_of(m, second, l);
  int64_t count = (int64_t)p->width * p->height, sums[2] = { 0, 0 }, apart = 0, spread = 0;
  for (int y = 0; y < p->height; y += 1)
    for (int x = 0; x < p->width; x += 1) {
      int i = y * p->stride + x;
      sums[0] += p->planes[0][i];
      sums[1] += q->planes[0][i];
      apart += magnitude(p->planes[0][i] - q->planes[0][i]);
    }
  int means[2] = { (int)(sums[0] / count), (int)(sums[1] / count) };
  for (int y = 0; y < p->height; y += 1)
    for (int x = 0; x < p->width; x += 1) {
      int i = y * p->stride + x;
      spread += magnitude(p->planes[0][i] - means[0]) + magnitude(q->planes[0][i] - means[1]);
    }
  results[0] = (int32_t)(apart * 256 / count);
  results[1] = (int32_t)(spread * 256 / (2 * count));
}

/** Counts blocks of both pictures, to recognise cuts: those that differ where they are by more than `limit`, and those of
 *  them whose vector leads to a block whose vector leads elsewhere, more than `distance` quarter pixels away. Then as
 *  compare_coarsely says. */
EXPORT(between_count) void between_count(Between* b, Motion* m, int first, int second, int limit, int distance, int32_t* counts) {
  counts[0] = counts[1] = 0;
  compare_coarsely(m, first, second, counts + 2);
  for (int i = 0; i < b->columns * b->rows; i += 1) {
    int x = i % b->columns * BLOCK, y = i / b->columns * BLOCK, stride = level_of(m, first, 0)->stride;
    long at = (long)(y - REACH) * stride + x - REACH;
    if (sad_whole(level_of(m, first, 0)->planes[0] + at, level_of(m, second, 0)->planes[0] + at, stride) <= limit) continue;
    counts[0] += 2;
    for (int d = 0; d < 2; d += 1) {
      const Field *f = d ? &b->backward : &b->forward, *back = d ? &b->forward : &b->backward;
      int to_x = 4 * x + 2 * BLOCK + f->dx[i], to_y = 4 * y + 2 * BLOCK + f->dy[i];
      counts[1] += disagreement(b, back, to_x, to_y, -f->dx[i], -f->dy[i]) > distance;
    }
  }
}
