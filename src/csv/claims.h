#ifndef LP_CLAIMS_H
#define LP_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

/* Keys that rows have taken, and the line of the row that took each: a hash table. */
typedef struct lp_claims {
  char *bytes; /* the keys end to end */
  size_t bytes_used, bytes_size;
  struct lp_key *list;
  size_t list_used, list_size;
  uint32_t *slots;   /* index in the list plus one; 0: free */
  size_t slots_size; /* a power of two, or 0 */
} lp_claims;

/* Takes a key for a line: 1; or 0 with *first, the line that has it; -1 when memory is out. */
int lp_claim (lp_claims *claims, const char *s, size_t n, size_t line, size_t *first);

/* All zero is an empty table; freeing makes it one again. */
void lp_claims_free (lp_claims *claims);

#endif
