/* The storage behind a snapshot; rows.h describes it. */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define ARENA_MAX UINT32_MAX
#define ROWS_MAX (UINT32_C(1) << 30)

void lp_rows_init (lp_rows *r) {
  memset(r, 0, sizeof *r);
}

size_t lp_rows_memory (const lp_rows *r) {
  return r->rows_extent.capacity * sizeof(lp_row) + r->arena.extent.capacity +
         r->group_refs_extent.capacity * sizeof(uint32_t) +
         r->groups.extent.capacity * sizeof(lp_text) + r->groups.table_size * sizeof(uint64_t) +
         r->segments_extent.capacity * sizeof(lp_segment) +
         r->invited_extent.capacity * sizeof(lp_text) + r->index_size * sizeof(uint32_t) +
         r->id_table_size * sizeof(uint64_t);
}

void lp_rows_free (lp_rows *r) {
  lp_block_free(r->rows, &r->rows_extent);
  lp_block_free(r->group_refs, &r->group_refs_extent);
  lp_block_free(r->groups.texts, &r->groups.extent);
  lp_block_free(r->segments, &r->segments_extent);
  lp_block_free(r->invited, &r->invited_extent);
  lp_block_free(r->index, &r->index_extent);
  lp_block_free(r->ids, &r->ids_extent);
  lp_buffer_free(&r->arena);
  free(r->groups.table);
  memset(r, 0, sizeof *r);
}

#define RESERVE_ROWS(r, more) LP_BLOCK_RESERVE((r)->rows, (r)->count, more, (r)->rows_extent)
#define RESERVE_GROUP_REFS(r, more)                                                                \
  LP_BLOCK_RESERVE((r)->group_refs, (r)->group_ref_count, more, (r)->group_refs_extent)
#define RESERVE_SEGMENTS(r, more)                                                                  \
  LP_BLOCK_RESERVE((r)->segments, (r)->segment_count, more, (r)->segments_extent)
#define RESERVE_INVITED(r, more)                                                                   \
  LP_BLOCK_RESERVE((r)->invited, (r)->invited_count, more, (r)->invited_extent)
#define RESERVE_NAMES(r, more)                                                                     \
  LP_BLOCK_RESERVE((r)->groups.texts, (r)->groups.count, more, (r)->groups.extent)

/* Texts have a length before them: one byte, or 0xFF and four. Offset 0 is never used. */
int lp_rows_add_text (lp_rows *r, const char *bytes, size_t n, lp_text *out) {
  lp_buffer *a = &r->arena;
  char *put;
  if (lp_buffer_reserve(a, n + 6) != 0) return -1;
  if (a->size == 0) a->bytes[a->size++] = 0;
  if (a->size + n + 6 > ARENA_MAX) return -1;
  *out = (lp_text)a->size;
  put = a->bytes + a->size;
  if (n < LP_LONG_TEXT) {
    *put++ = (char)n;
  } else {
    uint32_t length = (uint32_t)n;
    *put++ = (char)LP_LONG_TEXT;
    memcpy(put, &length, sizeof length);
    put += sizeof length;
  }
  memcpy(put, bytes, n);
  a->size = (size_t)(put + n - a->bytes);
  return 0;
}

lp_text lp_rows_text_after (const lp_rows *r, lp_text at) {
  size_t n;
  const char *text = lp_rows_text(r, at, &n);
  return (lp_text)(text + n - r->arena.bytes);
}

int lp_rows_add_row (lp_rows *r, const lp_row *row) {
  if (r->count == ROWS_MAX || RESERVE_ROWS(r, 1) != 0) return -1;
  r->rows[r->count++] = *row;
  return 0;
}

int lp_rows_add_group_ref (lp_rows *r, uint32_t group) {
  if (r->group_ref_count == UINT32_MAX || RESERVE_GROUP_REFS(r, 1) != 0) return -1;
  r->group_refs[r->group_ref_count++] = group;
  return 0;
}

int lp_rows_add_segment (lp_rows *r, uint32_t group, lp_text first, uint32_t count) {
  lp_segment segment = {group, count, first};
  if (RESERVE_SEGMENTS(r, 1) != 0) return -1;
  r->segments[r->segment_count++] = segment;
  return 0;
}

int lp_rows_add_invited (lp_rows *r, lp_text text) {
  if (RESERVE_INVITED(r, 1) != 0) return -1;
  r->invited[r->invited_count++] = text;
  return 0;
}

static int grow_names (lp_rows *r, size_t more) {
  lp_names *names = &r->groups;
  size_t size = names->table_size == 0 ? 64 : names->table_size;
  uint64_t *table;
  if ((names->count + more) * 2 <= names->table_size) return 0;
  while ((names->count + more) * 2 > size) size *= 2;
  if ((table = calloc(size, sizeof *table)) == NULL) return -1;
  for (size_t old = 0; old < names->table_size; old++) {
    size_t n, slot;
    const char *text;
    if (names->table[old] == 0) continue;
    text = lp_rows_text(r, names->texts[(uint32_t)names->table[old] - 1], &n);
    slot = (size_t)lp_name_hash(text, n) & (size - 1);
    while (table[slot] != 0) slot = (slot + 1) & (size - 1);
    table[slot] = names->table[old];
  }
  free(names->table);
  names->table = table;
  names->table_size = size;
  return 0;
}

int lp_rows_name_group (lp_rows *r, const char *name, size_t n, uint32_t *out) {
  lp_names *names = &r->groups;
  uint64_t hash = lp_name_hash(name, n);
  size_t slot;
  if (grow_names(r, 1) != 0) return -1;
  slot = lp_rows_name_slot(r, name, n, hash);
  if (names->table[slot] == 0) {
    if (names->count == ROWS_MAX || RESERVE_NAMES(r, 1) != 0 ||
        lp_rows_add_text(r, name, n, &names->texts[names->count]) != 0)
      return -1;
    names->table[slot] = (hash & ~(uint64_t)UINT32_MAX) | ++names->count;
  }
  *out = (uint32_t)names->table[slot] - 1;
  return 0;
}

long lp_rows_find_group (const lp_rows *r, const char *name, size_t n) {
  size_t slot;
  if (r->groups.table_size == 0) return -1;
  slot = lp_rows_name_slot(r, name, n, lp_name_hash(name, n));
  return (long)(uint32_t)r->groups.table[slot] - 1;
}

static size_t id_slot (const lp_rows *r, uint64_t id) {
  size_t mask = r->id_table_size - 1;
  size_t i = (size_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
  while (r->ids[i] != 0 && r->ids[i] != id + 1) i = (i + 1) & mask;
  return i;
}

/* Makes the set of ids, or makes it larger: space for `more` of them. */
static int grow_ids (lp_rows *r, size_t more) {
  size_t known = r->ids == NULL ? r->count : r->id_count, size = 1024, old_size = r->id_table_size;
  uint64_t *ids, *old = r->ids;
  lp_extent extent, old_extent = r->ids_extent;
  if (old != NULL && (known + more) * 2 <= old_size) return 0;
  while (size < (known + more) * 4) size *= 2;
  if ((ids = lp_block_zeroed(size, sizeof *ids, &extent)) == NULL) return -1;
  r->ids = ids;
  r->ids_extent = extent;
  r->id_table_size = size;
  if (old == NULL) {
    for (size_t i = 0; i < r->count; i++) ids[id_slot(r, r->rows[i].id)] = r->rows[i].id + 1;
    r->id_count = r->count;
  } else {
    for (size_t i = 0; i < old_size; i++)
      if (old[i] != 0) ids[id_slot(r, old[i] - 1)] = old[i];
  }
  lp_block_free(old, &old_extent);
  return 0;
}

/*
** Ids mostly come in rising order; only when they do not is a set of them needed. Rows that were
** handed over are not known any more then: what reads row by row finds repeats by itself.
*/
int lp_rows_note_id (lp_rows *r, uint64_t id) {
  size_t slot;
  if (r->ids == NULL) {
    if ((r->count == 0 && r->taken == 0) || id > r->last_id) {
      r->last_id = id;
      return 1;
    }
  }
  if (grow_ids(r, 1) != 0) return -1;
  slot = id_slot(r, id);
  if (r->ids[slot] != 0) return 0;
  r->ids[slot] = id + 1;
  r->id_count++;
  return 1;
}

/* Where the address is in the index, or the free slot where it would go. */
static size_t index_slot (const lp_rows *r, uint32_t hash, const char *address, size_t n) {
  const uint32_t *keys = r->rows == NULL ? NULL : &r->rows->hash;
  return lp_folded_slot(r, r->index, r->index_size, keys, sizeof *r->rows, hash, address, n);
}

#define INDEX_AHEAD 16 /* rows: the index is larger than the caches */

int lp_rows_index (lp_rows *r) {
  size_t size = 16;
  if (r->index_size != 0 && r->indexed_rows == r->count && r->indexed_invited == r->invited_count)
    return 0;
  while (size < r->count * 2) size *= 2;
  lp_block_free(r->index, &r->index_extent);
  r->index_size = 0;
  r->index = lp_block_zeroed(size, sizeof *r->index, &r->index_extent);
  if (r->index == NULL) return -1;
  r->index_size = size;
  r->duplicates = 0;
  for (size_t i = 0; i < r->count; i++) {
    uint32_t hash = r->rows[i].hash;
    size_t slot = hash & (size - 1);
    if (i + INDEX_AHEAD < r->count)
      __builtin_prefetch(&r->index[r->rows[i + INDEX_AHEAD].hash & (size - 1)], 1);
    if (r->index[slot] != 0) {
      size_t n;
      const char *text = lp_rows_text(r, r->rows[i].username, &n);
      slot = index_slot(r, hash, text, n);
    }
    if (r->index[slot] == 0)
      r->index[slot] = (uint32_t)i + 1;
    else
      r->duplicates++;
  }
  r->indexed_rows = r->count;
  for (size_t i = 0; i < r->invited_count; i++) {
    size_t n;
    const char *text = lp_rows_text(r, r->invited[i], &n);
    long row = lp_rows_find(r, text, n);
    if (row >= 0) r->rows[row].flags |= LP_FLAG_INVITED;
  }
  r->indexed_invited = r->invited_count;
  return 0;
}

long lp_rows_find (const lp_rows *r, const char *address, size_t n) {
  if (r->index_size == 0) return -1;
  return (long)r->index[index_slot(r, lp_account_hash(address, n), address, n)] - 1;
}

static void move_text (lp_text *text, size_t by) {
  if (*text != 0) *text += (lp_text)by;
}

/*
** Every page may have the whole list of invited addresses (§4.8), in the arena behind everything
** else. Where its texts begin there; the arena's end when the page has none or they stand apart.
*/
static size_t list_start (const lp_rows *page) {
  lp_text at;
  if (page->invited_count == 0) return page->arena.size;
  at = page->invited[0];
  for (size_t i = 0; i < page->invited_count; i++) {
    if (page->invited[i] != at) return page->arena.size;
    at = lp_rows_text_after(page, at);
  }
  return at == page->arena.size ? page->invited[0] : page->arena.size;
}

/* Does the page bring the same list as the page before? A million people would have it 500 times.
 */
static int same_list (const lp_rows *r, const lp_rows *page, size_t start) {
  size_t count = page->invited_count, bytes = page->arena.size - start;
  lp_text known;
  if (bytes == 0 || r->invited_count - r->last_list != count) return 0;
  known = r->invited[r->last_list];
  return r->arena.size - known >= bytes &&
         memcmp(r->arena.bytes + known, page->arena.bytes + start, bytes) == 0;
}

int lp_rows_reserve (lp_rows *r, size_t texts, size_t names, size_t refs) {
  if (texts > ARENA_MAX - r->arena.size || names > ROWS_MAX - r->groups.count ||
      refs > UINT32_MAX - r->group_ref_count)
    return -1;
  if (lp_buffer_reserve(&r->arena, texts) != 0 || RESERVE_GROUP_REFS(r, refs) != 0 ||
      RESERVE_NAMES(r, names) != 0)
    return -1;
  return grow_names(r, names);
}

/* Space for all that `from` has, so that nothing can fail once something was added. */
static int reserve_page (lp_rows *r, const lp_rows *from) {
  size_t texts = from->arena.size * 2 + 16; /* the names of groups are stored a second time */
  if (r->count + from->count > ROWS_MAX ||
      lp_rows_reserve(r, texts, from->groups.count, from->group_ref_count) != 0 ||
      RESERVE_ROWS(r, from->count) != 0 || RESERVE_SEGMENTS(r, from->segment_count) != 0 ||
      RESERVE_INVITED(r, from->invited_count) != 0)
    return -1;
  for (size_t i = 0; i < from->count; i++) {
    int first = i == 0 && r->count == 0 && r->taken == 0;
    uint64_t before = i > 0 ? from->rows[i - 1].id : r->last_id;
    if (r->ids != NULL || (!first && from->rows[i].id <= before)) return grow_ids(r, from->count);
  }
  return 0;
}

/*
** A page behind the others: its arena is copied whole, its rows are moved to their new positions.
** The group numbers of a page are its own and are named again here.
*/
int lp_rows_append (lp_rows *r, const lp_rows *from, size_t *repeated) {
  size_t by, bytes = from->arena.size, start;
  int known_list;
  uint32_t *names;
  *repeated = 0;
  if (from->arena.size == 0) return 0;
  start = list_start(from);
  known_list = same_list(r, from, start);
  if (known_list) bytes = start;
  names = malloc((from->groups.count + 1) * sizeof *names);
  if (names == NULL || reserve_page(r, from) != 0) {
    free(names);
    return -1;
  }
  if (r->arena.size == 0) r->arena.bytes[r->arena.size++] = 0;
  by = r->arena.size;
  memcpy(r->arena.bytes + by, from->arena.bytes, bytes);
  r->arena.size += bytes;
  for (size_t g = 0; g < from->groups.count; g++) {
    size_t n;
    const char *text = lp_rows_text(from, from->groups.texts[g], &n);
    lp_rows_name_group(r, text, n, &names[g]);
  }
  for (size_t i = 0; i < from->count; i++) {
    lp_row *row = &r->rows[r->count];
    if (lp_rows_note_id(r, from->rows[i].id) == 0) {
      ++*repeated;
      continue;
    }
    *row = from->rows[i];
    move_text(&row->username, by);
    move_text(&row->fullname, by);
    move_text(&row->duousername, by);
    move_text(&row->multifactor, by);
    move_text(&row->linked, by);
    move_text(&row->attribs, by);
    row->groups = (uint32_t)r->group_ref_count;
    for (uint32_t g = 0; g < row->group_count; g++)
      r->group_refs[r->group_ref_count++] = names[from->group_refs[from->rows[i].groups + g]];
    r->count++;
  }
  for (size_t i = 0; i < from->segment_count; i++) {
    lp_segment *segment = &r->segments[r->segment_count++];
    *segment = from->segments[i];
    segment->group = names[segment->group];
    move_text(&segment->first, by);
  }
  if (!known_list) r->last_list = r->invited_count;
  for (size_t i = 0; !known_list && i < from->invited_count; i++)
    r->invited[r->invited_count++] = from->invited[i] + (lp_text)by;
  r->odd += from->odd;
  free(names);
  return 0;
}
