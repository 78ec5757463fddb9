/*
** The UTC times of events. LastPass writes the wall clock of the account's zone (enterprise-api
*§3),
** which shows an hour twice when it is put back.
*/
#include "events.h"

static void clock_row (lp_event *row, const lp_stretch *zone, size_t count, size_t *last) {
  int64_t civil = row->civil, earliest = 0, latest = 0;
  int found = 0;
  row->flags &= ~(uint32_t)(LP_EVENT_CLOCKED | LP_EVENT_TWICE | LP_EVENT_AMBIGUOUS);
  if (row->civil == LP_NO_TIME || count == 0) return;
  /* most events lie in the stretch of the one before, far from its ends */
  if (civil - zone[*last].offset - zone[*last].from >= 2 * 86400 &&
      zone[*last].to - (civil - zone[*last].offset) > 2 * 86400) {
    row->utc = row->last_utc = civil - zone[*last].offset;
    row->flags |= LP_EVENT_CLOCKED;
    return;
  }
  for (size_t i = 0; i < count; i++) {
    int64_t utc = civil - zone[i].offset;
    if (utc < zone[i].from || utc >= zone[i].to) continue;
    if (!found) earliest = utc;
    latest = utc;
    found++;
    *last = i;
  }
  if (!found) { /* a time that the clock passed over in spring is moved on */
    for (size_t i = 0; i + 1 < count && !found; i++)
      if (civil - zone[i].offset >= zone[i].to && civil - zone[i + 1].offset < zone[i + 1].from) {
        earliest = latest = civil - zone[i].offset;
        found = 1;
      }
    if (!found) earliest = latest = civil - zone[*last].offset;
  }
  row->utc = earliest;
  row->last_utc = latest;
  row->flags |= LP_EVENT_CLOCKED;
  if (earliest != latest) row->flags |= LP_EVENT_TWICE | LP_EVENT_AMBIGUOUS;
}

/* One run of rows within an hour that happened twice, newest first. */
static void resolve_run (lp_event *rows, size_t count, int64_t now) {
  size_t earlier = count; /* the first row of the earlier passage */
  for (size_t i = 1; i < count && earlier == count; i++)
    if (rows[i].civil > rows[i - 1].civil) earlier = i;
  for (size_t i = 0; i < count; i++) {
    if (earlier < count) {
      if (i < earlier) rows[i].utc = rows[i].last_utc;
    } else if (rows[i].last_utc <= now) {
      continue;
    }
    rows[i].flags &= ~(uint32_t)LP_EVENT_AMBIGUOUS;
  }
}

void lp_events_clock (lp_events *e, const lp_stretch *zone, size_t count, int64_t now) {
  size_t last = 0, i = 0;
  for (i = 0; i < e->count; i++) clock_row(&e->rows[i], zone, count, &last);
  for (i = 0; i < e->count;) {
    size_t begin = i;
    while (i < e->count && (e->rows[i].flags & LP_EVENT_TWICE)) i++;
    if (i > begin) resolve_run(&e->rows[begin], i - begin, now);
    if (i == begin) i++;
  }
}
