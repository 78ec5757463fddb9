#ifndef LP_FILE_H
#define LP_FILE_H

#include "compat.h"

/* Writes and syncs all of it: 0, or -1 with errno. */
int lp_write_all (int fd, const char *bytes, size_t n);

/* true; or nil and a message, where `reason` is not 0 but a number of errno. */
int lp_push_written (lua_State *L, int reason);

/* Puts write_file, is_special_file and is_terminal into the table on top of the stack. */
void lp_file_open (lua_State *L);

/* Puts changeable into the table on top of the stack (file_trust.c). */
void lp_file_trust_open (lua_State *L);

#endif
