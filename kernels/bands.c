// Debanding held to where there are bands: even stretches with steps between them that can be seen.
#include "simd.h"

enum { BAND_CELL = 16, LARGEST_STEP = 8 };

static inline int sample(const uint8_t* plane, long at, int bytes) {
  return bytes == 1 ? plane[at] : ((const uint16_t*)plane)[at];
}

/** 0 below `from`, 1 from `until` on. */
static inline float slope(float x, float from, float until) {
  float share = (x - from) / (until - from);
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

/** 0 to 1: most neighbours are equal, the others a visible step of the 8-bit format apart, and hardly any further. */
static float banded(const uint8_t* plane, int width, int height, int bytes, int unit, int left, int top) {
  int right = min_of(left + BAND_CELL, width - 1), bottom = min_of(top + BAND_CELL, height - 1);
  int pairs = 0, equal = 0, steps = 0, rough = 0;
  long sum = 0;
  for (int y = top; y < bottom; y += 1) {
    for (int x = left; x < right; x += 1) {
      long at = (long)y * width + x;
      int own = sample(plane, at, bytes);
      int apart[2] = { magnitude(sample(plane, at + 1, bytes) - own), magnitude(sample(plane, at + width, bytes) - own) };
      for (int i = 0; i < 2; i += 1) {
        pairs += 1;
        if (apart[i] == 0) equal += 1;
        else if (apart[i] > LARGEST_STEP * unit) rough += 1;
        else sum += apart[i], steps += 1;
      }
    }
  }
  if (pairs == 0 || steps == 0) return 0;
  float height_of_steps = (float)sum / (float)(steps * unit);
  return slope((float)equal / (float)pairs, 0.65f, 0.8f) * slope(height_of_steps, 1.1f, 1.5f) *
         (1 - slope((float)rough / (float)pairs, 0.02f, 0.06f));
}

/** Bytes of scratch memory that bands_hold needs. */
EXPORT(bands_scratch_bytes) long bands_scratch_bytes(int width, int height) {
  return (long)(width / BAND_CELL + 3) * (height / BAND_CELL + 4) * 4;
}

/** Brings `changed` back to `plane` but for where that has bands, with soft borders. Returns the share of all change kept. */
EXPORT(bands_hold)
double bands_hold(const uint8_t* plane, uint8_t* changed, int width, int height, int bytes, int bit_depth, float* scratch) {
  int columns = (width + BAND_CELL - 1) / BAND_CELL, rows = (height + BAND_CELL - 1) / BAND_CELL;
  int unit = 1 << (bit_depth - 8);
  float *shares = scratch, *across = scratch + columns * rows;
  for (int row = 0; row < rows; row += 1)
    for (int column = 0; column < columns; column += 1)
      shares[row * columns + column] = banded(plane, width, height, bytes, unit, column * BAND_CELL, row * BAND_CELL);
  int64_t all = 0, kept = 0;
  for (int y = 0; y < height; y += 1) {
    // Between the middles of cells, shares change evenly.
    float row_at = ((float)y + 0.5f) / BAND_CELL - 0.5f;
    int over = clamp((int)row_at, 0, rows - 1), under = min_of(over + 1, rows - 1);
    float low = slope(row_at, (float)over, (float)over + 1);
    for (int column = 0; column < columns; column += 1)
      across[column] = shares[over * columns + column] * (1 - low) + shares[under * columns + column] * low;
    for (int x = 0; x < width; x += 1) {
      long at = (long)y * width + x;
      int from = sample(plane, at, bytes), step = sample(changed, at, bytes) - from;
      if (step == 0) continue;
      float column_at = ((float)x + 0.5f) / BAND_CELL - 0.5f;
      int before = clamp((int)column_at, 0, columns - 1), after = min_of(before + 1, columns - 1);
      float far = slope(column_at, (float)before, (float)before + 1);
      float share = across[before] * (1 - far) + across[after] * far;
      int taken = (int)((float)magnitude(step) * share + 0.499f);
      all += magnitude(step);
      kept += taken;
      int value = step < 0 ? from - taken : from + taken;
      if (bytes == 1) changed[at] = (uint8_t)value;
      else ((uint16_t*)changed)[at] = (uint16_t)value;
    }
  }
  return all == 0 ? 1 : (double)kept / (double)all;
}
