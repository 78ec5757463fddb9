#ifndef LP_KEY_SET_H
#define LP_KEY_SET_H

#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

/* The keys of the rows so far, and the line of the row that has each: a hash table. */
typedef struct lp_key_set {
  lp_buffer bytes; /* the keys end to end */
  struct lp_key *list;
  size_t count;
  lp_extent list_extent;
  uint64_t *slots;   /* the key's hash, and below it its index in the list plus one; 0: free */
  size_t slot_count; /* a power of two, or 0 */
  lp_extent slots_extent;
} lp_key_set;

/* Adds the key of a line: 1; or 0 with *first, the line that has it; -1 when memory is out. */
int lp_key_set_add (lp_key_set *set, const char *s, size_t n, size_t line, size_t *first);

/* All zero is an empty set; freeing makes it one again. */
void lp_key_set_free (lp_key_set *set);

#endif
