/* The same bytes in pieces: a fuzzer's first bytes decide where they are cut. */
#ifndef LP_FUZZ_PIECES_H
#define LP_FUZZ_PIECES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SEED_BYTES 4

typedef struct pieces {
  const char *at, *end;
  size_t longest;
  uint32_t seed;
} pieces;

/* Takes the seed off the input; 0 when the input is too short. */
static inline int take_seed (const uint8_t **data, size_t *size, uint32_t *seed) {
  if (*size < SEED_BYTES) return 0;
  memcpy(seed, *data, SEED_BYTES);
  *data += SEED_BYTES;
  *size -= SEED_BYTES;
  return 1;
}

/* `longest` 0: everything in one piece. */
static inline pieces pieces_of (const char *bytes, size_t n, size_t longest, uint32_t seed) {
  pieces p = {bytes, bytes + n, longest == 0 ? n : longest, seed | 1};
  return p;
}

/*
** The next piece in memory of its own, just as long as it is, so that AddressSanitizer sees who
** reads beyond it or keeps a pointer into it; NULL at the end. The caller frees it.
*/
static inline char *next_piece (pieces *p, size_t *n) {
  char *copy;
  if (p->at == p->end) return NULL;
  p->seed ^= p->seed << 13;
  p->seed ^= p->seed >> 17;
  p->seed ^= p->seed << 5;
  *n = p->longest == (size_t)(p->end - p->at) ? p->longest : 1 + p->seed % p->longest;
  if (*n > (size_t)(p->end - p->at)) *n = (size_t)(p->end - p->at);
  copy = malloc(*n);
  if (copy == NULL) abort();
  memcpy(copy, p->at, *n);
  p->at += *n;
  return copy;
}

#endif
