#ifndef LP_STREAM_H
#define LP_STREAM_H

#include "compat.h"

/* Adds `stream` to the table on the top of the stack. */
void lp_stream_open (lua_State *L);

#endif
