// Rain and snow: each drop shows in one frame only, as dirt does, but all fall the same way.
#include "film.h"

void film_note_streak(const Film *film, const Spot *spot, Streaks *all) {
  float x = 0, y = 0, xx = 0, yy = 0, xy = 0, n = (float)spot->area;
  if (spot->area < 6) return;
  all->spots++;
  for (int k = 0; k < spot->area; k++) {
    float px = (float)(film->list[k] % film->width - spot->left), py = (float)(film->list[k] / film->width - spot->top);
    x += px; y += py; xx += px * px; yy += py * py; xy += px * py;
  }
  float across = xx / n - x * x / n / n, down = yy / n - y * y / n / n, slant = xy / n - x * y / n / n;
  float size = across + down + 0.1f, along = (across - down) / size, aslant = 2 * slant / size;
  if (along * along + aslant * aslant < 0.5f) return;
  float place = (float)(spot->left + spot->right) / 2 / (float)film->width;
  all->streaks++;
  all->x += along;
  all->y += aslant;
  all->place += place;
  all->placeSquares += place * place;
}

// Whether it rains: many streaks over the whole width that point the same way.
int film_is_rain(const Streaks *all) {
  float n = (float)all->streaks;
  if (all->streaks < 7 || all->streaks * 2 < all->spots) return 0;
  float mean = all->place / n, spread = all->placeSquares / n - mean * mean;
  return all->x * all->x + all->y * all->y > 0.55f * n * n && spread > 0.03f;
}
