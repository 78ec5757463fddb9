/*
** Blocks of a directory's size: rows, their texts, tables to look them up. A small block comes
** from malloc. A large one is mapped, at addresses and in steps that let the kernel use huge
** pages, since touching fresh memory page by page costs more time than reading the bytes that
** fill it.
*/
#ifndef LP_BLOCKS_H
#define LP_BLOCKS_H

#include <stddef.h>

/* All zero is the extent of no block. */
typedef struct lp_extent {
  size_t capacity; /* items */
  size_t mapped;   /* bytes mapped for the block, 0 when it is malloc's */
} lp_extent;

/* The items, moved to where there is space for `more` after the first `count`; as they are, with
** their extent as it is, when there is no memory. */
void *lp_block_grow (void *items, size_t count, size_t more, lp_extent *extent, size_t width);

/* A block of so many zeros that does not grow; NULL without memory. */
void *lp_block_zeroed (size_t count, size_t width, lp_extent *extent);

/* The extent is that of no block then. */
void lp_block_free (void *items, lp_extent *extent);

/* Space for `more` items after the first `count`: 0, or -1 without memory. The arguments are
** evaluated more than once. */
#define LP_BLOCK_RESERVE(items, count, more, extent)                                               \
  ((extent).capacity - (count) >= (more)                                                           \
       ? 0                                                                                         \
       : ((items) = lp_block_grow(items, count, more, &(extent), sizeof *(items)),                 \
          (extent).capacity - (count) >= (more) ? 0 : -1))

/* Bytes of any length. */
typedef struct lp_buffer {
  char *bytes;
  size_t size;
  lp_extent extent;
} lp_buffer;

/* Space for so many bytes more: 0, or -1 without memory. */
static inline int lp_buffer_reserve (lp_buffer *b, size_t more) {
  return LP_BLOCK_RESERVE(b->bytes, b->size, more, b->extent);
}

void lp_buffer_free (lp_buffer *b);

#endif
