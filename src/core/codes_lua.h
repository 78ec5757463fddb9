#ifndef LP_CODES_LUA_H
#define LP_CODES_LUA_H

#include "compat.h"

/* Adds `code`, `match_code` and `code_key` to the table on the top of the stack. */
void lp_codes_open (lua_State *L);

#endif
