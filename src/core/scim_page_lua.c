/* Pages of SCIM users, for Lua; the loop over pages is there. */
#include <string.h>

#include "scim_page.h"
#include "scim_page_lua.h"
#include "snapshot.h"

#define PAGE_TYPE "lastpass.scim_page"

/* the stack of lp_scim_users */
enum { AT_TEXT = 1, AT_NAMES, AT_MEMBERSHIPS, AT_READING, AT_ROWS, AT_IDS };

/* Remembers the id, and adds the groups that name the user as a member. */
static int on_user (lp_scim_page *page, const lp_token *id) {
  lua_State *L = page->context;
  lp_rows *rows = page->reader->rows;
  lua_pushlstring(L, id->text, id->length);
  lua_pushvalue(L, -1);
  lua_rawseti(L, AT_IDS, (int)rows->count + 1);
  lua_rawget(L, AT_MEMBERSHIPS);
  for (int i = 1; lua_istable(L, -1); i++) {
    size_t n;
    const char *name;
    uint32_t group;
    lua_rawgeti(L, -1, i);
    name = lua_tolstring(L, -1, &n);
    if (name == NULL) {
      lua_pop(L, 1);
      break;
    }
    if (lp_rows_name_group(rows, name, n, &group) != 0 || lp_scim_page_join(page, group) != 0)
      return -1;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return 0;
}

/* A group whose own name is another than what its members show is left to the general way. */
static int on_group (lp_scim_page *page, const lp_token *value, uint32_t group) {
  lua_State *L = page->context;
  const lp_rows *rows = page->reader->rows;
  size_t n, length;
  const char *name = lp_rows_text(rows, rows->groups.texts[group], &n), *known;
  int is_same;
  lua_pushlstring(L, value->text, value->length);
  lua_rawget(L, AT_NAMES);
  known = lua_tolstring(L, -1, &length);
  is_same = known == NULL || (length == n && memcmp(known, name, n) == 0);
  lua_pop(L, 1);
  return is_same ? 0 : -1;
}

/*
** core.scim_users (text, names, memberships) -> rows, ids, total, cursor | nil
** A page of users as rows without numbers of their own, and their SCIM ids as a list. `names`: id
** of a group to its name; `memberships`: id of a user to a list of names of groups. nil when the
** page is not as usual: who decodes it says whether it is acceptable.
*/
static int lp_scim_users (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, AT_TEXT, &n);
  lp_scim_page *page;
  luaL_checktype(L, AT_NAMES, LUA_TTABLE);
  luaL_checktype(L, AT_MEMBERSHIPS, LUA_TTABLE);
  lua_settop(L, AT_MEMBERSHIPS);
  page = lua_newuserdata(L, sizeof *page);
  lp_scim_page_init(page, NULL);
  luaL_getmetatable(L, PAGE_TYPE);
  lua_setmetatable(L, -2);
  page->reader = lp_snapshot_push(L);
  page->context = L;
  page->on_user = on_user;
  page->on_group = on_group;
  lua_newtable(L);
  if (lp_scim_page_read(page, text, n) != 0) {
    lp_scim_page_free(page);
    lp_rows_free(page->reader->rows);
    return 0;
  }
  lp_scim_page_free(page);
  lua_settop(L, AT_IDS);
  if (page->total >= 0)
    lua_pushinteger(L, (lua_Integer)page->total);
  else
    lua_pushnil(L);
  if (page->cursor.text != NULL)
    lua_pushlstring(L, page->cursor.text, page->cursor.length);
  else
    lua_pushnil(L);
  return 4;
}

/* Drops the rows whose places stand in the table at this index of the stack. */
static void drop_rows (lua_State *L, int skipped, lp_rows *rows) {
  size_t kept = 0;
  for (size_t i = 0; i < rows->count; i++) {
    int is_skipped;
    lua_rawgeti(L, skipped, (int)i + 1);
    is_skipped = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (!is_skipped) rows->rows[kept++] = rows->rows[i];
  }
  rows->count = kept;
}

/*
** core.scim_append (rows, page [, skipped [, opaque]]): adds the rows of a page and closes it.
** skipped: places in the page that are left out, as keys; opaque: the page's ids are none.
*/
static int lp_scim_append_page (lua_State *L) {
  lp_rows *rows = lp_snapshot_rows(L, 1), *page = lp_snapshot_rows(L, 2);
  luaL_argcheck(L, rows != page, 2, "a snapshot cannot be appended to itself");
  if (lua_istable(L, 3)) drop_rows(L, 3, page);
  if (lua_toboolean(L, 4))
    for (size_t i = 0; i < page->count; i++) page->rows[i].id = 0;
  if (lp_scim_append(rows, page) != 0) return luaL_error(L, "out of memory");
  lp_rows_free(page);
  return 0;
}

/* core.scim_number (rows): their numbers, once all pages are there */
static int lp_scim_number_rows (lua_State *L) {
  lp_scim_number(lp_snapshot_rows(L, 1));
  return 0;
}

static int lp_scim_page_collect (lua_State *L) {
  lp_scim_page_free(luaL_checkudata(L, 1, PAGE_TYPE));
  return 0;
}

static const luaL_Reg meta[] = {{"__gc", lp_scim_page_collect}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"scim_users", lp_scim_users},
                                     {"scim_append", lp_scim_append_page},
                                     {"scim_number", lp_scim_number_rows},
                                     {NULL, NULL}};

void lp_scim_page_open (lua_State *L) {
  lp_new_metatable(L, PAGE_TYPE, meta, NULL);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
