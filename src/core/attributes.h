#ifndef LP_ATTRIBUTES_H
#define LP_ATTRIBUTES_H

#include "compat.h"

/* Adds `attributes` to the table on the top of the stack. */
void lp_attributes_open (lua_State *L);

#endif
