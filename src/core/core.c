/* luaopen_lastpass_core: puts the parts of the core into one table. */
#include "attributes.h"
#include "commands.h"
#include "file.h"
#include "diff_lua.h"
#include "events_file.h"
#include "events_lua.h"
#include "parked.h"
#include "pipes.h"
#include "reply.h"
#include "request.h"
#include "secret.h"
#include "secret_file.h"
#include "signals.h"
#include "snapshot.h"
#include "tokens.h"
#include "user_lines.h"
#include "wanted_lua.h"

/* core.nearest (word, list) -> the word of the list that is nearest, or nil */
static int lp_core_nearest (lua_State *L) {
  const char *word = luaL_checkstring(L, 1), *words[256], *nearest;
  size_t count;
  luaL_checktype(L, 2, LUA_TTABLE);
  count = lua_rawlen(L, 2);
  if (count > sizeof words / sizeof words[0]) count = sizeof words / sizeof words[0];
  luaL_checkstack(L, (int)count + 1, "too many words");
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    words[i] = luaL_checkstring(L, -1);
  }
  nearest = lp_nearest(word, words, count);
  if (nearest == NULL) return 0;
  lua_pushstring(L, nearest);
  return 1;
}

static const luaL_Reg core_functions[] = {{"nearest", lp_core_nearest}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_core (lua_State *L) {
  luaL_newlib(L, core_functions);
  lp_tokens_open(L);
  lp_file_open(L);
  lp_request_open(L);
  lp_parked_open(L);
  lp_reply_open(L);
  lp_snapshot_open(L);
  lp_wanted_open(L);
  lp_diff_open(L);
  lp_attributes_open(L);
  lp_events_open(L);
  lp_events_write_open(L);
  lp_events_keyed_open(L);
  lp_events_file_open(L);
  lp_signals_open(L);
  lp_user_lines_open(L);
  lp_pipes_open(L);
  lp_secret_file_open(L);
  lp_secret_open(L);
  lua_setfield(L, -2, "secret");
  lp_commands_push(L);
  lua_setfield(L, -2, "commands");
  return 1;
}
