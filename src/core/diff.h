/*
** What has to happen so that a directory becomes what is desired: every desired person beside the
** user who is that person, names and groups compared, and who is left over on either side.
** No Lua in here.
*/
#ifndef LP_DIFF_H
#define LP_DIFF_H

#include "desired.h"

/* name, in the order of core.change_bits */
#define LP_CHANGES(X)                                                                              \
  X(CREATE, create)                                                                                \
  X(NAME, name)                                                                                    \
  X(JOIN, join)                                                                                    \
  X(LEAVE, leave)                                                                                  \
  X(ENABLE, enable)                                                                                \
  X(DISABLE, disable)                                                                              \
  X(UNINVITE, uninvite)                                                                            \
  X(MISSING, missing)                                                                              \
  X(MISSING_INVITED, missing_invited)                                                              \
  X(DUPLICATE, duplicate)

enum {
#define X(NAME, name) LP_CHANGE_##NAME##_AT,
  LP_CHANGES(X)
#undef X
      LP_CHANGE_COUNT
};

enum {
#define X(NAME, name) LP_CHANGE_##NAME = 1 << LP_CHANGE_##NAME##_AT,
  LP_CHANGES(X)
#undef X
};

#define LP_NOBODY UINT32_MAX

typedef struct lp_change {
  uint32_t desired, user, other; /* LP_NOBODY for none */
  uint32_t groups;               /* first of `join`, behind them `leave` numbers of `lists` */
  uint32_t join, leave;
  uint32_t bits;
} lp_change;

/* Somebody without a row: invited, or only named as a member. */
typedef struct lp_member {
  uint32_t hash; /* see lp_folded_slot */
  lp_text email; /* in the directory's arena */
  unsigned char invited, desired;
} lp_member;

typedef struct lp_diff {
  lp_desired *desired;
  lp_rows *rows;

  /* groups of both sides under one number, in the order of their names */
  size_t group_count;
  uint32_t *of_desired, *of_rows; /* number of the group there -> number here */
  uint32_t *names; /* number here -> there, those of `rows` behind all of `desired` */
  unsigned char *managed;
  uint64_t *stamps, stamp; /* of each group: the last pass that met it */
  size_t *sizes;           /* members after all changes */

  lp_member *others;
  size_t other_count, other_capacity;
  uint32_t *other_table;
  size_t other_table_size;

  /* memberships that only the lists of members have: of rows, then of `others` */
  uint64_t *pairs; /* who << 32 | group, while they are collected */
  size_t pair_count, pair_capacity;
  uint32_t *extra_first, *extras; /* NULL when there are none */

  uint32_t *users;          /* of each desired person: the row */
  unsigned char *state;     /* of each row */
  uint32_t *next_duplicate; /* of each row: the next with its address, 0 for none; NULL without
                               duplicates */

  lp_change *changes;
  size_t count, capacity;
  uint32_t *lists; /* groups to join and to leave */
  size_t list_count, list_capacity;
  size_t totals[LP_CHANGE_COUNT];
  size_t unchanged;

  /* what it was made of, to notice when that has changed */
  uint64_t version;
  size_t row_count, arena_size;
} lp_diff;

/*
** lp_diff_begin, then `managed` may be set (it is 1 for all groups of `desired`) and pairs may be
** matched, then lp_diff_run. All answer -1 without memory; lp_diff_free may come at any time.
*/
int lp_diff_begin (lp_diff *d, lp_desired *desired, lp_rows *rows);
/* Says that this row is this person; 1 when one of them is taken. */
int lp_diff_match (lp_diff *d, uint32_t desired, uint32_t row);
int lp_diff_run (lp_diff *d);
void lp_diff_free (lp_diff *d);

/* Is everything still what it was made of? */
int lp_diff_holds (const lp_diff *d);

/* Number of a group, or -1. */
long lp_diff_find_group (const lp_diff *d, const char *name, size_t n);
const char *lp_diff_group_name (const lp_diff *d, uint32_t group, size_t *n);

#endif
