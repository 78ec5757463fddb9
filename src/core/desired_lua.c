/* The desired people, as Lua sees them. */
#include <limits.h>

#include "desired_lua.h"

#define DESIRED_TYPE "lastpass.desired"
#define FEW 16 /* groups for which there is space on the C stack */

/* core.desired () -> desired */
static int lp_desired_new (lua_State *L) {
  lp_desired *w = lua_newuserdata(L, sizeof *w);
  lp_desired_init(w);
  luaL_getmetatable(L, DESIRED_TYPE);
  lua_setmetatable(L, -2);
  return 1;
}

lp_desired *lp_desired_check (lua_State *L, int index) {
  lp_desired *w = luaL_checkudata(L, index, DESIRED_TYPE);
  luaL_argcheck(L, !w->closed, index, "it is closed");
  return w;
}

static lp_slice check_text (lua_State *L, int index) {
  lp_slice text;
  luaL_checktype(L, index, LUA_TSTRING);
  text.bytes = lua_tolstring(L, index, &text.length);
  return text;
}

static uint32_t check_row (lua_State *L, const lp_desired *w) {
  lua_Integer row = luaL_checkinteger(L, 2);
  luaL_argcheck(L, row >= 1 && (size_t)row <= w->count, 2, "no such row");
  return (uint32_t)row - 1;
}

/* A whole number from 0 to `most`, 0 when it is left out. */
static uint32_t check_number (lua_State *L, int index, uint32_t most) {
  lua_Number number = luaL_optnumber(L, index, 0);
  luaL_argcheck(L, number >= 0 && number <= most && number == (lua_Number)(uint32_t)number, index,
                "a whole number that is not negative expected");
  return (uint32_t)number;
}

/*
** The names that the list at `index` holds, as slices into its strings: in `few` or in a userdata
** that is pushed. NULL for nil. What is no list of strings raises: read in part, it would have
** people leave groups.
*/
static const lp_slice *check_groups (lua_State *L, int index, lp_slice *few, size_t *count) {
  static const char wrong[] = "groups must be a list of names";
  size_t n, seen = 0;
  lp_slice *list = few;
  *count = 0;
  if (lua_isnoneornil(L, index)) return NULL;
  luaL_checktype(L, index, LUA_TTABLE);
  n = lua_rawlen(L, index);
  luaL_argcheck(L, n < INT_MAX, index, wrong);
  if (n > FEW) list = lua_newuserdata(L, n * sizeof *list);
  for (lua_pushnil(L); lua_next(L, index); seen++) {
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TNUMBER, index,
                  wrong);
    lua_pop(L, 1);
  }
  luaL_argcheck(L, seen == n, index, wrong);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, index, wrong);
    list[i].bytes = lua_tolstring(L, -1, &list[i].length);
    lua_pop(L, 1); /* the list holds it */
  }
  *count = n;
  return list;
}

static int out_of_memory (lua_State *L) {
  return luaL_error(L, "out of memory");
}

/*
** desired:add (email, fullname | nil, groups | nil, active | nil, source, line [, checked])
**   -> row | nil, "unusual" | nil, "repeated", first row
** What is nil is not managed. `checked`: the address is known to be one, however it looks.
*/
static int lp_desired_add_person (lua_State *L) {
  lp_desired *w = lp_desired_check(L, 1);
  lp_declared person = {{NULL, 0}, {NULL, 0}, NULL, 0, 0, 0, LP_ACTIVE_UNMANAGED, 0};
  lp_slice few[FEW];
  uint32_t row = 0;
  lua_settop(L, 8);
  person.email = check_text(L, 2);
  if (!lua_isnil(L, 3)) person.fullname = check_text(L, 3);
  if (!lua_isnil(L, 5)) {
    luaL_checktype(L, 5, LUA_TBOOLEAN);
    person.active = lua_toboolean(L, 5) ? LP_ACTIVE_YES : LP_ACTIVE_NO;
  }
  person.source = (uint16_t)check_number(L, 6, UINT16_MAX);
  person.line = check_number(L, 7, UINT32_MAX);
  person.checked = lua_toboolean(L, 8);
  person.groups = check_groups(L, 4, few, &person.group_count);
  switch (lp_desired_add(w, &person, &row)) {
  case LP_PEOPLE_ADDED:
    lua_pushinteger(L, (lua_Integer)row + 1);
    return 1;
  case LP_PEOPLE_UNUSUAL:
    lua_pushnil(L);
    lua_pushliteral(L, "unusual");
    return 2;
  case LP_PEOPLE_REPEATED:
    lua_pushnil(L);
    lua_pushliteral(L, "repeated");
    lua_pushinteger(L, (lua_Integer)row + 1);
    return 3;
  default:
    return out_of_memory(L);
  }
}

/* Whether the list at `index` is one of names that are all in the set at `known`; they go to `few`.
 */
static int take_known_groups (lua_State *L, int index, int known, lp_declared *person,
                              lp_slice *few) {
  size_t n = lua_rawlen(L, index), seen = 0;
  if (n > FEW) return 0;
  for (size_t i = 0; i < n; i++) {
    int is_known;
    lua_rawgeti(L, index, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) return 0;
    few[i].bytes = lua_tolstring(L, -1, &few[i].length); /* the list holds it */
    lua_rawget(L, known);
    is_known = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (!is_known) return 0;
  }
  for (lua_pushnil(L); lua_next(L, index); seen++) lua_pop(L, 1);
  person->groups = few;
  person->group_count = n;
  return seen == n;
}

/* One of the fields that nearly every declaration has; its name and value are on top of the stack.
 */
static int take_plain_field (lua_State *L, int known, lp_declared *person, lp_slice *few) {
  int value = lua_gettop(L), kind = lua_type(L, value);
  const char *name = lua_type(L, value - 1) == LUA_TSTRING ? lua_tostring(L, value - 1) : "";
  if (strcmp(name, "fullname") == 0 && kind == LUA_TSTRING) {
    person->fullname.bytes = lua_tolstring(L, value, &person->fullname.length);
    if (person->fullname.length == 0) person->fullname.bytes = NULL; /* a blank cell says nothing */
    return 1;
  } else if (strcmp(name, "active") == 0 && kind == LUA_TBOOLEAN) {
    person->active = lua_toboolean(L, value) ? LP_ACTIVE_YES : LP_ACTIVE_NO;
    return 1;
  }
  return strcmp(name, "groups") == 0 && kind == LUA_TTABLE &&
         take_known_groups(L, value, known, person, few);
}

/*
** desired:add_plain (email, fields, known, source, line) -> row | nothing
** The fast path of `add`: a person who has no other fields than fullname, active and groups, these
*a
** few names that are keys of `known`. Whatever is otherwise adds nobody, and is looked at by the
*caller.
*/
static int lp_desired_add_plain (lua_State *L) {
  lp_desired *w = lp_desired_check(L, 1);
  lp_declared person = {{NULL, 0}, {NULL, 0}, NULL, 0, 0, 0, LP_ACTIVE_UNMANAGED, 0};
  lp_slice few[FEW];
  uint32_t row = 0;
  lua_settop(L, 6);
  person.email = check_text(L, 2);
  luaL_checktype(L, 4, LUA_TTABLE);
  person.source = (uint16_t)check_number(L, 5, UINT16_MAX);
  person.line = check_number(L, 6, UINT32_MAX);
  if (lua_type(L, 3) != LUA_TTABLE || lua_getmetatable(L, 3)) return 0;
  for (lua_pushnil(L); lua_next(L, 3); lua_settop(L, 7))
    if (!take_plain_field(L, 4, &person, few)) return 0;
  if (lp_desired_add(w, &person, &row) != LP_PEOPLE_ADDED) return 0;
  lua_pushinteger(L, (lua_Integer)row + 1);
  return 1;
}

/* desired:add_groups (row, groups): to those the person has; they are managed then */
static int lp_desired_add_to_groups (lua_State *L) {
  lp_desired *w = lp_desired_check(L, 1);
  uint32_t row = check_row(L, w);
  lp_slice few[FEW];
  size_t count;
  const lp_slice *groups;
  luaL_checktype(L, 3, LUA_TTABLE);
  groups = check_groups(L, 3, few, &count);
  if (lp_desired_add_groups(w, row, groups, count) != 0) return out_of_memory(L);
  return 0;
}

/* desired:set_groups (row, groups | nil): instead of those the person has */
static int lp_desired_replace_groups (lua_State *L) {
  lp_desired *w = lp_desired_check(L, 1);
  uint32_t row = check_row(L, w);
  lp_slice few[FEW];
  size_t count;
  const lp_slice *groups = check_groups(L, 3, few, &count);
  if (lp_desired_set_groups(w, row, groups, count) != 0) return out_of_memory(L);
  return 0;
}

/* desired:find (email) -> row | nil; the case of ASCII letters does not matter */
static int lp_desired_find_row (lua_State *L) {
  const lp_desired *w = lp_desired_check(L, 1);
  lp_slice email = check_text(L, 2);
  long row = lp_desired_find(w, email.bytes, email.length);
  if (row < 0) return 0;
  lua_pushinteger(L, (lua_Integer)row + 1);
  return 1;
}

static void push_text (lua_State *L, const lp_desired *w, lp_text at) {
  size_t n;
  const char *text = lp_rows_text(&w->store, at, &n);
  lua_pushlstring(L, text, n);
}

static void push_groups (lua_State *L, lp_desired *w, uint32_t row) {
  const uint32_t *groups;
  uint32_t count = lp_desired_groups(w, row, &groups);
  lua_createtable(L, (int)count, 0);
  for (uint32_t i = 0; i < count; i++) {
    push_text(L, w, w->store.groups.texts[groups[i]]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* desired:row (row) -> email, fullname | nil, groups | nil, active | nil, source, line */
static int lp_desired_row (lua_State *L) {
  lp_desired *w = lp_desired_check(L, 1);
  uint32_t row = check_row(L, w);
  const lp_person *person = lp_desired_person(w, row);
  push_text(L, w, person->email);
  if (person->fullname != 0)
    push_text(L, w, person->fullname);
  else
    lua_pushnil(L);
  if (person->groups_managed)
    push_groups(L, w, row);
  else
    lua_pushnil(L);
  if (person->active == LP_ACTIVE_UNMANAGED)
    lua_pushnil(L);
  else
    lua_pushboolean(L, person->active == LP_ACTIVE_YES);
  lua_pushinteger(L, (lua_Integer)person->source);
  lua_pushinteger(L, (lua_Integer)person->line);
  return 6;
}

/* desired:group_names () -> list, in the order in which they were met */
static int lp_desired_group_names (lua_State *L) {
  const lp_desired *w = lp_desired_check(L, 1);
  lua_createtable(L, (int)w->store.groups.count, 0);
  for (size_t g = 0; g < w->store.groups.count; g++) {
    push_text(L, w, w->store.groups.texts[g]);
    lua_rawseti(L, -2, (int)g + 1);
  }
  return 1;
}

static int lp_desired_count (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)lp_desired_check(L, 1)->count);
  return 1;
}

/* desired:memory () -> bytes held outside Lua */
static int lp_desired_bytes (lua_State *L) {
  const lp_desired *w = luaL_checkudata(L, 1, DESIRED_TYPE);
  lua_pushinteger(L, (lua_Integer)lp_desired_memory(w));
  return 1;
}

/* desired:close (): frees everything now; may be called again */
static int lp_desired_free (lua_State *L) {
  lp_desired_close(luaL_checkudata(L, 1, DESIRED_TYPE));
  return 0;
}

static int lp_desired_tostring (lua_State *L) {
  const lp_desired *w = luaL_checkudata(L, 1, DESIRED_TYPE);
  if (w->closed)
    lua_pushliteral(L, DESIRED_TYPE " (closed)");
  else
    lua_pushfstring(L, DESIRED_TYPE " (%d people)", (int)w->count);
  return 1;
}

static const luaL_Reg desired_methods[] = {{"add", lp_desired_add_person},
                                           {"add_plain", lp_desired_add_plain},
                                           {"add_groups", lp_desired_add_to_groups},
                                           {"set_groups", lp_desired_replace_groups},
                                           {"find", lp_desired_find_row},
                                           {"row", lp_desired_row},
                                           {"group_names", lp_desired_group_names},
                                           {"count", lp_desired_count},
                                           {"memory", lp_desired_bytes},
                                           {"close", lp_desired_free},
                                           {NULL, NULL}};

static const luaL_Reg desired_meta[] = {{"__len", lp_desired_count},
                                        {"__tostring", lp_desired_tostring},
                                        {"__gc", lp_desired_free},
                                        {NULL, NULL}};

static const luaL_Reg desired_functions[] = {{"desired", lp_desired_new}, {NULL, NULL}};

void lp_desired_open (lua_State *L) {
  lp_new_metatable(L, DESIRED_TYPE, desired_meta, desired_methods);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "__people_sink");
  lua_pop(L, 1);
  luaL_setfuncs(L, desired_functions, 0);
}
