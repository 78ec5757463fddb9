/* Runs a format's program for every event; events_write.h says how it is made. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "array.h"
#include "controls.h"
#include "events_write.h"

#define SLACK 64 /* bytes behind the end that may be written over */

void lp_mapping_init (lp_mapping *m) {
  memset(m, 0, sizeof *m);
  m->last.day = INT64_MIN;
  lp_rows_init(&m->names);
}

void lp_mapping_free (lp_mapping *m) {
  for (size_t i = 0; i < m->program_count; i++) free(m->programs[i].code);
  free(m->programs);
  free(m->lists);
  free(m->actions);
  free(m->slots);
  free(m->targets);
  lp_buffer_free(&m->literals);
  lp_buffer_free(&m->out);
  lp_rows_free(&m->names);
  lp_mapping_init(m);
}

int lp_mapping_literal (lp_mapping *m, const char *text, size_t n, lp_span *out) {
  if (m->literals.size + n > UINT32_MAX || lp_buffer_reserve(&m->literals, n + SLACK) != 0)
    return -1;
  if (n > 0) memcpy(m->literals.bytes + m->literals.size, text, n);
  out->at = (uint32_t)m->literals.size;
  out->length = (uint32_t)n;
  m->literals.size += n;
  return 0;
}

int lp_program_add (lp_program *p, uint32_t code, uint32_t a, uint32_t b) {
  if (LP_RESERVE(p->code, p->count, 1, p->capacity) != 0) return -1;
  p->code[p->count].code = code;
  p->code[p->count].a = a;
  p->code[p->count].b = b;
  p->count++;
  if (code == LP_DO_LITERAL) p->literals += b;
  if (code == LP_DO_TEXT) p->texts++;
  return 0;
}

int lp_mapping_define (lp_mapping *m, const char *name, size_t n, uint32_t program, uint32_t form,
                       const lp_span *slots) {
  uint32_t number;
  size_t total = 0;
  lp_write_action *action;
  if (LP_RESERVE(m->actions, m->action_count, 1, m->action_capacity) != 0 ||
      LP_RESERVE(m->slots, m->slot_total, m->slot_count, m->slot_capacity) != 0)
    return -1;
  if (lp_rows_name_group(&m->names, name, n, &number) != 0) return -1;
  if (number != m->action_count) return 0; /* it was known: the first word counts */
  action = &m->actions[m->action_count++];
  action->program = program;
  action->form = form;
  action->count = 0;
  action->slots = (uint32_t)m->slot_total;
  for (size_t i = 0; i < m->slot_count; i++) {
    m->slots[m->slot_total++] = slots[i];
    total += slots[i].length;
  }
  if (total > m->longest) m->longest = total;
  return 0;
}

long lp_mapping_find (const lp_mapping *m, const char *name, size_t n) {
  return lp_rows_find_group(&m->names, name, n);
}

/* ------------------------------------------------------------------ pieces */

/* Sixteen bytes at a time, over the end of both. */
static inline char *put_near (char *out, const char *text, size_t n) {
#ifdef __SSE2__
  for (size_t i = 0; i < n; i += 16)
    _mm_storeu_si128((__m128i *)(void *)(out + i),
                     _mm_loadu_si128((const __m128i *)(const void *)(text + i)));
#else
  memcpy(out, text, n);
#endif
  return out + n;
}

static const char hex_digits[] = "0123456789abcdef";

static inline char *put_json_byte (char *out, unsigned char c) {
  *out++ = '\\';
  switch (c) {
  case '"':
  case '\\':
    *out++ = (char)c;
    break;
  case '\b':
    *out++ = 'b';
    break;
  case '\f':
    *out++ = 'f';
    break;
  case '\n':
    *out++ = 'n';
    break;
  case '\r':
    *out++ = 'r';
    break;
  case '\t':
    *out++ = 't';
    break;
  default:
    memcpy(out, "u00", 3);
    out[3] = hex_digits[c >> 4];
    out[4] = hex_digits[c & 15];
    out += 5;
  }
  return out;
}

/* The character at `text`, which is not plain ASCII; its bytes come back in *n. */
static char *put_json_special (char *out, const char *text, const char *end, size_t *n) {
  uint32_t code;
  *n = lp_character(text, end, &code);
  if (code < 0x7F) return put_json_byte(out, (unsigned char)code);
  if (code == UINT32_MAX || !lp_is_control(code)) {
    memcpy(out, text, *n);
    return out + *n;
  }
  return lp_json_escape(out, code);
}

static char *put_json (char *out, const char *text, size_t n) {
  const char *end = text + n;
  while (text < end) {
    size_t one;
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    unsigned left = end - text < 16 ? (unsigned)(end - text) : 16, found;
    /* the upper bit: what is not ASCII, and DEL, which one more makes 0x80 */
    special = _mm_or_si128(special, _mm_or_si128(bytes, _mm_add_epi8(bytes, _mm_set1_epi8(1))));
    found = (unsigned)_mm_movemask_epi8(special) & ((1u << left) - 1);
    _mm_storeu_si128((__m128i *)(void *)out, bytes);
    if (found == 0) {
      out += left;
      text += left;
      continue;
    }
    out += __builtin_ctz(found);
    text += __builtin_ctz(found);
#else
    unsigned char c = (unsigned char)*text;
    if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
      *out++ = *text++;
      continue;
    }
#endif
    out = put_json_special(out, text, end, &one);
    text += one;
  }
  return out;
}

/* What a spreadsheet takes for the beginning of a formula, and the guard itself, so that it can be
** taken off again: the same as lastpass.text.csv. */
static int needs_guard (const char *text, size_t n) {
  return n > 0 && memchr("=+-@\t\r\n'", text[0], 8) != NULL;
}

/* CSV keeps the bytes, in quotes; only NUL, which no reader takes, becomes a blank. */
static char *put_csv (char *out, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (text[i] == '"') *out++ = '"';
    *out++ = text[i] == '\0' ? ' ' : text[i];
  }
  return out;
}

/* The other encodings: a blank for a control character of ASCII, "\u{9b}" for one beyond it. */
static char *put_escaped (char *out, unsigned encoding, const char *text, size_t n) {
  const char *end = text + n;
  while (text < end) {
    unsigned char c = (unsigned char)*text;
    if (c >= 0x80) {
      uint32_t code;
      size_t length = lp_character(text, end, &code);
      if (code != UINT32_MAX && lp_is_control(code)) {
        if (encoding != LP_ENCODING_leef && encoding != LP_ENCODING_line) *out++ = '\\';
        out += snprintf(out, 12, "\\u{%x}", (unsigned)code);
      } else {
        memcpy(out, text, length);
        out += length;
      }
      text += length;
      continue;
    }
    text++;
    switch (encoding) {
    case LP_ENCODING_cef:
      if (c == '\\' || c == '=') *out++ = '\\';
      if (c == '\n' || c == '\r') {
        *out++ = '\\';
        c = c == '\n' ? 'n' : 'r';
      }
      break;
    case LP_ENCODING_cef_header:
      if (c == '\\' || c == '|') *out++ = '\\';
      break;
    case LP_ENCODING_sd:
      if (c == '\\' || c == '"' || c == ']') *out++ = '\\';
      break;
    default:
      break;
    }
    *out++ = c < 0x20 || c == 0x7F ? ' ' : (char)c;
  }
  return out;
}

static inline char *put_text (char *out, unsigned encoding, const char *text, size_t n) {
  switch (encoding) {
  case LP_ENCODING_json:
    return put_json(out, text, n);
  case LP_ENCODING_csv:
  case LP_ENCODING_csv_raw:
    return put_csv(out, text, n);
  default:
    return put_escaped(out, encoding, text, n);
  }
}

/* The beginning of a cell that has this text first. */
static inline char *put_guard (char *out, unsigned encoding, const char *text, size_t n) {
  if (encoding == LP_ENCODING_csv && needs_guard(text, n)) *out++ = '\'';
  return out;
}

static char *put_time (lp_mapping *m, char *out, unsigned form, const lp_event *row) {
  if (!(row->flags & LP_EVENT_CLOCKED)) return out;
  switch (form) {
  case LP_TIME_iso:
    out = lp_moment_text(&m->last, out, row->utc, 'T');
    *out++ = 'Z';
    return out;
  case LP_TIME_iso_milliseconds:
    out = lp_moment_text(&m->last, out, row->utc, 'T');
    memcpy(out, ".000Z", 5);
    return out + 5;
  default:
    out += snprintf(out, 24, "%lld", (long long)row->utc);
    if (form == LP_TIME_milliseconds && row->utc != 0) {
      memcpy(out, "000", 3);
      out += 3;
    }
    return out;
  }
}

/* ------------------------------------------------------------------ one event */

/* 1.2.3.4, or whatever inet_pton takes for IPv6 */
static int is_address (const char *text, size_t n) {
  char copy[64];
  unsigned char bytes[16];
  if (n < 2 || n >= sizeof copy || memchr(text, '\0', n) != NULL) return 0;
  memcpy(copy, text, n);
  copy[n] = '\0';
  return inet_pton(memchr(text, ':', n) != NULL ? AF_INET6 : AF_INET, copy, bytes) == 1;
}

typedef struct writing {
  lp_mapping *m;
  const lp_events *e;
  const lp_event *row;
  const lp_write_action *action;
  const lp_target *first[LP_TARGET_KIND_COUNT];
  char local_time[20 + LP_EVENT_SLACK];
  char id[2 * LP_EVENT_DIGEST + 12 + LP_EVENT_SLACK];
} writing;

/* The digest in hexadecimal digits and, from the second of several equal events on, which it is. */
static const char *event_id (writing *w, size_t *n) {
  size_t row = (size_t)(w->row - w->e->rows);
  const unsigned char *digest = w->e->hmacs == NULL ? w->row->digest : w->e->hmacs[row];
  char *out = w->id;
  for (size_t i = 0; i < LP_EVENT_DIGEST; i++) {
    *out++ = hex_digits[digest[i] >> 4];
    *out++ = hex_digits[digest[i] & 15];
  }
  if (w->row->ordinal > 1) out += snprintf(out, 12, "-%u", (unsigned)w->row->ordinal);
  *n = (size_t)(out - w->id);
  return w->id;
}

static const char *field_text (writing *w, unsigned field, size_t *n) {
  switch (field) {
  case LP_FIELD_username:
    return lp_event_text(w->e, w->row, LP_EVENT_USERNAME, n);
  case LP_FIELD_address:
    return lp_event_text(w->e, w->row, LP_EVENT_ADDRESS, n);
  case LP_FIELD_data:
    return lp_event_text(w->e, w->row, LP_EVENT_DATA, n);
  case LP_FIELD_local_time:
    if (w->row->civil == LP_NO_TIME) return lp_event_text(w->e, w->row, LP_EVENT_TIME, n);
    *n = (size_t)(lp_moment_text(&w->m->last, w->local_time, w->row->civil, ' ') - w->local_time);
    return w->local_time;
  case LP_FIELD_label:
    return lp_event_action(w->e, w->row->action, n);
  case LP_FIELD_event_id:
    return event_id(w, n);
  default: {
    const lp_target *target = w->first[field - LP_FIELD_user];
    *n = target == NULL ? 0 : target->length;
    return target == NULL ? "" : target->value;
  }
  }
}

static int holds (writing *w, unsigned condition) {
  size_t n;
  const char *text;
  switch (condition) {
  case LP_CONDITION_time:
    return (w->row->flags & LP_EVENT_CLOCKED) != 0;
  case LP_CONDITION_ambiguous:
    return (w->row->flags & LP_EVENT_AMBIGUOUS) != 0;
  case LP_CONDITION_email:
    text = field_text(w, LP_FIELD_username, &n);
    return n > 0 && memchr(text, '@', n) != NULL;
  case LP_CONDITION_ip:
    text = field_text(w, LP_FIELD_address, &n);
    return is_address(text, n);
  case LP_CONDITION_targets:
    return w->m->target_count > 0;
  default:
    field_text(w, condition, &n);
    return n > 0;
  }
}

static int take_target (void *context, const lp_target *target) {
  lp_mapping *m = context;
  if (LP_RESERVE(m->targets, m->target_count, 1, m->target_capacity) != 0) {
    m->failed = 1;
    return -1;
  }
  m->targets[m->target_count++] = *target;
  return 0;
}

static int find_targets (writing *w) {
  lp_mapping *m = w->m;
  size_t n;
  const char *data = lp_event_text(w->e, w->row, LP_EVENT_DATA, &n);
  m->target_count = 0;
  m->failed = 0;
  memset(w->first, 0, sizeof w->first);
  if (w->action->form == LP_DATA_none || n == 0) return 0;
  lp_data_targets(w->action->form, data, n, take_target, m);
  if (m->failed) return -1;
  for (size_t i = m->target_count; i-- > 0;) w->first[m->targets[i].kind] = &m->targets[i];
  return 0;
}

static char *put_literal (const writing *w, char *out, lp_span span) {
  return put_near(out, w->m->literals.bytes + span.at, span.length);
}

static char *put_targets (const writing *w, char *out, const lp_target_list *list) {
  int some = 0;
  for (size_t i = 0; i < w->m->target_count; i++) {
    const lp_target *target = &w->m->targets[i];
    if (!(list->kinds >> target->kind & 1)) continue;
    out = some ? put_literal(w, out, list->between)
               : put_guard(out, list->encoding, target->value, target->length);
    some = 1;
    out = put_literal(w, out, list->before[target->kind]);
    out = put_text(out, list->encoding, target->value, target->length);
    out = put_literal(w, out, list->after);
  }
  return out;
}

/* No more bytes than this can be written for the event. */
static size_t most_bytes (const writing *w, const lp_program *p) {
  size_t longest = 48, targets = 0, n;
  for (unsigned field = 0; field < LP_EVENT_TEXTS; field++)
    if (w->row->texts[field].length > longest) longest = w->row->texts[field].length;
  (void)lp_event_action(w->e, w->row->action, &n);
  if (n > longest) longest = n;
  for (size_t i = 0; i < p->count; i++) {
    const lp_target_list *list;
    size_t before = 0;
    if (p->code[i].code != LP_DO_TARGETS) continue;
    list = &w->m->lists[p->code[i].a];
    for (unsigned kind = 0; kind < LP_TARGET_KIND_COUNT; kind++)
      if (list->before[kind].length > before) before = list->before[kind].length;
    targets += w->m->target_count * (before + list->after.length + list->between.length) +
               6 * w->row->texts[LP_EVENT_DATA].length;
  }
  return p->literals + w->m->longest * p->count + p->count * 32 + p->texts * 6 * longest + targets +
         SLACK;
}

static int write_event (writing *w) {
  lp_mapping *m = w->m;
  const lp_program *p = &m->programs[w->action->program];
  char *out;
  if (find_targets(w) != 0) return -1;
  if (lp_buffer_reserve(&m->out, most_bytes(w, p)) != 0) return -1;
  out = m->out.bytes + m->out.size;
  for (size_t i = 0; i < p->count; i++) {
    const lp_instruction *now = &p->code[i];
    switch (now->code) {
    case LP_DO_LITERAL:
      out = put_near(out, m->literals.bytes + now->a, now->b);
      break;
    case LP_DO_SLOT:
      out = put_literal(w, out, m->slots[w->action->slots + now->a]);
      break;
    case LP_DO_TEXT: {
      size_t n;
      const char *text = field_text(w, now->a, &n);
      out = put_guard(out, now->b, text, n);
      out = put_text(out, now->b, text, n);
      break;
    }
    case LP_DO_TIME:
      out = put_time(m, out, now->a, w->row);
      break;
    case LP_DO_UNLESS:
      if (!holds(w, now->a)) i = now->b - 1;
      break;
    case LP_DO_GO:
      i = now->b - 1;
      break;
    default:
      out = put_targets(w, out, &m->lists[now->a]);
      break;
    }
  }
  m->out.size = (size_t)(out - m->out.bytes);
  return 0;
}

int lp_mapping_write (lp_mapping *m, const lp_events *e, const uint32_t *actions, size_t *passed,
                      size_t most, size_t bytes, size_t *written) {
  writing w;
  memset(&w, 0, sizeof w);
  w.m = m;
  w.e = e;
  m->out.size = 0;
  *written = 0;
  while (*passed < e->count && *written < most && m->out.size < bytes) {
    w.row = &e->rows[e->count - ++*passed];
    if (w.row->flags & LP_EVENT_DROPPED) continue;
    w.action = &m->actions[actions[w.row->action]];
    if (write_event(&w) != 0) return -1;
    m->actions[actions[w.row->action]].count++;
    ++*written;
  }
  return 0;
}
