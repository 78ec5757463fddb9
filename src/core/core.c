/* luaopen_lastpass_core: puts the parts of the core into one table. */
#include "address.h"
#include "attributes.h"
#include "codes_lua.h"
#include "commands.h"
#include "controls_lua.h"
#include "file.h"
#include "diff_lua.h"
#include "events_file.h"
#include "events_lua.h"
#include "pending.h"
#include "pick.h"
#include "pipes.h"
#include "reply.h"
#include "request.h"
#include "scim_page_lua.h"
#include "secret.h"
#include "secret_digest.h"
#include "secret_file.h"
#include "signals.h"
#include "snapshot.h"
#include "user_lines.h"
#include "desired_lua.h"
#include "watch.h"

/* core.nearest (word, list) -> the word of the list that is nearest, or nil */
static int lp_core_nearest (lua_State *L) {
  const char *word = luaL_checkstring(L, 1), *words[256], *nearest = NULL;
  size_t count, from = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checkstack(L, (int)(sizeof words / sizeof *words), "too many words");
  count = lua_rawlen(L, 2);
  while (from < count) { /* some at a time; the nearest so far is the first of them */
    size_t n = nearest != NULL;
    lua_settop(L, 2);
    if (nearest != NULL) lua_pushstring(L, nearest);
    if (nearest != NULL) words[0] = lua_tostring(L, 3);
    for (; n < sizeof words / sizeof *words && from < count; n++) {
      lua_rawgeti(L, 2, (int)++from);
      words[n] = luaL_checkstring(L, -1);
    }
    nearest = lp_nearest(word, words, n);
  }
  if (nearest == NULL) return 0;
  lua_pushstring(L, nearest);
  return 1;
}

/* core.trim (text) -> the text without white space at its ends */
static int lp_core_trim (lua_State *L) {
  size_t n, whole;
  const char *text = luaL_checklstring(L, 1, &whole), *trimmed;
  n = whole;
  trimmed = lp_trim(text, &n);
  if (n == whole)
    lua_settop(L, 1);
  else
    lua_pushlstring(L, trimmed, n);
  return 1;
}

/* core.address (text) -> the address, trimmed | nil, what is wrong with it */
static int lp_core_address (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n), *fault;
  char stray[2] = {0, 0};
  text = lp_trim(text, &n);
  fault = lp_address_fault(text, n, stray);
  if (fault != NULL) {
    lua_pushnil(L);
    lua_pushfstring(L, fault, stray);
    return 2;
  }
  lua_pushlstring(L, text, n);
  return 1;
}

/* core.account_key (text) -> the key of an address */
static int lp_core_account_key (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_push_account_key(L, text, n);
  return 1;
}

static const luaL_Reg core_functions[] = {{"nearest", lp_core_nearest},
                                          {"trim", lp_core_trim},
                                          {"address", lp_core_address},
                                          {"account_key", lp_core_account_key},
                                          {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_core (lua_State *L) {
  luaL_newlib(L, core_functions);
  lp_codes_open(L);
  lp_file_open(L);
  lp_file_trust_open(L);
  lp_request_open(L);
  lp_pending_open(L);
  lp_reply_open(L);
  lp_snapshot_open(L);
  lp_desired_open(L);
  lp_diff_open(L);
  lp_attributes_open(L);
  lp_events_open(L);
  lp_events_write_open(L);
  lp_events_hmac_open(L);
  lp_controls_open(L);
  lp_events_file_open(L);
  lp_signals_open(L);
  lp_watch_open(L);
  lp_user_lines_open(L);
  lp_pick_open(L);
  lp_scim_page_open(L);
  lp_pipes_open(L);
  lp_secret_file_open(L);
  lp_secret_digest_open(L);
  lp_secret_open(L);
  lua_setfield(L, -2, "secret");
  lp_commands_push(L);
  lua_setfield(L, -2, "commands");
  return 1;
}
