/*
** Keys of rows, to know a second one: some 70 bytes for an address, where a Lua table takes 110
** and has the collector walk over it again and again.
*/
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "claims.h"

struct lp_key {
  size_t offset, line;
  uint32_t length, hash;
};

/* FNV-1a, begun with the table's address so that no file can be written to collide. */
static uint32_t hash_key (const lp_claims *claims, const char *s, size_t n) {
  uint32_t hash = 2166136261u ^ (uint32_t)((uintptr_t)claims >> 4);
  for (size_t i = 0; i < n; i++) hash = (hash ^ (unsigned char)s[i]) * 16777619u;
  return hash ^ hash >> 15;
}

static int grow_slots (lp_claims *claims) {
  size_t size = claims->slots_size ? claims->slots_size * 2 : 256;
  uint32_t *slots = calloc(size, sizeof *slots);
  if (slots == NULL) return 0;
  for (size_t i = 0; i < claims->list_used; i++) {
    size_t slot = claims->list[i].hash & (size - 1);
    while (slots[slot]) slot = (slot + 1) & (size - 1);
    slots[slot] = (uint32_t)(i + 1);
  }
  free(claims->slots);
  claims->slots = slots;
  claims->slots_size = size;
  return 1;
}

int lp_claim (lp_claims *claims, const char *s, size_t n, size_t line, size_t *first) {
  uint32_t hash = hash_key(claims, s, n);
  size_t mask, slot;
  struct lp_key *key;
  if (n > UINT32_MAX || claims->list_used >= UINT32_MAX - 1) return -1;
  if (claims->list_used + 1 > claims->slots_size / 4 * 3 && !grow_slots(claims)) return -1;
  mask = claims->slots_size - 1;
  for (slot = hash & mask; claims->slots[slot]; slot = (slot + 1) & mask) {
    key = &claims->list[claims->slots[slot] - 1];
    if (key->hash == hash && key->length == n && memcmp(claims->bytes + key->offset, s, n) == 0) {
      *first = key->line;
      return 0;
    }
  }
  if (LP_RESERVE(claims->bytes, claims->bytes_used, n + 1, claims->bytes_size) != 0 ||
      LP_RESERVE(claims->list, claims->list_used, 1, claims->list_size) != 0)
    return -1;
  key = &claims->list[claims->list_used++];
  key->offset = claims->bytes_used;
  key->line = line;
  key->length = (uint32_t)n;
  key->hash = hash;
  memcpy(claims->bytes + claims->bytes_used, s, n);
  claims->bytes_used += n;
  claims->slots[slot] = (uint32_t)claims->list_used;
  return 1;
}

void lp_claims_free (lp_claims *claims) {
  free(claims->bytes);
  free(claims->list);
  free(claims->slots);
  memset(claims, 0, sizeof *claims);
}
