/* The rows of audit events. */
#include <stdlib.h>
#include <string.h>

#include "events.h"

void lp_events_init (lp_events *e) {
  memset(e, 0, sizeof *e);
  lp_rows_init(&e->texts);
}

void lp_events_free (lp_events *e) {
  lp_block_free(e->rows, &e->extent);
  free(e->hmacs);
  lp_rows_free(&e->texts);
  lp_events_init(e);
}

size_t lp_events_memory (const lp_events *e) {
  return e->extent.capacity * sizeof *e->rows + lp_rows_memory(&e->texts) +
         (e->hmacs == NULL ? 0 : e->count * sizeof *e->hmacs);
}

int lp_events_reserve_rows (lp_events *e, size_t more) {
  if (more > UINT32_MAX / 2 - e->count) return -1;
  return LP_BLOCK_RESERVE(e->rows, e->count, more, e->extent);
}

static int put_text (lp_events *e, lp_span *span, const char *text, size_t n) {
  char *put = lp_events_reserve_text(e, n);
  if (put == NULL) return -1;
  if (n > 0) memcpy(put, text, n);
  span->at = (uint32_t)e->texts.arena.size;
  span->length = (uint32_t)n;
  e->texts.arena.size += n;
  return 0;
}

int lp_events_set_text (lp_events *e, size_t row, unsigned field, const char *text, size_t n) {
  return put_text(e, &e->rows[row].texts[field], text, n);
}

int lp_events_append (lp_events *e, const lp_events *more, size_t skip) {
  if (skip >= more->count) return 0;
  e->identified = 0;
  free(e->hmacs);
  e->hmacs = NULL;
  if (lp_events_reserve_rows(e, more->count - skip) != 0) return -1;
  for (size_t i = skip; i < more->count; i++) {
    lp_event row = more->rows[i];
    size_t n;
    const char *text = lp_event_action(more, row.action, &n);
    if (lp_rows_name_group(&e->texts, text, n, &row.action) != 0) return -1;
    for (unsigned field = 0; field < LP_EVENT_TEXTS; field++) {
      text = lp_event_text(more, &more->rows[i], field, &n);
      if (put_text(e, &row.texts[field], text, n) != 0) return -1;
    }
    row.number = (uint32_t)(e->count + 1);
    e->rows[e->count++] = row;
  }
  return 0;
}

int lp_events_same (const lp_events *a, size_t i, const lp_events *b, size_t j) {
  const lp_event *x = &a->rows[i], *y = &b->rows[j];
  size_t n, m;
  const char *s = lp_event_action(a, x->action, &n), *t = lp_event_action(b, y->action, &m);
  if (x->civil != y->civil || n != m || memcmp(s, t, n) != 0) return 0;
  for (unsigned field = 0; field < LP_EVENT_TEXTS; field++) {
    s = lp_event_text(a, x, field, &n);
    t = lp_event_text(b, y, field, &m);
    if (n != m || memcmp(s, t, n) != 0) return 0;
  }
  return 1;
}

static inline char *put_two (char *out, unsigned value) {
  out[0] = (char)('0' + value / 10);
  out[1] = (char)('0' + value % 10);
  return out + 2;
}

/* "2026-11-22" (Hinnant's days to civil, from 0000-03-01 on) */
void lp_date_text (char *out, int64_t days) {
  int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  unsigned of_era = (unsigned)(z - era * 146097);
  unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
  unsigned m = (5 * of_year + 2) / 153, month = m < 10 ? m + 3 : m - 9;
  int64_t full = (int64_t)year + era * 400 + (month <= 2);
  out = put_two(out, (unsigned)(full / 100));
  out = put_two(out, (unsigned)(full % 100));
  *out++ = '-';
  out = put_two(out, month);
  *out++ = '-';
  put_two(out, of_year - (153 * m + 2) / 5 + 1);
}

static int64_t day_of (int64_t seconds) {
  return seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
}

char *lp_moment_text (lp_last_day *last, char *out, int64_t seconds, char between) {
  int64_t day = day_of(seconds);
  unsigned rest = (unsigned)(seconds - day * 86400);
  if (day != last->day) {
    lp_date_text(last->text, day);
    last->day = day;
  }
  memcpy(out, last->text, 10);
  out[10] = between;
  out = put_two(out + 11, rest / 3600);
  *out++ = ':';
  out = put_two(out, rest / 60 % 60);
  *out++ = ':';
  return put_two(out, rest % 60);
}
