// Motion between two pictures: vectors for blocks of 8x8 pixels, found by comparing windows of 16x16, from coarse to fine.
//
// How it works: each picture becomes a pyramid (halved by areas of 2x2). The coarsest level is searched fully; each finer one
// starts with the doubled vectors of the coarser, tries those of neighbours, and walks downhill. The cost of a vector is the
// sum of absolute differences and a price for differing from the four neighbours, so that flat areas follow textured ones.
// The finest level goes on to half and quarter pixels.
//
// Calling it: reserve motion_bytes(...) bytes (16-aligned), motion_init once, motion_load for each picture, motion_estimate.
#include "motion.h"

enum { SEARCH_RADIUS = 6, MAX_STEPS = 12, GOOD = 256 /* sum of differences from which on it is searched on */ };

static inline int round_up(int x, int multiple) { return (x + multiple - 1) / multiple * multiple; }
static inline int blocks_in(int side) { return (side + BLOCK - 1) / BLOCK; }

static int count_levels(int width, int height) {
  int levels = 1;
  while (levels < MAX_LEVELS && (min_of(width, height) >> levels) >= SMALLEST_SIDE) levels += 1;
  return levels;
}

static inline int level_side(int side, int level) {
  for (int i = 0; i < level; i += 1) side = (side + 1) >> 1;
  return side;
}

static inline long plane_bytes(int width, int height) {
  return (long)(round_up(width, WINDOW) + 2 * PADDING) * (round_up(height, BLOCK) + 2 * PADDING);
}

static inline long header_bytes(int levels, int slots) {
  return (long)round_up((int)(sizeof(Motion) + sizeof(Level) * (unsigned)(levels * slots)), 16);
}

/** Bytes that a state for pictures of this size needs. */
EXPORT(motion_bytes) long motion_bytes(int width, int height, int slots) {
  int levels = count_levels(width, height);
  long bytes = header_bytes(levels, slots);
  for (int l = 0; l < levels; l += 1) {
    int w = level_side(width, l), h = level_side(height, l);
    bytes += plane_bytes(w, h) * (l == 0 ? 4 : 1) * slots + 16;
    bytes += (long)round_up(blocks_in(w) * blocks_in(h) * 2, 16) * 4;
  }
  return bytes + 64;
}

EXPORT(motion_init) void motion_init(Motion* m, int width, int height, int slots) {
  m->width = width;
  m->height = height;
  m->slots = slots;
  m->levels = count_levels(width, height);
  uint8_t* next = (uint8_t*)m + header_bytes(m->levels, slots);
  for (int l = 0; l < m->levels; l += 1) {
    int w = level_side(width, l), h = level_side(height, l);
    int stride = round_up(w, WINDOW) + 2 * PADDING;
    for (int slot = 0; slot < slots; slot += 1) {
      Level* level = level_of(m, slot, l);
      level->width = w;
      level->height = h;
      level->stride = stride;
      for (int p = 0; p < 4; p += 1) {
        level->planes[p] = p == 0 || l == 0 ? next + PADDING * stride + PADDING : 0;
        if (level->planes[p]) next += plane_bytes(w, h);
      }
    }
    for (int direction = 0; direction < 2; direction += 1) {
      Vectors* v = &m->vectors[direction][l];
      v->columns = blocks_in(w);
      v->rows = blocks_in(h);
      long bytes = round_up(v->columns * v->rows * 2, 16);
      v->dx = (int16_t*)next;
      v->dy = (int16_t*)(next + bytes);
      next += 2 * bytes;
    }
  }
}

/** Repeats the edge pixels outwards as far as the plane's memory goes. */
static void pad(Level* level) {
  uint8_t* plane = level->planes[0];
  int stride = level->stride, right = stride - 2 * PADDING - level->width + PADDING;
  int below = round_up(level->height, BLOCK) - level->height + PADDING;
  for (int y = 0; y < level->height; y += 1) {
    uint8_t* row = plane + y * stride;
    __builtin_memset(row - PADDING, row[0], PADDING);
    __builtin_memset(row + level->width, row[level->width - 1], (unsigned)right);
  }
  for (int y = 1; y <= PADDING; y += 1)
    __builtin_memcpy(plane - PADDING - y * stride, plane - PADDING, (unsigned)stride);
  uint8_t* last = plane - PADDING + (level->height - 1) * stride;
  for (int y = 1; y <= below; y += 1) __builtin_memcpy(last + y * stride, last, (unsigned)stride);
}

static void halve(const Level* from, Level* to) {
  // The finer level is padded, so that an odd last row or column is averaged with its own copy.
  for (int y = 0; y < to->height; y += 1) {
    const uint8_t* a = from->planes[0] + 2 * y * from->stride;
    const uint8_t* b = a + from->stride;
    uint8_t* out = to->planes[0] + y * to->stride;
    for (int x = 0; x < to->width; x += 8) {
      vec sum = v_add(v_pair_sums_u8(v_load(a + 2 * x)), v_pair_sums_u8(v_load(b + 2 * x)));
      sum = v_shift_right(v_add(sum, v_set(2)), 2);
      v_store_low(out + x, v_pack_u8(sum, sum));
    }
  }
}

/** Eight samples halfway between `p` and `p + step`, by six taps. */
static inline vec halfway(const uint8_t* p, int step) {
  vec inner = v_add(v_load_u8(p), v_load_u8(p + step));
  vec middle = v_add(v_load_u8(p - step), v_load_u8(p + 2 * step));
  vec outer = v_add(v_load_u8(p - 2 * step), v_load_u8(p + 3 * step));
  vec sum = v_add(v_sub(v_mul(inner, v_set(20)), v_mul(middle, v_set(5))), v_add(outer, v_set(16)));
  return v_shift_right(sum, 5);
}

static void make_half_plane(const Level* level, int from, int to, int step) {
  int stride = level->stride, rows = round_up(level->height, BLOCK) + 2 * PADDING;
  const uint8_t* input = level->planes[from] - PADDING * stride - PADDING;
  uint8_t* output = level->planes[to] - PADDING * stride - PADDING;
  int margin = 4; // rows and bytes that no window reaches
  for (int y = margin; y < rows - margin; y += 1) {
    const uint8_t* in = input + y * stride;
    uint8_t* out = output + y * stride;
    for (int x = 0; x < stride; x += 16) v_store(out + x, v_pack_u8(halfway(in + x, step), halfway(in + x + 8, step)));
  }
}

/** Takes a luma plane of `bytes_per_sample` 1 or 2 whose code values have `bit_depth` bits. */
EXPORT(motion_load)
void motion_load(Motion* m, int slot, const uint8_t* luma, int stride_bytes, int bytes_per_sample, int bit_depth) {
  Level* level = level_of(m, slot, 0);
  int shift = bit_depth - 8;
  for (int y = 0; y < level->height; y += 1) {
    const uint8_t* in = luma + (long)y * stride_bytes;
    uint8_t* out = level->planes[0] + y * level->stride;
    if (bytes_per_sample == 1) __builtin_memcpy(out, in, (unsigned)level->width);
    else {
      const uint16_t* wide = (const uint16_t*)in;
      for (int x = 0; x < level->width; x += 1) out[x] = (uint8_t)min_of((wide[x] + ((1 << shift) >> 1)) >> shift, 255);
    }
  }
  pad(level);
  for (int l = 1; l < m->levels; l += 1) {
    halve(level_of(m, slot, l - 1), level_of(m, slot, l));
    pad(level_of(m, slot, l));
  }
  make_half_plane(level, 0, 1, 1);
  make_half_plane(level, 0, 2, level->stride);
  make_half_plane(level, 1, 3, level->stride);
}

/** A block under search. Vectors are in steps of `1 << shift` to the pixel. */
typedef struct {
  const Level* to;
  const Vectors* field;
  const uint8_t* window;
  int column, row, x, y, shift, price;
  int low_x, high_x, low_y, high_y;
  int dx, dy, cost, sad;
  Neighbours neighbours;
  Tried tried;
} Search;

static NOINLINE int try_vector(Search* s, int dx, int dy) {
  dx = clamp(dx, s->low_x, s->high_x);
  dy = clamp(dy, s->low_y, s->high_y);
  int price = (roughness_of(&s->neighbours, dx, dy, 6 << s->shift) * s->price) >> s->shift, limit = s->cost - price;
  if (limit <= 0 || !is_new(&s->tried, dx, dy)) return 0;
  int stride = s->to->stride, sad;
  if (s->shift == 0) sad = sad_half(s->window, s->to->planes[0] + (s->y + dy) * stride + s->x + dx, stride);
  else sad = sad_sample(s->window, sample_at(s->to, s->x, s->y, dx, dy), stride);
  if (sad >= limit) return 0;
  s->cost = sad + price;
  s->sad = sad;
  s->dx = dx;
  s->dy = dy;
  return 1;
}

static void start(Search* s, const Level* from, const Level* to, const Vectors* field, int column, int row, int shift, int price) {
  s->to = to;
  s->field = field;
  s->column = column;
  s->row = row;
  s->x = column * BLOCK - REACH;
  s->y = row * BLOCK - REACH;
  s->window = from->planes[0] + s->y * from->stride + s->x;
  s->shift = shift;
  s->price = price;
  int margin = PADDING - 5; // what is further out has no half pixels
  s->low_x = (-margin - s->x) * (1 << shift);
  s->high_x = (to->width + margin - WINDOW - s->x) * (1 << shift);
  s->low_y = (-margin - s->y) * (1 << shift);
  s->high_y = (to->height + margin - WINDOW - s->y) * (1 << shift);
  s->cost = 1 << 28;
  forget(&s->tried);
  find_neighbours(&s->neighbours, field, column, row);
}

static void try_neighbours(Search* s) {
  int i = s->row * s->field->columns + s->column;
  try_vector(s, s->field->dx[i], s->field->dy[i]);
  for (int n = 0; n < s->neighbours.count; n += 1) try_vector(s, s->neighbours.dx[n], s->neighbours.dy[n]);
}

static void walk(Search* s, int step) {
  for (int i = 0; i < MAX_STEPS; i += 1) {
    int x = s->dx, y = s->dy;
    int moved = try_vector(s, x + step, y) | try_vector(s, x - step, y) | try_vector(s, x, y + step) | try_vector(s, x, y - step);
    if (!moved) return;
  }
}

static inline void keep(const Search* s, Vectors* field) {
  int i = s->row * field->columns + s->column;
  field->dx[i] = (int16_t)s->dx;
  field->dy[i] = (int16_t)s->dy;
}

static void search_coarsest(const Level* from, const Level* to, Vectors* field, int price) {
  __builtin_memset(field->dx, 0, (unsigned)(field->columns * field->rows) * 2);
  __builtin_memset(field->dy, 0, (unsigned)(field->columns * field->rows) * 2);
  Search s;
  for (int row = 0; row < field->rows; row += 1)
    for (int column = 0; column < field->columns; column += 1) {
      start(&s, from, to, field, column, row, 0, price);
      try_neighbours(&s);
      for (int y = -SEARCH_RADIUS; y <= SEARCH_RADIUS; y += 1)
        for (int x = -SEARCH_RADIUS; x <= SEARCH_RADIUS; x += 1) {
          forget(&s.tried);
          try_vector(&s, x, y);
        }
      walk(&s, 1);
      keep(&s, field);
    }
}

static void double_vectors(const Vectors* coarse, Vectors* fine) {
  for (int row = 0; row < fine->rows; row += 1)
    for (int column = 0; column < fine->columns; column += 1) {
      int i = row * fine->columns + column;
      int j = min_of(row >> 1, coarse->rows - 1) * coarse->columns + min_of(column >> 1, coarse->columns - 1);
      fine->dx[i] = (int16_t)(2 * coarse->dx[j]);
      fine->dy[i] = (int16_t)(2 * coarse->dy[j]);
    }
}

/** The coarser vectors of the four nearest blocks there. */
static void try_coarser(Search* s, const Vectors* coarse) {
  int column = (s->column >> 1), row = (s->row >> 1), unit = 2 << s->shift;
  int side = s->column & 1 ? 1 : -1, down = s->row & 1 ? 1 : -1;
  int columns[2] = { min_of(column, coarse->columns - 1), clamp(column + side, 0, coarse->columns - 1) };
  int rows[2] = { min_of(row, coarse->rows - 1), clamp(row + down, 0, coarse->rows - 1) };
  for (int j = 0; j < 2; j += 1)
    for (int i = 0; i < 2; i += 1) {
      int at = rows[j] * coarse->columns + columns[i];
      try_vector(s, unit * coarse->dx[at], unit * coarse->dy[at]);
    }
}

/** The way back from where the block would go, and from where it is. */
static void try_way_back(Search* s, const Vectors* back) {
  int i = s->row * back->columns + s->column;
  try_vector(s, -back->dx[i], -back->dy[i]);
  int x = s->column * BLOCK + BLOCK / 2 + (s->dx >> s->shift), y = s->row * BLOCK + BLOCK / 2 + (s->dy >> s->shift);
  i = clamp(y >> 3, 0, back->rows - 1) * back->columns + clamp(x >> 3, 0, back->columns - 1);
  try_vector(s, -back->dx[i], -back->dy[i]);
}

static void sweep(const Level* from, const Level* to, const Vectors* coarse, const Vectors* back, Vectors* field, int price, int is_reverse) {
  int count = field->columns * field->rows;
  Search s;
  for (int n = 0; n < count; n += 1) {
    int i = is_reverse ? count - 1 - n : n;
    start(&s, from, to, field, i % field->columns, i / field->columns, 0, price);
    try_neighbours(&s);
    if (!is_reverse) {
      if (coarse) try_coarser(&s, coarse);
      try_vector(&s, 0, 0);
    }
    if (s.sad > GOOD) {
      if (back) try_way_back(&s, back);
      walk(&s, 1);
    }
    keep(&s, field);
  }
}

static void to_quarters(Vectors* field) {
  for (int i = 0; i < field->columns * field->rows; i += 1) {
    field->dx[i] *= 4;
    field->dy[i] *= 4;
  }
}

static void refine(const Level* from, const Level* to, const Vectors* coarse, const Vectors* back, Vectors* field, int price,
                   uint16_t* cost, int is_last) {
  int count = field->columns * field->rows;
  Search s;
  for (int n = 0; n < count; n += 1) {
    int i = is_last ? count - 1 - n : n;
    start(&s, from, to, field, i % field->columns, i / field->columns, 2, price);
    try_neighbours(&s);
    if (!is_last && coarse) {
      try_coarser(&s, coarse);
      try_vector(&s, 0, 0);
    }
    if (back && s.sad > GOOD) try_way_back(&s, back);
    if (!is_last && s.sad > GOOD)
      for (int step = 4; step > 0; step >>= 1) walk(&s, step);
    keep(&s, field);
    cost[i] = (uint16_t)s.sad;
  }
}

typedef struct {
  int16_t *dx, *dy;
  uint16_t* cost;
} Result;

static void give(const Vectors* field, Result* result) {
  unsigned bytes = (unsigned)(field->columns * field->rows) * 2;
  __builtin_memcpy(result->dx, field->dx, bytes);
  __builtin_memcpy(result->dy, field->dy, bytes);
}

/** Searches in one direction, or in both at once with each telling the other what it finds. */
static void estimate(Motion* m, const int* slots, int directions, int smoothness, Result* results) {
  int top = m->levels - 1;
  for (int l = top; l >= 0; l -= 1)
    for (int round = -1; round < 2; round += 1)
      for (int d = 0; d < directions; d += 1) {
        const Level *from = level_of(m, slots[d], l), *to = level_of(m, slots[1 - d], l);
        Vectors *field = &m->vectors[d][l], *back = directions == 2 ? &m->vectors[1 - d][l] : 0;
        const Vectors* coarse = l < top ? &m->vectors[d][l + 1] : 0;
        if (round >= 0 && l == 0 && top > 0) continue; // the finest level is searched by parts of pixels
        if (round >= 0) sweep(from, to, coarse, back, field, smoothness, round);
        else if (coarse) double_vectors(coarse, field);
        else search_coarsest(from, to, field, smoothness);
      }
  for (int round = 0; round < 2; round += 1)
    for (int d = 0; d < directions; d += 1) {
      Vectors *field = &m->vectors[d][0], *back = directions == 2 ? &m->vectors[1 - d][0] : 0;
      if (round == 0) to_quarters(field);
      const Level *from = level_of(m, slots[d], 0), *to = level_of(m, slots[1 - d], 0);
      refine(from, to, top > 0 ? &m->vectors[d][1] : 0, round > 0 ? back : 0, field, smoothness, results[d].cost, round);
    }
  for (int d = 0; d < directions; d += 1) give(&m->vectors[d][0], &results[d]);
}

/** Finds for each block of picture `from` where its content lies in picture `to`.
 *  dx, dy: quarter pixels. cost: sum of absolute differences over the block's window, in 8-bit code values.
 *  smoothness: price of a pixel's difference from one neighbour. */
EXPORT(motion_estimate)
void motion_estimate(Motion* m, int from, int to, int smoothness, int16_t* dx, int16_t* dy, uint16_t* cost) {
  int slots[2] = { from, to };
  Result result = { dx, dy, cost };
  estimate(m, slots, 1, smoothness, &result);
}

/** The same for both directions at once, which agree better than when each is found alone.
 *  there, back: dx, dy and cost, each `stride_bytes` after the one before. */
EXPORT(motion_estimate_both)
void motion_estimate_both(Motion* m, int from, int to, int smoothness, uint8_t* there, uint8_t* back, int stride_bytes) {
  int slots[2] = { from, to };
  uint8_t* outputs[2] = { there, back };
  Result results[2];
  for (int d = 0; d < 2; d += 1) {
    results[d].dx = (int16_t*)outputs[d];
    results[d].dy = (int16_t*)(outputs[d] + stride_bytes);
    results[d].cost = (uint16_t*)(outputs[d] + 2 * stride_bytes);
  }
  estimate(m, slots, 2, smoothness, results);
}
