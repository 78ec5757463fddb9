#ifndef LP_DESIRED_LUA_H
#define LP_DESIRED_LUA_H

#include "compat.h"
#include "desired.h"

/* Adds `desired` to the table on the top of the stack. */
void lp_desired_open (lua_State *L);

/* The one at this place of the stack; raises when there is none, or when it was closed. */
lp_desired *lp_desired_check (lua_State *L, int index);

#endif
