/* The rows of audit events. */
#include <stdlib.h>
#include <string.h>

#include "events.h"

void lp_events_init (lp_events *e) {
  memset(e, 0, sizeof *e);
  lp_rows_init(&e->texts);
}

void lp_events_free (lp_events *e) {
  free(e->rows);
  lp_rows_free(&e->texts);
  lp_events_init(e);
}

size_t lp_events_memory (const lp_events *e) {
  return e->capacity * sizeof *e->rows + lp_rows_memory(&e->texts);
}

int lp_events_reserve_rows (lp_events *e, size_t more) {
  size_t needed = e->count + more, capacity = e->capacity;
  lp_event *rows;
  if (needed <= capacity) return 0;
  if (needed > UINT32_MAX / 2) return -1;
  capacity = needed < 1024 ? 1024 : needed + needed / 2;
  rows = realloc(e->rows, capacity * sizeof *rows);
  if (rows == NULL) return -1;
  e->rows = rows;
  e->capacity = capacity;
  return 0;
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
