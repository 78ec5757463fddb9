/*
** Pages of events: the same rows, or the same refusal at the same byte, however the reply is cut;
** whatever was read can be timed and written, and what is written as JSON is JSON.
*/
#include <stdio.h>

#include "controls.h"
#include "events_write.h"
#include "pieces.h"

typedef struct page {
  lp_events rows;
  lp_events_reader reader;
  int failed;
} page;

static void check (int good, const char *what) {
  if (good) return;
  fprintf(stderr, "not the same: %s\n", what);
  abort();
}

static void read_page (page *p, pieces rest) {
  size_t n = 0;
  char *piece;
  lp_events_init(&p->rows);
  lp_events_reader_init(&p->reader, &p->rows);
  p->failed = 0;
  while ((piece = next_piece(&rest, &n)) != NULL) {
    p->failed |= lp_events_reader_feed(&p->reader, piece, n) != 0;
    free(piece);
  }
  p->failed |= lp_events_reader_finish(&p->reader) != 0;
}

static void drop (page *p) {
  lp_events_reader_free(&p->reader);
  lp_events_free(&p->rows);
}

static void compare (const page *a, const page *b) {
  const lp_events_reader *r = &a->reader, *s = &b->reader;
  check(a->failed == b->failed && r->scan.error == s->scan.error, "error");
  if (a->failed) {
    check(lp_scan_position(&r->scan) == lp_scan_position(&s->scan), "position of the error");
    return;
  }
  check(r->status == s->status && r->data_seen == s->data_seen, "status");
  check(strcmp(a->rows.next, b->rows.next) == 0, "continuation");
  check(r->head.size == s->head.size &&
            (r->head.size == 0 || memcmp(r->head.bytes, s->head.bytes, r->head.size) == 0),
        "head");
  check(a->rows.count == b->rows.count, "number of events");
  for (size_t i = 0; i < a->rows.count; i++) {
    check(lp_events_same(&a->rows, i, &b->rows, i), "event");
    check(a->rows.rows[i].number == b->rows.rows[i].number, "number of an event");
    check(a->rows.rows[i].flags == b->rows.rows[i].flags, "flags of an event");
  }
}

static int is_json (const char *text, size_t n) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  lp_scan s;
  lp_scan_init(&s);
  lp_scan_feed(&s, text, n);
  lp_scan_finish(&s);
  do kind = lp_scan_next(&s, &token);
  while (kind != LP_END && kind != LP_ERROR);
  lp_scan_free(&s);
  return kind == LP_END;
}

/* No control character stands in what is written for a line, but the line's end. */
static int is_shown (const char *text, size_t n) {
  const char *end = text + n;
  while (text < end) {
    uint32_t code;
    text += lp_character(text, end, &code);
    if (code != '\n' && code != UINT32_MAX && lp_is_control(code)) return 0;
  }
  return 1;
}

static void literal (lp_mapping *m, lp_program *p, const char *text) {
  lp_span span;
  check(lp_mapping_literal(m, text, strlen(text), &span) == 0, "memory");
  check(lp_program_add(p, LP_DO_LITERAL, span.at, span.length) == 0, "memory");
}

static void add (lp_program *p, uint32_t code, uint32_t a, uint32_t b) {
  check(lp_program_add(p, code, a, b) == 0, "memory");
}

/* A list of all fields and targets in one encoding: [ "…", … ] for JSON. */
static void make_program (lp_mapping *m, lp_program *p, unsigned encoding) {
  literal(m, p, "[\"");
  for (unsigned form = 0; form < LP_TIME_COUNT; form++) add(p, LP_DO_TIME, form, 0);
  for (unsigned field = 0; field < LP_FIELD_COUNT; field++) {
    literal(m, p, "\",\"");
    add(p, LP_DO_TEXT, field, encoding);
  }
  for (unsigned condition = 0; condition < LP_CONDITION_END; condition++) {
    add(p, LP_DO_UNLESS, condition, (uint32_t)p->count + 2);
    literal(m, p, "\",\"yes");
  }
  literal(m, p, "\"");
  add(p, LP_DO_TARGETS, encoding, 0);
  literal(m, p, "]\n");
}

static void make_mapping (lp_mapping *m) {
  lp_mapping_init(m);
  m->programs = calloc(LP_ENCODING_COUNT, sizeof *m->programs);
  m->lists = calloc(LP_ENCODING_COUNT, sizeof *m->lists);
  m->program_count = m->list_count = LP_ENCODING_COUNT;
  for (unsigned encoding = 0; encoding < LP_ENCODING_COUNT; encoding++) {
    lp_target_list *list = &m->lists[encoding];
    make_program(m, &m->programs[encoding], encoding);
    list->encoding = encoding;
    list->kinds = (1u << LP_TARGET_KIND_COUNT) - 1;
    check(lp_mapping_literal(m, "\"", 1, &list->after) == 0, "memory");
    for (unsigned kind = 0; kind < LP_TARGET_KIND_COUNT; kind++)
      check(lp_mapping_literal(m, ",\"", 2, &list->before[kind]) == 0, "memory");
  }
}

static void write_page (const page *p, uint32_t seed, unsigned encoding) {
  static const lp_stretch zone[] = {{INT64_MIN / 2, 1772953200, -18000},
                                    {1772953200, 1793512800, -14400},
                                    {1793512800, INT64_MAX / 2, -18000}};
  lp_events *e = (lp_events *)(void *)&p->rows;
  uint32_t *actions = calloc(e->texts.groups.count + 1, sizeof *actions);
  size_t passed = 0, written, total = 0;
  lp_mapping m;
  make_mapping(&m);
  lp_events_clock(e, zone, 3, seed % 2 == 0 ? INT64_MAX / 2 : 1793512800);
  for (size_t i = 0; i < e->texts.groups.count; i++) {
    size_t n;
    const char *name = lp_event_action(e, (uint32_t)i, &n);
    check(lp_mapping_define(&m, name, n, encoding, (seed + (uint32_t)i) % LP_DATA_FORM_COUNT,
                            NULL) == 0,
          "memory");
    actions[i] = (uint32_t)lp_mapping_find(&m, name, n);
  }
  while (passed < e->count) {
    check(lp_mapping_write(&m, e, actions, &passed, 1 + seed % 3, 1 + seed % 900, &written) == 0,
          "memory");
    total += written;
    check(encoding == LP_ENCODING_csv || encoding == LP_ENCODING_csv_raw ||
              is_shown(m.out.bytes, m.out.size),
          "control characters");
    for (size_t i = 0; encoding == LP_ENCODING_json && i < m.out.size;) {
      const char *line = m.out.bytes + i, *end = memchr(line, '\n', m.out.size - i);
      check(end != NULL && is_json(line, (size_t)(end - line)), "a line of JSON");
      i += (size_t)(end - line) + 1;
    }
  }
  check(total == e->count, "events written");
  free(actions);
  lp_mapping_free(&m);
}

/* Appended to a page of its own, nothing changes. */
static void append_page (const page *p) {
  lp_events copy;
  lp_events_init(&copy);
  check(lp_events_append(&copy, &p->rows, 0) == 0, "memory");
  check(copy.count == p->rows.count, "number of events appended");
  check(lp_events_identify(&copy) == 0, "identifiers");
  for (size_t i = 0; i < copy.count; i++) {
    const lp_event *a = &copy.rows[i], *b = &p->rows.rows[i];
    check(memcmp(a->digest, b->digest, sizeof a->digest) == 0, "digest");
    check(a->ordinal == b->ordinal && a->ordinal >= 1, "ordinal");
  }
  for (size_t i = 0; i < copy.count; i++) check(lp_events_same(&copy, i, &p->rows, i), "append");
  lp_events_free(&copy);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static const size_t longest[] = {1, 40, 400};
  page whole, cut;
  uint32_t seed;
  const char *text;
  if (!take_seed(&data, &size, &seed)) return 0;
  text = (const char *)data;
  read_page(&whole, pieces_of(text, size, 0, seed));
  for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
    read_page(&cut, pieces_of(text, size, longest[i], seed));
    compare(&whole, &cut);
    drop(&cut);
  }
  if (!whole.failed) {
    check(lp_events_identify(&whole.rows) == 0, "identifiers");
    append_page(&whole);
    write_page(&whole, seed, LP_ENCODING_json);
    write_page(&whole, seed, seed / 7 % LP_ENCODING_COUNT);
  }
  drop(&whole);
  return 0;
}
