#ifndef LP_PENDING_H
#define LP_PENDING_H

#include "compat.h"

/* Puts hand_off_body and take_body into the table on top of the stack. */
void lp_pending_open (lua_State *L);

#endif
