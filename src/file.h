#ifndef LP_FILE_H
#define LP_FILE_H

#include "compat.h"

/* Puts write_file and is_terminal into the table on top of the stack. */
void lp_file_open (lua_State *L);

#endif
