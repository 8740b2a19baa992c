// Dirt that lives one frame: found by comparing a picture with both neighbours along the motion.
// Planes here are 8-bit luma without padding (stride = width); vectors are quarter pixels of 8x8 blocks, one pair of
// fields: where each block of `current` lies in `previous` and in `next`.
#include "film.h"

// Per block: the neighbours' difference in brightness (averaged where they match) and how noisy the match around is.
static void measure_blocks(Film *film) {
  int columns = film->columns, rows = film->rows, w = film->width, h = film->height;
  for (int i = 0; i < columns * rows; i++) {
    int x0 = i % columns * BLOCK, y0 = i / columns * BLOCK;
    int across = min_of(BLOCK, w - x0), down = min_of(BLOCK, h - y0), p = 0, n = 0;
    for (int y = y0; y < y0 + down; y++)
      for (int x = x0; x < x0 + across; x++) {
        p += clamp(film->current[y * w + x] - film->alignedPrevious[y * w + x], -20, 20);
        n += clamp(film->current[y * w + x] - film->alignedNext[y * w + x], -20, 20);
      }
    film->meanPrevious[i] = (float)p / (across * down);
    film->meanNext[i] = (float)n / (across * down);
    int ep = film_block_error(film->current, film->alignedPrevious, w, h, x0, y0);
    int en = film_block_error(film->current, film->alignedNext, w, h, x0, y0);
    film->blockError[i] = (u16)max_of(ep, en);
  }
  for (int i = 0; i < columns * rows; i++) {
    int column = i % columns, row = i / columns, found = 0;
    float p = 0, n = 0, weights = 1e-6f;
    u16 sorted[25];
    for (int r = row - 4; r <= row + 4; r += 2)
      for (int c = column - 4; c <= column + 4; c += 2) {
        if (r < 0 || c < 0 || r >= rows || c >= columns) continue;
        int j = r * columns + c, k = found++;
        float spread = 1.0f + film->blockError[j], weight = 1.0f / (spread * spread);
        p += weight * film->meanPrevious[j];
        n += weight * film->meanNext[j];
        weights += weight;
        for (; k > 0 && sorted[k - 1] > film->blockError[j]; k--) sorted[k] = sorted[k - 1];
        sorted[k] = film->blockError[j];
      }
    film->offsetPrevious[i] = (i16)(p / weights + (p < 0 ? -0.5f : 0.5f));
    film->offsetNext[i] = (i16)(n / weights + (n < 0 ? -0.5f : 0.5f));
    film->noise[i] = (i16)(sorted[found / 3] / 4 + 1);
  }
}

// Whether much of the picture is brighter or darker than in both neighbours.
static int is_flash(const Film *film) {
  int bright = 0, dark = 0, blocks = film->columns * film->rows;
  for (int i = 0; i < blocks; i++) {
    bright += film->meanPrevious[i] > 12 && film->meanNext[i] > 12;
    dark += film->meanPrevious[i] < -12 && film->meanNext[i] < -12;
  }
  return max_of(bright, dark) * 4 > blocks;
}

enum { BRIGHT = 1, DARK = 2, SEED = 4, SEEN = 8 };

// Marks pixels that differ from both neighbours the same way while these agree.
static void classify(Film *film) {
  int w = film->width, h = film->height, threshold = film->threshold;
  i16 *high = film->rowHigh, *low = film->rowLow, *op = film->rowPrevious, *on = film->rowNext, *noise = film->rowNoise;
  for (int y = 0; y < h; y++) {
    int blockRow = y / BLOCK * film->columns;
    for (int x = 0; x < w; x++) {
      int i = blockRow + x / BLOCK;
      op[x] = film->offsetPrevious[i];
      on[x] = film->offsetNext[i];
      noise[x] = film->noise[i];
    }
    const u8 *p = film->wholePrevious + y * w, *n = film->wholeNext + y * w, *c = film->current + y * w;
    int up = y > 0 ? -w : 0, down = y < h - 1 ? w : 0;
    for (int x = 0; x < w; x++) {
      i16 hp = (i16)max_of(p[x + up], max_of(p[x], p[x + down])), hn = (i16)max_of(n[x + up], max_of(n[x], n[x + down]));
      i16 lp = (i16)min_of(p[x + up], min_of(p[x], p[x + down])), ln = (i16)min_of(n[x + up], min_of(n[x], n[x + down]));
      high[x] = (i16)max_of(hp + op[x], hn + on[x]);
      low[x] = (i16)min_of(lp + op[x], ln + on[x]);
    }
    u8 *out = film->kind + y * w;
    p = film->alignedPrevious + y * w;
    n = film->alignedNext + y * w;
    for (int x = 0; x < w; x++) {
      int left = x > 0 ? x - 1 : 0, right = x < w - 1 ? x + 1 : x;
      i16 top = (i16)max_of(high[left], max_of(high[x], high[right])), bottom = (i16)min_of(low[left], min_of(low[x], low[right]));
      i16 dp = (i16)(c[x] - p[x] - op[x]), dn = (i16)(c[x] - n[x] - on[x]);
      i16 apart = (i16)magnitude(dp - dn), weak = (i16)(threshold / 2 + noise[x] * 3 / 2);
      i16 strong = (i16)(threshold + noise[x] * 5 / 2 + (top - bottom) / 8);
      i16 over = (i16)min_of(dp, dn), under = (i16)min_of(-dp, -dn), contrast = (i16)max_of(over, under);
      u8 agree = apart <= contrast / 2 + noise[x] + 2;
      u8 kind = (u8)((over > weak && agree ? BRIGHT : 0) | (under > weak && agree ? DARK : 0));
      out[x] = kind ? (u8)(kind | (c[x] - top > strong || bottom - c[x] > strong ? SEED : 0)) : 0;
    }
  }
}

static void gather(Film *film, int start, Spot *spot) {
  int w = film->width, h = film->height, kind = film->kind[start] & (BRIGHT | DARK), taken = 0;
  i32 *list = film->list;
  *spot = (Spot){0, 0, w, 0, h, 0, 0, 0};
  list[spot->area++] = start;
  film->kind[start] |= SEEN;
  for (; taken < spot->area; taken++) {
    int at = list[taken], x = at % w, y = at / w, i = y / BLOCK * film->columns + x / BLOCK;
    int dp = film->current[at] - film->alignedPrevious[at] - film->offsetPrevious[i];
    int dn = film->current[at] - film->alignedNext[at] - film->offsetNext[i];
    spot->contrast += min_of(magnitude(dp), magnitude(dn));
    spot->apart += magnitude(dp - dn);
    spot->seeds += (film->kind[at] & SEED) != 0;
    spot->left = min_of(spot->left, x);
    spot->right = max_of(spot->right, x);
    spot->top = min_of(spot->top, y);
    spot->bottom = max_of(spot->bottom, y);
    for (int yy = max_of(0, y - 1); yy <= min_of(h - 1, y + 1); yy++)
      for (int xx = max_of(0, x - 1); xx <= min_of(w - 1, x + 1); xx++) {
        u8 *other = &film->kind[yy * w + xx];
        if ((*other & kind) && !(*other & SEEN)) {
          *other |= SEEN;
          list[spot->area++] = yy * w + xx;
        }
      }
  }
}

// Whether the picture right around the spot matches both neighbours: what moves unlike its surroundings does not.
static int is_embedded(const Film *film, const Spot *spot) {
  static const int around[8][2] = {{5, 0}, {-5, 0}, {0, 5}, {0, -5}, {4, 4}, {-4, 4}, {4, -4}, {-4, -4}};
  int w = film->width, h = film->height, p = 0, n = 0, count = 0, noise = 0, stride = 1 + spot->area / 400;
  for (int k = 0; k < spot->area; k += stride) {
    int x = film->list[k] % w, y = film->list[k] / w;
    for (int s = 0; s < 8; s++) {
      int xx = x + around[s][0], yy = y + around[s][1];
      if (xx < 0 || yy < 0 || xx >= w || yy >= h) continue;
      int at = yy * w + xx, i = yy / BLOCK * film->columns + xx / BLOCK;
      if (film->kind[at]) continue;
      p += min_of(60, magnitude(film->current[at] - film->alignedPrevious[at] - film->offsetPrevious[i]));
      n += min_of(60, magnitude(film->current[at] - film->alignedNext[at] - film->offsetNext[i]));
      noise += film->noise[i];
      count++;
    }
  }
  if (count == 0) return 0;
  int limit = 2 * count + noise * 3 / 2 + spot->contrast / spot->area * count / 8;
  return max_of(p, n) <= limit;
}

enum { OUTLINE = 64, OWN_MOTIONS = 12 };

// Up to OUTLINE pixels on the spot's edge, each with one outside, evenly over the spot; returns how many.
static int trace_outline(const Film *film, const Spot *spot, i32 *inside, i32 *outside) {
  int w = film->width, h = film->height, edge = 0, every = 1, skipped = 0;
  for (int k = 0; k < spot->area; k++) {
    int at = film->list[k], x = at % w, y = at / w;
    int steps[4] = {x + 2 < w ? 2 : 0, x >= 2 ? -2 : 0, y + 2 < h ? 2 * w : 0, y >= 2 ? -2 * w : 0};
    for (int s = 0; s < 4; s++) {
      if (steps[s] == 0 || film->kind[at + steps[s]]) continue;
      if (++skipped % every) break;
      if (edge == OUTLINE) { // keep every other one and go on half as densely
        for (int i = 0; i < OUTLINE / 2; i++) { inside[i] = inside[2 * i]; outside[i] = outside[2 * i]; }
        edge = OUTLINE / 2;
        every *= 2;
      }
      inside[edge] = at;
      outside[edge++] = at + steps[s];
      break;
    }
  }
  return edge;
}

static int outline_error(const Film *film, const u8 *other, const i32 *places, int count, int dx, int dy) {
  int w = film->width, h = film->height, error = 0;
  for (int i = 0; i < count; i++) {
    int x = clamp(places[i] % w + dx, 0, w - 1), y = clamp(places[i] / w + dy, 0, h - 1);
    error += magnitude(film->current[places[i]] - other[y * w + x]);
  }
  return error;
}

// Whether the spot is a thing with a motion of its own: moved as one, its outline is found again in a neighbour.
static int is_found_again(const Film *film, const Spot *spot) {
  i32 inside[OUTLINE], outside[OUTLINE];
  i16 tried[2][OWN_MOTIONS][2];
  int edge = trace_outline(film, spot, inside, outside), limit = 0, motions[2] = {0, 0};
  for (int k = 0; k < edge; k++) limit += magnitude(film->current[inside[k]] - film->alignedPrevious[inside[k]]);
  limit = limit * 2 / 5;
  for (int k = 0; k < edge; k++) {
    int i = inside[k] / film->width / BLOCK * film->columns + inside[k] % film->width / BLOCK;
    for (int side = 0; side < 2; side++) {
      i16 dx = side ? film->found.nx[i] : film->found.px[i], dy = side ? film->found.ny[i] : film->found.py[i];
      int m = 0;
      while (m < motions[side] && (tried[side][m][0] != dx || tried[side][m][1] != dy)) m++;
      if (m < motions[side] || m == OWN_MOTIONS) continue;
      tried[side][m][0] = dx;
      tried[side][m][1] = dy;
      motions[side]++;
      const u8 *other = side ? film->next : film->previous;
      int right = (dx + 2) >> 2, down = (dy + 2) >> 2;
      if (outline_error(film, other, inside, edge, right, down) < limit &&
          outline_error(film, other, outside, edge, right, down) < limit) return 1;
    }
  }
  return 0;
}

enum { FURTHEST = 44, SLACK = 2 };

// Up to `most` of the spot's pixels, evenly.
static int sample_spot(const Film *film, const Spot *spot, i32 *places, int most) {
  int count = min_of(spot->area, most);
  for (int k = 0; k < count; k++) places[k] = film->list[(int)((long long)k * spot->area / count)];
  return count;
}

// Whether the spot's content lies at (dx, dy) from there in another picture, and is not what the current one shows there.
static int lies_at(const Film *film, const u8 *other, const i32 *places, int count, int dx, int dy, int contrast) {
  int w = film->width, h = film->height, limit = count * max_of(6, contrast * 2 / 5), error = 0, change = 0;
  for (int k = 0; k < count; k++) {
    int at = clamp(places[k] / w + dy, 0, h - 1) * w + clamp(places[k] % w + dx, 0, w - 1);
    error += magnitude(film->current[places[k]] - other[at]);
    if (error > limit) return 0;
    change += magnitude(other[at] - film->current[at]);
  }
  return change > count * contrast / 3;
}

// Whether the spot is a thing on its way: it was on one side a frame ago and is on the other a frame later. Where it was,
// there must be something else now: the sky on both sides of a twig is no moving thing.
static int is_passing(const Film *film, const Spot *spot) {
  static u8 was[2 * FURTHEST + 1][2 * FURTHEST + 1];
  int contrast = spot->contrast / spot->area, found = 0;
  int reach = min_of(FURTHEST, 6 + (max_of(spot->right - spot->left, spot->bottom - spot->top) + 1) * 5 / 2);
  i32 places[40];
  int count = sample_spot(film, spot, places, 40);
  for (int vy = -reach; vy <= reach; vy++)
    for (int vx = -reach; vx <= reach; vx++)
      found += was[vy + FURTHEST][vx + FURTHEST] = (u8)lies_at(film, film->previous, places, count, -vx, -vy, contrast);
  for (int vy = -reach; found && vy <= reach; vy++)
    for (int vx = -reach; vx <= reach; vx++) {
      int near = 0;
      for (int y = max_of(-reach, vy - SLACK); y <= min_of(reach, vy + SLACK); y++)
        for (int x = max_of(-reach, vx - SLACK); x <= min_of(reach, vx + SLACK); x++) near |= was[y + FURTHEST][x + FURTHEST];
      if (near && lies_at(film, film->next, places, count, vx, vy, contrast)) return 1;
    }
  return 0;
}

// Whether a neighbour shows the same close by: a gap that opens, an edge that bends.
static int is_close_by(const Film *film, const Spot *spot) {
  int w = film->width, h = film->height, contrast = spot->contrast / spot->area;
  i32 places[40];
  int count = sample_spot(film, spot, places, 40), limit = count * contrast / 3;
  for (int side = 0; side < 2; side++) {
    const u8 *other = side ? film->wholeNext : film->wholePrevious;
    for (int dy = -3; dy <= 3; dy++)
      for (int dx = -3; dx <= 3; dx++) {
        int error = 0;
        for (int k = 0; k < count && error <= limit; k++) {
          int at = clamp(places[k] / w + dy, 0, h - 1) * w + clamp(places[k] % w + dx, 0, w - 1);
          error += magnitude(film->current[places[k]] - other[at]);
        }
        if (error <= limit) return 1;
      }
  }
  return 0;
}

// Whether the spot stands in its surroundings as dirt does; the cheap questions first.
static int is_dirt(const Film *film, const Spot *spot) {
  int across = spot->right - spot->left + 1, down = spot->bottom - spot->top + 1, side = max_of(across, down);
  if (spot->seeds < 1 || spot->area < 2) return 0;
  int thickness = spot->area / side;
  if (side > film->height / 2 || (thickness > 6 && side > film->largestSide)) return 0;
  if (spot->area > 200 && spot->seeds * 8 < spot->area) return 0;
  if (spot->apart * 2 > spot->contrast + 4 * spot->area) return 0;
  return !is_close_by(film, spot) && is_embedded(film, spot);
}

static void widen(const u8 *from, u8 *to, int w, int h, int keep) {
  for (int y = 0; y < h; y++) {
    const u8 *a = from + (y > 0 ? y - 1 : y) * w, *b = from + y * w, *c = from + (y < h - 1 ? y + 1 : y) * w;
    u8 *out = to + y * w;
    for (int x = 1; x < w - 1; x++) {
      int sides = max_of(max_of(a[x], c[x]), max_of(b[x - 1], b[x + 1]));
      int most = max_of(sides, max_of(max_of(a[x - 1], a[x + 1]), max_of(c[x - 1], c[x + 1])));
      out[x] = (u8)max_of(b[x], most * keep >> 8);
    }
    out[0] = (u8)max_of(b[0], max_of(a[0], c[0]) * keep >> 8);
    out[w - 1] = (u8)max_of(b[w - 1], max_of(a[w - 1], c[w - 1]) * keep >> 8);
  }
}

EXPORT(film_find_dirt)
int film_find_dirt(Film *film, u8 *current, u8 *previous, u8 *next, int threshold) {
  int w = film->width, h = film->height, pixels = w * h, spots = 0, covered = 0;
  film->current = current;
  film->previous = previous;
  film->next = next;
  film->threshold = threshold;
  for (int i = 0; i < film->columns * film->rows; i++) film_align(film, i);
  for (int i = 0; i < pixels; i++) film->mask[i] = 0;
  for (int i = 0; i < film->columns * film->rows; i++) {
    film->found.px[i] = film->vectors.px[i]; film->found.py[i] = film->vectors.py[i];
    film->found.nx[i] = film->vectors.nx[i]; film->found.ny[i] = film->vectors.ny[i];
  }
  film->covered = 0;
  if (!film_mend_vectors(film)) return 0;
  measure_blocks(film);
  if (is_flash(film)) return 0;
  Streaks streaks = {0, 0, 0, 0, 0, 0};
  classify(film);
  for (int i = 0; i < pixels; i++) {
    if ((film->kind[i] & (SEED | SEEN)) != SEED) continue;
    Spot spot;
    gather(film, i, &spot);
    if (!is_dirt(film, &spot)) continue;
    film_note_streak(film, &spot, &streaks);
    if (is_found_again(film, &spot) || is_passing(film, &spot)) continue;
    for (int k = 0; k < spot.area; k++) film->mask[film->list[k]] = 255;
    covered += spot.area;
    spots++;
  }
  film->covered = covered;
  if (spots == 0) return 0;
  if (covered > pixels / 12 || film_is_rain(&streaks)) { // more than dirt covers, or rain
    for (int i = 0; i < pixels; i++) film->mask[i] = 0;
    film->covered = 0;
    return 0;
  }
  widen(film->mask, film->kind, w, h, 256);
  widen(film->kind, film->mask, w, h, 170);
  widen(film->mask, film->kind, w, h, 128);
  for (int i = 0; i < pixels; i++) film->mask[i] = film->kind[i];
  return spots;
}

EXPORT(film_covered) int film_covered(const Film *film) { return film->covered; }
EXPORT(film_mask) u8 *film_mask(const Film *film) { return film->mask; }
EXPORT(film_vectors) i16 *film_vectors(const Film *film, int which) {
  const Vectors *v = &film->vectors;
  return which == 0 ? v->px : which == 1 ? v->py : which == 2 ? v->nx : v->ny;
}

static inline long rounded(long bytes) { return (bytes + 15) & ~15l; }

// Sets every pointer behind `film`; returns the bytes used. With film = 0 it only counts.
static long lay_out(Film *film, int width, int height) {
  long pixels = (long)width * height, blocks = (long)((width + 7) / 8) * ((height + 7) / 8), used = rounded(sizeof(Film));
  struct { void *place; long bytes; } parts[] = {
    {film ? &film->alignedPrevious : 0, pixels}, {film ? &film->alignedNext : 0, pixels},
    {film ? &film->wholePrevious : 0, pixels}, {film ? &film->wholeNext : 0, pixels},
    {film ? &film->kind : 0, pixels}, {film ? &film->mask : 0, pixels}, {film ? &film->list : 0, pixels * 4},
    {film ? &film->vectors.px : 0, blocks * 2}, {film ? &film->vectors.py : 0, blocks * 2},
    {film ? &film->vectors.nx : 0, blocks * 2}, {film ? &film->vectors.ny : 0, blocks * 2},
    {film ? &film->found.px : 0, blocks * 2}, {film ? &film->found.py : 0, blocks * 2},
    {film ? &film->found.nx : 0, blocks * 2}, {film ? &film->found.ny : 0, blocks * 2},
    {film ? &film->blockError : 0, blocks * 2}, {film ? &film->isBad : 0, blocks},
    {film ? &film->meanPrevious : 0, blocks * 4}, {film ? &film->meanNext : 0, blocks * 4},
    {film ? &film->offsetPrevious : 0, blocks * 2}, {film ? &film->offsetNext : 0, blocks * 2},
    {film ? &film->noise : 0, blocks * 2},
    {film ? &film->rowHigh : 0, width * 2}, {film ? &film->rowLow : 0, width * 2},
    {film ? &film->rowPrevious : 0, width * 2}, {film ? &film->rowNext : 0, width * 2}, {film ? &film->rowNoise : 0, width * 2},
  };
  for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    if (film) *(void **)parts[i].place = (u8 *)film + used;
    used += rounded(parts[i].bytes);
  }
  return used;
}

EXPORT(film_bytes) long film_bytes(int width, int height) { return lay_out(0, width, height); }
EXPORT(film_init) void film_init(Film *film, int width, int height) {
  film->width = width;
  film->height = height;
  film->columns = (width + 7) / 8;
  film->rows = (height + 7) / 8;
  film->largestSide = max_of(24, (width + height) / 10);
  lay_out(film, width, height);
}
