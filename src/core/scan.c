/* The strict, incremental JSON reader; scan.h says how it is used. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bytes.h"
#include "scan.h"
#include "scan_string.h"

void lp_scan_init (lp_scan *s) {
  memset(s, 0, sizeof *s);
  s->state = LP_WANT_VALUE;
}

void lp_scan_free (lp_scan *s) {
  free(s->rest);
  s->rest = NULL;
  s->rest_capacity = 0;
}

static const struct {
  const char *code, *text;
} scan_errors[] = {
#define X(name, code, text) {code, text},
    LP_SCAN_ERRORS(X)
#undef X
};

const char *lp_scan_error_code (int error) {
  return scan_errors[error].code;
}

const char *lp_scan_error_text (int error) {
  return scan_errors[error].text;
}

uint64_t lp_scan_position (const lp_scan *s) {
  return s->error ? s->error_position : s->offset + (uint64_t)(s->at - s->window);
}

static lp_kind fail_at (lp_scan *s, lp_scan_error error, const char *at) {
  if (!s->error) {
    s->error = (unsigned char)error;
    s->error_position = s->offset + (uint64_t)(at - s->window);
  }
  return LP_ERROR;
}

lp_kind lp_scan_refuse (lp_scan *s, lp_scan_error error) {
  return fail_at(s, error, s->at);
}

/* Room in the rest for n bytes in all. */
static int reserve_rest (lp_scan *s, size_t n) {
  if (LP_RESERVE(s->rest, 0, n, s->rest_capacity) == 0) return 0;
  fail_at(s, LP_SCAN_MEMORY, s->at);
  return -1;
}

/*
** The window is the caller's own memory while nothing is left over from before; else the
** new bytes go behind the unfinished token, which lp_scan_keep put at the start of `rest`.
*/
int lp_scan_feed (lp_scan *s, const char *bytes, size_t n) {
  size_t left = (size_t)(s->end - s->at);
  if (n == 0) return 0;
  s->offset += (uint64_t)(s->at - s->window);
  s->window = s->at;
  if (left == 0) {
    s->window = s->at = bytes;
    s->end = bytes + n;
    return 0;
  }
  if (left + n < n) return fail_at(s, LP_SCAN_SIZE, s->at), -1;
  if (reserve_rest(s, left + n) != 0) return -1;
  memcpy(s->rest + left, bytes, n);
  s->window = s->at = s->rest;
  s->end = s->rest + left + n;
  return 0;
}

/* Takes the unfinished token out of the caller's memory, which may go away now. */
int lp_scan_keep (lp_scan *s) {
  size_t left = (size_t)(s->end - s->at);
  s->offset += (uint64_t)(s->at - s->window);
  s->window = s->at;
  if (left == 0) {
    s->window = s->at = s->end = NULL;
    return 0;
  }
  if (s->at == s->rest) return 0;
  if (reserve_rest(s, left) != 0) return -1;
  memmove(s->rest, s->at, left);
  s->window = s->at = s->rest;
  s->end = s->rest + left;
  return 0;
}

void lp_scan_finish (lp_scan *s) {
  s->finished = 1;
}

static inline const char *skip_blank (const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

/*
** The string whose opening quote is at s->at. A string that the window cuts is not read again
** from its start next time: `progress` remembers how much of it was found good.
*/
static lp_kind read_string (lp_scan *s, lp_token *token, lp_kind kind) {
  const char *start = s->at + 1;
  lp_string_scan found = {start + s->progress, s->progress_escaped, LP_SCAN_NONE};
  switch (lp_string_end(&found, s->end)) {
  case LP_STRING_ENDS:
    token->text = start;
    token->length = (size_t)(found.at - start);
    token->escaped = found.escaped;
    s->at = found.at + 1;
    s->progress = 0;
    s->progress_escaped = 0;
    return kind;
  case LP_STRING_CUT:
    s->progress = (size_t)(found.at - start);
    s->progress_escaped = (unsigned char)found.escaped;
    return s->finished ? fail_at(s, LP_SCAN_CUT, s->end) : LP_MORE;
  default:
    return fail_at(s, found.error, found.at);
  }
}

static const char *skip_digits (const char *p, const char *end) {
  while (p < end && *p >= '0' && *p <= '9') p++;
  return p;
}

/*
** -? (0 | [1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?  and then no more of it
** Where the digits end, `p` stands before a byte that is none of the number, or at the end of what
** may be looked at: of the window, or of the longest number that is taken.
*/
static lp_kind read_number (lp_scan *s, lp_token *token) {
  const char *start = s->at, *end = s->end, *p = start, *digits;
  if (end - start > LP_SCAN_MAX_NUMBER + 1) end = start + LP_SCAN_MAX_NUMBER + 1;
  if (*p == '-') p++;
  digits = p;
  if (p < end && *p == '0')
    p++;
  else
    p = skip_digits(p, end);
  if (p == digits && p < end) return fail_at(s, LP_SCAN_NUMBER, p);
  if (p < end && *p == '.') {
    digits = ++p;
    p = skip_digits(p, end);
    if (p == digits && p < end) return fail_at(s, LP_SCAN_NUMBER, p);
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-')) p++;
    digits = p;
    p = skip_digits(p, end);
    if (p == digits && p < end) return fail_at(s, LP_SCAN_NUMBER, p);
  }
  if (p == end) {
    if (p - start > LP_SCAN_MAX_NUMBER) return fail_at(s, LP_SCAN_NUMBER, start);
    if (!s->finished) return LP_MORE;
    if (p == digits) return fail_at(s, LP_SCAN_NUMBER, p);
  } else if (*p != ',' && *p != ']' && *p != '}' && *p != ' ' && *p != '\n' && *p != '\r' &&
             *p != '\t') {
    return fail_at(s, LP_SCAN_NUMBER, p); /* 01, 1.2.3, 1a */
  }
  token->text = start;
  token->length = (size_t)(p - start);
  token->escaped = 0;
  s->at = p;
  return LP_NUMBER;
}

static lp_kind read_literal (lp_scan *s, const char *word, size_t n, lp_kind kind) {
  size_t left = (size_t)(s->end - s->at), have = left < n ? left : n;
  if (memcmp(s->at, word, have) != 0) return fail_at(s, LP_SCAN_UNEXPECTED, s->at);
  if (have < n) return s->finished ? fail_at(s, LP_SCAN_CUT, s->end) : LP_MORE;
  s->at += n;
  return kind;
}

static lp_kind open_level (lp_scan *s, int object) {
  int d = s->depth;
  if (d >= LP_SCAN_MAX_DEPTH) return fail_at(s, LP_SCAN_DEPTH, s->at);
  if (object)
    s->nesting[d / 64] |= UINT64_C(1) << (d % 64);
  else
    s->nesting[d / 64] &= ~(UINT64_C(1) << (d % 64));
  s->depth = d + 1;
  s->at++;
  s->state = object ? LP_WANT_KEY_OR_END : LP_WANT_VALUE_OR_END;
  return object ? LP_OBJECT_BEGIN : LP_ARRAY_BEGIN;
}

static inline int inside_object (const lp_scan *s) {
  int d = s->depth - 1;
  return (int)(s->nesting[d / 64] >> (d % 64) & 1);
}

static lp_kind close_level (lp_scan *s, lp_kind kind) {
  s->depth--;
  s->at++;
  s->state = s->depth == 0 ? LP_DONE : LP_AFTER_VALUE;
  return kind;
}

static lp_kind read_value (lp_scan *s, lp_token *token) {
  lp_kind kind;
  switch (*s->at) {
  case '"':
    kind = read_string(s, token, LP_STRING);
    break;
  case '{':
    return open_level(s, 1);
  case '[':
    return open_level(s, 0);
  case 't':
    kind = read_literal(s, "true", 4, LP_TRUE);
    break;
  case 'f':
    kind = read_literal(s, "false", 5, LP_FALSE);
    break;
  case 'n':
    kind = read_literal(s, "null", 4, LP_NULL);
    break;
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    kind = read_number(s, token);
    break;
  default:
    return fail_at(s, LP_SCAN_UNEXPECTED, s->at);
  }
  if (kind > LP_MORE) s->state = s->depth == 0 ? LP_DONE : LP_AFTER_VALUE;
  return kind;
}

/*
** The next token. Every step that is taken for good (a comma, a colon, blanks) is committed in
** `at` and `state`, so that LP_MORE can be answered anywhere.
*/
lp_kind lp_scan_next (lp_scan *s, lp_token *token) {
  if (s->error) return LP_ERROR;
  for (;;) {
    if (s->at < s->end && (unsigned char)*s->at <= ' ') s->at = skip_blank(s->at, s->end);
    if (s->at >= s->end) {
      if (!s->finished) return LP_MORE;
      return s->state == LP_DONE ? LP_END : fail_at(s, LP_SCAN_CUT, s->at);
    }
    switch (s->state) {
    case LP_AFTER_VALUE: {
      int object = inside_object(s);
      if (*s->at == ',') {
        s->at++;
        s->state = object ? LP_WANT_KEY : LP_WANT_VALUE;
        continue;
      }
      if (*s->at == (object ? '}' : ']'))
        return close_level(s, object ? LP_OBJECT_END : LP_ARRAY_END);
      return fail_at(s, LP_SCAN_UNEXPECTED, s->at);
    }
    case LP_WANT_KEY_OR_END:
      if (*s->at == '}') return close_level(s, LP_OBJECT_END);
      /* fall through */
    case LP_WANT_KEY: {
      lp_kind kind;
      if (*s->at != '"') return fail_at(s, LP_SCAN_UNEXPECTED, s->at);
      kind = read_string(s, token, LP_KEY);
      if (kind == LP_KEY) s->state = LP_WANT_COLON;
      return kind;
    }
    case LP_WANT_COLON:
      if (*s->at != ':') return fail_at(s, LP_SCAN_UNEXPECTED, s->at);
      s->at++;
      s->state = LP_WANT_VALUE;
      continue;
    case LP_WANT_VALUE_OR_END:
      if (*s->at == ']') return close_level(s, LP_ARRAY_END);
      /* fall through */
    case LP_WANT_VALUE:
      return read_value(s, token);
    default:
      return fail_at(s, LP_SCAN_TRAILING, s->at);
    }
  }
}

static size_t put_utf8 (char *out, unsigned long code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  } else if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  } else if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

/* The token was checked when it was read, so that nothing can go wrong here. */
size_t lp_scan_unescape (const lp_token *token, char *out) {
  const char *p = token->text, *end = p + token->length;
  char *start = out;
  if (!token->escaped) {
    memcpy(out, p, token->length);
    return token->length;
  }
  while (p < end) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    switch (p[1]) {
    case 'b':
      *out++ = '\b';
      break;
    case 'f':
      *out++ = '\f';
      break;
    case 'n':
      *out++ = '\n';
      break;
    case 'r':
      *out++ = '\r';
      break;
    case 't':
      *out++ = '\t';
      break;
    case 'u': {
      unsigned long code = (unsigned long)lp_hex4(p + 2);
      if (code >= 0xD800 && code <= 0xDBFF) {
        unsigned long low = (unsigned long)lp_hex4(p + 8);
        code = 0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00));
        p += 6;
      }
      out += put_utf8(out, code);
      p += 4;
      break;
    }
    default:
      *out++ = p[1];
      break;
    }
    p += 2;
  }
  return (size_t)(out - start);
}

/* ------------------------------------------------------------------ duplicate keys */

#define KEYS_LINEAR 24 /* an object with more keys than this gets a table */

static void drop_table (lp_keys *k, int depth) {
  free(k->level[depth].table);
  k->level[depth].table = NULL;
  k->level[depth].table_size = 0;
}

void lp_keys_init (lp_keys *k) {
  k->hashes = NULL;
  k->capacity = 0;
  k->depth = -1;
  lp_keys_reset(k);
}

void lp_keys_reset (lp_keys *k) {
  while (k->depth >= 0) drop_table(k, k->depth--);
  k->depth = 0;
  k->count = 0;
  k->level[0].first = 0;
  k->level[0].table = NULL;
  k->level[0].table_size = 0;
}

void lp_keys_free (lp_keys *k) {
  lp_keys_reset(k);
  free(k->hashes);
  k->hashes = NULL;
  k->capacity = 0;
}

void lp_keys_enter (lp_keys *k) {
  k->depth++;
  k->level[k->depth].first = k->count;
  k->level[k->depth].table = NULL;
  k->level[k->depth].table_size = 0;
  k->level[k->depth].table_count = 0;
}

void lp_keys_leave (lp_keys *k) {
  k->count = k->level[k->depth].first;
  if (k->level[k->depth].table != NULL) drop_table(k, k->depth);
  k->depth--;
}

void lp_keys_next (lp_keys *k) {
  k->count = k->level[k->depth].first;
  if (k->level[k->depth].table != NULL) drop_table(k, k->depth);
}

/* Never 0, which marks a free slot in a table. */
static uint64_t key_hash (const char *key, size_t n) {
  uint64_t hash = lp_hash_words(key, n, 0);
  return hash == 0 ? 1 : hash;
}

/* 1 when the hash is new, 0 when it was there */
static int table_add (uint64_t *table, size_t size, uint64_t hash) {
  size_t i = (size_t)hash & (size - 1);
  while (table[i] != 0) {
    if (table[i] == hash) return 0;
    i = (i + 1) & (size - 1);
  }
  table[i] = hash;
  return 1;
}

static int grow_table (lp_keys *k, int d) {
  size_t old = k->level[d].table_size, size = old == 0 ? 128 : old * 2;
  uint64_t *table = calloc(size, sizeof *table);
  if (table == NULL) return -1;
  if (old == 0)
    for (size_t i = k->level[d].first; i < k->count; i++) table_add(table, size, k->hashes[i]);
  else
    for (size_t i = 0; i < old; i++)
      if (k->level[d].table[i] != 0) table_add(table, size, k->level[d].table[i]);
  if (old == 0) {
    k->level[d].table_count = k->count - k->level[d].first;
    k->count = k->level[d].first;
  }
  free(k->level[d].table);
  k->level[d].table = table;
  k->level[d].table_size = size;
  return 0;
}

lp_scan_error lp_keys_add_hash (lp_keys *k, uint64_t hash) {
  int d = k->depth;
  if (k->level[d].table == NULL) {
    for (size_t i = k->level[d].first; i < k->count; i++)
      if (k->hashes[i] == hash) return LP_SCAN_DUPLICATE;
    if (k->count - k->level[d].first < KEYS_LINEAR) {
      if (LP_RESERVE(k->hashes, k->count, 1, k->capacity) != 0) return LP_SCAN_MEMORY;
      k->hashes[k->count++] = hash;
      return LP_SCAN_NONE;
    }
    if (grow_table(k, d) != 0) return LP_SCAN_MEMORY;
  } else if (k->level[d].table_count * 2 >= k->level[d].table_size) {
    if (grow_table(k, d) != 0) return LP_SCAN_MEMORY;
  }
  if (!table_add(k->level[d].table, k->level[d].table_size, hash)) return LP_SCAN_DUPLICATE;
  k->level[d].table_count++;
  return LP_SCAN_NONE;
}

/* "a" and "\u0061" are the same key, so that it is unescaped first. */
lp_scan_error lp_keys_add (lp_keys *k, const lp_token *key) {
  char small[256], *plain = small;
  size_t n;
  uint64_t hash;
  if (!key->escaped) return lp_keys_add_hash(k, key_hash(key->text, key->length));
  if (key->length > sizeof small && (plain = malloc(key->length)) == NULL) return LP_SCAN_MEMORY;
  n = lp_scan_unescape(key, plain);
  hash = key_hash(plain, n);
  if (plain != small) free(plain);
  return lp_keys_add_hash(k, hash);
}

lp_kind lp_keys_follow (lp_keys *k, lp_scan *s, lp_kind kind, const lp_token *token, int *depth) {
  lp_token t = *token;
  for (;;) {
    switch (kind) {
    case LP_OBJECT_BEGIN:
      lp_keys_enter(k);
      ++*depth;
      break;
    case LP_ARRAY_BEGIN:
      ++*depth;
      break;
    case LP_OBJECT_END:
      lp_keys_leave(k);
      --*depth;
      break;
    case LP_ARRAY_END:
      --*depth;
      break;
    case LP_KEY: {
      lp_scan_error error = lp_keys_add(k, &t);
      if (error != LP_SCAN_NONE) return lp_scan_refuse(s, error);
      break;
    }
    case LP_ERROR:
    case LP_MORE:
    case LP_END:
      return kind;
    default:
      break;
    }
    if (*depth == 0) return kind;
    kind = lp_scan_next(s, &t);
  }
}
