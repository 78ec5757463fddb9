#ifndef LP_PARKED_H
#define LP_PARKED_H

#include "compat.h"

/* Puts park_body and take_body into the table on top of the stack. */
void lp_parked_open (lua_State *L);

#endif
