// Motion compensation: a plane of one picture, moved to where another picture has the same content.
//
// Calling it: reserve compensate_bytes(...) bytes (16-aligned), compensate_init, put the plane's samples at
// compensate_samples(...) with compensate_stride(...) bytes from row to row, then compensate. The plane may have another size
// than the picture that the field was estimated on (chroma, or the enlarged picture).
#include "warp.h"

typedef struct {
  WarpPlane from;
  CellShares shares;
  int16_t *dx, *dy; // of the grid's centres, in sixteenths
} Compensation;

EXPORT(compensate_bytes) long compensate_bytes(int width, int height, int bytes_per_sample) {
  long centres = (long)((width + 3) / 4) * ((height + 3) / 4);
  return (long)sizeof(Compensation) + 64 + warp_bytes(width, height, bytes_per_sample) + 4 * centres + 32;
}

EXPORT(compensate_init) void compensate_init(Compensation* c, int width, int height, int bytes_per_sample, int bit_depth) {
  uint8_t* next = (uint8_t*)c + ((sizeof(Compensation) + 63) & ~63ul);
  long centres = (long)((width + 3) / 4) * ((height + 3) / 4);
  c->dx = (int16_t*)next;
  c->dy = c->dx + centres;
  c->from = warp_plane(next + ((4 * centres + 31) & ~31l), width, height, bytes_per_sample, bit_depth);
}

EXPORT(compensate_samples) uint8_t* compensate_samples(Compensation* c) { return c->from.origin; }
EXPORT(compensate_stride) int compensate_stride(Compensation* c) { return c->from.stride_bytes; }

static int blend_of_256(const int16_t* v, int columns, int right, int below, int share_x, int share_y) {
  int above = v[0] * (256 - share_x) + v[right] * share_x;
  int under = v[below * columns] * (256 - share_x) + v[below * columns + right] * share_x;
  return above * (256 - share_y) + under * share_y; // times 65536
}

/** Field vectors at the centres of the plane's grid, in sixteenths of the plane's samples. */
static void spread(Compensation* c, WarpGrid g, int field_width, int field_height, const int16_t* dx, const int16_t* dy) {
  int columns = (field_width + 7) / 8, rows = (field_height + 7) / 8;
  for (int row = 0; row < g.rows; row += 1) {
    int share_y, y = warp_between(row, g.cell, c->from.height, field_height, 8, rows, &share_y);
    for (int column = 0; column < g.columns; column += 1) {
      int share_x, x = warp_between(column, g.cell, c->from.width, field_width, 8, columns, &share_x);
      int at = y * columns + x, right = share_x > 0, below = share_y > 0, i = row * g.columns + column;
      float moved_x = (float)blend_of_256(dx + at, columns, right, below, share_x, share_y);
      float moved_y = (float)blend_of_256(dy + at, columns, right, below, share_x, share_y);
      moved_x *= (float)c->from.width / (float)field_width / 16384.0f;
      moved_y *= (float)c->from.height / (float)field_height / 16384.0f;
      c->dx[i] = (int16_t)clamp((int)(moved_x < 0 ? moved_x - 0.5f : moved_x + 0.5f), -32767, 32767);
      c->dy[i] = (int16_t)clamp((int)(moved_y < 0 ? moved_y - 0.5f : moved_y + 0.5f), -32767, 32767);
    }
  }
}

/** Writes the moved plane to `out`: at each place what lies there plus the field's vector.
 *  dx, dy: quarter pixels of a picture of field_width x field_height, one vector for each 8x8 pixels. */
EXPORT(compensate)
void compensate(Compensation* c, int field_width, int field_height, const int16_t* dx, const int16_t* dy, uint8_t* out, int out_stride) {
  WarpGrid g = warp_grid(c->from.width, c->from.height, field_width, 8);
  WarpPlane to = c->from;
  to.origin = out;
  to.stride_bytes = out_stride;
  warp_pad(&c->from);
  warp_shares(&c->shares, g.cell);
  spread(c, g, field_width, field_height, dx, dy);
  for (int row = 0; row <= g.rows; row += 1)
    for (int column = 0; column <= g.columns; column += 1) {
      int x = column * g.cell - g.cell / 2, y = row * g.cell - g.cell / 2;
      int left = max_of(column - 1, 0), right = min_of(column, g.columns - 1);
      int above = max_of(row - 1, 0) * g.columns, below = min_of(row, g.rows - 1) * g.columns;
      int centres[4] = { above + left, above + right, below + left, below + right };
      vec result[CELL], one[CELL];
      int is_same = 1;
      for (int i = 1; i < 4; i += 1)
        is_same &= c->dx[centres[i]] == c->dx[centres[0]] && c->dy[centres[i]] == c->dy[centres[0]];
      warp_predict(&c->from, x, y, c->dx[centres[0]], c->dy[centres[0]], g.cell, result);
      if (!is_same) {
        for (int i = 0; i < g.cell; i += 1) result[i] = v_mul_fraction(result[i], c->shares.shares[1][i]);
        for (int n = 1; n < 4; n += 1) {
          warp_predict(&c->from, x, y, c->dx[centres[n]], c->dy[centres[n]], g.cell, one);
          for (int i = 0; i < g.cell; i += 1) result[i] = v_add(result[i], v_mul_fraction(one[i], c->shares.shares[1 << n][i]));
        }
      }
      warp_write(&to, x, y, g.cell, g.cell, result);
    }
}
