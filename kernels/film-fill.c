// Dirt's places filled with what both neighbours show there.
#include "film.h"

static inline int sample(const void *plane, long at, int wide) { return wide ? ((const u16 *)plane)[at] : ((const u8 *)plane)[at]; }

// Catmull-Rom weights at quarters, of 128.
static const i16 weights[4][4] = {{0, 128, 0, 0}, {-9, 111, 29, -3}, {-8, 72, 72, -8}, {-3, 29, 111, -9}};

// The sample at (x + dx / 4, y + dy / 4), bicubic; places outside read the border.
static int moved(const void *plane, int width, int height, int x, int y, int dx, int dy, int wide) {
  const i16 *wx = weights[dx & 3], *wy = weights[dy & 3];
  int left = x + (dx >> 2) - 1, top = y + (dy >> 2) - 1, sum = 0;
  for (int j = 0; j < 4; j++) {
    if (wy[j] == 0) continue;
    long row = (long)clamp(top + j, 0, height - 1) * width;
    int line = 0;
    for (int i = 0; i < 4; i++) line += wx[i] * sample(plane, row + clamp(left + i, 0, width - 1), wide);
    sum += wy[j] * ((line + 8) >> 4);
  }
  return (sum + 512) >> 10;
}

// Writes `out`, a plane without padding, from the same plane of three pictures. The plane may be smaller than luma by
// `shift_x` and `shift_y`; brightness differences between the pictures are taken away in luma (`is_luma`) only.
EXPORT(film_fill)
void film_fill(const Film *film, const void *current, const void *previous, const void *next, void *out, int width, int height,
               int shift_x, int shift_y, int is_luma, int bit_depth) {
  int wide = bit_depth > 8, most = (1 << bit_depth) - 1, scale = 1 << (bit_depth - 8);
  for (int y = 0; y < height; y++) {
    const u8 *mask = film->mask + (long)min_of(y << shift_y, film->height - 1) * film->width;
    for (int x = 0; x < width; x++) {
      long at = (long)y * width + x;
      int cover = mask[min_of(x << shift_x, film->width - 1)], own = sample(current, at, wide);
      if (cover > 0) {
        int i = ((y << shift_y) >> 3) * film->columns + ((x << shift_x) >> 3);
        const Vectors *v = &film->vectors;
        int p = moved(previous, width, height, x, y, v->px[i] >> shift_x, v->py[i] >> shift_y, wide);
        int n = moved(next, width, height, x, y, v->nx[i] >> shift_x, v->ny[i] >> shift_y, wide);
        if (is_luma) {
          p += film->offsetPrevious[i] * scale;
          n += film->offsetNext[i] * scale;
        }
        // Where the neighbours disagree the nearer one is right: the other shows its own dirt or something passing.
        int fill = magnitude(p - n) > 24 * scale ? (magnitude(own - p) < magnitude(own - n) ? p : n) : (p + n + 1) >> 1;
        own = clamp((own * (255 - cover) + fill * cover + 127) / 255, 0, most);
      }
      if (wide) ((u16 *)out)[at] = (u16)own;
      else ((u8 *)out)[at] = (u8)own;
    }
  }
}
