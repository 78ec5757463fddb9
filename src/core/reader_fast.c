/*
** Users as the service writes them: no blanks, the fields in its order or in the order of other
** users, plain values. Whole fields are taken or left: what is not as usual (an escaped key, an
** unknown or repeated field, a blank, the end of the window, anything wrong) stays where it is and
** goes through reader.c, which alone decides what is acceptable. Nothing is accepted here that is
** refused there, and nothing is read otherwise than there.
*/
#include <string.h>

#include "bytes.h"
#include "reader_internal.h"
#include "scan_string.h"

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* Bytes that must be left in the window where a field begins: then its name and what is not a
 *string
 ** can be looked at without a thought for the end. */
#define SLACK 96

/* "name": as it stands before a value */
typedef struct pattern {
  uint32_t length;
  uint32_t ignored; /* a bit for each of the first sixteen bytes that is none of it */
  char text[32];
} pattern;

#define LENGTH(name) (sizeof #name + 2)
#define IGNORED(name) (LENGTH(name) < 16 ? ~((UINT32_C(1) << (LENGTH(name) & 15)) - 1) & 0xFFFF : 0)

static const pattern patterns[] = {
#define X(name) {LENGTH(name), IGNORED(name), "\"" #name "\":"},
    FIELDS(X)
#undef X
};

static inline int matches (const char *p, const pattern *key) {
#ifdef __SSE2__
  __m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i there = _mm_loadu_si128((const __m128i *)(const void *)key->text);
  uint32_t same = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(here, there));
  if ((same | key->ignored) != 0xFFFF) return 0;
  return key->length <= 16 || memcmp(p + 16, key->text + 16, key->length - 16) == 0;
#else
  return memcmp(p, key->text, key->length) == 0;
#endif
}

/* ------------------------------------------------------------------ numbers */

static inline int is_digit (char c) {
  return (unsigned char)(c - '0') <= 9;
}

static inline int is_word (const char *p, const char *word) {
  return lp_load32(p) == lp_load32(word);
}

/* Up to four digits without a branch for each, since nobody can foretell how many there are. */
static inline unsigned four_digits (const char *p, uint32_t *value) {
  uint32_t word = lp_load32(p) ^ 0x30303030u; /* a digit is at most 9 now */
  uint32_t others = ((word + 0x76767676u) | word) & 0x80808080u;
  unsigned n = others == 0 ? 4 : (unsigned)__builtin_ctz(others) / 8;
  if (n == 0) return 0;
  word <<= 32 - 8 * n; /* as if zeros stood before them */
  word = word * 10 + (word >> 8);
  *value = (word & 0xFF) * 100 + (word >> 16 & 0xFF);
  return n;
}

/* null, or up to four digits, perhaps in quotes */
static inline const char *take_digits (uint16_t *out, const char *p) {
  uint32_t value;
  unsigned n;
  if (*p == '"') {
    n = four_digits(p + 1, &value);
    if (n == 0 || (p[1] == '0' && n > 1) || p[n + 1] != '"') return NULL;
    *out = (uint16_t)value;
    return p + n + 2;
  }
  n = four_digits(p, &value);
  if (n == 0) return is_word(p, "null") ? p + 4 : NULL;
  if ((*p == '0' && n > 1) || (p[n] != ',' && p[n] != '}')) return NULL;
  *out = (uint16_t)value;
  return p + n;
}

/* null, or "83.2" */
static inline const char *take_score (int32_t *out, const char *p) {
  static const uint16_t powers[] = {0, 1000, 100, 10, 1};
  uint32_t whole, part;
  unsigned n;
  if (*p != '"') return is_word(p, "null") ? p + 4 : NULL;
  n = four_digits(p + 1, &whole);
  if (n == 0 || (p[1] == '0' && n > 1)) return NULL;
  p += n + 1;
  *out = (int32_t)whole * LP_SCORE_UNIT;
  if (*p == '"') return p + 1;
  if (*p != '.') return NULL;
  n = four_digits(p + 1, &part);
  if (n == 0 || p[n + 1] != '"') return NULL;
  *out += (int32_t)(part * powers[n]);
  return p + n + 2;
}

static inline const char *take_flag (lp_row *row, unsigned flag, const char *p) {
  if (is_word(p, "fals") && p[4] == 'e') return p + 5;
  if (!is_word(p, "true")) return NULL;
  row->flags |= (uint16_t)flag;
  return p + 4;
}

/* ------------------------------------------------------------------ times */

/*
** lp_read_time, all characters at once: each XOR what stands for zero there must be no more than
** the highest that may stand there, and then the digits are weighted and added in pairs.
*/
static inline uint32_t read_time (const char *p) {
#ifdef __SSE2__
  static const unsigned short days_before[] = {0,   0,   31,  59, 90, 120, 151, 181, 212, 243,
                                               273, 304, 334, 0,  0,  0,   0,   0,   0,   0};
  static const unsigned char days_in[] = {0,  31, 28, 31, 30, 31, 30, 31, 31, 30,
                                          31, 30, 31, 0,  0,  0,  0,  0,  0,  0};
  const __m128i zeros =
      _mm_setr_epi8('0', '0', '0', '0', '-', '0', '0', '-', '0', '0', ' ', '0', '0', ':', '0', '0');
  const __m128i highest = _mm_setr_epi8(9, 9, 9, 9, 0, 1, 9, 0, 3, 9, 0, 2, 9, 0, 5, 9);
  const __m128i date_weights = _mm_setr_epi16(1000, 100, 10, 1, 0, 10, 1, 0);
  const __m128i rest_weights = _mm_setr_epi16(10, 1, 0, 600, 60, 0, 10, 1);
  const __m128i nothing = _mm_setzero_si128();
  __m128i text = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)p), zeros);
  __m128i date = _mm_madd_epi16(_mm_unpacklo_epi8(text, nothing), date_weights);
  __m128i rest = _mm_madd_epi16(_mm_unpackhi_epi8(text, nothing), rest_weights);
  /* year, month and day, minute of the day: each is the sum of a group of bits and its right
   * neighbour */
  __m128i dates = _mm_add_epi32(date, _mm_srli_epi64(date, 32));
  uint32_t year = (uint32_t)_mm_cvtsi128_si32(dates), month = (uint32_t)_mm_extract_epi16(dates, 4);
  uint32_t day = (uint32_t)_mm_cvtsi128_si32(rest);
  uint32_t minutes = (uint32_t)(_mm_extract_epi16(rest, 2) + _mm_extract_epi16(rest, 4) +
                                _mm_extract_epi16(rest, 6));
  uint32_t seconds = lp_load32(p + 15) ^ lp_load32("0:00"), leap, days;
  uint32_t tens = seconds >> 16 & 0xFF, ones = seconds >> 24;
  int good = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_subs_epu8(text, highest), nothing));
  if (good != 0xFFFF || (seconds & 0xFF00) != 0 || tens > 5 || ones > 9) return LP_NO_TIME;
  if (year - 1970 > 2105 - 1970 || month - 1 > 11 || minutes >= 1440) return LP_NO_TIME;
  leap = year % 4 == 0 && year != 2100;
  if (day - 1 > 27 && (day == 0 || day > days_in[month] + (leap & (month == 2)))) return LP_NO_TIME;
  days = (year - 1970) * 365 + (year - 1969) / 4 - (year > 2100) + days_before[month] +
         (leap & (month > 2)) + day - 1;
  return days * 86400 + minutes * 60 + tens * 10 + ones;
#else
  return lp_read_time(p);
#endif
}

static inline const char *take_time (uint32_t *out, const char *p) {
  uint32_t time;
  if (p[0] != '"') return NULL;
  if (p[1] == '"') return p + 2;
  if (p[20] != '"') return NULL;
  time = read_time(p + 1);
  if (time == LP_NO_TIME) return NULL;
  *out = time;
  return p + 21;
}

/* ------------------------------------------------------------------ texts */

/* The string that begins at p (its quote); behind its end, or NULL when it needs a closer
 * inspection. */
static inline const char *take_string (const char *p, const char *end, lp_token *t) {
  lp_string_scan found = {p + 1, 0, LP_SCAN_NONE};
  if (*p != '"' || lp_string_end(&found, end) != LP_STRING_ENDS) return NULL;
  t->text = p + 1;
  t->length = (size_t)(found.at - t->text);
  t->escaped = found.escaped;
  return found.at + 1;
}

/* A string of any length and with anything in it. */
static __attribute__((noinline)) const char *take_any_text (lp_reader *r, lp_text *out,
                                                            const char *p, const char *end) {
  lp_token t;
  p = take_string(p, end, &t);
  return p != NULL && lp_reader_keep_text(r, &t, out) == 0 ? p : NULL;
}

#define SHORT_TEXT 192 /* longer ones are not looked for while they are copied */

/*
** A string is copied while its end is looked for, sixteen bytes at a time and over its end: the
** slack makes that safe for the window, the test for the arena. What has an escape or is not
** ASCII is looked at again.
*/
static inline const char *take_text (lp_reader *r, lp_text *out, const char *p, const char *end) {
#ifdef __SSE2__
  lp_buffer *arena = &r->rows->arena;
  size_t size = arena->size;
  if (*p == '"' && end - p > SHORT_TEXT + 16 && size > 0 &&
      arena->extent.capacity - size > SHORT_TEXT + 32 && size < UINT32_MAX - 4096) {
    const char *from = p + 1;
    char *put = arena->bytes + size + 1;
    for (size_t i = 0; i < SHORT_TEXT; i += 16) {
      __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + i));
      unsigned special = lp_special_bytes(bytes);
      _mm_storeu_si128((__m128i *)(void *)(put + i), bytes);
      if (special == 0) continue;
      i += (unsigned)__builtin_ctz(special);
      if (from[i] != '"') break;
      put[-1] = (char)i;
      *out = (lp_text)size;
      arena->size = size + i + 1;
      return from + i + 1;
    }
  }
#endif
  return take_any_text(r, out, p, end);
}

static inline const char *take_optional_text (lp_reader *r, lp_text *out, const char *p,
                                              const char *end) {
  return is_word(p, "null") ? p + 4 : take_text(r, out, p, end);
}

static const char *take_repeated (lp_reader *r, lp_text *out, lp_text like, const char *p,
                                  const char *end) {
  lp_token t;
  if (is_word(p, "null")) return p + 4;
  p = take_string(p, end, &t);
  return p != NULL && lp_reader_keep_repeated(r, &t, like, out) == 0 ? p : NULL;
}

/* The number of a group whose name was met before and has no escapes; -1 for any other. */
static inline int64_t known_group (const lp_rows *rows, const lp_token *t) {
  if (t->escaped || rows->groups.table_size == 0) return -1;
  return (int64_t)(uint32_t)rows->groups
             .table[lp_rows_name_slot(rows, t->text, t->length, lp_name_hash(t->text, t->length))] -
         1;
}

/* The list is taken whole or not at all. */
static const char *take_groups (lp_reader *r, const char *p, const char *end) {
  lp_rows *rows = r->rows;
  size_t before = rows->group_ref_count;
  if (*p++ != '[') return NULL;
  if (*p == ']') return p + 1;
  for (;;) {
    int64_t group;
    lp_token t;
    p = take_string(p, end, &t);
    if (p == NULL || end - p < SLACK) break;
    group = known_group(rows, &t);
    if (group >= 0 && rows->group_ref_count < rows->group_refs_extent.capacity)
      rows->group_refs[rows->group_ref_count++] = (uint32_t)group;
    else if (lp_reader_user_group(r, &t) != 0)
      break;
    if (*p == ']') return p + 1;
    if (*p++ != ',') break;
  }
  rows->group_ref_count = before;
  return NULL;
}

#define FEW_KEYS 8
#define LONG_ATTRIBUTES 65536

/* An object of few strings is kept as it is written; its keys must have no escapes. */
static const char *take_attributes (lp_reader *r, const char *p, const char *end) {
  lp_token keys[FEW_KEYS], value;
  const char *start = p;
  if (*p++ != '{') return NULL;
  for (int n = 0; *p != '}'; n++) {
    if (n == FEW_KEYS || (n > 0 && *p++ != ',')) return NULL;
    p = take_string(p, end, &keys[n]);
    if (p == NULL || end - p < SLACK || keys[n].escaped || *p++ != ':') return NULL;
    for (int i = 0; i < n; i++)
      if (keys[i].length == keys[n].length &&
          lp_same_bytes(keys[i].text, keys[n].text, keys[n].length))
        return NULL;
    p = take_string(p, end, &value);
    if (p == NULL || end - p < SLACK) return NULL;
  }
  p++;
  if (p - start > LONG_ATTRIBUTES ||
      lp_rows_add_text(r->rows, start, (size_t)(p - start), &r->row.attribs) != 0)
    return NULL;
  return p;
}

/* ------------------------------------------------------------------ users */

/* Inlined with a known field, it is only that field's reading. */
static inline __attribute__((always_inline)) const char *
take_value (lp_reader *r, unsigned field, const char *p, const char *end) {
  lp_row *row = &r->row;
  uint16_t strength;
  switch (field) {
  case F_username:
    return p[1] == '"' ? NULL : take_text(r, &row->username, p, end);
  case F_fullname:
    return take_optional_text(r, &row->fullname, p, end);
  case F_duousername:
    return take_repeated(r, &row->duousername, row->username, p, end);
  case F_multifactor:
    p = take_repeated(r, &row->multifactor, r->last_multifactor, p, end);
    if (row->multifactor != 0) r->last_multifactor = row->multifactor;
    return p;
  case F_linked:
    return take_optional_text(r, &row->linked, p, end);
  case F_created:
    return take_time(&row->created, p);
  case F_last_pw_change:
    return take_time(&row->last_pw_change, p);
  case F_last_login:
    return take_time(&row->last_login, p);
  case F_neverloggedin:
    return take_flag(row, LP_FLAG_NEVER_LOGGED_IN, p);
  case F_disabled:
    return take_flag(row, LP_FLAG_DISABLED, p);
  case F_admin:
    return take_flag(row, LP_FLAG_ADMIN, p);
  case F_password_reset_required:
    return take_flag(row, LP_FLAG_RESET_REQUIRED, p);
  case F_hasSharingKeys:
    p = take_flag(row, LP_FLAG_HAS_KEYS, p);
    if (p != NULL) row->flags |= LP_FLAG_KEYS_KNOWN;
    return p;
  case F_totalscore:
    return take_score(&row->totalscore, p);
  case F_legacytotalscore:
    return take_score(&row->legacytotalscore, p);
  case F_mpstrength:
    strength = LP_NO_COUNT;
    p = take_digits(&strength, p);
    if (strength == LP_NO_COUNT) return p;
    if (strength >= LP_NO_STRENGTH) return NULL;
    row->mpstrength = (uint8_t)strength;
    return p;
  case F_sites:
    return take_digits(&row->sites, p);
  case F_notes:
    return take_digits(&row->notes, p);
  case F_formfills:
    return take_digits(&row->formfills, p);
  case F_applications:
    return take_digits(&row->applications, p);
  case F_attachments:
    return take_digits(&row->attachments, p);
  case F_groups:
    return take_groups(r, p, end);
  case F_attribs:
    return take_attributes(r, p, end);
  default:
    return NULL;
  }
}

/* `,"1000123":{` begins the next user. Its { is answered, or NULL when it is anything else. */
static inline const char *next_user (const char *p, uint64_t *id) {
  const char *digits = p + 2;
  if (p[0] != ',' || p[1] != '"') return NULL;
  for (*id = 0, p = digits; is_digit(*p) && p - digits < LP_ID_DIGITS; p++)
    *id = *id * 10 + (uint64_t)(*p - '0');
  return p > digits && p[0] == '"' && p[1] == ':' && p[2] == '{' ? p + 2 : NULL;
}

/*
** From the { of a user, the fields in the order in which the service writes them, some left out.
** Written out one behind the other, since a jump that depends on the field is what the processor
** foretells worst. The answer is where the first stands that did not fit.
*/
static const char *usual_fields (lp_reader *r, const char *p, const char *end) {
  uint32_t seen = 0;
  const char *after;
#define X(name)                                                                                    \
  if ((*p == ',' || (F_##name == F_username && seen == 0)) &&                                      \
      matches(p + 1, &patterns[F_##name])) {                                                       \
    after = take_value(r, F_##name, p + 1 + LENGTH(name), end);                                    \
    if (after == NULL) goto out;                                                                   \
    seen |= UINT32_C(1) << F_##name;                                                               \
    p = after;                                                                                     \
    if (end - p <= SLACK) goto out;                                                                \
  }
  FIELDS(X)
#undef X
out:
  r->seen = seen;
  return p;
}

void lp_reader_fast_users (lp_reader *r) {
  lp_scan *s = &r->scan;
  const char *p = s->at, *end = s->end;
  int first = s->state == LP_WANT_KEY_OR_END;
  if ((!first && s->state != LP_AFTER_VALUE) || s->progress > 0 || end - p <= SLACK) return;
  if (first && p-- == s->window) return; /* p is at the {, which stands where a comma would */
  while (end - p > SLACK) {
    const char *after;
    if (*p == '}' && !first) {
      uint64_t id;
      after = next_user(p + 1, &id);
      if (after == NULL) break;
      s->at = p + 1;
      s->state = LP_AFTER_VALUE;
      if (lp_reader_end_user(r) != 0) return;
      s->at = after - 1; /* behind the id, as if its token had been read */
      if (lp_reader_begin_user(r, id) != 0) return;
      lp_keys_next(&r->keys);
      p = usual_fields(r, after, end);
      first = p == after;
    } else {
      /* by the order that other users had */
      const unsigned char *guess = r->order, *last = r->order + r->order_length;
      if (*p != ',' && !first) break;
      while (guess < last && ((r->seen >> *guess & 1) || !matches(p + 1, &patterns[*guess])))
        guess++;
      if (guess == last) break;
      after = take_value(r, *guess, p + 1 + patterns[*guess].length, end);
      if (after == NULL) break;
      r->seen |= UINT32_C(1) << *guess;
      p = after;
      first = 0;
    }
  }
  s->at = first ? p + 1 : p;
  s->state = first ? LP_WANT_KEY_OR_END : LP_AFTER_VALUE;
}

/* The members of a group, as long as they are plain strings. */
void lp_reader_fast_members (lp_reader *r) {
  lp_scan *s = &r->scan;
  const char *p = s->at;
  int first = s->state == LP_WANT_VALUE_OR_END;
  if ((!first && s->state != LP_AFTER_VALUE) || s->progress > 0) return;
  while (s->end - p > SLACK && (first || *p == ',')) {
    lp_text text;
    const char *after = take_text(r, &text, first ? p : p + 1, s->end);
    if (after == NULL) return;
    if (r->member_count++ == 0) r->first_member = text;
    s->at = p = after;
    s->state = LP_AFTER_VALUE;
    first = 0;
  }
}

#else

/* The words above are read in the order of little-endian machines; others take the way around. */
void lp_reader_fast_users (lp_reader *r) {
  (void)r;
}

void lp_reader_fast_members (lp_reader *r) {
  (void)r;
}

#endif
