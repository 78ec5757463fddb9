/*
** Replies to `reporting` (enterprise-api §4.11), read into rows while their bytes arrive. A page
** of 10,000 events becomes 10,000 small rows and one arena of texts; no Lua in here.
*/
#ifndef LP_EVENTS_H
#define LP_EVENTS_H

#include "rows.h"
#include "scan.h"

#define LP_EVENTS_HEAD 65536 /* bytes kept of the reply, for when it is no list of events */
#define LP_EVENT_SLACK 32    /* bytes behind the texts that may be looked at */
#define LP_NEXT_DIGITS 24    /* of a continuation: microseconds have 16 */

typedef struct lp_span {
  uint32_t at, length; /* in the arena */
} lp_span;

/* The four texts of a row; the fifth, Action, is one of few and kept once. */
enum { LP_EVENT_USERNAME, LP_EVENT_ADDRESS, LP_EVENT_DATA, LP_EVENT_TIME, LP_EVENT_TEXTS };

enum {
  LP_EVENT_DROPPED = 1,   /* not to be written */
  LP_EVENT_AMBIGUOUS = 2, /* the hour happened twice, and nothing says which one is meant */
  LP_EVENT_TWICE = 4,     /* the wall clock showed this time twice */
  LP_EVENT_SUSPECT = 8,   /* its Data may hold a secret */
  LP_EVENT_CLOCKED = 16   /* `utc` is known */
};

#define LP_EVENT_DIGEST 16 /* bytes of an event's identifier */

typedef struct lp_event {
  uint32_t number; /* of its key: "Event12" */
  uint32_t civil;  /* LP_NO_TIME: the text is no time, and is kept */
  uint32_t action;
  uint32_t flags;
  int64_t utc, last_utc; /* what it most likely is; the latest it can be */
  lp_span texts[LP_EVENT_TEXTS];
  uint32_t ordinal; /* among the events with the same texts, 1 for the oldest */
  unsigned char digest[LP_EVENT_DIGEST];
} lp_event;

typedef struct lp_events {
  lp_event *rows;
  size_t count;
  lp_extent extent;
  lp_rows texts; /* its arena holds the texts, its group names are the names of actions */
  char next[LP_NEXT_DIGITS + 1];
  size_t identified; /* rows whose digest and ordinal are known: all or none */
  unsigned char (*hmacs)[LP_EVENT_DIGEST]; /* what stands for the digests when names are hidden */
} lp_events;

typedef struct lp_events_reader {
  lp_scan scan;
  lp_keys keys;
  lp_events *events;
  lp_event row;
  lp_buffer head;
  int depth;                       /* inside a value that is passed over */
  uint32_t day_text[3], day_start; /* of the last time read */
  unsigned char position, field, seen, started, ended, status, data_seen, next_seen, unordered;
} lp_events_reader;

enum { LP_STATUS_NONE, LP_STATUS_OK, LP_STATUS_OTHER };

void lp_events_init (lp_events *e);
void lp_events_free (lp_events *e);
size_t lp_events_memory (const lp_events *e);
/* Space for so many more rows; -1 without memory. */
int lp_events_reserve_rows (lp_events *e, size_t more);
/* Puts the rows of `more`, all but the first `skip`, behind; -1 without memory. */
int lp_events_append (lp_events *e, const lp_events *more, size_t skip);
/* A new text for a row; -1 without memory. */
int lp_events_set_text (lp_events *e, size_t row, unsigned field, const char *text, size_t n);

/* Space for n bytes behind the texts; NULL without memory, or beyond 4 GiB. */
static inline char *lp_events_reserve_text (lp_events *e, size_t n) {
  lp_buffer *arena = &e->texts.arena;
  n += LP_EVENT_SLACK;
  if (n > UINT32_MAX || arena->size + n > UINT32_MAX) return NULL;
  if (lp_buffer_reserve(arena, n) != 0) return NULL;
  return arena->bytes + arena->size;
}

static inline const char *lp_event_text (const lp_events *e, const lp_event *row, unsigned field,
                                         size_t *n) {
  *n = row->texts[field].length;
  return e->texts.arena.bytes + row->texts[field].at;
}

static inline const char *lp_event_action (const lp_events *e, uint32_t action, size_t *n) {
  return lp_rows_text(&e->texts, e->texts.groups.texts[action], n);
}

/* "2026-11-22", so many days after 1970; 10 bytes, without an end. */
void lp_date_text (char *out, int64_t days);

/* A date and a clock, with `between` in the middle; 19 bytes, whose end comes back. */
typedef struct lp_last_day {
  int64_t day; /* whose date stands in `text`: INT64_MIN at first */
  char text[16];
} lp_last_day;
char *lp_moment_text (lp_last_day *last, char *out, int64_t seconds, char between);

typedef struct lp_identity {
  lp_buffer text;
  lp_last_day last;
} lp_identity;

/*
** The bytes by which a row is known: its five texts with their lengths. What this writes decides
** the identifiers that receivers keep and the digests that cursors keep: it must never change.
** -1 without memory.
*/
int lp_event_identity (const lp_events *e, const lp_event *row, lp_identity *out);
/*
** Gives every row its digest (the first bytes of the identity's SHA-256) and its ordinal among the
** rows with the same digest, the oldest (last) first. All rows of one second come in one reply, so
** both are the same in whatever window, page or run a row is met. Those not dropped count with the
** dropped ones. 0, -1 without memory, -2 without libcrypto.
*/
int lp_events_identify (lp_events *e);

/* Whether two rows say the same, all five texts. */
int lp_events_same (const lp_events *a, size_t i, const lp_events *b, size_t j);

/* One stretch of the account's zone, in which its offset from UTC stays the same. */
typedef struct lp_stretch {
  int64_t from, to; /* UTC; to is not in it */
  int64_t offset;
} lp_stretch;

/*
** Gives every row its UTC time. `now`: no event is later. Where the wall clock showed a time
** twice, the order decides: newest first, a time can only grow where the hour began anew.
*/
void lp_events_clock (lp_events *e, const lp_stretch *zone, size_t count, int64_t now);

void lp_events_reader_init (lp_events_reader *r, lp_events *events);
void lp_events_reader_free (lp_events_reader *r);
/* 0, or -1: scan.error says why. */
int lp_events_reader_feed (lp_events_reader *r, const char *bytes, size_t n);
int lp_events_reader_finish (lp_events_reader *r);

/* ------------------------------------------------------------------ what Data says (§8.2) */

/* In the order of lastpass.audit.event_data. */
#define LP_TARGET_KINDS(X) X(user) X(group) X(folder) X(item) X(policy) X(site)
/* clang-format off */
#define LP_DATA_FORMS(X)                                                                           \
  X(none) X(user) X(users) X(site) X(sites) X(login) X(item) X(note) X(policy) X(group) X(folder)  \
  X(folder_user) X(folder_user_words) X(folder_rename) X(group_rename) X(group_user)               \
  X(user_group) X(move_to) X(move_from) X(shared_account) X(folder_sites)
/* clang-format on */

enum {
#define X(name) LP_TARGET_##name,
  LP_TARGET_KINDS(X)
#undef X
      LP_TARGET_KIND_COUNT
};

enum {
#define X(name) LP_DATA_##name,
  LP_DATA_FORMS(X)
#undef X
      LP_DATA_FORM_COUNT
};

typedef struct lp_target {
  const char *value;
  size_t length;
  unsigned kind;
} lp_target;

/* Called for each target; not 0 ends the reading. */
typedef int (*lp_target_taker)(void *context, const lp_target *target);

/* Reads Data as the form says. */
void lp_data_targets (unsigned form, const char *text, size_t n, lp_target_taker take,
                      void *context);
/* Whether Data has anything that makes a closer inspection for secrets worth while. */
int lp_data_is_suspect (const char *text, size_t n);

#endif
