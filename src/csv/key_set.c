/*
** Keys of rows, to know a second one: some 50 bytes for an address, where a Lua table takes 110
** and has the collector walk over it again and again.
*/
#include <string.h>

#include "bytes.h"
#include "key_set.h"

struct lp_key {
  size_t offset, line;
  uint32_t length;
};

/* Begun with the set's address, so that no file can be written to collide. */
static uint32_t hash_key (const lp_key_set *set, const char *s, size_t n) {
  uint64_t hash = lp_hash_with_key(s, n, 0, (uint64_t)(uintptr_t)set << 16);
  return (uint32_t)(hash ^ hash >> 32);
}

static int grow_slots (lp_key_set *set) {
  size_t size = set->slot_count == 0 ? 256 : set->slot_count * 2;
  lp_extent extent, old_extent = set->slots_extent;
  uint64_t *slots = lp_block_zeroed(size, sizeof *slots, &extent), *old = set->slots;
  if (slots == NULL) return -1;
  for (size_t i = 0; i < set->slot_count; i++) {
    size_t slot = (size_t)(old[i] >> 32) & (size - 1);
    if (old[i] == 0) continue;
    while (slots[slot] != 0) slot = (slot + 1) & (size - 1);
    slots[slot] = old[i];
  }
  lp_block_free(old, &old_extent);
  set->slots = slots;
  set->slots_extent = extent;
  set->slot_count = size;
  return 0;
}

int lp_key_set_add (lp_key_set *set, const char *s, size_t n, size_t line, size_t *first) {
  uint32_t hash = hash_key(set, s, n);
  size_t mask, slot;
  struct lp_key *key;
  if (n > UINT32_MAX || set->count >= UINT32_MAX - 1) return -1;
  if (set->count + 1 > set->slot_count / 4 * 3 && grow_slots(set) != 0) return -1;
  mask = set->slot_count - 1;
  for (slot = hash & mask; set->slots[slot] != 0; slot = (slot + 1) & mask) {
    if (set->slots[slot] >> 32 != hash) continue;
    key = &set->list[(uint32_t)set->slots[slot] - 1];
    if (key->length == n && memcmp(set->bytes.bytes + key->offset, s, n) == 0) {
      *first = key->line;
      return 0;
    }
  }
  if (lp_buffer_reserve(&set->bytes, n + 1) != 0 ||
      LP_BLOCK_RESERVE(set->list, set->count, 1, set->list_extent) != 0)
    return -1;
  key = &set->list[set->count++];
  key->offset = set->bytes.size;
  key->line = line;
  key->length = (uint32_t)n;
  if (n > 0) memcpy(set->bytes.bytes + set->bytes.size, s, n);
  set->bytes.size += n;
  set->slots[slot] = (uint64_t)hash << 32 | set->count;
  return 1;
}

void lp_key_set_free (lp_key_set *set) {
  lp_buffer_free(&set->bytes);
  lp_block_free(set->list, &set->list_extent);
  lp_block_free(set->slots, &set->slots_extent);
  memset(set, 0, sizeof *set);
}
