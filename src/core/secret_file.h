#ifndef LP_SECRET_FILE_H
#define LP_SECRET_FILE_H

#include "compat.h"

/* Adds `save_secret` to the table on the top of the stack. */
void lp_secret_file_open (lua_State *L);

#endif
