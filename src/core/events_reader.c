/* The reader of replies to reporting; events.h says what it makes. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "reader_internal.h"
#include "scan_string.h"

enum {
  AT_BEGIN,
  AT_NO_JSON, /* not an object: the bytes are in `head` */
  AT_KEY,     /* keys of the reply */
  AT_STATUS,  /* values of the reply's keys */
  AT_NEXT,
  AT_DATA,
  AT_NO_EVENTS, /* behind the [ of an empty list */
  AT_EVENTS,    /* keys of data */
  AT_EVENT_BEGIN,
  AT_EVENT, /* keys of an event */
  AT_EVENT_FIELD,
  AT_EVENT_OTHER, /* an unknown field of an event */
  AT_OTHER,       /* an unknown key of the reply */
  AT_FINISH
};

enum { FIELD_TIME, FIELD_USERNAME, FIELD_ADDRESS, FIELD_ACTION, FIELD_DATA, FIELD_OTHER };

static const char *const field_names[] = {"Time", "Username", "IP_Address", "Action", "Data"};

static int refuse (lp_events_reader *r, lp_scan_error error) {
  lp_scan_refuse(&r->scan, error);
  return -1;
}

void lp_events_reader_init (lp_events_reader *r, lp_events *events) {
  memset(r, 0, sizeof *r);
  lp_scan_init(&r->scan);
  lp_keys_init(&r->keys);
  r->events = events;
}

void lp_events_reader_free (lp_events_reader *r) {
  lp_scan_free(&r->scan);
  lp_keys_free(&r->keys);
  lp_buffer_free(&r->head);
}

/* "2026-11-22 22:40:26"; most are of the day of the one before. */
static inline uint32_t read_clock (lp_events_reader *r, const char *p) {
  uint32_t day[3] = {0, 0, 0}, time;
  memcpy(day, p, 11);
  if (day[0] == r->day_text[0] && day[1] == r->day_text[1] && day[2] == r->day_text[2]) {
    unsigned h1 = (unsigned char)p[11] - '0', h2 = (unsigned char)p[12] - '0';
    unsigned m1 = (unsigned char)p[14] - '0', m2 = (unsigned char)p[15] - '0';
    unsigned s1 = (unsigned char)p[17] - '0', s2 = (unsigned char)p[18] - '0';
    unsigned hour = h1 * 10 + h2;
    if (h1 > 2 || h2 > 9 || hour > 23 || m1 > 5 || m2 > 9 || s1 > 5 || s2 > 9 || p[13] != ':' ||
        p[16] != ':')
      return LP_NO_TIME;
    return r->day_start + hour * 3600 + (m1 * 10 + m2) * 60 + s1 * 10 + s2;
  }
  time = lp_read_time(p);
  if (time != LP_NO_TIME) {
    memcpy(r->day_text, day, sizeof day);
    r->day_start = time - time % 86400;
  }
  return time;
}

static int take_text (lp_events_reader *r, lp_span *span, const lp_token *t) {
  char *put = lp_events_reserve_text(r->events, t->length);
  size_t n = t->length;
  if (put == NULL) return refuse(r, LP_SCAN_MEMORY);
  if (t->escaped)
    n = lp_scan_unescape(t, put);
  else if (n > 0)
    memcpy(put, t->text, n);
  span->at = (uint32_t)r->events->texts.arena.size;
  span->length = (uint32_t)n;
  r->events->texts.arena.size += n;
  return 0;
}

static int take_time (lp_events_reader *r, const lp_token *t) {
  r->row.civil = t->length == 19 && !t->escaped ? read_clock(r, t->text) : LP_NO_TIME;
  return r->row.civil == LP_NO_TIME ? take_text(r, &r->row.texts[LP_EVENT_TIME], t) : 0;
}

static int take_action (lp_events_reader *r, const lp_token *t) {
  lp_rows *names = &r->events->texts;
  const char *text = t->text;
  size_t n = t->length;
  if (!t->escaped && names->groups.table_size > 0) {
    uint64_t known = names->groups.table[lp_rows_name_slot(names, text, n, lp_name_hash(text, n))];
    if (known != 0) {
      r->row.action = (uint32_t)known - 1;
      return 0;
    }
  }
  if (t->escaped) {
    char *plain = malloc(n + 1);
    int failed;
    if (plain == NULL) return refuse(r, LP_SCAN_MEMORY);
    n = lp_scan_unescape(t, plain);
    failed = lp_rows_name_group(names, plain, n, &r->row.action) != 0;
    free(plain);
    return failed ? refuse(r, LP_SCAN_MEMORY) : 0;
  }
  return lp_rows_name_group(names, text, n, &r->row.action) != 0 ? refuse(r, LP_SCAN_MEMORY) : 0;
}

static int take_field (lp_events_reader *r, unsigned field, const lp_token *t) {
  const lp_span *data = &r->row.texts[LP_EVENT_DATA];
  switch (field) {
  case FIELD_TIME:
    return take_time(r, t);
  case FIELD_USERNAME:
    return take_text(r, &r->row.texts[LP_EVENT_USERNAME], t);
  case FIELD_ADDRESS:
    return take_text(r, &r->row.texts[LP_EVENT_ADDRESS], t);
  case FIELD_ACTION:
    return take_action(r, t);
  default:
    if (take_text(r, &r->row.texts[LP_EVENT_DATA], t) != 0) return -1;
    if (lp_data_is_suspect(r->events->texts.arena.bytes + data->at, data->length))
      r->row.flags |= LP_EVENT_SUSPECT;
    return 0;
  }
}

static int begin_event (lp_events_reader *r, uint32_t number) {
  lp_events *e = r->events;
  memset(&r->row, 0, sizeof r->row);
  r->row.number = number;
  r->row.civil = LP_NO_TIME;
  r->row.action = UINT32_MAX;
  if (e->count > 0 && number <= e->rows[e->count - 1].number) r->unordered = 1;
  return 0;
}

static int end_event (lp_events_reader *r) {
  lp_events *e = r->events;
  if (r->row.action == UINT32_MAX && lp_rows_name_group(&e->texts, "", 0, &r->row.action) != 0)
    return refuse(r, LP_SCAN_MEMORY);
  if (lp_events_reserve_rows(e, 1) != 0) return refuse(r, LP_SCAN_MEMORY);
  e->rows[e->count++] = r->row;
  return 0;
}

/* The number in a key: "Event12". */
static int key_number (const lp_token *t, uint32_t *number) {
  size_t n = t->length, digits = 0;
  uint32_t value = 0;
  if (t->escaped) return -1;
  while (digits < n && digits < 10 && t->text[n - 1 - digits] >= '0' &&
         t->text[n - 1 - digits] <= '9')
    digits++;
  if (digits == 0 || digits > 9) return -1;
  for (size_t i = n - digits; i < n; i++) value = value * 10 + (uint32_t)(t->text[i] - '0');
  *number = value;
  return 0;
}

/* ------------------------------------------------------------------ as it is usually written */

#define SLACK 256 /* bytes that must be left where an event begins */

/* memcmp with a constant length becomes a comparison or two */
#define STARTS(p, text) (memcmp((p), text, sizeof(text) - 1) == 0)
#define EXPECT(p, text)                                                                            \
  do {                                                                                             \
    if (!STARTS(p, text)) return NULL;                                                             \
    (p) += sizeof(text) - 1;                                                                       \
  } while (0)

/* The string whose quote was taken; behind its end, or NULL when that is not near. */
static inline const char *fast_string (const char *p, const char *end, lp_token *t) {
  lp_string_scan found = {p, 0, LP_SCAN_NONE};
  if (lp_string_end(&found, end) != LP_STRING_ENDS || end - found.at < SLACK) return NULL;
  t->text = p;
  t->length = (size_t)(found.at - p);
  t->escaped = found.escaped;
  return found.at + 1;
}

/*
** One whole event, from the quote of its key to behind its brace: the five fields in the order of
** the service, no blanks. NULL leaves all to the careful way, which alone refuses.
*/
static const char *fast_event (lp_events_reader *r, const char *p, const char *end) {
  size_t arena = r->events->texts.arena.size;
  uint32_t number = 0;
  lp_token fields[5];
  int digits = 0;
  EXPECT(p, "\"Event");
  while (digits < 9 && *p >= '0' && *p <= '9')
    number = number * 10 + (uint32_t)(*p++ - '0'), digits++;
  if (digits == 0) return NULL;
  EXPECT(p, "\":{\"Time\":\"");
  if ((p = fast_string(p, end, &fields[FIELD_TIME])) == NULL) return NULL;
  EXPECT(p, ",\"Username\":\"");
  if ((p = fast_string(p, end, &fields[FIELD_USERNAME])) == NULL) return NULL;
  EXPECT(p, ",\"IP_Address\":\"");
  if ((p = fast_string(p, end, &fields[FIELD_ADDRESS])) == NULL) return NULL;
  EXPECT(p, ",\"Action\":\"");
  if ((p = fast_string(p, end, &fields[FIELD_ACTION])) == NULL) return NULL;
  EXPECT(p, ",\"Data\":\"");
  if ((p = fast_string(p, end, &fields[FIELD_DATA])) == NULL) return NULL;
  EXPECT(p, "}");
  begin_event(r, number);
  for (unsigned field = 0; field < 5; field++)
    if (take_field(r, field, &fields[field]) != 0) break;
  if (r->scan.error || end_event(r) != 0) {
    r->events->texts.arena.size = arena;
    return NULL;
  }
  return p;
}

/* Events as long as they are as usual; the rest stays where it is. */
static void fast_events (lp_events_reader *r) {
  lp_scan *s = &r->scan;
  while (s->end - s->at > SLACK) {
    const char *p = s->at;
    if (s->state == LP_AFTER_VALUE) {
      if (*p++ != ',') return;
    } else if (s->state != LP_WANT_KEY_OR_END) {
      return;
    }
    p = fast_event(r, p, s->end);
    if (p == NULL) return;
    s->at = p;
    s->state = LP_AFTER_VALUE;
  }
}

/* ------------------------------------------------------------------ token by token */

static int token_is (const lp_token *t, const char *word) {
  return !t->escaped && t->length == strlen(word) && memcmp(t->text, word, t->length) == 0;
}

static int add_key (lp_events_reader *r, const lp_token *t) {
  lp_scan_error error = lp_keys_add(&r->keys, t);
  return error == LP_SCAN_NONE ? 0 : refuse(r, error);
}

static int take_top_key (lp_events_reader *r, const lp_token *t) {
  if (add_key(r, t) != 0) return -1;
  r->position = AT_OTHER;
  if (token_is(t, "data")) r->position = AT_DATA;
  if (token_is(t, "next")) r->position = AT_NEXT;
  if (token_is(t, "status")) r->position = AT_STATUS;
  return 0;
}

static int is_ok (const lp_token *t) {
  static const char *const words[] = {"ok", "success"};
  for (size_t w = 0; w < 2; w++) {
    size_t n = strlen(words[w]);
    if (t->length == n && !t->escaped && lp_same_folded(t->text, words[w], n)) return 1;
  }
  return 0;
}

/* null, a number or a string; all digits are kept (§4.11). */
static int take_next (lp_events_reader *r, lp_kind kind, const lp_token *t) {
  if (kind == LP_NULL || kind == LP_FALSE) return 0;
  if ((kind != LP_STRING && kind != LP_NUMBER) || t->escaped || t->length > LP_NEXT_DIGITS)
    return refuse(r, LP_SCAN_SHAPE);
  for (size_t i = 0; i < t->length; i++)
    if (t->text[i] < '0' || t->text[i] > '9') return refuse(r, LP_SCAN_SHAPE);
  memcpy(r->events->next, t->text, t->length);
  r->events->next[t->length] = '\0';
  return 0;
}

static int take_event_key (lp_events_reader *r, const lp_token *t) {
  if (add_key(r, t) != 0) return -1;
  r->position = AT_EVENT_OTHER;
  for (unsigned field = 0; field < FIELD_OTHER; field++)
    if (token_is(t, field_names[field])) {
      r->field = (unsigned char)field;
      r->position = AT_EVENT_FIELD;
    }
  return 0;
}

/* All five are texts; null stands for an empty one. */
static int take_value (lp_events_reader *r, lp_kind kind, const lp_token *t) {
  r->position = AT_EVENT;
  if (kind == LP_NULL) return 0;
  return kind == LP_STRING ? take_field(r, r->field, t) : refuse(r, LP_SCAN_SHAPE);
}

/* A value that is passed over: 1 when it is through, 0 when more of it comes, -1 when refused. */
static int pass_over (lp_events_reader *r, lp_kind kind, const lp_token *t) {
  kind = lp_keys_follow(&r->keys, &r->scan, kind, t, &r->depth);
  return kind == LP_ERROR ? -1 : kind != LP_MORE;
}

static int take_token (lp_events_reader *r, lp_kind kind, const lp_token *t) {
  int through;
  switch (r->position) {
  case AT_BEGIN:
    if (kind != LP_OBJECT_BEGIN) {
      r->position = AT_NO_JSON;
      return 0;
    }
    lp_keys_enter(&r->keys);
    r->position = AT_KEY;
    return 0;
  case AT_KEY:
    if (kind == LP_KEY) return take_top_key(r, t);
    lp_keys_leave(&r->keys);
    r->position = AT_FINISH;
    return 0;
  case AT_STATUS:
    if (kind == LP_STRING) {
      r->status = is_ok(t) ? LP_STATUS_OK : LP_STATUS_OTHER;
      r->position = AT_KEY;
      return 0;
    }
    r->status = LP_STATUS_OTHER;
    r->position = AT_OTHER;
    break;
  case AT_NEXT:
    r->position = AT_KEY;
    return take_next(r, kind, t);
  case AT_DATA:
    /* an empty map of PHP's is [] (§2); anything else is another kind of reply */
    if (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN) {
      r->data_seen = 1;
      r->position = kind == LP_OBJECT_BEGIN ? AT_EVENTS : AT_NO_EVENTS;
      return 0;
    }
    r->position = AT_OTHER;
    break;
  case AT_NO_EVENTS:
    r->position = AT_KEY;
    return kind == LP_ARRAY_END ? 0 : refuse(r, LP_SCAN_SHAPE);
  case AT_EVENTS: {
    uint32_t number;
    if (kind == LP_OBJECT_END) {
      r->position = AT_KEY;
      return 0;
    }
    if (key_number(t, &number) != 0) return refuse(r, LP_SCAN_SHAPE);
    r->position = AT_EVENT_BEGIN;
    return begin_event(r, number);
  }
  case AT_EVENT_BEGIN:
    if (kind != LP_OBJECT_BEGIN) return refuse(r, LP_SCAN_SHAPE);
    lp_keys_enter(&r->keys);
    r->position = AT_EVENT;
    return 0;
  case AT_EVENT:
    if (kind == LP_KEY) return take_event_key(r, t);
    lp_keys_leave(&r->keys);
    r->position = AT_EVENTS;
    return end_event(r);
  case AT_EVENT_FIELD:
    return take_value(r, kind, t);
  case AT_EVENT_OTHER:
    through = pass_over(r, kind, t);
    if (through > 0) r->position = AT_EVENT;
    return through < 0 ? -1 : 0;
  case AT_OTHER:
    break;
  default:
    return 0;
  }
  through = pass_over(r, kind, t);
  if (through > 0) r->position = AT_KEY;
  return through < 0 ? -1 : 0;
}

static int run (lp_events_reader *r) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  for (;;) {
    if (r->position == AT_EVENTS) fast_events(r);
    if (r->scan.error) return -1;
    kind = lp_scan_next(&r->scan, &token);
    if (kind == LP_ERROR) return -1;
    if (kind == LP_MORE || kind == LP_END) return 0;
    if (take_token(r, kind, &token) != 0) return -1;
    if (r->position == AT_NO_JSON) return 0;
  }
}

int lp_events_reader_feed (lp_events_reader *r, const char *bytes, size_t n) {
  size_t capacity = LP_EVENTS_HEAD - r->head.size;
  if (n == 0) return 0;
  if (r->scan.error) return -1;
  r->started = 1;
  if (capacity > 0) {
    size_t part = n < capacity ? n : capacity;
    if (lp_buffer_reserve(&r->head, part) != 0) return refuse(r, LP_SCAN_MEMORY);
    memcpy(r->head.bytes + r->head.size, bytes, part);
    r->head.size += part;
  }
  if (r->position == AT_BEGIN) { /* markup is classified elsewhere */
    size_t i = 0;
    while (i < n && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t'))
      i++;
    if (i < n && bytes[i] != '{') r->position = AT_NO_JSON;
  }
  if (r->position == AT_NO_JSON) return 0;
  if (lp_scan_feed(&r->scan, bytes, n) != 0 || run(r) != 0) return -1;
  return lp_scan_keep(&r->scan);
}

static int by_number (const void *a, const void *b) {
  const lp_event *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

#define CLEARLY 7200 /* seconds: more than a clock is ever put back */

static void turn_round (lp_events *e) {
  for (size_t i = 0, j = e->count; i + 1 < j; i++) {
    lp_event row = e->rows[--j];
    e->rows[j] = e->rows[i];
    e->rows[i] = row;
  }
}

/*
** An object has no order: the number in the key decides, and two may not be the same. The newest
** is the first one (§4.11); the vendor's sample has it the other way round.
*/
static int order_rows (lp_events_reader *r) {
  lp_events *e = r->events;
  uint32_t first, last;
  if (e->count < 2) return 0;
  if (r->unordered) qsort(e->rows, e->count, sizeof *e->rows, by_number);
  for (size_t i = 1; r->unordered && i < e->count; i++)
    if (e->rows[i].number == e->rows[i - 1].number) return refuse(r, LP_SCAN_DUPLICATE);
  first = e->rows[0].civil;
  last = e->rows[e->count - 1].civil;
  if (first != LP_NO_TIME && last != LP_NO_TIME && last > first && last - first > CLEARLY)
    turn_round(e);
  return 0;
}

int lp_events_reader_finish (lp_events_reader *r) {
  if (r->scan.error) return -1;
  if (r->ended) return 0;
  if (r->position != AT_NO_JSON) {
    lp_scan_finish(&r->scan);
    if (run(r) != 0) return -1;
    if (order_rows(r) != 0) return -1;
    if (lp_buffer_reserve(&r->events->texts.arena, LP_EVENT_SLACK) != 0)
      return refuse(r, LP_SCAN_MEMORY);
  }
  r->ended = 1;
  return 0;
}
