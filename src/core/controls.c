/* Text from outside made safe to show, for Lua. */
#include <stdio.h>

#include "compat.h"
#include "controls.h"
#include "controls_lua.h"

static size_t escape (char *out, size_t capacity, uint32_t code, unsigned char byte) {
  switch (code) {
  case '\n':
    return (size_t)snprintf(out, capacity, "\\n");
  case '\r':
    return (size_t)snprintf(out, capacity, "\\r");
  case '\t':
    return (size_t)snprintf(out, capacity, "\\t");
  default:
    if (code < 0x80 || code == UINT32_MAX)
      return (size_t)snprintf(out, capacity, "\\x%02x", (unsigned)byte);
    return (size_t)snprintf(out, capacity, "\\u{%x}", (unsigned)code);
  }
}

static int is_clean (const char *p, const char *end) {
  while (p < end) {
    uint32_t code;
    size_t n;
    if ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7F) {
      p++;
      continue;
    }
    n = lp_character(p, end, &code);
    if (code == UINT32_MAX || lp_is_control(code)) return 0;
    p += n;
  }
  return 1;
}

/*
** core.clean (text [, keep_lines]) -> text: control characters, invisible ones and bytes that are
** no UTF-8 are written out: "\n", "\x1b", "\u{202e}". With `keep_lines` line feeds and tabs stay.
*/
static int lp_clean (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n), *end = p + n;
  int keep = lua_toboolean(L, 2);
  luaL_Buffer out;
  if (is_clean(p, end)) {
    lua_settop(L, 1);
    return 1;
  }
  luaL_buffinit(L, &out);
  while (p < end) {
    char escaped[16];
    uint32_t code;
    size_t length = lp_character(p, end, &code);
    if ((code == UINT32_MAX || lp_is_control(code)) && !(keep && (code == '\n' || code == '\t')))
      luaL_addlstring(&out, escaped, escape(escaped, sizeof escaped, code, (unsigned char)*p));
    else
      luaL_addlstring(&out, p, length);
    p += length;
  }
  luaL_pushresult(&out);
  return 1;
}

/* core.escape_json (JSON text) -> the same value, without any such character in its strings */
static int lp_escape_json (lua_State *L) {
  size_t n;
  const char *p = luaL_checklstring(L, 1, &n), *end = p + n;
  luaL_Buffer out;
  if (is_clean(p, end)) {
    lua_settop(L, 1);
    return 1;
  }
  luaL_buffinit(L, &out);
  while (p < end) {
    char escaped[16];
    uint32_t code;
    size_t length = lp_character(p, end, &code);
    /* below 0x20 there is only white space between values */
    if (code != UINT32_MAX && code >= 0x7F && lp_is_control(code))
      luaL_addlstring(&out, escaped, (size_t)(lp_json_escape(escaped, code) - escaped));
    else
      luaL_addlstring(&out, p, length);
    p += length;
  }
  luaL_pushresult(&out);
  return 1;
}

static const luaL_Reg controls_functions[] = {
    {"clean", lp_clean}, {"escape_json", lp_escape_json}, {NULL, NULL}};

void lp_controls_open (lua_State *L) {
  luaL_setfuncs(L, controls_functions, 0);
}
