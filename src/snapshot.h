#ifndef LP_SNAPSHOT_H
#define LP_SNAPSHOT_H

#include "compat.h"

/* Adds `snapshot` and `user_value` to the table on the top of the stack. */
void lp_snapshot_open (lua_State *L);

#endif
