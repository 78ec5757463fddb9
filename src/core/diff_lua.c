/* The comparison as Lua sees it: a userdata that is asked for one change after the other. */
#include <limits.h>
#include <string.h>

#include "diff.h"
#include "diff_lua.h"
#include "snapshot.h"
#include "desired_lua.h"

#define CHANGES_TYPE "lastpass.changes"

static lp_diff *check (lua_State *L) {
  lp_diff *d = luaL_checkudata(L, 1, CHANGES_TYPE);
  if (!lp_diff_holds(d))
    luaL_error(L, "changes: what is desired, or the snapshot, was closed or has changed since");
  return d;
}

static const lp_change *check_change (lua_State *L, const lp_diff *d) {
  lua_Integer at = luaL_checkinteger(L, 2);
  luaL_argcheck(L, at >= 1 && (size_t)at <= d->count, 2, "no such change");
  return &d->changes[at - 1];
}

static int check_option_names (lua_State *L, int options) {
  for (lua_pushnil(L); lua_next(L, options); lua_pop(L, 1)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2);
    if (strcmp(name, "managed") != 0 && strcmp(name, "matched") != 0)
      return luaL_error(L, "core.diff: unknown option '%s' (known are 'managed' and 'matched')",
                        name);
  }
  return 0;
}

/* An option that is a list, or nil; its length. */
static size_t list_option (lua_State *L, int options, const char *name) {
  lua_getfield(L, options, name);
  if (!lua_isnil(L, -1) && !lua_istable(L, -1))
    luaL_error(L, "core.diff: '%s' must be a list, not a %s", name, luaL_typename(L, -1));
  return lua_isnil(L, -1) ? 0 : lua_rawlen(L, -1);
}

static int read_managed (lua_State *L, lp_diff *d, int options) {
  size_t count = list_option(L, options, "managed");
  if (!lua_isnil(L, -1)) memset(d->managed, 0, d->group_count);
  for (size_t i = 1; i <= count; i++) {
    size_t n;
    const char *name;
    long group;
    lua_rawgeti(L, -1, (int)i);
    if (lua_type(L, -1) != LUA_TSTRING)
      return luaL_error(L, "core.diff: 'managed' must be a list of names");
    name = lua_tolstring(L, -1, &n);
    group = lp_diff_find_group(d, name, n);
    if (group >= 0) d->managed[group] = 1;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return 0;
}

/* A row, from 1 to `most`, of the list on the top of the stack; counted from 0 then. */
static uint32_t matched_row (lua_State *L, size_t at, size_t most) {
  lua_Number row;
  lua_rawgeti(L, -1, (int)at);
  row = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
  if (!(row >= 1 && row <= (lua_Number)most && row == (lua_Number)(uint32_t)row))
    luaL_error(L, "core.diff: 'matched' has no row of its side at position %d", (int)at);
  lua_pop(L, 1);
  return (uint32_t)row - 1;
}

static int read_matched (lua_State *L, lp_diff *d, int options) {
  size_t count = list_option(L, options, "matched");
  if (count % 2 != 0 || count > INT_MAX)
    return luaL_error(L, "core.diff: 'matched' must be a list of pairs");
  for (size_t i = 1; i < count; i += 2) {
    uint32_t desired = matched_row(L, i, d->desired->count);
    uint32_t user = matched_row(L, i + 1, d->row_count);
    if (lp_diff_match(d, desired, user) != 0)
      return luaL_error(L, "core.diff: 'matched' names one of rows %d and %d twice",
                        (int)desired + 1, (int)user + 1);
  }
  lua_pop(L, 1);
  return 0;
}

/*
** core.diff (desired, snapshot [, {managed = {name, …}, matched = {desired row, user row, …}}])
**   -> changes
** managed: the groups that are compared, by default all that `desired` names. matched: who is known
** by another rule than the address to be whom.
*/
static int lp_diff_new (lua_State *L) {
  lp_desired *desired = lp_desired_check(L, 1);
  lp_rows *rows = lp_snapshot_rows(L, 2);
  lp_diff *d;
  lua_settop(L, 3);
  if (!lua_isnil(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    check_option_names(L, 3);
  }
  d = lua_newuserdata(L, sizeof *d); /* 4 */
  memset(d, 0, sizeof *d);
  luaL_getmetatable(L, CHANGES_TYPE);
  lua_setmetatable(L, 4);
  lua_createtable(L, 2, 0); /* keeps both sides */
  lua_pushvalue(L, 1);
  lua_rawseti(L, 5, 1);
  lua_pushvalue(L, 2);
  lua_rawseti(L, 5, 2);
  lua_setuservalue(L, 4);
  if (lp_diff_begin(d, desired, rows) != 0) return luaL_error(L, "out of memory");
  if (!lua_isnil(L, 3)) {
    read_managed(L, d, 3);
    read_matched(L, d, 3);
  }
  if (lp_diff_run(d) != 0) return luaL_error(L, "out of memory");
  return 1;
}

static int lp_changes_length (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check(L)->count);
  return 1;
}

static void push_row (lua_State *L, uint32_t row) {
  if (row == LP_NOBODY)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)row + 1);
}

/*
** changes:at (i) -> desired row | nil, user row | nil, bits, invited address | nil
** First what is desired, in its order, then users nobody wants in theirs, then invited addresses.
*/
static int lp_changes_at (lua_State *L) {
  const lp_diff *d = check(L);
  const lp_change *change = check_change(L, d);
  push_row(L, change->desired);
  push_row(L, change->user);
  lua_pushinteger(L, (lua_Integer)change->bits);
  if (change->other == LP_NOBODY) {
    lua_pushnil(L);
  } else {
    size_t n;
    const char *email = lp_rows_text(d->rows, d->others[change->other].email, &n);
    lua_pushlstring(L, email, n);
  }
  return 4;
}

static void push_list (lua_State *L, const lp_diff *d, const uint32_t *groups, uint32_t count) {
  lua_createtable(L, (int)count, 0);
  for (uint32_t i = 0; i < count; i++) {
    size_t n;
    const char *name = lp_diff_group_name(d, groups[i], &n);
    lua_pushlstring(L, name, n);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* changes:groups (i) -> groups to join (for `create`: to begin with), groups to leave; by name */
static int lp_changes_groups (lua_State *L) {
  const lp_diff *d = check(L);
  const lp_change *change = check_change(L, d);
  const uint32_t *groups = d->lists == NULL ? NULL : d->lists + change->groups;
  push_list(L, d, groups, change->join);
  push_list(L, d, groups == NULL ? NULL : groups + change->join, change->leave);
  return 2;
}

static const char *const change_names[] = {
#define X(NAME, name) #name,
    LP_CHANGES(X)
#undef X
};

/* changes:totals () -> {unchanged =, create =, …}: changes of each kind; memberships to join, leave
 */
static int lp_changes_totals (lua_State *L) {
  const lp_diff *d = check(L);
  lua_createtable(L, 0, LP_CHANGE_COUNT + 1);
  for (int i = 0; i < LP_CHANGE_COUNT; i++) {
    lua_pushinteger(L, (lua_Integer)d->totals[i]);
    lua_setfield(L, -2, change_names[i]);
  }
  lua_pushinteger(L, (lua_Integer)d->unchanged);
  lua_setfield(L, -2, "unchanged");
  return 1;
}

/* changes:group_sizes (names) -> {name = members once all is done, missing users still counted} */
static int lp_changes_group_sizes (lua_State *L) {
  const lp_diff *d = check(L);
  size_t count;
  luaL_checktype(L, 2, LUA_TTABLE);
  count = lua_rawlen(L, 2);
  lua_createtable(L, 0, count > INT_MAX ? 0 : (int)count);
  for (size_t i = 1; i <= count; i++) {
    size_t n;
    const char *name;
    long group;
    lua_rawgeti(L, 2, (int)i);
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_argerror(L, 2, "a list of names expected");
    name = lua_tolstring(L, -1, &n);
    group = lp_diff_find_group(d, name, n);
    lua_pushinteger(L, group < 0 ? 0 : (lua_Integer)d->sizes[group]);
    lua_rawset(L, -3);
  }
  return 1;
}

static int lp_changes_free (lua_State *L) {
  lp_diff_free(luaL_checkudata(L, 1, CHANGES_TYPE));
  return 0;
}

static int lp_changes_tostring (lua_State *L) {
  const lp_diff *d = luaL_checkudata(L, 1, CHANGES_TYPE);
  lua_pushfstring(L, CHANGES_TYPE " (%d changes)", (int)d->count);
  return 1;
}

static const luaL_Reg changes_methods[] = {{"at", lp_changes_at},
                                           {"groups", lp_changes_groups},
                                           {"totals", lp_changes_totals},
                                           {"group_sizes", lp_changes_group_sizes},
                                           {NULL, NULL}};

static const luaL_Reg changes_meta[] = {{"__len", lp_changes_length},
                                        {"__tostring", lp_changes_tostring},
                                        {"__gc", lp_changes_free},
                                        {NULL, NULL}};

static const luaL_Reg diff_functions[] = {{"diff", lp_diff_new}, {NULL, NULL}};

void lp_diff_open (lua_State *L) {
  lp_new_metatable(L, CHANGES_TYPE, changes_meta, changes_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, diff_functions, 0);
  lua_createtable(L, 0, LP_CHANGE_COUNT);
  for (int i = 0; i < LP_CHANGE_COUNT; i++) {
    lua_pushinteger(L, (lua_Integer)1 << i);
    lua_setfield(L, -2, change_names[i]);
  }
  lua_setfield(L, -2, "change_bits");
}
