// A picture averaged with its neighbours in time, already moved onto it, where they show the same: what an encoder or a
// network makes anew in every frame cancels out, and what the object has stays.
#include "simd.h"

enum { CELL = 8, MOST_PICTURES = 4 };

static inline vec load_eight(const uint8_t* plane, long at, int bytes) {
  return bytes == 1 ? v_load_u8(plane + at) : v_load((const uint16_t*)plane + at);
}

/** Sum of absolute differences over one cell of `rows` rows. */
static int cell_difference(const uint8_t* a, const uint8_t* b, long at, int stride, int rows, int bytes) {
  vec sum = v_zero();
  for (int row = 0; row < rows; row += 1, at += stride) sum = v_add(sum, v_abs(v_sub(load_eight(a, at, bytes), load_eight(b, at, bytes))));
  int16_t lanes[8];
  v_store(lanes, sum);
  int total = 0;
  for (int i = 0; i < 8; i += 1) total += lanes[i];
  return total;
}

/** exp(-x), near enough: 0 from 8 on. */
static inline float falloff(float x) {
  if (x >= 8) return 0;
  float part = 1 - x / 8;
  part *= part;
  part *= part;
  return part * part;
}

/** Bytes of scratch memory that average_in_time needs. */
EXPORT(average_scratch_bytes) long average_scratch_bytes(int width, int height) {
  long cells = (width + CELL - 1) / CELL, rows = (height + CELL - 1) / CELL;
  return cells * rows * 4 + MOST_PICTURES * ((cells + 1) * (rows + 1) + cells + 1) * 2 + 64;
}

/** Weights of one neighbour at the corners of cells, before all are brought to a sum of 1; from the four cells around each. */
static void corner_weights(const float* differences, int cells, int rows, float distance, uint16_t* weights) {
  for (int y = 0; y <= rows; y += 1)
    for (int x = 0; x <= cells; x += 1) {
      int above = max_of(y - 1, 0), below = min_of(y, rows - 1), left = max_of(x - 1, 0), right = min_of(x, cells - 1);
      float mean = (differences[above * cells + left] + differences[above * cells + right] +
                    differences[below * cells + left] + differences[below * cells + right]) / 4;
      weights[y * (cells + 1) + x] = (uint16_t)(falloff(mean * mean / (distance * distance)) * 32767);
    }
}

/** Changes `plane`, of `stride` samples in a row, a multiple of 8, zeros beyond `width`. The `count` neighbours, at most 4, lie
 *  one after another from `neighbours` on, `neighbour_bytes` apart. A neighbour that is so far off, in sample values on the mean,
 *  counts for 1/e of the picture itself. */
EXPORT(average_in_time)
void average_in_time(
  uint8_t* plane, const uint8_t* neighbours, long neighbour_bytes, int count, int width, int height, int stride, int bytes, float distance,
  uint8_t* scratch
) {
  int cells = (width + CELL - 1) / CELL, rows = (height + CELL - 1) / CELL, corners = (cells + 1) * (rows + 1);
  float* differences = (float*)scratch;
  uint16_t* weights = (uint16_t*)(scratch + (long)cells * rows * 4);
  int16_t* across = (int16_t*)(weights + (long)MOST_PICTURES * corners);
  for (int n = 0; n < count; n += 1) {
    const uint8_t* other = neighbours + n * neighbour_bytes;
    for (int y = 0; y < rows; y += 1)
      for (int x = 0; x < cells; x += 1) {
        int lines = min_of(CELL, height - y * CELL), columns = min_of(CELL, width - x * CELL);
        int sum = cell_difference(plane, other, (long)y * CELL * stride + x * CELL, stride, lines, bytes);
        differences[y * cells + x] = (float)sum / (float)(lines * columns);
      }
    corner_weights(differences, cells, rows, distance, weights + (long)n * corners);
  }
  for (int i = 0; i < corners; i += 1) {
    float sum = 32767;
    for (int n = 0; n < count; n += 1) sum += weights[(long)n * corners + i];
    for (int n = 0; n < count; n += 1) weights[(long)n * corners + i] = (uint16_t)(32767 * (float)weights[(long)n * corners + i] / sum);
  }
  int16_t steps[CELL];
  for (int i = 0; i < CELL; i += 1) steps[i] = (int16_t)((2 * i + 1) * 32768 / (2 * CELL));
  vec ramp = v_load(steps);
  for (int y = 0; y < height; y += 1) {
    int below = (2 * (y % CELL) + 1) * 128 / CELL; // of 256
    for (int n = 0; n < count; n += 1) {
      const uint16_t* top = weights + (long)n * corners + (long)(y / CELL) * (cells + 1);
      for (int x = 0; x <= cells; x += 1)
        across[n * (cells + 1) + x] = (int16_t)((top[x] * (256 - below) + top[x + cells + 1] * below) >> 8);
    }
    for (int x = 0; x < cells; x += 1) {
      long at = (long)y * stride + x * CELL;
      vec own = load_eight(plane, at, bytes), change = v_zero();
      for (int n = 0; n < count; n += 1) {
        const int16_t* corner = across + n * (cells + 1) + x;
        vec weight = v_add(v_set(corner[0]), v_mul_fraction(v_set(corner[1] - corner[0]), ramp));
        vec apart = v_sub(load_eight(neighbours + n * neighbour_bytes, at, bytes), own);
        change = v_add(change, v_mul_fraction(v_shift_left(apart, 3), weight));
      }
      vec result = v_add(own, v_shift_right(v_add(change, v_set(4)), 3));
      if (bytes == 1) v_store_low(plane + at, v_pack_u8(result, result));
      else v_store((uint16_t*)plane + at, result);
    }
  }
}
