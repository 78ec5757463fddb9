/* Ends Lua code that does not come to its end; watch.h says how. */
#include <string.h>
#include <time.h>

#include "signals.h"
#include "watch.h"

#define WATCH_KEY "lastpass.watch"
#define OWN_CODE_KEY "lastpass.watch.own_code"
#define INSTRUCTIONS 10000 /* between two looks: a tenth of a millisecond or so */

typedef struct watch {
  int active, fired;
  double ends_at; /* of the thread's CPU clock; 0: never */
  const char *reason;
} watch;

static double cpu_seconds (void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static watch *watch_of (lua_State *L) {
  watch *self;
  lua_getfield(L, LUA_REGISTRYINDEX, WATCH_KEY);
  self = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return self;
}

int lp_is_library (lua_State *L, const lua_Debug *ar, const char *key) {
  const char *library;
  int found;
  lua_getfield(L, LUA_REGISTRYINDEX, key);
  library = lua_tostring(L, -1);
  found = library != NULL && strncmp(ar->source, library, strlen(library)) == 0;
  lua_pop(L, 1);
  return found;
}

/*
** Coroutines inherit the hook of the one that makes them. Once it has fired it comes with each
** instruction, or a pcall of the code would be the end of it; the library's own code comes to its
** end by itself.
*/
static void on_count (lua_State *L, lua_Debug *ar) {
  watch *self = watch_of(L);
  if (self == NULL || !self->active) {
    lua_sethook(L, NULL, 0, 0); /* of a coroutine that has outlived the watch */
    return;
  }
  if (!self->fired) {
    lp_interrupts *interrupts = lp_interrupts_of(L);
    if (interrupts != NULL && interrupts->wake >= 0 && interrupts->count > 0)
      self->reason = "interrupted";
    else if (self->ends_at > 0 && cpu_seconds() >= self->ends_at)
      self->reason = "time";
    else
      return;
    self->fired = 1;
  }
  lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
  if (lua_getinfo(L, "S", ar) && lp_is_library(L, ar, OWN_CODE_KEY)) return;
  luaL_where(L, 0);
  lua_pushstring(L, self->reason);
  lua_concat(L, 2);
  lua_error(L);
}

/*
** core.watch (library[, seconds]) -> whether it watches
** From now on an interrupt that is caught (catch_interrupts), or so many seconds of this thread's
** computing, raise an error in Lua code that is not of `library` (how the `source` of its chunks
** begins), again and again until `unwatch`. Where there is a hook already it does not.
*/
static int lp_watch_begin (lua_State *L) {
  double seconds = luaL_optnumber(L, 2, 0);
  watch *self = watch_of(L);
  luaL_checkstring(L, 1);
  if (lua_gethook(L) != NULL) {
    lua_pushboolean(L, 0);
    return 1;
  }
  if (self == NULL) {
    self = lua_newuserdata(L, sizeof *self);
    lua_setfield(L, LUA_REGISTRYINDEX, WATCH_KEY);
  }
  lua_pushvalue(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, OWN_CODE_KEY);
  self->active = 1;
  self->fired = 0;
  self->reason = NULL;
  self->ends_at = seconds > 0 ? cpu_seconds() + seconds : 0;
  lua_sethook(L, on_count, LUA_MASKCOUNT, INSTRUCTIONS);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.unwatch () -> why it has ended code: "interrupted", "time" or nil */
static int lp_watch_end (lua_State *L) {
  watch *self = watch_of(L);
  if (self == NULL || !self->active) return 0;
  self->active = 0;
  if (lua_gethook(L) == on_count) lua_sethook(L, NULL, 0, 0);
  if (!self->fired) return 0;
  lua_pushstring(L, self->reason);
  return 1;
}

/* core.has_ended_code () -> whether the watch has raised, and not been ended yet */
static int lp_watch_fired (lua_State *L) {
  watch *self = watch_of(L);
  lua_pushboolean(L, self != NULL && self->active && self->fired);
  return 1;
}

void lp_watch_open (lua_State *L) {
  static const luaL_Reg functions[] = {{"watch", lp_watch_begin},
                                       {"unwatch", lp_watch_end},
                                       {"has_ended_code", lp_watch_fired},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
