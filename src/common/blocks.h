/*
** Blocks of a directory's size: rows, their texts, tables to look them up. A small block comes
** from malloc. A large one is mapped, at addresses and in steps that let the kernel use huge
** pages, since touching fresh memory page by page costs more time than reading the bytes that
** fill it.
*/
#ifndef LP_BLOCKS_H
#define LP_BLOCKS_H

#include <stddef.h>

/* All zero is the room of no block. */
typedef struct lp_room {
  size_t capacity; /* items */
  size_t mapped;   /* bytes mapped for the block, 0 when it is malloc's */
} lp_room;

/* The items, moved to where there is room for `more` after the first `count`; as they are, with
** their room as it is, when there is no memory. */
void *lp_block_grow (void *items, size_t count, size_t more, lp_room *room, size_t width);

/* A block of so many zeros that does not grow; NULL without memory. */
void *lp_block_zeroed (size_t count, size_t width, lp_room *room);

/* The room is that of no block then. */
void lp_block_free (void *items, lp_room *room);

/* Room for `more` items after the first `count`: 0, or -1 without memory. The arguments are
** evaluated more than once. */
#define LP_BLOCK_RESERVE(items, count, more, room)                                                 \
  ((room).capacity - (count) >= (more)                                                             \
       ? 0                                                                                         \
       : ((items) = lp_block_grow(items, count, more, &(room), sizeof *(items)),                   \
          (room).capacity - (count) >= (more) ? 0 : -1))

/* Bytes of any length. */
typedef struct lp_buffer {
  char *bytes;
  size_t size;
  lp_room room;
} lp_buffer;

/* Room for so many bytes more: 0, or -1 without memory. */
static inline int lp_buffer_reserve (lp_buffer *b, size_t more) {
  return LP_BLOCK_RESERVE(b->bytes, b->size, more, b->room);
}

void lp_buffer_free (lp_buffer *b);

#endif
