/*
** spec.tokens: the incremental reader of JSON as Lua sees it, a flat list of tokens. It is built
** for the specs, which compare the reader with others on any text and at any cut, and it is no part
** of the product.
*/
#include <string.h>

#include "compat.h"
#include "scan.h"

#define SCANNER_TYPE "spec.scanner"

typedef struct scanner {
  lp_scan scan;
  lp_keys keys;
} scanner;

static int collect_scanner (lua_State *L) {
  scanner *s = lua_touserdata(L, 1);
  lp_scan_free(&s->scan);
  lp_keys_free(&s->keys);
  return 0;
}

static scanner *new_scanner (lua_State *L) {
  scanner *s = lua_newuserdata(L, sizeof *s);
  lp_scan_init(&s->scan);
  lp_keys_init(&s->keys);
  luaL_getmetatable(L, SCANNER_TYPE);
  lua_setmetatable(L, -2);
  return s;
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

/* The next token with its keys checked; LP_ERROR when the text is refused. */
static lp_kind next_token (scanner *s, lp_token *token) {
  lp_kind kind = lp_scan_next(&s->scan, token);
  lp_scan_error error = LP_SCAN_NONE;
  if (kind == LP_OBJECT_BEGIN)
    lp_keys_enter(&s->keys);
  else if (kind == LP_OBJECT_END)
    lp_keys_leave(&s->keys);
  else if (kind == LP_KEY)
    error = lp_keys_add(&s->keys, token);
  return error == LP_SCAN_NONE ? kind : lp_scan_refuse(&s->scan, error);
}

/* Keys and strings unescaped; punctuation, literals and the end have "" as text. */
static void push_text (lua_State *L, lp_kind kind, const lp_token *token) {
  if (kind == LP_KEY || kind == LP_STRING) {
    char *plain = lua_newuserdata(L, token->length + 1);
    lua_pushlstring(L, plain, lp_scan_unescape(token, plain));
    lua_remove(L, -2);
  } else if (kind == LP_NUMBER) {
    lua_pushlstring(L, token->text, token->length);
  } else {
    lua_pushliteral(L, "");
  }
}

/*
** tokens (text [, piece [, seed]]) -> {kind, text, kind, text, …} | nil, message, code, position
** The text is fed in pieces of `piece` bytes (default: whole); with a seed other than 0, of up to
** `piece` bytes, at random.
*/
static int read_tokens (lua_State *L) {
  size_t n, fed = 0;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer longest = luaL_optinteger(L, 2, n > 0 ? (lua_Integer)n : 1);
  uint64_t seed = (uint64_t)luaL_optinteger(L, 3, 0);
  lp_token token = {NULL, 0, 0};
  int count = 0;
  lp_kind kind;
  scanner *s;
  luaL_argcheck(L, longest >= 1, 2, "a piece has at least one byte");
  s = new_scanner(L);
  lua_newtable(L);
  while ((kind = next_token(s, &token)) != LP_ERROR) {
    if (kind == LP_MORE) {
      size_t take = next_piece((size_t)longest, &seed);
      if (take > n - fed) take = n - fed;
      /* either may fail: then the next token is the error */
      if (lp_scan_keep(&s->scan) != 0) continue;
      if (take == 0)
        lp_scan_finish(&s->scan);
      else
        lp_scan_feed(&s->scan, text + fed, take);
      fed += take;
      continue;
    }
    lua_pushstring(L, kind_names[kind]);
    lua_rawseti(L, -2, ++count);
    push_text(L, kind, &token);
    lua_rawseti(L, -2, ++count);
    if (kind == LP_END) return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, lp_scan_error_text(s->scan.error));
  lua_pushstring(L, lp_scan_error_code(s->scan.error));
  lua_pushinteger(L, (lua_Integer)lp_scan_position(&s->scan));
  return 4;
}

static const luaL_Reg scanner_meta[] = {{"__gc", collect_scanner}, {NULL, NULL}};

LP_EXPORT int luaopen_spec_tokens (lua_State *L) {
  lp_new_metatable(L, SCANNER_TYPE, scanner_meta, NULL);
  lua_pop(L, 1);
  lua_pushcfunction(L, read_tokens);
  return 1;
}
