/*
** Interrupts: SIGINT, SIGTERM and SIGHUP only count, so that work in hand is brought to a good
** end. Who waits in C for something else as well (curl.so) finds the state in the Lua registry,
** for it is another module.
*/
#ifndef LP_SIGNALS_H
#define LP_SIGNALS_H

#include <signal.h>

#include "compat.h"

#define LP_INTERRUPTS_KEY "lastpass.interrupts"

typedef struct lp_interrupts {
  volatile sig_atomic_t count; /* since they are caught */
  int wake;                    /* an eventfd that becomes readable with each signal, or -1 */
} lp_interrupts;

/* The state of this process, or NULL when this Lua state does not catch interrupts. */
static inline lp_interrupts *lp_interrupts_of (lua_State *L) {
  lp_interrupts *interrupts;
  lua_getfield(L, LUA_REGISTRYINDEX, LP_INTERRUPTS_KEY);
  interrupts = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return interrupts;
}

/*
** Puts catch_interrupts, interrupts, release_interrupts, end_by_interrupts and raise_interrupts
** into the table.
*/
void lp_signals_open (lua_State *L);

#endif
