/*
** The desired people: one small row each, their texts in an arena, found by
** address. No Lua in here.
*/
#ifndef LP_DESIRED_H
#define LP_DESIRED_H

#include "people_sink.h"
#include "rows.h"

typedef struct lp_person {
  uint32_t hash;    /* of the folded address, which is right behind it: see lp_folded_slot */
  lp_text email;    /* as it was written */
  lp_text fullname; /* 0: not managed */
  uint32_t groups;  /* first of a run of the store's group_refs */
  uint32_t group_count, group_capacity;
  uint32_t line;
  uint16_t source;
  unsigned char active;                                /* lp_active */
  unsigned char groups_managed : 1, groups_repeat : 1; /* a group may stand in the run twice */
} lp_person;

typedef struct lp_desired {
  lp_people_sink sink; /* must be first */
  lp_rows store;       /* texts, names and runs of groups; it has no rows */
  lp_buffer people;    /* lp_person */
  size_t count;
  uint32_t *table; /* row + 1 */
  size_t table_size;
  uint32_t *stamps; /* of each group: the last run in which it was met */
  size_t stamp_capacity;
  uint32_t stamp;
  uint64_t version; /* another one after every change */
  int closed;
} lp_desired;

void lp_desired_init (lp_desired *w);
/* Frees everything; it is closed then. */
void lp_desired_close (lp_desired *w);
size_t lp_desired_memory (const lp_desired *w);

lp_people_answer lp_desired_add (lp_desired *w, const lp_declared *person, uint32_t *row);

/* 0, or -1 without memory: then nothing has changed. `groups` NULL: no longer managed. */
int lp_desired_set_groups (lp_desired *w, uint32_t row, const lp_slice *groups, size_t count);
int lp_desired_add_groups (lp_desired *w, uint32_t row, const lp_slice *groups, size_t count);

/* Row of the address, or -1. Case is folded for ASCII letters. */
long lp_desired_find (const lp_desired *w, const char *email, size_t n);

/* The groups of a person, each once; how many. */
uint32_t lp_desired_groups (lp_desired *w, uint32_t row, const uint32_t **groups);

static inline lp_person *lp_desired_person (const lp_desired *w, uint32_t row) {
  return (lp_person *)(void *)w->people.bytes + row;
}

#endif
