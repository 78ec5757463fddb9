#ifndef LP_PIPES_H
#define LP_PIPES_H

#include "compat.h"

/* Adds `ignore_broken_pipes` to the table on the top of the stack. */
void lp_pipes_open (lua_State *L);

#endif
