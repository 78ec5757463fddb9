/*
** Arrays that grow: items, how many there are, for how many there is space. Blocks of a directory's
** size have blocks.h; what may hold a secret is grown where it is wiped.
*/
#ifndef LP_ARRAY_H
#define LP_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define LP_ARRAY_BYTES 512 /* the least that is taken */

/* The items, moved to where there is space for `more` after the first `count`; as they are, with
** their capacity as it is, when there is no memory. */
static inline void *lp_array_grow (void *items, size_t count, size_t more, size_t *capacity,
                                   size_t width) {
  size_t needed = count + more, wider = *capacity + *capacity / 2;
  void *moved;
  if (needed < count || needed > SIZE_MAX / 2 / width) return items;
  if (wider < LP_ARRAY_BYTES / width) wider = LP_ARRAY_BYTES / width;
  if (wider < needed) wider = needed;
  moved = realloc(items, wider * width);
  if (moved == NULL) return items;
  *capacity = wider;
  return moved;
}

/* Space for `more` items after the first `count`: 0, or -1 without memory. The arguments are
** evaluated more than once. */
#define LP_RESERVE(items, count, more, capacity)                                                   \
  ((capacity) - (count) >= (more)                                                                  \
       ? 0                                                                                         \
       : ((items) = lp_array_grow(items, count, more, &(capacity), sizeof *(items)),               \
          (capacity) - (count) >= (more) ? 0 : -1))

#endif
