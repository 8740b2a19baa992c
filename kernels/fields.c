// Fields: which of its neighbours in time a field belongs with, and whether a picture is made of two that do not belong together.
#include "simd.h"

enum { CELL = 16, COMB_CELL = 8, COMB_STEP = 9 };

static inline int lanes_total(vec lanes) {
  int16_t values[8];
  v_store(values, lanes);
  int total = 0;
  for (int i = 0; i < 8; i += 1) total += values[i];
  return total;
}

/** Rows of one parity of `centre` between rows of the other parity of `earlier` and of `later`, which are fields beside it in
 *  time. Fills `found` with sums over cells of 16x16 pixels, of squares: how much more the later field's rows stand out
 *  against the centre's than the earlier one's, how much less they do, and how much the two differ.
 *  Pictures in rows of `stride`, a multiple of 16; what lies beyond the width is the same in all. */
EXPORT(fields_compare)
void fields_compare(const uint8_t* centre, const uint8_t* earlier, const uint8_t* later, int stride, int height, int parity,
                    double* found) {
  double later_worse = 0, earlier_worse = 0, apart = 0;
  for (int top = 0; top < height; top += CELL) {
    for (int x = 0; x < stride; x += CELL) {
      int earlier_sum = 0, later_sum = 0;
      vec difference = v_zero();
      for (int half = 0; half < CELL; half += 8) {
        vec earlier_stands = v_zero(), later_stands = v_zero();
        for (int y = top + parity; y < min_of(top + CELL, height - 2); y += 2) {
          if (y < 2) continue;
          long at = (long)y * stride + x + half;
          vec own = v_add(v_add(v_load_u8(centre + at - 2 * stride), v_load_u8(centre + at + 2 * stride)),
                          v_shift_left(v_load_u8(centre + at), 2));
          vec before = v_add(v_load_u8(earlier + at - stride), v_load_u8(earlier + at + stride));
          vec after = v_add(v_load_u8(later + at - stride), v_load_u8(later + at + stride));
          earlier_stands = v_add(earlier_stands, v_abs(v_sub(own, v_mul(before, v_set(3)))));
          later_stands = v_add(later_stands, v_abs(v_sub(own, v_mul(after, v_set(3)))));
        }
        earlier_sum += lanes_total(earlier_stands);
        later_sum += lanes_total(later_stands);
      }
      for (int y = top + 1 - parity; y < min_of(top + CELL, height); y += 2) {
        long at = (long)y * stride + x;
        difference = v_sad_add(difference, v_load(earlier + at), v_load(later + at));
      }
      double worse = later_sum - earlier_sum, difference_sum = v_sad_total(difference);
      if (worse > 0) later_worse += worse * worse;
      else earlier_worse += worse * worse;
      apart += difference_sum * difference_sum;
    }
  }
  found[0] = later_worse;
  found[1] = earlier_worse;
  found[2] = apart;
}

/** 1 in each lane whose sample stands out from the rows above and below on the same side, and not for detail of two rows. */
static inline vec stands_out(const uint8_t* p, int stride) {
  vec own = v_load_u8(p), over = v_load_u8(p - stride), under = v_load_u8(p + stride);
  vec above = v_sub(own, over), below = v_sub(own, under);
  vec same_side = v_max(v_min(above, below), v_min(v_sub(over, own), v_sub(under, own)));
  vec around = v_add(v_load_u8(p - 2 * stride), v_load_u8(p + 2 * stride));
  vec comb = v_abs(v_sub(v_add(around, v_shift_left(own, 2)), v_mul(v_add(over, under), v_set(3))));
  vec beyond = v_min(v_sub(same_side, v_set(COMB_STEP)), v_sub(comb, v_set(6 * COMB_STEP)));
  return v_max(v_zero(), v_min(beyond, v_set(1)));
}

/** The most samples in 16x16 that stand out from the rows above and below. `counts`: room for 2 numbers each 8 pixels.
 *  Rows as for fields_compare. */
EXPORT(fields_combed) int fields_combed(const uint8_t* picture, int stride, int height, int32_t* counts) {
  int columns = stride / COMB_CELL, most = 0;
  int32_t *above = counts, *now = counts + columns;
  for (int i = 0; i < columns; i += 1) above[i] = 0;
  for (int top = 0; top < height; top += COMB_CELL) {
    for (int i = 0; i < columns; i += 1) {
      vec count = v_zero();
      for (int y = max_of(2, top); y < min_of(top + COMB_CELL, height - 2); y += 1)
        count = v_add(count, stands_out(picture + (long)y * stride + i * COMB_CELL, stride));
      now[i] = lanes_total(count);
    }
    for (int i = 0; i + 1 < columns; i += 1) most = max_of(most, now[i] + now[i + 1] + above[i] + above[i + 1]);
    int32_t* kept = above;
    above = now;
    now = kept;
  }
  return most;
}
