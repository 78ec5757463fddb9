#ifndef LP_WANTED_LUA_H
#define LP_WANTED_LUA_H

#include "compat.h"
#include "wanted.h"

/* Adds `wanted` to the table on the top of the stack. */
void lp_wanted_open (lua_State *L);

/* The one at this place of the stack; raises when there is none, or when it was closed. */
lp_wanted *lp_wanted_check (lua_State *L, int index);

#endif
