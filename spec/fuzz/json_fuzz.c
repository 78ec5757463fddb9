/*
** The reader of tokens: the same tokens, or the same refusal at the same byte, however the text is
** cut; and it accepts what a plain recursive reader of RFC 8259 accepts.
*/
#include <stdio.h>

#include "pieces.h"
#include "scan.h"
#include "utf8.h"

typedef struct outcome {
  uint64_t digest; /* of all tokens */
  uint64_t position;
  int error;
} outcome;

static void digest (outcome *o, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) o->digest = (o->digest ^ p[i]) * UINT64_C(0x100000001B3);
}

static void take_token (outcome *o, lp_kind kind, const lp_token *token) {
  unsigned char number = (unsigned char)kind;
  digest(o, &number, 1);
  if (kind == LP_KEY || kind == LP_STRING) {
    char *plain = malloc(token->length + 1);
    size_t n = lp_scan_unescape(token, plain);
    if (n > token->length) abort();
    for (size_t i = 0; i < n;) {
      int length = lp_utf8_length(plain + i, plain + n);
      if (length <= 0) abort();
      i += (size_t)length;
    }
    digest(o, &n, sizeof n);
    digest(o, plain, n);
    free(plain);
  } else if (kind == LP_NUMBER) {
    digest(o, token->text, token->length);
  }
}

static outcome read_tokens (const char *text, size_t n, size_t longest, uint32_t seed) {
  outcome o = {UINT64_C(0xCBF29CE484222325), 0, 0};
  pieces rest = pieces_of(text, n, longest, seed);
  static lp_keys keys;
  lp_token token = {NULL, 0, 0};
  lp_scan s;
  lp_kind kind;
  size_t length = 0;
  char *piece = NULL;
  lp_scan_init(&s);
  lp_keys_init(&keys);
  while ((kind = lp_scan_next(&s, &token)) != LP_END) {
    if (kind == LP_OBJECT_BEGIN) lp_keys_enter(&keys);
    if (kind == LP_OBJECT_END) lp_keys_leave(&keys);
    if (kind == LP_KEY) {
      lp_scan_error error = lp_keys_add(&keys, &token);
      if (error != LP_SCAN_NONE) kind = lp_scan_refuse(&s, error);
    }
    if (kind == LP_ERROR) break;
    if (kind != LP_MORE) {
      take_token(&o, kind, &token);
      continue;
    }
    if (lp_scan_keep(&s) != 0) abort();
    free(piece);
    piece = next_piece(&rest, &length);
    if (piece == NULL)
      lp_scan_finish(&s);
    else if (lp_scan_feed(&s, piece, length) != 0)
      abort();
  }
  free(piece);
  o.error = s.error;
  o.position = lp_scan_position(&s);
  if (o.position > n) abort();
  lp_scan_free(&s);
  lp_keys_free(&keys);
  return o;
}

/* ------------------------------------------------------------------ the plain reader */

typedef struct plain {
  const char *at, *end;
} plain;

static int peek (const plain *p) {
  return p->at < p->end ? (unsigned char)*p->at : -1;
}

static void blanks (plain *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
    p->at++;
}

static int digits (plain *p) {
  int n = 0;
  while (peek(p) >= '0' && peek(p) <= '9') p->at++, n++;
  return n;
}

static int number (plain *p) {
  const char *start = p->at;
  if (peek(p) == '-') p->at++;
  if (peek(p) == '0')
    p->at++;
  else if (digits(p) == 0)
    return 0;
  if (peek(p) == '.') {
    p->at++;
    if (digits(p) == 0) return 0;
  }
  if (peek(p) == 'e' || peek(p) == 'E') {
    p->at++;
    if (peek(p) == '+' || peek(p) == '-') p->at++;
    if (digits(p) == 0) return 0;
  }
  return p->at - start <= LP_SCAN_MAX_NUMBER;
}

static long unit (plain *p) {
  char text[5] = "";
  for (int i = 0; i < 4; i++) {
    if (p->at == p->end || strchr("0123456789abcdefABCDEF", *p->at) == NULL || *p->at == '\0')
      return -1;
    text[i] = *p->at++;
  }
  return strtol(text, NULL, 16);
}

static int string (plain *p) {
  if (peek(p) != '"') return 0;
  p->at++;
  for (;;) {
    int c = peek(p), length;
    if (c < 0x20) return 0;
    if (c == '"') {
      p->at++;
      return 1;
    }
    if (c != '\\') {
      length = lp_utf8_length(p->at, p->end);
      if (length <= 0) return 0;
      p->at += length;
      continue;
    }
    p->at++;
    c = peek(p);
    if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL) return 0;
    p->at++;
    if (c == 'u') {
      long first = unit(p);
      if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) return 0;
      if (first >= 0xD800 && first <= 0xDBFF) {
        long second;
        if (p->end - p->at < 6 || p->at[0] != '\\' || p->at[1] != 'u') return 0;
        p->at += 2;
        second = unit(p);
        if (second < 0xDC00 || second > 0xDFFF) return 0;
      }
    }
  }
}

static int value (plain *p, int depth) {
  int c, close, first = 1;
  blanks(p);
  c = peek(p);
  if (c == '"') return string(p);
  if (c == '-' || (c >= '0' && c <= '9')) return number(p);
  for (int i = 0; i < 3; i++) {
    static const char *const words[] = {"true", "false", "null"};
    size_t n = strlen(words[i]);
    if ((size_t)(p->end - p->at) >= n && memcmp(p->at, words[i], n) == 0) {
      p->at += n;
      return 1;
    }
  }
  if ((c != '{' && c != '[') || depth == LP_SCAN_MAX_DEPTH) return 0;
  close = c == '{' ? '}' : ']';
  p->at++;
  for (;; first = 0) {
    blanks(p);
    if (peek(p) == close && first) break;
    if (!first) {
      if (peek(p) == close) break;
      if (peek(p) != ',') return 0;
      p->at++;
      blanks(p);
    }
    if (close == '}') {
      if (!string(p)) return 0;
      blanks(p);
      if (peek(p) != ':') return 0;
      p->at++;
    }
    if (!value(p, depth + 1)) return 0;
  }
  p->at++;
  return 1;
}

static int is_json (const char *text, size_t n) {
  plain p = {text, text + n};
  if (!value(&p, 0)) return 0;
  blanks(&p);
  return p.at == p.end;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static const size_t longest[] = {1, 3, 17, 80};
  uint32_t seed;
  const char *text;
  outcome whole;
  int good;
  if (!take_seed(&data, &size, &seed)) return 0;
  text = (const char *)data;
  whole = read_tokens(text, size, 0, seed);
  for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
    outcome cut = read_tokens(text, size, longest[i], seed);
    if (cut.error != whole.error || cut.digest != whole.digest || cut.position != whole.position) {
      fprintf(stderr, "whole: %d at %llu; pieces of %zu: %d at %llu\n", whole.error,
              (unsigned long long)whole.position, longest[i], cut.error,
              (unsigned long long)cut.position);
      abort();
    }
  }
  good = is_json(text, size);
  if (whole.error == LP_SCAN_NONE ? !good : good && whole.error != LP_SCAN_DUPLICATE) {
    fprintf(stderr, "the plain reader says %d, error is %d\n", good, whole.error);
    abort();
  }
  return 0;
}
