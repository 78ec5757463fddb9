/* Pipes whose reader goes away: a program that wants to end quietly must see that as an error. */
#include <signal.h>

#include "pipes.h"

/*
** core.ignore_broken_pipes ()
** From now on writing where nobody reads fails with EPIPE and does not end the process. For
** programs, not for libraries: it holds for the whole process and for its children.
*/
static int lp_pipes_ignore (lua_State *L) {
  (void)L;
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

static const luaL_Reg pipe_functions[] = {{"ignore_broken_pipes", lp_pipes_ignore}, {NULL, NULL}};

void lp_pipes_open (lua_State *L) {
  luaL_setfuncs(L, pipe_functions, 0);
}
