// What the kernels for old film share.
#ifndef UPRES_FILM_H
#define UPRES_FILM_H

#include "simd.h"

enum { BLOCK = 8 };

typedef uint8_t u8;
typedef uint16_t u16;
typedef int16_t i16;
typedef int32_t i32;

// For each 8x8 block of a picture, where it lies in the previous (p) and the next (n) picture; quarter pixels.
typedef struct {
  i16 *px, *py, *nx, *ny;
} Vectors;

// One picture between its neighbours, and room to work. Every pointer is set by film_layout.
typedef struct {
  i32 width, height, columns, rows;
  i32 threshold, largestSide, covered;
  u8 *current, *previous, *next;
  u8 *alignedPrevious, *alignedNext, *wholePrevious, *wholeNext, *kind, *mask;
  Vectors vectors, found; // mended, and as they were given
  u16 *blockError;
  u8 *isBad;
  float *meanPrevious, *meanNext;
  i16 *offsetPrevious, *offsetNext, *noise;
  i16 *rowHigh, *rowLow, *rowPrevious, *rowNext, *rowNoise;
  i32 *list;
} Film;

// Lays both neighbours on block `i` along its vectors.
void film_align(const Film *film, int i);

// Mean absolute difference of a block after its mean difference (at most 12) is taken away, in quarters of a code.
int film_block_error(const u8 *a, const u8 *b, int width, int height, int x0, int y0);

// Gives blocks that match nothing likely vectors; 0 where too little matches to trust anything.
int film_mend_vectors(Film *film);

// Pixels that belong together, listed in film->list; sums over them, and how many stand out clearly.
typedef struct { int area, seeds, left, right, top, bottom, contrast, apart; } Spot;

// What spots have in common: how many there are, how many are streaks, where these point (doubled angles, of 1) and lie.
typedef struct { int spots, streaks; float x, y, place, placeSquares; } Streaks;

void film_note_streak(const Film *film, const Spot *spot, Streaks *all);
int film_is_rain(const Streaks *all);

#endif
