#ifndef LP_DIFF_LUA_H
#define LP_DIFF_LUA_H

#include "compat.h"

/* Adds `diff` and `change_bits` to the table on the top of the stack. */
void lp_diff_open (lua_State *L);

#endif
