// A picture averaged with its neighbours in time, already moved onto it, where they show the same: what an encoder or a
// network makes anew in every frame cancels out, and what the object has stays.
//
// How it works: what a neighbour differs in is split into a coarse part (blurred) and the rest. In each part the neighbour counts
// by how little it differs in the cells of 8x8 around: motion that is not quite right spoils fine detail and leaves the coarse,
// where the encoder's errors are larger.
#include "simd.h"

enum { CELL = 8, MOST_PICTURES = 6, BANDS = 2, MEASURES = BANDS + 1, REACH = 3 /* rows and columns beside a sample that are seen for its coarse part */ };
/** How differences are held: with three bits of fraction. */
enum { FRACTION = 3 };

/** All of it becomes one function for each number of bytes: what is stored could else be a field of the state, and these were read again. */
#define INLINED static inline __attribute__((always_inline))

INLINED vec load_eight(const uint8_t* plane, long at, int bytes) {
  return bytes == 1 ? v_load_u8(plane + at) : v_load((const uint16_t*)plane + at);
}

/** exp(-x), near enough: 0 from 8 on. */
static inline float falloff(float x) {
  if (x >= 8) return 0;
  float part = 1 - x / 8;
  part *= part;
  part *= part;
  return part * part;
}

static inline float largest_of(float a, float b) { return a > b ? a : b; }

/** A single sample may be so many times as far off as the mean before it counts: what glints for a frame is small and much brighter. */
#define SPOT 5.0f

typedef struct {
  uint8_t* plane;
  const uint8_t* neighbours;
  long neighbour_bytes;
  int count, width, height, stride, bytes, cells, rows;
  float distances[BANDS];
  int16_t* line; // of differences, 8 samples of room before it
  int16_t* across; // for each neighbour, 16 lines of differences blurred along the line; line y at y % 16
  int16_t* coarse; // for each neighbour, the coarse part of its differences for two rows of cells, row r at r % 2
  float* sums; // for each neighbour, of two rows of cells, the mean of each band's differences, in sample values, then the largest fine one
  int16_t* weights; // at the corners of cells, for two lines of corners, by band and neighbour
} Averaging;

static long line_samples(int width) { return (width + CELL - 1) / CELL * CELL; }

/** Where everything lies in the scratch memory; returns how many bytes of it that takes. */
static long lay_out(Averaging* a, uint8_t* scratch) {
  long samples = line_samples(a->width), cells = samples / CELL, sums = MOST_PICTURES * 2 * MEASURES * cells;
  long line = CELL, across = line + samples + CELL, coarse = across + MOST_PICTURES * 16 * samples;
  long weights = coarse + MOST_PICTURES * 2 * CELL * samples, end = weights + 2 * BANDS * MOST_PICTURES * (cells + 1);
  a->sums = (float*)scratch;
  int16_t* rest = (int16_t*)(a->sums + sums);
  a->line = rest + line;
  a->across = rest + across;
  a->coarse = rest + coarse;
  a->weights = rest + weights;
  return sums * (long)sizeof(float) + end * (long)sizeof(int16_t);
}

/** Bytes of scratch memory that average_in_time needs. */
EXPORT(average_scratch_bytes) long average_scratch_bytes(int width) {
  Averaging a = { .width = width };
  return lay_out(&a, 0);
}

INLINED vec difference(Averaging a, int n, long at) {
  return v_sub(load_eight(a.neighbours + n * a.neighbour_bytes, at, a.bytes), load_eight(a.plane, at, a.bytes));
}

/** 1 2 3 4 3 2 1 times the samples around `p`: two boxes of four. */
INLINED vec seven_taps(const int16_t* p) {
  vec inner = v_add(v_load(p - 1), v_load(p + 1));
  vec sum = v_add(v_load(p - 3), v_load(p + 3));
  sum = v_add(sum, v_shift_left(v_add(v_load(p - 2), v_load(p + 2)), 1));
  sum = v_add(sum, v_add(inner, v_shift_left(inner, 1)));
  return v_add(sum, v_shift_left(v_load(p), 2));
}

/** The same down a column: from 14 lines to the 8 in their middle. */
INLINED void seven_taps_down(vec lines[CELL + 2 * REACH]) {
  static const int apart[4] = { 1, 2, 1, 2 };
  for (int i = 0, count = CELL + 2 * REACH; i < 4; i += 1) {
    count -= apart[i];
    for (int y = 0; y < count; y += 1) lines[y] = v_add(lines[y], lines[y + apart[i]]);
  }
}

INLINED vec rounded_shift(vec a, int bits) { return v_shift_right(v_add(a, v_set(1 << (bits - 1))), bits); }

INLINED void blur_line(Averaging a, int n, int y) {
  int16_t* line = a.line;
  int16_t* to = a.across + (n * 16 + y % 16) * line_samples(a.width);
  for (int x = 0; x < a.width; x += CELL) v_store(line + x, difference(a, n, (long)y * a.stride + x));
  for (int i = 1; i <= REACH; i += 1) {
    line[-i] = line[0];
    line[a.width - 1 + i] = line[a.width - 1];
  }
  int bits = a.bytes == 1 ? 2 : 4; // so that the sum of lines fits 16 bits
  for (int x = 0; x < a.width; x += CELL) v_store(to + x, rounded_shift(seven_taps(line + x), bits));
}

INLINED int16_t* coarse_line(Averaging a, int n, int y) {
  return a.coarse + ((n * 2 + y / CELL % 2) * CELL + y % CELL) * line_samples(a.width);
}

/** The coarse part of the differences of a row of cells, and how large both parts are in each cell. */
INLINED void look_at_row(Averaging a, int n, int row) {
  long samples = line_samples(a.width);
  int top = row * CELL, bottom = min_of(top + CELL, a.height), bits = a.bytes == 1 ? 3 : 1;
  int spare = a.bytes == 1 ? 0 : 2; // so that the sum over a column fits 16 bits
  for (int y = row == 0 ? 0 : top + REACH; y < min_of(top + CELL + REACH, a.height); y += 1) blur_line(a, n, y);
  float* sums = a.sums + (n * 2 + row % 2) * MEASURES * a.cells;
  for (int cell = 0; cell < a.cells; cell += 1) {
    int x = cell * CELL, columns = min_of(CELL, a.width - x);
    int16_t within[CELL];
    for (int i = 0; i < CELL; i += 1) within[i] = (int16_t)(i < columns ? -1 : 0);
    vec mask = v_load(within);
    vec size[BANDS] = { v_zero(), v_zero() }, largest = v_zero(), lines[CELL + 2 * REACH];
    for (int i = 0; i < CELL + 2 * REACH; i += 1)
      lines[i] = v_load(a.across + (n * 16 + clamp(top + i - REACH, 0, a.height - 1) % 16) * samples + x);
    seven_taps_down(lines);
    for (int y = top; y < bottom; y += 1) {
      vec coarse = v_and(rounded_shift(lines[y - top], bits), mask);
      v_store(coarse_line(a, n, y) + x, coarse);
      vec fine = v_sub(v_shift_left(difference(a, n, (long)y * a.stride + x), FRACTION), coarse);
      size[0] = v_add(size[0], v_shift_right(v_abs(coarse), spare));
      size[1] = v_add(size[1], v_shift_right(v_abs(fine), spare));
      largest = v_max(largest, v_abs(fine));
    }
    for (int band = 0; band < BANDS; band += 1) {
      uint16_t lanes[CELL];
      v_store(lanes, size[band]);
      int total = 0;
      for (int i = 0; i < CELL; i += 1) total += lanes[i];
      sums[band * a.cells + cell] = (float)(total << spare) / (float)((bottom - top) * columns << FRACTION);
    }
    int16_t most[CELL], top_value = 0;
    v_store(most, largest);
    for (int i = 0; i < CELL; i += 1) top_value = most[i] > top_value ? most[i] : top_value;
    sums[BANDS * a.cells + cell] = (float)top_value / (1 << FRACTION);
  }
}

/** The weights on a line of corners, from the four cells around each; with the picture's own, 1, they are brought to a sum of 1. */
INLINED void weigh_corners(Averaging a, int line) {
  int above = max_of(line - 1, 0) % 2, below = min_of(line, a.rows - 1) % 2, across = a.cells + 1;
  for (int band = 0; band < BANDS; band += 1) {
    int16_t* weights = a.weights + (line % 2 * BANDS + band) * MOST_PICTURES * across;
    for (int i = 0; i < across; i += 1) {
      int left = max_of(i - 1, 0), right = min_of(i, a.cells - 1);
      float found[MOST_PICTURES], sum = 1;
      for (int n = 0; n < a.count; n += 1) {
        const float* high = a.sums + (n * 2 + above) * MEASURES * a.cells;
        const float* low = a.sums + (n * 2 + below) * MEASURES * a.cells;
        float spot = largest_of(largest_of(high[left + BANDS * a.cells], high[right + BANDS * a.cells]),
                                largest_of(low[left + BANDS * a.cells], low[right + BANDS * a.cells]));
        high += band * a.cells;
        low += band * a.cells;
        float mean = (high[left] + high[right] + low[left] + low[right]) / 4 / a.distances[band];
        float apart = largest_of(mean, spot / a.distances[1] / SPOT);
        found[n] = falloff(apart * apart);
        sum += found[n];
      }
      for (int n = 0; n < a.count; n += 1) weights[n * across + i] = (int16_t)(found[n] / sum * 32767);
    }
  }
}

/** Between two corners of a cell. */
INLINED vec between(const int16_t* corner, vec ramp) {
  return v_add(v_set(corner[0]), v_mul_fraction(v_set(corner[1] - corner[0]), ramp));
}

INLINED void change_cell(Averaging a, int row, int cell, vec ramp) {
  int across = a.cells + 1, lines = BANDS * MOST_PICTURES * across;
  int top = row * CELL, height = min_of(CELL, a.height - top);
  vec change[CELL];
  for (int y = 0; y < CELL; y += 1) change[y] = v_zero();
  for (int n = 0; n < a.count; n += 1) {
    vec weight[BANDS], step[BANDS];
    for (int band = 0; band < BANDS; band += 1) {
      const int16_t* corner = a.weights + (band * MOST_PICTURES + n) * across + cell;
      vec above = between(corner + row % 2 * lines, ramp), below = between(corner + (row + 1) % 2 * lines, ramp);
      step[band] = v_shift_right(v_sub(below, above), 3);
      weight[band] = v_add(above, v_shift_right(step[band], 1));
    }
    for (int y = 0; y < height; y += 1) {
      vec coarse = v_load(coarse_line(a, n, top + y) + cell * CELL);
      vec fine = v_sub(v_shift_left(difference(a, n, (long)(top + y) * a.stride + cell * CELL), FRACTION), coarse);
      change[y] = v_add(change[y], v_add(v_mul_fraction(coarse, weight[0]), v_mul_fraction(fine, weight[1])));
      for (int band = 0; band < BANDS; band += 1) weight[band] = v_add(weight[band], step[band]);
    }
  }
  for (int y = 0; y < height; y += 1) {
    long at = (long)(top + y) * a.stride + cell * CELL;
    vec result = v_add(load_eight(a.plane, at, a.bytes), rounded_shift(change[y], FRACTION));
    if (a.bytes == 1) v_store_low(a.plane + at, v_pack_u8(result, result));
    else v_store((uint16_t*)a.plane + at, v_min(v_max(result, v_zero()), v_set(1023)));
  }
}

INLINED void average_rows(Averaging a, int bytes) {
  a.bytes = bytes;
  int16_t steps[CELL];
  for (int i = 0; i < CELL; i += 1) steps[i] = (int16_t)((2 * i + 1) * 32768 / (2 * CELL));
  vec ramp = v_load(steps);
  for (int row = 0; row <= a.rows; row += 1) {
    if (row < a.rows)
      for (int n = 0; n < a.count; n += 1) look_at_row(a, n, row);
    weigh_corners(a, row);
    for (int cell = 0; row > 0 && cell < a.cells; cell += 1) change_cell(a, row - 1, cell, ramp);
  }
}

/** Changes `plane`, of 8 bits, or of 10 in 16, of `stride` samples in a row, a multiple of 8, zeros beyond `width`. The `count`
 *  neighbours, at most 6, lie one after another from `neighbours` on, `neighbour_bytes` apart. A neighbour whose coarse or fine
 *  part is so far off, in sample values on the mean, counts in this part for 1/e of the picture itself. */
EXPORT(average_in_time)
void average_in_time(
  uint8_t* plane, const uint8_t* neighbours, long neighbour_bytes, int count, int width, int height, int stride, int bytes,
  float coarse_distance, float fine_distance, uint8_t* scratch
) {
  int cells = (width + CELL - 1) / CELL, rows = (height + CELL - 1) / CELL;
  Averaging a = {
    .plane = plane, .neighbours = neighbours, .neighbour_bytes = neighbour_bytes, .count = count, .width = width, .height = height,
    .stride = stride, .bytes = bytes, .cells = cells, .rows = rows, .distances = { coarse_distance, fine_distance },
  };
  lay_out(&a, scratch);
  if (bytes == 1) average_rows(a, 1);
  else average_rows(a, 2);
}
