/* The storage behind a snapshot; rows.h describes it. */
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "scan.h"

#define ARENA_MAX UINT32_MAX
#define SHORT_TEXT 0xFFu /* a length byte of this value: four bytes of length follow */

void lp_rows_init (lp_rows *r) {
  memset (r, 0, sizeof *r);
}

void lp_rows_free (lp_rows *r) {
  free (r->rows);
  free (r->arena.bytes);
  free (r->group_refs);
  free (r->groups.texts);
  free (r->groups.table);
  free (r->segments);
  free (r->invited);
  free (r->index);
  free (r->ids);
  memset (r, 0, sizeof *r);
}

size_t lp_rows_memory (const lp_rows *r) {
  return r->capacity * sizeof (lp_row) + r->arena.capacity +
         r->group_ref_capacity * sizeof (uint32_t) + r->groups.capacity * sizeof (lp_text) +
         r->groups.table_size * sizeof (uint32_t) + r->segment_capacity * sizeof (lp_segment) +
         r->invited_capacity * sizeof (lp_text) + r->index_size * sizeof (uint32_t) +
         r->id_table_size * sizeof (uint64_t);
}

/* Room for `more` items; grows by a half, and large blocks are moved by the kernel, not copied. */
static int reserve (void **items, size_t count, size_t more, size_t *capacity, size_t size) {
  size_t wanted = count + more, grown;
  void *moved;
  if (wanted <= *capacity) return 0;
  if (wanted < count || wanted > SIZE_MAX / 2 / size) return -1;
  grown = wanted + wanted / 2 + 16;
  moved = realloc (*items, grown * size);
  if (moved == NULL) return -1;
  *items = moved;
  *capacity = grown;
  return 0;
}

int lp_buffer_reserve (lp_buffer *b, size_t more) {
  void *bytes = b->bytes;
  int answer = reserve (&bytes, b->size, more, &b->capacity, 1);
  b->bytes = bytes;
  return answer;
}

/* Texts have a length before them: one byte, or 0xFF and four. Offset 0 is never used. */
int lp_rows_add_text (lp_rows *r, const char *bytes, size_t n, lp_text *out) {
  lp_buffer *a = &r->arena;
  char *put;
  if (lp_buffer_reserve (a, n + 6) != 0) return -1;
  if (a->size == 0) a->bytes[a->size++] = 0;
  if (a->size + n + 6 > ARENA_MAX) return -1;
  *out = (lp_text) a->size;
  put = a->bytes + a->size;
  if (n < SHORT_TEXT) {
    *put++ = (char) n;
  } else {
    uint32_t length = (uint32_t) n;
    *put++ = (char) SHORT_TEXT;
    memcpy (put, &length, sizeof length);
    put += sizeof length;
  }
  memcpy (put, bytes, n);
  a->size = (size_t) (put + n - a->bytes);
  return 0;
}

const char *lp_rows_text (const lp_rows *r, lp_text at, size_t *n) {
  const char *text = r->arena.bytes + at;
  uint32_t length = (unsigned char) *text++;
  if (length == SHORT_TEXT) {
    memcpy (&length, text, sizeof length);
    text += sizeof length;
  }
  *n = length;
  return text;
}

lp_text lp_rows_text_after (const lp_rows *r, lp_text at) {
  size_t n;
  const char *text = lp_rows_text (r, at, &n);
  return (lp_text) (text + n - r->arena.bytes);
}

int lp_rows_add_row (lp_rows *r, const lp_row *row) {
  if (r->count == UINT32_MAX - 1) return -1;
  if (r->count == r->capacity) {
    void *rows = r->rows;
    if (reserve (&rows, r->count, 1, &r->capacity, sizeof *row) != 0) return -1;
    r->rows = rows;
  }
  r->rows[r->count++] = *row;
  return 0;
}

int lp_rows_add_group_ref (lp_rows *r, uint32_t group) {
  if (r->group_ref_count == UINT32_MAX) return -1;
  if (r->group_ref_count == r->group_ref_capacity) {
    void *refs = r->group_refs;
    if (reserve (&refs, r->group_ref_count, 1, &r->group_ref_capacity, sizeof group) != 0)
      return -1;
    r->group_refs = refs;
  }
  r->group_refs[r->group_ref_count++] = group;
  return 0;
}

int lp_rows_add_segment (lp_rows *r, uint32_t group, lp_text first, uint32_t count) {
  void *segments = r->segments;
  int answer =
      reserve (&segments, r->segment_count, 1, &r->segment_capacity, sizeof *r->segments);
  r->segments = segments;
  if (answer != 0) return -1;
  r->segments[r->segment_count].group = group;
  r->segments[r->segment_count].first = first;
  r->segments[r->segment_count++].count = count;
  return 0;
}

int lp_rows_add_invited (lp_rows *r, lp_text text) {
  void *invited = r->invited;
  int answer = reserve (&invited, r->invited_count, 1, &r->invited_capacity, sizeof text);
  r->invited = invited;
  if (answer != 0) return -1;
  r->invited[r->invited_count++] = text;
  return 0;
}

/* The place of a name in the table: where it is or where it would go. */
static uint32_t name_place (const lp_rows *r, const char *name, size_t n) {
  const lp_names *names = &r->groups;
  uint32_t mask = names->table_size - 1, i = (uint32_t) (lp_hash_bytes (name, n) >> 20) & mask;
  while (names->table[i] != 0) {
    size_t length;
    const char *text = lp_rows_text (r, names->texts[names->table[i] - 1], &length);
    if (length == n && memcmp (text, name, n) == 0) break;
    i = (i + 1) & mask;
  }
  return i;
}

static int grow_names (lp_rows *r) {
  lp_names *names = &r->groups;
  uint32_t size = names->table_size == 0 ? 64 : names->table_size * 2;
  uint32_t *table = calloc (size, sizeof *table);
  if (table == NULL) return -1;
  free (names->table);
  names->table = table;
  names->table_size = size;
  for (uint32_t g = 0; g < names->count; g++) {
    size_t n;
    const char *text = lp_rows_text (r, names->texts[g], &n);
    table[name_place (r, text, n)] = g + 1;
  }
  return 0;
}

int lp_rows_name_group (lp_rows *r, const char *name, size_t n, uint32_t *out) {
  lp_names *names = &r->groups;
  uint32_t place;
  if (names->count * 2 >= names->table_size && grow_names (r) != 0) return -1;
  place = name_place (r, name, n);
  if (names->table[place] == 0) {
    size_t capacity = names->capacity;
    void *texts = names->texts;
    int answer = reserve (&texts, names->count, 1, &capacity, sizeof *names->texts);
    names->texts = texts;
    names->capacity = (uint32_t) capacity;
    if (answer != 0 || lp_rows_add_text (r, name, n, &names->texts[names->count]) != 0) return -1;
    names->table[place] = ++names->count;
  }
  *out = names->table[place] - 1;
  return 0;
}

long lp_rows_find_group (const lp_rows *r, const char *name, size_t n) {
  if (r->groups.table_size == 0) return -1;
  return (long) r->groups.table[name_place (r, name, n)] - 1;
}

static size_t id_place (const lp_rows *r, uint64_t id) {
  size_t mask = r->id_table_size - 1;
  size_t i = (size_t) (id * UINT64_C (0x9E3779B97F4A7C15) >> 20) & mask;
  while (r->ids[i] != 0 && r->ids[i] != id + 1) i = (i + 1) & mask;
  return i;
}

static int grow_ids (lp_rows *r) {
  size_t size = 1024;
  uint64_t *ids, *old = r->ids;
  size_t old_size = r->id_table_size;
  while (size < (r->count + 2) * 4) size *= 2;
  if ((ids = calloc (size, sizeof *ids)) == NULL) return -1;
  r->ids = ids;
  r->id_table_size = size;
  if (old == NULL) {
    for (size_t i = 0; i < r->count; i++) ids[id_place (r, r->rows[i].id)] = r->rows[i].id + 1;
    r->id_count = r->count;
  } else {
    for (size_t i = 0; i < old_size; i++)
      if (old[i] != 0) ids[id_place (r, old[i] - 1)] = old[i];
  }
  free (old);
  return 0;
}

/*
** Ids mostly come in rising order; only when they do not is a set of them needed. Rows that were
** handed over are not known any more then: what reads row by row tells repeats apart by itself.
*/
int lp_rows_note_id (lp_rows *r, uint64_t id) {
  size_t place;
  if (r->ids == NULL) {
    if ((r->count == 0 && r->taken == 0) || id > r->last_id) {
      r->last_id = id;
      return 1;
    }
    if (grow_ids (r) != 0) return -1;
  } else if (r->id_count * 2 >= r->id_table_size) {
    if (grow_ids (r) != 0) return -1;
  }
  place = id_place (r, id);
  if (r->ids[place] != 0) return 0;
  r->ids[place] = id + 1;
  r->id_count++;
  return 1;
}

static inline unsigned char fold (unsigned char c) {
  return c >= 'A' && c <= 'Z' ? (unsigned char) (c | 0x20) : c;
}

/* Hash of a text with ASCII letters in lower case, eight bytes at a time. */
uint32_t lp_fold_hash (const char *text, size_t n) {
  const uint64_t ones = UINT64_C (0x0101010101010101);
  uint64_t h = n;
  while (n > 0) {
    uint64_t word = 0, heptets, is_upper;
    size_t take = n < 8 ? n : 8;
    memcpy (&word, text, take);
    /* a byte is upper case when, without its top bit, it is >= 'A' and <= 'Z' and it is ASCII */
    heptets = word & 0x7F * ones;
    is_upper = (heptets + (0x80 - 'A') * ones) & ~(heptets + (0x7F - 'Z') * ones) & ~word;
    word |= (is_upper & 0x80 * ones) >> 2;
    h = (h ^ word) * UINT64_C (0x9E3779B97F4A7C15);
    h ^= h >> 29;
    text += take;
    n -= take;
  }
  h *= UINT64_C (0xFF51AFD7ED558CCD);
  return (uint32_t) (h >> 32);
}

static int same_folded (const char *a, const char *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (a[i] != b[i] && fold ((unsigned char) a[i]) != fold ((unsigned char) b[i])) return 0;
  return 1;
}

/* Where the address is in the index, or the free place where it would go. */
static uint32_t index_place (const lp_rows *r, uint32_t hash, const char *address, size_t n) {
  uint32_t mask = r->index_size - 1, i = hash & mask;
  while (r->index[i] != 0) {
    const lp_row *row = &r->rows[r->index[i] - 1];
    if (row->hash == hash) {
      size_t length;
      const char *text = lp_rows_text (r, row->username, &length);
      if (length == n && same_folded (text, address, n)) break;
    }
    i = (i + 1) & mask;
  }
  return i;
}

int lp_rows_index (lp_rows *r) {
  uint32_t size = 16;
  while (size < r->count * 2) size *= 2;
  free (r->index);
  r->index_size = 0;
  if ((r->index = calloc (size, sizeof *r->index)) == NULL) return -1;
  r->index_size = size;
  for (size_t i = 0; i < r->count; i++) {
    size_t n;
    const char *text = lp_rows_text (r, r->rows[i].username, &n);
    uint32_t place = index_place (r, r->rows[i].hash, text, n);
    if (r->index[place] == 0) r->index[place] = (uint32_t) i + 1;
  }
  for (size_t i = 0; i < r->invited_count; i++) {
    size_t n;
    const char *text = lp_rows_text (r, r->invited[i], &n);
    long row = lp_rows_find (r, text, n);
    if (row >= 0) r->rows[row].flags |= LP_FLAG_INVITED;
  }
  return 0;
}

long lp_rows_find (const lp_rows *r, const char *address, size_t n) {
  if (r->index_size == 0) return -1;
  return (long) r->index[index_place (r, lp_fold_hash (address, n), address, n)] - 1;
}

static void move_text (lp_text *text, size_t by) {
  if (*text != 0) *text += (lp_text) by;
}

/*
** A page behind the others: its arena is copied whole, its rows are moved to their new places.
** The group numbers of a page are its own and are named again here.
*/
int lp_rows_append (lp_rows *r, const lp_rows *from, size_t *repeated) {
  size_t by;
  uint32_t *names;
  *repeated = 0;
  if (from->arena.size == 0) return 0;
  if (lp_buffer_reserve (&r->arena, from->arena.size + 1) != 0) return -1;
  if (r->arena.size == 0) r->arena.bytes[r->arena.size++] = 0;
  by = r->arena.size;
  if (by + from->arena.size > ARENA_MAX) return -1;
  memcpy (r->arena.bytes + by, from->arena.bytes, from->arena.size);
  r->arena.size += from->arena.size;
  names = malloc ((from->groups.count + 1) * sizeof *names);
  if (names == NULL) return -1;
  for (uint32_t g = 0; g < from->groups.count; g++) {
    size_t n;
    const char *text = lp_rows_text (from, from->groups.texts[g], &n);
    if (lp_rows_name_group (r, text, n, &names[g]) != 0) goto failed;
  }
  for (size_t i = 0; i < from->count; i++) {
    lp_row row = from->rows[i];
    int is_new = lp_rows_note_id (r, row.id);
    if (is_new < 0) goto failed;
    if (is_new == 0) {
      ++*repeated;
      continue;
    }
    move_text (&row.username, by);
    move_text (&row.fullname, by);
    move_text (&row.duousername, by);
    move_text (&row.multifactor, by);
    move_text (&row.linked, by);
    move_text (&row.attribs, by);
    row.groups = (uint32_t) r->group_ref_count;
    for (uint32_t g = 0; g < row.group_count; g++)
      if (lp_rows_add_group_ref (r, names[from->group_refs[from->rows[i].groups + g]]) != 0)
        goto failed;
    if (lp_rows_add_row (r, &row) != 0) goto failed;
  }
  for (size_t i = 0; i < from->segment_count; i++) {
    const lp_segment *segment = &from->segments[i];
    if (lp_rows_add_segment (r, names[segment->group],
                             segment->count == 0 ? 0 : segment->first + (lp_text) by,
                             segment->count) != 0)
      goto failed;
  }
  for (size_t i = 0; i < from->invited_count; i++)
    if (lp_rows_add_invited (r, from->invited[i] + (lp_text) by) != 0) goto failed;
  r->odd += from->odd;
  free (names);
  return 0;
failed:
  free (names);
  return -1;
}
