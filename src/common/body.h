/*
** A request's body between the module that builds it (core) and the one that sends it (curl).
** The two are linked apart, so they meet in this struct only. The secret stays in locked memory
** and is put between the two halves when the bytes are asked for.
*/
#ifndef LP_BODY_H
#define LP_BODY_H

#include <stddef.h>

#define LP_BODY_TYPE "lastpass.body"

typedef struct lp_body lp_body;
struct lp_body {
  /* copies up to n bytes from `from` on; callable from any thread, raises nothing */
  size_t (*copy)(const lp_body *body, size_t from, char *out, size_t n);
  size_t length;
  char *bytes; /* head and tail, without the secret */
  size_t size, capacity;
  size_t head;     /* the secret stands behind this many of `bytes` */
  unsigned secret; /* its number, 0 for none */
  size_t secret_length;
};

#endif
