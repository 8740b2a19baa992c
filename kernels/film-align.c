// Lays the neighbours of a picture on it along the motion, and mends the motion where dirt led it astray.
#include "film.h"

// One block of `from` moved by a vector, bilinear; places outside read the border.
static void align_block(const u8 *from, int width, int height, int x0, int y0, int dx, int dy, u8 *to) {
  int across = min_of(BLOCK, width - x0), down = min_of(BLOCK, height - y0);
  int left = x0 + (dx >> 2), top = y0 + (dy >> 2), fx = dx & 3, fy = dy & 3;
  int a = (4 - fx) * (4 - fy), b = fx * (4 - fy), c = (4 - fx) * fy, d = fx * fy;
  if (across == BLOCK && left >= 0 && top >= 0 && left + BLOCK < width && top + down < height) {
    for (int y = 0; y < down; y++) {
      const u8 *row = from + (top + y) * width + left;
      u8 *out = to + (y0 + y) * width + x0;
      for (int x = 0; x < BLOCK; x++)
        out[x] = (u8)((row[x] * a + row[x + 1] * b + row[x + width] * c + row[x + width + 1] * d + 8) >> 4);
    }
    return;
  }
  for (int y = 0; y < down; y++) {
    const u8 *r0 = from + clamp(top + y, 0, height - 1) * width, *r1 = from + clamp(top + y + 1, 0, height - 1) * width;
    for (int x = 0; x < across; x++) {
      int p = clamp(left + x, 0, width - 1), q = clamp(left + x + 1, 0, width - 1);
      to[(y0 + y) * width + x0 + x] = (u8)((r0[p] * a + r0[q] * b + r1[p] * c + r1[q] * d + 8) >> 4);
    }
  }
}

// The nearest whole pixels instead, which keep the height of thin peaks.
static void copy_block(const u8 *from, int width, int height, int x0, int y0, int dx, int dy, u8 *to) {
  align_block(from, width, height, x0, y0, (dx + 2) & ~3, (dy + 2) & ~3, to);
}

// Lays both neighbours on a block of the current picture.
void film_align(const Film *film, int i) {
  int x0 = i % film->columns * BLOCK, y0 = i / film->columns * BLOCK, w = film->width, h = film->height;
  const Vectors *v = &film->vectors;
  align_block(film->previous, w, h, x0, y0, v->px[i], v->py[i], film->alignedPrevious);
  align_block(film->next, w, h, x0, y0, v->nx[i], v->ny[i], film->alignedNext);
  copy_block(film->previous, w, h, x0, y0, v->px[i], v->py[i], film->wholePrevious);
  copy_block(film->next, w, h, x0, y0, v->nx[i], v->ny[i], film->wholeNext);
}

// Mean absolute difference of a block after its mean difference (at most 12) is taken away, in quarters of a code.
int film_block_error(const u8 *a, const u8 *b, int width, int height, int x0, int y0) {
  int across = min_of(BLOCK, width - x0), down = min_of(BLOCK, height - y0), sum = 0, error = 0, count = across * down;
  for (int y = 0; y < down; y++)
    for (int x = 0; x < across; x++) {
      int at = (y0 + y) * width + x0 + x;
      sum += clamp(a[at] - b[at], -20, 20);
    }
  int mean = clamp(sum / count, -12, 12);
  for (int y = 0; y < down; y++)
    for (int x = 0; x < across; x++) {
      int at = (y0 + y) * width + x0 + x;
      error += magnitude(a[at] - b[at] - mean);
    }
  return min_of(1020, error * 4 / count);
}

typedef struct { int px, py, nx, ny; } Pair;

// How badly two neighbours agree along a pair of vectors around a block, and with the picture where it is not dirty.
static int pair_error(const Film *film, int x0, int y0, Pair pair) {
  int w = film->width, h = film->height, error = 0;
  int px = (pair.px + 2) >> 2, py = (pair.py + 2) >> 2, nx = (pair.nx + 2) >> 2, ny = (pair.ny + 2) >> 2;
  for (int y = y0 - 4; y < y0 + BLOCK + 4; y += 2) {
    const u8 *c = film->current + clamp(y, 0, h - 1) * w;
    const u8 *p = film->previous + clamp(y + py, 0, h - 1) * w, *n = film->next + clamp(y + ny, 0, h - 1) * w;
    for (int x = x0 - 4; x < x0 + BLOCK + 4; x++) {
      int a = p[clamp(x + px, 0, w - 1)], b = n[clamp(x + nx, 0, w - 1)], v = c[clamp(x, 0, w - 1)];
      error += magnitude(a - b) * 2 + min_of(16, magnitude(v - a)) + min_of(16, magnitude(v - b));
    }
  }
  return error;
}

static int median_of(const int *histogram, int size, int count) {
  int seen = 0;
  for (int i = 0; i < size; i++) {
    seen += histogram[i];
    if (seen * 2 >= count) return i;
  }
  return size - 1;
}

static int median(i16 *values, int count) {
  for (int i = 1; i < count; i++) {
    i16 value = values[i];
    int k = i;
    for (; k > 0 && values[k - 1] > value; k--) values[k] = values[k - 1];
    values[k] = value;
  }
  return values[count / 2];
}

// The motion of the wide surroundings of a group of 4x4 blocks, which no dirt of a likely size fills.
static Pair usual_motion(const Film *film, int column, int row) {
  i16 found[4][121];
  int count = 0;
  for (int r = row - 8; r < row + 14; r += 2)
    for (int c = column - 8; c < column + 14; c += 2) {
      if (r < 0 || c < 0 || r >= film->rows || c >= film->columns) continue;
      int i = r * film->columns + c;
      found[0][count] = film->vectors.px[i]; found[1][count] = film->vectors.py[i];
      found[2][count] = film->vectors.nx[i]; found[3][count] = film->vectors.ny[i];
      count++;
    }
  return (Pair){median(found[0], count), median(found[1], count), median(found[2], count), median(found[3], count)};
}

// Marks blocks that match neither neighbour, and those that were led astray: unlike their surroundings, but not on a way
// that a thing could take, since it leads to the same side in both neighbours.
static int find_bad_blocks(Film *film) {
  int columns = film->columns, rows = film->rows, w = film->width, h = film->height, count = columns * rows;
  int histogram[1021], badPrevious = 0, badNext = 0;
  for (int i = 0; i <= 1020; i++) histogram[i] = 0;
  u16 *errors = film->blockError, *others = (u16 *)film->offsetNext;
  for (int i = 0; i < count; i++) {
    int x0 = i % columns * BLOCK, y0 = i / columns * BLOCK;
    errors[i] = (u16)film_block_error(film->current, film->alignedPrevious, w, h, x0, y0);
    others[i] = (u16)film_block_error(film->current, film->alignedNext, w, h, x0, y0);
    histogram[min_of(errors[i], others[i])]++;
  }
  int limit = 16 + median_of(histogram, 1021, count) * 3 / 2;
  for (int i = 0; i < count; i++) {
    badPrevious += errors[i] > limit;
    badNext += others[i] > limit;
    film->isBad[i] = errors[i] > limit && others[i] > limit;
  }
  if (max_of(badPrevious, badNext) * 5 > count * 2) return 0; // nothing to trust: a cut, a flash, water
  const Vectors *v = &film->vectors;
  for (int row = 0; row < rows; row += 4)
    for (int column = 0; column < columns; column += 4) {
      Pair usual = usual_motion(film, column, row);
      for (int r = row; r < min_of(rows, row + 4); r++)
        for (int c = column; c < min_of(columns, column + 4); c++) {
          int i = r * columns + c;
          int px = v->px[i] - usual.px, py = v->py[i] - usual.py, nx = v->nx[i] - usual.nx, ny = v->ny[i] - usual.ny;
          int far = max_of(max_of(magnitude(px), magnitude(py)), max_of(magnitude(nx), magnitude(ny)));
          int before = px * px + py * py, after = nx * nx + ny * ny, along = px * nx + py * ny;
          int isPassing = along < 0 && 2 * (long long)along * along > (long long)before * after && before < 12 * after &&
                          after < 12 * before;
          if (far > 12 && !isPassing) film->isBad[i] = 2;
        }
    }
  return 1;
}

// Bad blocks get the vectors of good blocks around, whichever make the neighbours agree.
int film_mend_vectors(Film *film) {
  int columns = film->columns, rows = film->rows, count = columns * rows;
  if (!find_bad_blocks(film)) return 0;
  static const int steps[8][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
  Vectors *v = &film->vectors;
  for (int i = 0; i < count; i++) {
    if (!film->isBad[i]) continue;
    int column = i % columns, row = i / columns, number = 0;
    Pair own = {v->px[i], v->py[i], v->nx[i], v->ny[i]}, tries[13];
    if (film->isBad[i] == 1) tries[number++] = own;
    tries[number++] = (Pair){own.px, own.py, -own.px, -own.py};
    tries[number++] = (Pair){-own.nx, -own.ny, own.nx, own.ny};
    tries[number++] = (Pair){0, 0, 0, 0};
    tries[number++] = usual_motion(film, column & ~3, row & ~3);
    for (int s = 0; s < 8; s++)
      for (int far = 1; far <= 10; far++) {
        int c = column + steps[s][0] * far, r = row + steps[s][1] * far;
        if (c < 0 || r < 0 || c >= columns || r >= rows) break;
        int j = r * columns + c;
        if (film->isBad[j]) continue;
        tries[number++] = (Pair){v->px[j], v->py[j], v->nx[j], v->ny[j]};
        break;
      }
    int best = 0, bestError = 1 << 30;
    for (int k = 0; k < number; k++) {
      int error = pair_error(film, column * BLOCK, row * BLOCK, tries[k]);
      if (error < bestError) { bestError = error; best = k; }
    }
    v->px[i] = (i16)tries[best].px; v->py[i] = (i16)tries[best].py;
    v->nx[i] = (i16)tries[best].nx; v->ny[i] = (i16)tries[best].ny;
    film_align(film, i);
  }
  return 1;
}
