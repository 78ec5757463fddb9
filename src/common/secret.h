/*
** Secrets live in locked, undumped, wiped memory, in one table for the whole process, so that
** another thread can name one by its number. Lua sees a userdata that never shows the bytes.
*/
#ifndef LP_SECRET_H
#define LP_SECRET_H

#include <stddef.h>
#include "compat.h"

#define LP_SECRET_TYPE "lastpass.secret"
#define LP_SECRET_MAX 4095 /* bytes of one secret */

typedef struct lp_secret {
  unsigned number; /* 0 when released */
} lp_secret;

/* Copies bytes [from, from + n) of a secret, as far as it has them; returns how many. */
size_t lp_secret_copy (unsigned number, size_t from, char *out, size_t n);
size_t lp_secret_length (unsigned number);
/*
** Whether the bytes can stand in a JSON string as they are. Those of hashes and keys can; a
** password may have blanks, quotes, backslashes and bytes beyond ASCII.
*/
int lp_secret_is_plain (unsigned number);
/* One more holder of the secret (0: there is no such secret), or one fewer (the last one wipes it).
 */
int lp_secret_retain (unsigned number);
void lp_secret_release (unsigned number);

/* Pushes the table of the module's functions. */
void lp_secret_open (lua_State *L);

#endif
