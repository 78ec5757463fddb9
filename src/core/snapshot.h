#ifndef LP_SNAPSHOT_H
#define LP_SNAPSHOT_H

#include "compat.h"
#include "reader.h"
#include "rows.h"

/* Adds `snapshot` and `user_value` to the table on the top of the stack. */
void lp_snapshot_open (lua_State *L);

/* The rows of the snapshot at this place of the stack; raises when there is none, when it was
** closed, or when its reply was not read to the end. */
lp_rows *lp_snapshot_rows (lua_State *L, int index);

/* Pushes an empty snapshot and gives its reader. */
lp_reader *lp_snapshot_push (lua_State *L);

/* Pushes the key of the account that has this address. */
void lp_push_account_key (lua_State *L, const char *text, size_t n);

#endif
