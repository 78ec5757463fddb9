/*
** One source, two Lua ABIs: 5.4 and 5.1 (PUC Lua 5.1 and LuaJIT).
** Everything the C files need beyond the common API is here and nowhere else.
*/
#ifndef LP_COMPAT_H
#define LP_COMPAT_H

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#define LP_EXPORT __attribute__((visibility("default")))

#if LUA_VERSION_NUM < 502

/* LuaJIT brings some of these itself; the private names keep clear of its own. */
#define lua_rawlen lua_objlen
#define luaL_setfuncs lp_compat_setfuncs
#define luaL_newlib(L, l) (lua_newtable(L), lp_compat_setfuncs(L, l, 0))
#define luaL_testudata lp_compat_testudata
#define lua_setuservalue lua_setfenv /* a table, in both */
#define lua_absindex(L, i) ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)

static inline void lp_compat_setfuncs (lua_State *L, const luaL_Reg *l, int nup) {
  for (; l->name != NULL; l++) {
    for (int i = 0; i < nup; i++) lua_pushvalue(L, -nup);
    lua_pushcclosure(L, l->func, nup);
    lua_setfield(L, -(nup + 2), l->name);
  }
  lua_pop(L, nup);
}

static inline void *lp_compat_testudata (lua_State *L, int index, const char *name) {
  void *p = lua_touserdata(L, index);
  if (p == NULL || !lua_getmetatable(L, index)) return NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, name);
  if (!lua_rawequal(L, -1, -2)) p = NULL;
  lua_pop(L, 2);
  return p;
}

#endif

/* A whole number of up to 53 bits. An integer of 5.1 may have 32. */
static inline void lp_push_whole (lua_State *L, double number) {
#if LUA_VERSION_NUM < 503
  lua_pushnumber(L, number);
#else
  lua_pushinteger(L, (lua_Integer)number);
#endif
}

/* Raises when a method was given more arguments than it takes (`most`, itself not counted). */
static inline void lp_takes (lua_State *L, const char *name, int most) {
  if (lua_gettop(L) > most + 1 && !lua_isnil(L, most + 2))
    luaL_error(L, "%s: takes %d argument%s, and more were given", name, most, most == 1 ? "" : "s");
}

/* A new metatable with __name (5.1's luaL_newmetatable does not set it); left on the stack. */
static inline void lp_new_metatable (lua_State *L, const char *name, const luaL_Reg *meta,
                                     const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, meta, 0);
  if (methods != NULL) {
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
  }
}

#endif
