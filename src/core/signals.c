/* Interrupts that count; signals.h says what for. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "signals.h"
#include "watch.h"

#define OWNER_TYPE "lastpass.interrupts.owner"
#define OWNER_KEY "lastpass.interrupts.caught"
#define OWN_CODE_KEY "lastpass.interrupts.own_code"
#define PATIENCE 3 /* the signal that ends the process */

/*
** A process has one set of signal handlers, and they can reach nothing but static memory: this is
** the third process-wide table, beside libcurl's once and the secrets.
*/
static struct {
  lp_interrupts shared;
  volatile sig_atomic_t last, ctrl_c;
  lua_State *volatile raising; /* the thread whose Lua code is to be stopped, or NULL */
  void *owner;                 /* of the Lua state that catches, or NULL */
  pthread_t thread;
  struct sigaction before[3];
} state = {{0, -1}, 0, 0, NULL, NULL, 0, {{.sa_flags = 0}}};

static const struct {
  int number;
  const char *name;
} caught[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

#define CAUGHT (sizeof caught / sizeof caught[0])

/* Raises in Lua code; a first interrupt spares the library's own, which ends by itself. */
static void stop_lua (lua_State *L, lua_Debug *ar) {
  if (state.ctrl_c < 2) {
    if (!lua_getinfo(L, "S", ar) || strcmp(ar->what, "C") == 0) return;
    if (lp_is_library(L, ar, OWN_CODE_KEY)) return;
  }
  lua_sethook(L, NULL, 0, 0);
  luaL_where(L, 0); /* the function that runs; luaL_error would name its caller */
  lua_pushliteral(L, "interrupted");
  lua_concat(L, 2);
  lua_error(L);
}

/* lua_sethook is the one function of Lua that a signal handler may call (as lua.c does). */
static void arm (lua_State *L) {
  if (state.ctrl_c < 2)
    lua_sethook(L, stop_lua, LUA_MASKCALL | LUA_MASKLINE, 0);
  else
    lua_sethook(L, stop_lua, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void on_signal (int number) {
  static const uint64_t one = 1;
  int reason = errno;
  if (!pthread_equal(pthread_self(), state.thread)) {
    pthread_kill(state.thread, number); /* Lua's thread must see it, and its waits end by it */
    errno = reason;
    return;
  }
  state.shared.count++;
  state.last = number;
  if (number == SIGINT) state.ctrl_c++;
  if (state.shared.count >= PATIENCE) {
    signal(number, SIG_DFL);
    raise(number); /* comes when this handler returns */
  }
  if (state.raising != NULL) arm(state.raising);
  if (write(state.shared.wake, &one, sizeof one) < 0) errno = 0; /* full: it is readable anyway */
  errno = reason;
}

static void set_back (void) {
  state.shared.count = state.last = state.ctrl_c = 0;
}

static void lp_signals_release (void) {
  if (state.owner == NULL) return;
  for (size_t i = 0; i < CAUGHT; i++) sigaction(caught[i].number, &state.before[i], NULL);
  if (state.raising != NULL) lua_sethook(state.raising, NULL, 0, 0);
  state.raising = NULL;
  state.owner = NULL;
  close(state.shared.wake);
  state.shared.wake = -1;
}

/* The handlers must be gone before the code they are in is unloaded. */
static int lp_owner_collect (lua_State *L) {
  if (state.owner == lua_touserdata(L, 1)) lp_signals_release();
  return 0;
}

/* One that is ignored stays so (nohup, a shell's background). */
static void handle (int number, struct sigaction *before) {
  struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: waits have to end */
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < CAUGHT; i++) sigaddset(&action.sa_mask, caught[i].number);
  sigaction(number, NULL, before);
  if (before->sa_handler != SIG_IGN) sigaction(number, &action, NULL);
}

/*
** core.catch_interrupts ([afresh]) -> true | nil, message
** From now on SIGINT, SIGTERM and SIGHUP are counted, from zero; the third one ends the process.
** When they are caught already, only the count is set back, and that if `afresh`.
*/
static int lp_signals_catch (lua_State *L) {
  int afresh = lua_toboolean(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, OWNER_KEY);
  if (state.owner != NULL && state.owner != lua_touserdata(L, -1)) {
    lua_pushnil(L);
    lua_pushliteral(L, "another Lua state of this process catches interrupts");
    return 2;
  }
  if (state.owner != NULL) {
    if (afresh) set_back();
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushlightuserdata(L, &state.shared); /* what may raise comes first */
  lua_setfield(L, LUA_REGISTRYINDEX, LP_INTERRUPTS_KEY);
  if (lua_isnil(L, -1)) {
    lua_newuserdata(L, 1);
    luaL_getmetatable(L, OWNER_TYPE);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, OWNER_KEY);
  }
  state.shared.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state.shared.wake < 0) {
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
  }
  set_back();
  state.thread = pthread_self();
  state.owner = lua_touserdata(L, -1);
  for (size_t i = 0; i < CAUGHT; i++) handle(caught[i].number, &state.before[i]);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.interrupts () -> how many there were since they are caught, the last one's name or nil */
static int lp_signals_count (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)state.shared.count);
  if (state.last == 0) return 1;
  for (size_t i = 0; i < CAUGHT; i++)
    if (caught[i].number == state.last) lua_pushstring(L, caught[i].name);
  return 2;
}

/*
** core.end_by_interrupts ()
** SIGINT ends the process, as it does other programs: the standalone interpreter raises an error
** in whatever runs instead, and a traceback. One that is ignored, or caught by us, stays so. The
** program's first line starts the interpreter with SIGINT blocked: one that came meanwhile comes
*now.
*/
static int lp_signals_by_default (lua_State *L) {
  struct sigaction action;
  sigset_t interrupt;
  (void)L;
  if (state.owner == NULL && sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
    signal(SIGINT, SIG_DFL);
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
  return 0;
}

/* core.release_interrupts (): they do again what they did before; the count stays readable */
static int lp_signals_let_go (lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, OWNER_KEY);
  if (lua_touserdata(L, -1) == state.owner) lp_signals_release();
  return 0;
}

/*
** core.raise_interrupts ([library])
** From now on an interrupt also stops the Lua code of this thread, by an error: the first one
** where the code is not of `library` (how the `source` of its chunks begins), the second one
** anywhere. Without `library` that ends. One that came before counts.
*/
static int lp_signals_raise (lua_State *L) {
  const char *library = luaL_optstring(L, 1, NULL);
  if (library == NULL || state.owner == NULL) {
    state.raising = NULL;
    if (lua_gethook(L) == stop_lua) lua_sethook(L, NULL, 0, 0);
    return 0;
  }
  lua_pushvalue(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, OWN_CODE_KEY);
  state.raising = L;
  if (state.shared.count > 0) arm(L);
  return 0;
}

static const luaL_Reg signal_functions[] = {
    {"catch_interrupts", lp_signals_catch},    {"interrupts", lp_signals_count},
    {"release_interrupts", lp_signals_let_go}, {"end_by_interrupts", lp_signals_by_default},
    {"raise_interrupts", lp_signals_raise},    {NULL, NULL}};

static const luaL_Reg owner_meta[] = {{"__gc", lp_owner_collect}, {NULL, NULL}};

void lp_signals_open (lua_State *L) {
  lp_new_metatable(L, OWNER_TYPE, owner_meta, NULL);
  lua_pop(L, 1);
  luaL_setfuncs(L, signal_functions, 0);
}
