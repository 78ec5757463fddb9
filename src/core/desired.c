/* The store of the desired people; desired.h describes it. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "plain_email.h"
#include "desired.h"

#define PEOPLE_MAX (UINT32_C(1) << 30)
#define TEXT_OVERHEAD 6 /* see lp_rows_reserve */

static lp_people_answer add_to_sink (lp_people_sink *sink, const lp_declared *person,
                                     uint32_t *row) {
  return lp_desired_add((lp_desired *)(void *)sink, person, row);
}

void lp_desired_init (lp_desired *w) {
  memset(w, 0, sizeof *w);
  w->sink.add = add_to_sink;
  lp_rows_init(&w->store);
}

void lp_desired_close (lp_desired *w) {
  lp_rows_free(&w->store);
  lp_buffer_free(&w->people);
  free(w->table);
  free(w->stamps);
  lp_desired_init(w);
  w->closed = 1;
}

size_t lp_desired_memory (const lp_desired *w) {
  return lp_rows_memory(&w->store) + w->people.extent.capacity +
         (w->table_size + w->stamp_capacity) * sizeof(uint32_t);
}

static size_t slot_of (const lp_desired *w, uint32_t hash, const char *email, size_t n) {
  return lp_folded_slot(&w->store, w->table, w->table_size, &lp_desired_person(w, 0)->hash,
                        sizeof(lp_person), hash, email, n);
}

long lp_desired_find (const lp_desired *w, const char *email, size_t n) {
  if (w->table_size == 0) return -1;
  return (long)w->table[slot_of(w, lp_account_hash(email, n), email, n)] - 1;
}

/* Space for one person more in the table. */
static int grow_table (lp_desired *w) {
  size_t size = w->table_size == 0 ? 64 : w->table_size * 2;
  uint32_t *table;
  if ((w->count + 1) * 2 <= w->table_size) return 0;
  if ((table = calloc(size, sizeof *table)) == NULL) return -1;
  for (size_t i = 0; i < w->count; i++) {
    size_t slot = lp_desired_person(w, (uint32_t)i)->hash & (size - 1);
    while (table[slot] != 0) slot = (slot + 1) & (size - 1);
    table[slot] = (uint32_t)i + 1;
  }
  free(w->table);
  w->table = table;
  w->table_size = size;
  return 0;
}

static int grow_stamps (lp_desired *w, size_t names) {
  size_t known = w->stamp_capacity;
  if (names <= known) return 0;
  if (LP_RESERVE(w->stamps, known, names - known, w->stamp_capacity) != 0) return -1;
  memset(w->stamps + known, 0, (w->stamp_capacity - known) * sizeof *w->stamps);
  return 0;
}

/* A stamp that no group has yet. */
static uint32_t new_stamp (lp_desired *w) {
  if (w->stamp == UINT32_MAX) {
    memset(w->stamps, 0, w->stamp_capacity * sizeof *w->stamps);
    w->stamp = 0;
  }
  return ++w->stamp;
}

/* Space for the names of these groups, `texts` bytes of other texts and a run of `refs`. */
static int reserve_groups (lp_desired *w, const lp_slice *groups, size_t count, size_t texts,
                           size_t refs) {
  texts += 1;
  for (size_t i = 0; i < count; i++) {
    if (groups[i].length > UINT32_MAX || texts > UINT32_MAX) return -1;
    texts += groups[i].length + TEXT_OVERHEAD;
  }
  if (lp_rows_reserve(&w->store, texts, count, refs) != 0) return -1;
  return grow_stamps(w, w->store.groups.count + count);
}

/* Leaves every group of the run once, where it was met first. */
static void drop_repeats (lp_desired *w, lp_person *p) {
  uint32_t *run, unique = 0, stamp;
  if (!p->groups_repeat) return;
  run = w->store.group_refs + p->groups;
  stamp = new_stamp(w);
  for (uint32_t i = 0; i < p->group_count; i++) {
    uint32_t group = run[i];
    if (w->stamps[group] == stamp) continue;
    w->stamps[group] = stamp;
    run[unique++] = group;
  }
  p->group_count = unique;
  p->groups_repeat = 0;
}

/* Names groups at the end of a run that has space for them, each that is not in the run already
** under this stamp. */
static void name_groups (lp_desired *w, lp_person *p, const lp_slice *groups, size_t count,
                         uint32_t stamp) {
  for (size_t i = 0; i < count; i++) {
    uint32_t group;
    if (groups[i].length == 0) continue;
    lp_rows_name_group(&w->store, groups[i].bytes, groups[i].length, &group);
    if (w->stamps[group] == stamp) continue;
    w->stamps[group] = stamp;
    w->store.group_refs[p->groups + p->group_count++] = group;
  }
}

/* Begins a run at the end of the store, which has space for it. */
static void begin_run (lp_desired *w, lp_person *p, size_t capacity) {
  p->groups = (uint32_t)w->store.group_ref_count;
  p->group_capacity = (uint32_t)capacity;
  w->store.group_ref_count += capacity;
}

/* Moves a run to where it has space to become twice as long. */
static void move_run (lp_desired *w, lp_person *p, size_t more) {
  uint32_t from = p->groups;
  begin_run(w, p, (p->group_count + more) * 2);
  if (p->group_count > 0)
    memcpy(w->store.group_refs + p->groups, w->store.group_refs + from,
           p->group_count * sizeof *w->store.group_refs);
}

static void write_groups (lp_desired *w, lp_person *p, const lp_slice *groups, size_t count) {
  p->groups_managed = groups != NULL;
  p->groups_repeat = 0;
  p->group_count = 0;
  if (count > p->group_capacity) begin_run(w, p, count);
  if (count > 0) name_groups(w, p, groups, count, new_stamp(w));
  if (p->groups + p->group_capacity == w->store.group_ref_count) {
    w->store.group_ref_count -= p->group_capacity - p->group_count;
    p->group_capacity = p->group_count;
  }
}

lp_people_answer lp_desired_add (lp_desired *w, const lp_declared *person, uint32_t *row) {
  const char *email = person->email.bytes;
  size_t n = person->email.length, texts = n + person->fullname.length + 2 * TEXT_OVERHEAD;
  uint32_t hash;
  long first;
  lp_person *p;
  if (w->closed) return LP_PEOPLE_CLOSED;
  if (n == 0 || (!person->checked && !lp_is_plain_email(email, n))) return LP_PEOPLE_UNUSUAL;
  hash = lp_account_hash(email, n);
  if (w->table_size != 0) {
    first = (long)w->table[slot_of(w, hash, email, n)] - 1;
    if (first >= 0) {
      *row = (uint32_t)first;
      return LP_PEOPLE_REPEATED;
    }
  }
  if (w->count == PEOPLE_MAX || n > UINT32_MAX / 4 || person->fullname.length > UINT32_MAX / 4 ||
      lp_buffer_reserve(&w->people, sizeof *p) != 0 || grow_table(w) != 0 ||
      reserve_groups(w, person->groups, person->group_count, texts, person->group_count) != 0)
    return LP_PEOPLE_NO_MEMORY;
  *row = (uint32_t)w->count;
  p = lp_desired_person(w, *row);
  memset(p, 0, sizeof *p);
  p->hash = hash;
  lp_rows_add_text(&w->store, email, n, &p->email);
  if (person->fullname.bytes != NULL)
    lp_rows_add_text(&w->store, person->fullname.bytes, person->fullname.length, &p->fullname);
  p->line = person->line;
  p->source = person->source;
  p->active = (unsigned char)person->active;
  write_groups(w, p, person->groups, person->group_count);
  w->table[slot_of(w, hash, email, n)] = *row + 1;
  w->people.size += sizeof *p;
  w->count++;
  w->version++;
  return LP_PEOPLE_ADDED;
}

int lp_desired_set_groups (lp_desired *w, uint32_t row, const lp_slice *groups, size_t count) {
  if (reserve_groups(w, groups, count, 0, count) != 0) return -1;
  write_groups(w, lp_desired_person(w, row), groups, count);
  w->version++;
  return 0;
}

/*
** Only when a run is full is it looked for repeats and, if need be, moved to one twice as long: so
** one group after the other costs no more than all at once.
*/
int lp_desired_add_groups (lp_desired *w, uint32_t row, const lp_slice *groups, size_t count) {
  lp_person *p = lp_desired_person(w, row);
  size_t capacity = ((size_t)p->group_count + count) * 2;
  if (reserve_groups(w, groups, count, 0, capacity) != 0) return -1;
  if (p->group_capacity - p->group_count < count) {
    drop_repeats(w, p);
    if (p->group_count + count > p->group_capacity / 2) move_run(w, p, count);
  }
  p->groups_repeat = p->group_count > 0;
  p->groups_managed = 1;
  if (count > 0) name_groups(w, p, groups, count, new_stamp(w));
  w->version++;
  return 0;
}

uint32_t lp_desired_groups (lp_desired *w, uint32_t row, const uint32_t **groups) {
  lp_person *p = lp_desired_person(w, row);
  drop_repeats(w, p);
  *groups = p->group_count == 0 ? NULL : w->store.group_refs + p->groups;
  return p->group_count;
}
