#ifndef LP_USER_LINES_H
#define LP_USER_LINES_H

#include "compat.h"

/* Adds `user_lines` to the table on the top of the stack. */
void lp_user_lines_open (lua_State *L);

#endif
