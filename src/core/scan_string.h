/*
** The inside of a JSON string: where it ends and whether it is good. Inline, because most bytes
** of a directory are read here; the reader of tokens and the reader of users share it.
*/
#ifndef LP_SCAN_STRING_H
#define LP_SCAN_STRING_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "scan.h"
#include "utf8.h"

#ifdef __SSE2__
/* A bit for each of sixteen bytes that needs a look inside a string. */
static inline unsigned lp_special_bytes (__m128i bytes) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                space = _mm_set1_epi8(0x20);
  /* signed: bytes from 0x80 are below the blank, like the control characters */
  return (unsigned)_mm_movemask_epi8(
      _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                   _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash))));
}
#endif

/* Passes over bytes that need no look inside a string: ASCII from 0x20 but quote and backslash. */
static inline const char *lp_skip_plain (const char *p, const char *end) {
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    unsigned special = lp_special_bytes(_mm_loadu_si128((const __m128i *)(const void *)p));
    if (special != 0) return p + __builtin_ctz(special);
  }
#endif
  while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
         *p != '\\')
    p++;
  return p;
}

static inline int lp_hex_value (unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/* The code unit behind `\u`, or -1. */
static inline long lp_hex4 (const char *p) {
  long value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = lp_hex_value((unsigned char)p[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* Length of the good escape sequence at p (a surrogate pair counts as one); 0 when it is cut,
** -1 when it is wrong. */
static inline int lp_escape_length (const char *p, const char *end, lp_scan_error *error) {
  long unit;
  *error = LP_SCAN_ESCAPE;
  if (end - p < 2) return 0;
  switch (p[1]) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    return 2;
  case 'u':
    break;
  default:
    return -1;
  }
  for (int i = 2; i < 6; i++) {
    if (p + i >= end) return 0;
    if (lp_hex_value((unsigned char)p[i]) < 0) return -1;
  }
  unit = lp_hex4(p + 2);
  if (unit < 0xD800 || unit > 0xDFFF) return 6;
  *error = LP_SCAN_SURROGATE;
  if (unit > 0xDBFF) return -1;
  /* the second half has to follow at once */
  for (int i = 6; i < 12; i++) {
    unsigned char c;
    if (p + i >= end) return 0;
    c = (unsigned char)p[i];
    if ((i == 6 && c != '\\') || (i == 7 && c != 'u') || (i > 7 && lp_hex_value(c) < 0)) return -1;
  }
  unit = lp_hex4(p + 8);
  return unit < 0xDC00 || unit > 0xDFFF ? -1 : 12;
}

typedef struct lp_string_scan {
  const char *at; /* where to go on; at the end: the closing quote, the cut or the error */
  int escaped;    /* a backslash was met */
  lp_scan_error error;
} lp_string_scan;

typedef enum { LP_STRING_ENDS, LP_STRING_CUT, LP_STRING_WRONG } lp_string_answer;

static inline lp_string_answer lp_string_end (lp_string_scan *scan, const char *end) {
  const char *p = scan->at;
  for (;;) {
    int n;
    scan->at = p = lp_skip_plain(p, end);
    if (p >= end) return LP_STRING_CUT;
    if (*p == '"') return LP_STRING_ENDS;
    if (*p == '\\') {
      n = lp_escape_length(p, end, &scan->error);
      scan->escaped |= n > 0;
    } else if ((unsigned char)*p < 0x20) {
      scan->error = LP_SCAN_CONTROL;
      return LP_STRING_WRONG;
    } else {
      scan->error = LP_SCAN_UTF8;
      n = lp_utf8_length(p, end);
    }
    if (n < 0) return LP_STRING_WRONG;
    if (n == 0) return LP_STRING_CUT;
    p += n;
  }
}

#endif
