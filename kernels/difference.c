// How much two pictures differ where they are, block by block: to recognise repeated pictures.
#include "simd.h"

static int difference_16x16(const uint8_t* a, const uint8_t* b, int stride) {
  vec sum = v_zero();
  for (int y = 0; y < 16; y += 1) sum = v_sad_add(sum, v_load(a + (long)y * stride), v_load(b + (long)y * stride));
  return v_sad_total(sum);
}

/** Brings 16-bit samples of `bit_depth` bits to 8 bits, in rows of `out_stride`. */
EXPORT(difference_load)
void difference_load(uint8_t* out, int out_stride, const uint16_t* luma, int stride_bytes, int width, int height, int bit_depth) {
  for (int y = 0; y < height; y += 1) {
    const uint16_t* from = luma + (long)y * (stride_bytes / 2);
    for (int x = 0; x < width; x += 1) out[(long)y * out_stride + x] = (uint8_t)min_of(from[x] >> (bit_depth - 8), 255);
  }
}

/** The largest mean absolute difference among blocks of 16x16, in 256ths of a code value. Rows of `stride`, a multiple of 16. */
EXPORT(difference_largest) int difference_largest(const uint8_t* a, const uint8_t* b, int stride, int width, int height) {
  int largest = 0;
  for (int y = 0; y < height; y += 16) {
    int top = max_of(0, min_of(y, height - 16));
    for (int x = 0; x < width; x += 16)
      if (height >= 16) largest = max_of(largest, difference_16x16(a + (long)top * stride + x, b + (long)top * stride + x, stride));
  }
  if (height < 16)
    for (int i = 0; i < stride * height; i += 1) largest = max_of(largest, magnitude(a[i] - b[i]) * 256);
  return largest;
}
