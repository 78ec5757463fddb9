/*
** The reader as Lua sees it: a flat list of tokens. It serves the specs, which compare the reader
** with others on any text and any cut, and anyone who wants to know why a reply is refused.
*/
#include <string.h>

#include "tokens.h"

#define KEYS_TYPE "lastpass.keys"
#define SCANNER_TYPE "lastpass.scanner"

static int collect_keys (lua_State *L) {
  lp_keys_free(lua_touserdata(L, 1));
  return 0;
}

static int collect_scanner (lua_State *L) {
  lp_scan_free(lua_touserdata(L, 1));
  return 0;
}

lp_keys *lp_keys_of_state (lua_State *L) {
  lp_keys *keys;
  lua_getfield(L, LUA_REGISTRYINDEX, KEYS_TYPE " of state");
  keys = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (keys == NULL) {
    keys = lua_newuserdata(L, sizeof *keys);
    lp_keys_init(keys);
    luaL_getmetatable(L, KEYS_TYPE);
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, KEYS_TYPE " of state");
  }
  lp_keys_reset(keys);
  return keys;
}

static const char *const kind_names[] = {"error",  "more",   "{",    "}",     "[",    "]",  "key",
                                         "string", "number", "true", "false", "null", "end"};

/* The size of the next piece: `longest`, or anything from 1 to it when there is a seed. */
static size_t next_piece (size_t longest, uint64_t *seed) {
  if (*seed == 0) return longest;
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return 1 + (size_t)(*seed % longest);
}

/*
** core.tokens (text [, piece [, seed]]) -> {kind, text, kind, text, …}
**                                          | nil, message, code, position
** The text is fed in pieces of `piece` bytes (default: whole); with a seed other than 0, of up to
** `piece` bytes, by chance. Keys and strings come unescaped; punctuation, literals and the end
** have "" as text.
*/
static int lp_tokens_tokens (lua_State *L) {
  size_t n, fed = 0;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer longest = luaL_optinteger(L, 2, n > 0 ? (lua_Integer)n : 1);
  uint64_t seed = (uint64_t)luaL_optinteger(L, 3, 0);
  lp_keys *keys = lp_keys_of_state(L);
  lp_token token = {NULL, 0, 0};
  int count = 0;
  lp_kind kind;
  lp_scan *s;
  luaL_argcheck(L, longest >= 1, 2, "a piece has at least one byte");
  s = lua_newuserdata(L, sizeof *s);
  lp_scan_init(s);
  luaL_getmetatable(L, SCANNER_TYPE);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  for (;;) {
    kind = lp_scan_next(s, &token);
    if (kind == LP_MORE) {
      size_t take = next_piece((size_t)longest, &seed);
      if (take > n - fed) take = n - fed;
      /* either may fail: then the next token is the error */
      if (lp_scan_keep(s) != 0) continue;
      if (take == 0)
        lp_scan_finish(s);
      else
        lp_scan_feed(s, text + fed, take);
      fed += take;
      continue;
    }
    if (kind == LP_OBJECT_BEGIN)
      lp_keys_enter(keys);
    else if (kind == LP_OBJECT_END)
      lp_keys_leave(keys);
    else if (kind == LP_KEY) {
      lp_scan_error error = lp_keys_add(keys, &token);
      if (error != LP_SCAN_NONE) kind = lp_scan_refuse(s, error);
    }
    if (kind == LP_ERROR) break;
    lua_pushstring(L, kind_names[kind]);
    lua_rawseti(L, -2, ++count);
    if (kind == LP_KEY || kind == LP_STRING) {
      char *plain = lua_newuserdata(L, token.length + 1);
      lua_pushlstring(L, plain, lp_scan_unescape(&token, plain));
      lua_remove(L, -2);
    } else if (kind == LP_NUMBER) {
      lua_pushlstring(L, token.text, token.length);
    } else {
      lua_pushliteral(L, "");
    }
    lua_rawseti(L, -2, ++count);
    if (kind == LP_END) return 1;
  }
  lp_keys_reset(keys);
  lua_pushnil(L);
  lua_pushstring(L, lp_scan_error_text(s->error));
  lua_pushstring(L, lp_scan_error_code(s->error));
  lua_pushinteger(L, (lua_Integer)lp_scan_position(s));
  return 4;
}

static const luaL_Reg keys_meta[] = {{"__gc", collect_keys}, {NULL, NULL}};
static const luaL_Reg scanner_meta[] = {{"__gc", collect_scanner}, {NULL, NULL}};
static const luaL_Reg tokens_functions[] = {{"tokens", lp_tokens_tokens}, {NULL, NULL}};

void lp_tokens_open (lua_State *L) {
  lp_new_metatable(L, KEYS_TYPE, keys_meta, NULL);
  lp_new_metatable(L, SCANNER_TYPE, scanner_meta, NULL);
  lua_pop(L, 2);
  luaL_setfuncs(L, tokens_functions, 0);
}
