#ifndef LP_EVENTS_FILE_H
#define LP_EVENTS_FILE_H

#include "compat.h"

/* Adds `open_log` and `move_file` to the table on the top of the stack. */
void lp_events_file_open (lua_State *L);

#endif
