// Near-vertical scratches: narrow lines, brighter or darker than both sides, along much of the height.
#include "film.h"

enum { BANDS = 16, MOST_TILT = 8, MARGIN = 6, MOST_LINES = 12, WIDEST = 3 };

typedef struct {
  i32 x16;      // at half height, sixteenths of a pixel
  i32 tilt;     // pixels to the right from top to bottom
  i32 sign;     // 1 brighter, -1 darker
  i32 bands;    // a bit for each sixteenth of the height where it shows, from the top
  i32 contrast; // mean, in sixteenths of a code
  i32 spread;   // mean distance of the bands' contrast from that
} Line;

EXPORT(film_lines_bytes) long film_lines_bytes(int width) { return (long)width * (BANDS * 2 * 2 + 8) + MOST_LINES * (long)sizeof(Line); }

// What a band shows at each column: mean contrast in sixteenths where most rows agree, otherwise 0.
static void measure_band(const u8 *luma, int width, int from, int until, int sign, i16 *sums, i16 *agreeing, i16 *out) {
  for (int x = 0; x < width; x++) sums[x] = agreeing[x] = 0;
  for (int y = from; y < until; y++) {
    const u8 *c = luma + (long)y * width;
    for (int x = MARGIN; x < width - MARGIN; x++) {
      i16 centre = (i16)(c[x - 1] + 2 * c[x] + c[x + 1]);
      i16 left = (i16)(c[x - 5] + 2 * c[x - 4] + c[x - 3]), right = (i16)(c[x + 3] + 2 * c[x + 4] + c[x + 5]);
      i16 over = (i16)(sign > 0 ? centre - max_of(left, right) : min_of(left, right) - centre);
      sums[x] = (i16)(sums[x] + clamp(over, -48, 48));
      agreeing[x] = (i16)(agreeing[x] + (over > 4));
    }
  }
  int rows = until - from;
  for (int x = 0; x < width; x++) {
    int mean = sums[x] * 4 / rows;
    out[x] = (i16)(mean >= 40 && agreeing[x] * 10 >= rows * 7 ? mean : 0);
  }
}

// The strongest path through the bands that passes `x` at half height.
static int trace(const i16 *bands, int width, int x, int tilt, Line *line) {
  int count = 0, sum = 0, places = 0;
  line->bands = 0;
  i16 found[BANDS];
  for (int b = 0; b < BANDS; b++) {
    int at = x + (tilt * (2 * b - BANDS + 1) + (tilt < 0 ? -BANDS : BANDS)) / (2 * BANDS), best = 0, where = 0;
    for (int k = -1; k <= 1; k++) {
      int here = at + k < 0 || at + k >= width ? 0 : bands[b * width + at + k];
      if (here > best) { best = here; where = k; }
    }
    found[b] = (i16)best;
    if (best == 0) continue;
    line->bands |= 1 << b;
    places += 16 * where;
    sum += best;
    count++;
  }
  if (count == 0) return 0;
  line->x16 = 16 * x + places / count;
  line->tilt = tilt;
  line->contrast = sum / count;
  line->spread = 0;
  for (int b = 0; b < BANDS; b++)
    if (found[b]) line->spread += magnitude(found[b] - line->contrast);
  line->spread /= count;
  return count;
}

// Finds lines in 8-bit luma without padding; returns how many, strongest first are kept. `work`: film_lines_bytes, and the
// lines are its first part.
EXPORT(film_find_lines) int film_find_lines(const u8 *luma, int width, int height, void *work, int fewest_bands) {
  Line *lines = work;
  i16 *bands = (i16 *)(lines + MOST_LINES), *sums = bands + (long)BANDS * width, *agreeing = sums + width;
  int found = 0;
  if (height < 12 * BANDS || width < 8 * MARGIN) return 0;
  for (int sign = -1; sign <= 1; sign += 2) {
    for (int b = 0; b < BANDS; b++)
      measure_band(luma, width, height * b / BANDS, height * (b + 1) / BANDS, sign, sums, agreeing, bands + (long)b * width);
    for (int x = MARGIN; x < width - MARGIN; x++) {
      int hits = 0;
      for (int b = 0; b < BANDS; b++) hits += bands[b * width + x] > 0;
      if (hits == 0) continue;
      Line best = {0, 0, 0, 0, 0, 0}, tried;
      int most = 0;
      for (int tilt = -MOST_TILT; tilt <= MOST_TILT; tilt++) {
        int count = trace(bands, width, x, tilt, &tried) * 4096;
        if (count > 0 && count + tried.contrast - magnitude(tilt) > most) {
          most = count + tried.contrast - magnitude(tilt);
          best = tried;
          best.sign = sign;
        }
      }
      if (most / 4096 < fewest_bands || best.spread * 10 > best.contrast * 6) continue;
      int slot = found;
      for (int i = 0; i < found; i++)
        if (lines[i].sign == sign && magnitude(lines[i].x16 - best.x16) < 6 * 16) slot = i;
      if (slot == MOST_LINES) continue;
      int count = 0, held = 0;
      for (int b = 0; b < BANDS; b++) {
        count += best.bands >> b & 1;
        if (slot < found) held += lines[slot].bands >> b & 1;
      }
      if (slot == found) found++;
      else if (held * 4096 + lines[slot].contrast >= count * 4096 + best.contrast) continue;
      lines[slot] = best;
    }
  }
  return found;
}

static inline int get(const void *plane, long at, int wide) { return wide ? ((const u16 *)plane)[at] : ((const u8 *)plane)[at]; }
static inline void put(void *plane, long at, int wide, int value) {
  if (wide) ((u16 *)plane)[at] = (u16)value;
  else ((u8 *)plane)[at] = (u8)value;
}

// How far the plane at (x, y) lies above (sign 1) or below the line between its sides, averaged over rows around.
static int stands_out(const void *plane, int width, int height, int x, int y, int sign, int wide) {
  int sum = 0;
  for (int row = max_of(0, y - 4); row <= min_of(height - 1, y + 4); row++) {
    long at = (long)row * width + x;
    int centre = get(plane, at - 1, wide) + 2 * get(plane, at, wide) + get(plane, at + 1, wide);
    int sides = get(plane, at - 4, wide) + get(plane, at - 3, wide) + get(plane, at + 3, wide) + get(plane, at + 4, wide);
    sum += sign * (centre - sides);
  }
  return sum;
}

enum { AROUND = 2 * (WIDEST + 2) + 1, ROWS_AROUND = 24 };

// What lies across a row's place: the level of both sides, tilted.
static inline int bridge(const i16 *kept, int half, int k) {
  int left = kept[WIDEST + 1 - half] + kept[WIDEST - half], right = kept[WIDEST + 3 + half] + kept[WIDEST + 4 + half];
  return (left * (half + 1 - k) + right * (half + 1 + k)) / (4 * (half + 1));
}

// Whether the picture shows through the line: along it, its middle varies nearly as much as what lies on its sides.
static int is_clear(const i16 *kept, const i16 *shown, int half, int from, int until) {
  long long own = 0, ownSquares = 0, side = 0, sideSquares = 0, rows = 0;
  for (int row = from; row < until; row++) {
    if (!shown[row]) continue;
    int a = kept[row * AROUND + WIDEST + 2], b = bridge(kept + row * AROUND, half, 0);
    own += a; ownSquares += a * a; side += b; sideSquares += b * b; rows++;
  }
  return (ownSquares * rows - own * own) * 3 > sideSquares * rows - side * side;
}

EXPORT(film_mend_bytes) long film_mend_bytes(int height) { return (long)height * 2 * (AROUND + 2); }

// Takes a line out of a plane of `width` x `height` (luma, or chroma of another size). Where the picture shows through, what
// the line adds along the rows around is taken away; elsewhere its place is bridged from side to side.
// `work`: film_mend_bytes. Returns the changed pixels.
EXPORT(film_mend_line) int film_mend_line(void *plane, int width, int height, int x16, int tilt, int sign, int bands, int shift_x,
                                          int bit_depth, i16 *work) {
  int wide = bit_depth > 8, most = (1 << bit_depth) - 1, scale = 1 << (bit_depth - 8), half = shift_x ? 1 : WIDEST, changed = 0;
  i16 *places = work, *shown = work + height, *kept = work + 2 * height;
  for (int y = 0; y < height; y++) {
    int b = y * BANDS / height, near = bands >> b & 1;
    near |= (b > 0 && bands >> (b - 1) & 1) | (b < BANDS - 1 && bands >> (b + 1) & 1);
    int x = (x16 + 8 + tilt * 16 * (2 * y - height) / (2 * height)) >> (4 + shift_x), best = x, strongest = 0;
    if (x < MARGIN + 2 || x >= width - MARGIN - 2) near = 0;
    for (int k = -2; near && !shift_x && k <= 2; k++) {
      int out = stands_out(plane, width, height, x + k, y, sign, wide);
      if (out > strongest) { strongest = out; best = x + k; }
    }
    places[y] = (i16)best;
    shown[y] = (i16)(near && (shift_x || strongest > 9 * 4 * 2 * scale));
    for (int k = 0; shown[y] && k < AROUND; k++) kept[y * AROUND + k] = (i16)get(plane, (long)y * width + best + k - WIDEST - 2, wide);
  }
  for (int y = 0; y < height; y++) {
    if (!shown[y]) continue;
    int from = max_of(0, y - ROWS_AROUND), until = min_of(height, y + ROWS_AROUND + 1);
    int clear = is_clear(kept, shown, half, from, until);
    for (int k = -half; k <= half; k++) {
      int own = kept[y * AROUND + WIDEST + 2 + k], across = bridge(kept + y * AROUND, half, k), added = 0, rows = 0;
      for (int row = from; clear && row < until; row++) {
        if (!shown[row]) continue;
        added += kept[row * AROUND + WIDEST + 2 + k] - bridge(kept + row * AROUND, half, k);
        rows++;
      }
      int value = clear ? own - added / rows : magnitude(k) == half ? (across + own) / 2 : across;
      put(plane, (long)y * width + places[y] + k, wide, clamp(value, 0, most));
    }
    changed += 2 * half + 1;
  }
  return changed;
}
