#ifndef LP_PICK_H
#define LP_PICK_H

#include "compat.h"

/* Adds `pick` to the table on the top of the stack. */
void lp_pick_open (lua_State *L);

#endif
