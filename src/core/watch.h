/*
** A watch over Lua code of somebody else (a playbook): it is ended by an error when an interrupt
** has come, or when it has computed for too long. A hook of Lua, called every so many
** instructions; code that LuaJIT has compiled does not call hooks and must be kept from that
** (jit.off).
*/
#ifndef LP_WATCH_H
#define LP_WATCH_H

#include "compat.h"

/*
** Whether the code that runs is the library's own: its source begins as the text under `key` in the
** registry. `ar` has been filled with "S".
*/
int lp_is_library (lua_State *L, const lua_Debug *ar, const char *key);

/* Puts watch, unwatch and has_ended_code into the table. */
void lp_watch_open (lua_State *L);

#endif
