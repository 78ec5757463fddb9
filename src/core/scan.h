/*
** A strict, incremental JSON reader (RFC 8259): bytes go in as they arrive,
** tokens come out. It never looks behind what it was given, never recurses, and
** keeps only the unfinished token between two feeds.
**
**   lp_scan_feed (s, bytes, n);
**   while ((kind = lp_scan_next (s, &token)) > LP_MORE) ...
**   if (kind == LP_MORE) lp_scan_keep (s);       and feed again, or lp_scan_finish
*/
#ifndef LP_SCAN_H
#define LP_SCAN_H

#include <stddef.h>
#include <stdint.h>

#define LP_SCAN_MAX_DEPTH 512
#define LP_SCAN_MAX_NUMBER 1024 /* bytes of one number */

typedef enum lp_kind {
  LP_ERROR,
  LP_MORE,
  LP_OBJECT_BEGIN,
  LP_OBJECT_END,
  LP_ARRAY_BEGIN,
  LP_ARRAY_END,
  LP_KEY,
  LP_STRING,
  LP_NUMBER,
  LP_TRUE,
  LP_FALSE,
  LP_NULL,
  LP_END
} lp_kind;

/* name, sentence: every way in which a string can fail to be what we accept */
#define LP_SCAN_ERRORS(X)                                                                          \
  X(NONE, "none", "no error")                                                                      \
  X(UNEXPECTED, "unexpected_character", "unexpected character")                                    \
  X(CONTROL, "control_character", "control character inside a string")                             \
  X(ESCAPE, "bad_escape", "bad escape sequence in a string")                                       \
  X(SURROGATE, "lone_surrogate", "half of a surrogate pair")                                       \
  X(UTF8, "invalid_utf8", "bytes that are not UTF-8")                                              \
  X(NUMBER, "bad_number", "malformed number")                                                      \
  X(RANGE, "number_out_of_range", "number that cannot be held exactly")                            \
  X(DEPTH, "too_deep", "nested deeper than 512 levels")                                            \
  X(TRAILING, "trailing_data", "more text after the end")                                          \
  X(CUT, "cut_short", "the text ends too early")                                                   \
  X(DUPLICATE, "duplicate_key", "the same key twice in one object")                                \
  X(SHAPE, "unexpected_shape", "not the shape that this reply should have")                        \
  X(SIZE, "too_large", "larger than can be held")                                                  \
  X(MEMORY, "out_of_memory", "out of memory")

typedef enum lp_scan_error {
#define X(name, code, text) LP_SCAN_##name,
  LP_SCAN_ERRORS(X)
#undef X
} lp_scan_error;

/* What the grammar allows next. */
typedef enum lp_scan_state {
  LP_WANT_VALUE,
  LP_WANT_VALUE_OR_END,
  LP_WANT_KEY,
  LP_WANT_KEY_OR_END,
  LP_WANT_COLON,
  LP_AFTER_VALUE,
  LP_DONE
} lp_scan_state;

/* A string or key: the bytes between the quotes, still escaped when `escaped` is set.
** A number: its digits. Valid until the next feed. */
typedef struct lp_token {
  const char *text;
  size_t length;
  int escaped;
} lp_token;

typedef struct lp_scan {
  const char *at, *end;                     /* what is left of the window */
  const char *window;                       /* start of the window, for positions */
  uint64_t offset;                          /* bytes before the window */
  uint64_t nesting[LP_SCAN_MAX_DEPTH / 64]; /* bit d: level d is an object */
  size_t progress;                          /* bytes of an unfinished string already found good */
  char *rest; /* the unfinished token, with the next bytes behind it */
  size_t rest_capacity;
  int depth;
  unsigned char state; /* lp_scan_state */
  unsigned char finished;
  unsigned char progress_escaped;
  unsigned char error; /* lp_scan_error */
  uint64_t error_position;
} lp_scan;

void lp_scan_init (lp_scan *s);
void lp_scan_free (lp_scan *s);

/* 0, or -1 without memory (error is set) */
int lp_scan_feed (lp_scan *s, const char *bytes, size_t n);
int lp_scan_keep (lp_scan *s);
void lp_scan_finish (lp_scan *s);
lp_kind lp_scan_next (lp_scan *s, lp_token *token);

/* A consumer's own refusal, reported like the reader's at the present position. */
lp_kind lp_scan_refuse (lp_scan *s, lp_scan_error error);

uint64_t lp_scan_position (const lp_scan *s);
const char *lp_scan_error_code (int error);
const char *lp_scan_error_text (int error);

/* Writes the unescaped bytes (never more than token->length) and returns how many. */
size_t lp_scan_unescape (const lp_token *token, char *out);

/*
** The keys of all objects that are open now, as hashes, to find duplicates. A 64-bit hash stands
** for the key: a false alarm needs a collision and would only refuse a reply.
*/
typedef struct lp_keys {
  uint64_t *hashes;
  size_t count, capacity;
  struct {
    size_t first;    /* its first hash in `hashes` */
    uint64_t *table; /* of an object with many keys, or NULL; what follows is its */
    size_t table_size, table_count;
  } level[LP_SCAN_MAX_DEPTH + 1];
  int depth;
} lp_keys;

void lp_keys_init (lp_keys *k);
/* Forgets all keys and keeps the memory. */
void lp_keys_reset (lp_keys *k);
void lp_keys_free (lp_keys *k);
void lp_keys_enter (lp_keys *k);
void lp_keys_leave (lp_keys *k);
/* Leaves an object and enters its next brother. */
void lp_keys_next (lp_keys *k);
lp_scan_error lp_keys_add (lp_keys *k, const lp_token *key);
lp_scan_error lp_keys_add_hash (lp_keys *k, uint64_t hash);

/* Walks one whole value (already begun with `kind`) or more, checking its keys.
** Returns LP_MORE until it is complete, then the kind of its last token. `depth` starts at 0. */
lp_kind lp_keys_follow (lp_keys *k, lp_scan *s, lp_kind kind, const lp_token *token, int *depth);

#endif
