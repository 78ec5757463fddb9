#ifndef LP_CONTROLS_LUA_H
#define LP_CONTROLS_LUA_H

#include "compat.h"

/* Adds `clean` to the table on the top of the stack. */
void lp_controls_open (lua_State *L);

#endif
