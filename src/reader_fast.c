/*
** Users as the server writes them: no blanks, the fields in the order of the user before, plain
** values. Whole fields are taken or left: what is not as usual (an escaped key, an unknown or
** repeated field, a blank, attribs, the end of the window, anything wrong) stays where it is and
** goes through reader.c, which alone decides what is acceptable. Nothing is accepted here that is
** refused there.
*/
#include <string.h>

#include "reader_places.h"
#include "scan_string.h"

#define SLACK 512 /* bytes that must be left in the window, so that few ends need a look */

typedef struct pattern {
  unsigned char length; /* 0: too long or not for here */
  unsigned char kind;
  char text[32];
} pattern;

enum { TEXT, TIME, FLAG, DIGITS, SCORE, GROUPS, OTHER };

/* "name": with its quotes and the colon, padded so that 32 bytes can be compared at once */
#define PATTERN(name, kind) [F_##name] = {sizeof #name - 1 + 3, kind, "\"" #name "\":"}

static const pattern patterns[] = {
    PATTERN (username, TEXT),         PATTERN (fullname, TEXT),
    PATTERN (mpstrength, DIGITS),     PATTERN (created, TIME),
    PATTERN (last_pw_change, TIME),   PATTERN (last_login, TIME),
    PATTERN (neverloggedin, FLAG),    PATTERN (disabled, FLAG),
    PATTERN (admin, FLAG),            PATTERN (password_reset_required, FLAG),
    PATTERN (totalscore, SCORE),      PATTERN (legacytotalscore, SCORE),
    PATTERN (hasSharingKeys, FLAG),   PATTERN (duousername, TEXT),
    PATTERN (multifactor, TEXT),      PATTERN (linked, TEXT),
    PATTERN (sites, DIGITS),          PATTERN (notes, DIGITS),
    PATTERN (formfills, DIGITS),      PATTERN (applications, DIGITS),
    PATTERN (attachments, DIGITS),    PATTERN (groups, GROUPS),
    PATTERN (attribs, OTHER)};

static inline int matches (const char *p, const pattern *key) {
#ifdef __SSE2__
  const __m128i *here = (const __m128i *) (const void *) p;
  const __m128i *there = (const __m128i *) (const void *) key->text;
  unsigned low = (unsigned) _mm_movemask_epi8 (
      _mm_cmpeq_epi8 (_mm_loadu_si128 (here), _mm_loadu_si128 (there)));
  unsigned high = (unsigned) _mm_movemask_epi8 (
      _mm_cmpeq_epi8 (_mm_loadu_si128 (here + 1), _mm_loadu_si128 (there + 1)));
  unsigned same = low | high << 16, wanted = (1u << key->length) - 1;
  return (same & wanted) == wanted;
#else
  return memcmp (p, key->text, key->length) == 0;
#endif
}

/* The string that begins at p (its quote); behind its end, or NULL when it needs a closer look. */
static inline const char *take_string (const char *p, const char *end, lp_token *t) {
  lp_string_place found = {p + 1, 0, LP_SCAN_NONE};
  if (*p != '"' || lp_string_end (&found, end) != LP_STRING_ENDS) return NULL;
  t->text = p + 1;
  t->length = (size_t) (found.at - t->text);
  t->escaped = found.escaped;
  return found.at + 1;
}

static inline int is_null (const char *p) {
  return memcmp (p, "null", 4) == 0;
}

/*
** Short texts are copied sixteen bytes at a time, over their end: the slack makes that safe for
** the window, the test for the arena.
*/
static inline int keep_short (lp_reader *r, const lp_token *t, lp_text *out) {
#ifdef __SSE2__
  lp_buffer *arena = &r->rows->arena;
  if (!t->escaped && t->length < 64 && arena->size > 0 && arena->capacity - arena->size > 128 &&
      arena->size < UINT32_MAX - 128) {
    char *put = arena->bytes + arena->size;
    *out = (lp_text) arena->size;
    *put++ = (char) t->length;
    for (size_t i = 0; i < t->length; i += 16)
      _mm_storeu_si128 ((__m128i *) (void *) (put + i),
                        _mm_loadu_si128 ((const __m128i *) (const void *) (t->text + i)));
    arena->size += t->length + 1;
    return 0;
  }
#endif
  return lp_reader_keep_text (r, t, out);
}

static const char *take_text (lp_reader *r, lp_text *out, const char *p, const char *end) {
  lp_token t;
  if (is_null (p)) return p + 4;
  p = take_string (p, end, &t);
  if (p == NULL || t.length == 0 || end - p < 16) return NULL;
  return keep_short (r, &t, out) == 0 ? p : NULL;
}

static const char *take_repeated (lp_reader *r, lp_text *out, lp_text like, const char *p,
                                  const char *end) {
  lp_token t;
  if (is_null (p)) return p + 4;
  p = take_string (p, end, &t);
  if (p == NULL || t.length == 0) return NULL;
  return lp_reader_keep_repeated (r, &t, like, out) == 0 ? p : NULL;
}

static inline const char *take_time (uint32_t *out, const char *p) {
  uint32_t time;
  if (p[0] != '"') return NULL;
  if (p[1] == '"') return p + 2;
  if (p[20] != '"') return NULL;
  time = lp_read_time (p + 1, 19);
  if (time == LP_NO_TIME) return NULL;
  *out = time;
  return p + 21;
}

static inline const char *take_flag (lp_row *row, unsigned flag, const char *p) {
  if (memcmp (p, "false", 5) == 0) return p + 5;
  if (memcmp (p, "true", 4) != 0) return NULL;
  row->flags |= (uint16_t) flag;
  return p + 4;
}

/* null, or up to eight digits, perhaps in quotes */
static inline const char *take_digits (uint16_t *out, const char *p) {
  int quoted = *p == '"', n = 0;
  int32_t value = 0;
  if (*p == 'n') return is_null (p) ? p + 4 : NULL;
  if (quoted) p++;
  while (n < 8 && p[n] >= '0' && p[n] <= '9') value = value * 10 + (p[n++] - '0');
  if (n == 0 || (p[0] == '0' && n > 1)) return NULL;
  p += n;
  if (quoted ? *p++ != '"' : *p != ',' && *p != '}') return NULL;
  if (value >= LP_NO_COUNT) return NULL;
  *out = (uint16_t) value;
  return p;
}

/* null, or "83.2" */
static inline const char *take_score (int32_t *out, const char *p) {
  static const int32_t powers[] = {10000, 1000, 100, 10, 1};
  int32_t value = 0;
  int n = 0, fraction = 0;
  if (*p == 'n') return is_null (p) ? p + 4 : NULL;
  if (*p++ != '"') return NULL;
  while (n < 4 && p[n] >= '0' && p[n] <= '9') value = value * 10 + (p[n++] - '0');
  if (n == 0 || (p[0] == '0' && n > 1)) return NULL;
  p += n;
  if (*p == '.') {
    p++;
    while (fraction < 4 && p[fraction] >= '0' && p[fraction] <= '9')
      value = value * 10 + (p[fraction++] - '0');
    if (fraction == 0) return NULL;
    p += fraction;
  }
  if (*p != '"') return NULL;
  *out = value * powers[fraction];
  return p + 1;
}

/* The list is taken whole or not at all. */
static const char *take_groups (lp_reader *r, const char *p, const char *end) {
  size_t before = r->rows->group_ref_count;
  lp_token t;
  if (*p++ != '[') return NULL;
  if (*p == ']') return p + 1;
  for (;;) {
    p = take_string (p, end, &t);
    if (p == NULL || end - p < SLACK || lp_reader_user_group (r, &t) != 0) break;
    if (*p == ']') return p + 1;
    if (*p++ != ',') break;
  }
  r->rows->group_ref_count = before;
  return NULL;
}

static const char *take_value (lp_reader *r, unsigned field, const char *p, const char *end) {
  lp_row *row = &r->row;
  uint16_t strength;
  switch (field) {
    case F_username: return *p == '"' ? take_text (r, &row->username, p, end) : NULL;
    case F_fullname: return take_text (r, &row->fullname, p, end);
    case F_duousername: return take_repeated (r, &row->duousername, row->username, p, end);
    case F_multifactor:
      p = take_repeated (r, &row->multifactor, r->last_multifactor, p, end);
      if (row->multifactor != 0) r->last_multifactor = row->multifactor;
      return p;
    case F_linked: return take_text (r, &row->linked, p, end);
    case F_created: return take_time (&row->created, p);
    case F_last_pw_change: return take_time (&row->last_pw_change, p);
    case F_last_login: return take_time (&row->last_login, p);
    case F_neverloggedin: return take_flag (row, LP_FLAG_NEVER_LOGGED_IN, p);
    case F_disabled: return take_flag (row, LP_FLAG_DISABLED, p);
    case F_admin: return take_flag (row, LP_FLAG_ADMIN, p);
    case F_password_reset_required: return take_flag (row, LP_FLAG_RESET_REQUIRED, p);
    case F_hasSharingKeys:
      p = take_flag (row, LP_FLAG_HAS_KEYS, p);
      if (p != NULL) row->flags |= LP_FLAG_KEYS_KNOWN;
      return p;
    case F_totalscore: return take_score (&row->totalscore, p);
    case F_legacytotalscore: return take_score (&row->legacytotalscore, p);
    case F_mpstrength:
      strength = LP_NO_COUNT;
      p = take_digits (&strength, p);
      if (strength == LP_NO_COUNT) return p;
      if (strength >= LP_NO_STRENGTH) return NULL;
      row->mpstrength = (uint8_t) strength;
      return p;
    case F_sites: return take_digits (&row->sites, p);
    case F_notes: return take_digits (&row->notes, p);
    case F_formfills: return take_digits (&row->formfills, p);
    case F_applications: return take_digits (&row->applications, p);
    case F_attachments: return take_digits (&row->attachments, p);
    case F_groups: return take_groups (r, p, end);
    default: return NULL;
  }
}

/* The next field by the order of the last user: the one that is due or the one behind it. */
static inline int guess (const lp_reader *r, const char *p, int *ahead) {
  for (*ahead = 0; *ahead < 3 && r->order_at + *ahead < r->order_length; ++*ahead) {
    unsigned f = r->order[r->order_at + *ahead];
    if (matches (p, &patterns[f])) return (int) f;
  }
  return -1;
}

/* `,"1000123":{` begins the next user; NULL when it is anything else. */
static const char *next_user (lp_reader *r, const char *p) {
  lp_token id = {p + 2, 0, 0};
  if (p[0] != ',' || p[1] != '"') return NULL;
  while (id.length < 18 && id.text[id.length] >= '0' && id.text[id.length] <= '9') id.length++;
  p = id.text + id.length;
  if (p[0] != '"' || p[1] != ':' || p[2] != '{') return NULL;
  return lp_reader_begin_user (r, &id) == 0 ? p + 3 : NULL;
}

void lp_reader_hurry_users (lp_reader *r) {
  lp_scan *s = &r->scan;
  const char *p = s->at, *end = s->end, *after;
  int first = s->state == LP_WANT_KEY_OR_END, ahead, field;
  if ((!first && s->state != LP_AFTER_VALUE) || s->progress > 0) return;
  while (end - p > SLACK) {
    if (!first && *p == '}') {
      /* the end of a user, and the beginning of the next */
      s->at = p + 1;
      s->state = LP_AFTER_VALUE;
      s->depth--;
      lp_keys_leave (&r->keys);
      r->place = AT_USERS;
      if (lp_reader_end_user (r) != 0) return;
      p = next_user (r, p + 1);
      if (p == NULL) return;
      s->at = p;
      s->state = LP_WANT_KEY_OR_END;
      s->depth++;
      lp_keys_enter (&r->keys);
      r->place = AT_USER;
      first = 1;
      continue;
    }
    if (!first && *p != ',') return;
    after = first ? p : p + 1;
    field = guess (r, after, &ahead);
    if (field < 0 || (r->seen >> field & 1)) return;
    after = take_value (r, (unsigned) field, after + patterns[field].length, end);
    if (after == NULL) return;
    r->seen |= UINT32_C (1) << field;
    r->order_at = (unsigned char) (r->order_at + ahead + 1);
    s->at = p = after;
    s->state = LP_AFTER_VALUE;
    first = 0;
  }
}

/* The members of a group, as long as they are plain strings. */
void lp_reader_hurry_members (lp_reader *r) {
  lp_scan *s = &r->scan;
  const char *p = s->at, *after;
  int first = s->state == LP_WANT_VALUE_OR_END;
  if ((!first && s->state != LP_AFTER_VALUE) || s->progress > 0) return;
  for (;;) {
    lp_token t;
    lp_text text;
    if (s->end - p < SLACK || (!first && *p != ',')) return;
    after = take_string (first ? p : p + 1, s->end, &t);
    if (after == NULL || s->end - after < 16 || keep_short (r, &t, &text) != 0) return;
    if (r->member_count++ == 0) r->first_member = text;
    s->at = p = after;
    s->state = LP_AFTER_VALUE;
    first = 0;
  }
}
