/* The value of one attribute of every user: employee ids, by which people are known again. */
#include <string.h>

#include "attributes.h"
#include "scan.h"
#include "snapshot.h"

/* Is the key this name? `plain` has space for the key. */
static int is_key (const lp_token *key, const char *name, size_t n, char *plain) {
  if (!key->escaped) return key->length == n && memcmp(key->text, name, n) == 0;
  return lp_scan_unescape(key, plain) == n && memcmp(plain, name, n) == 0;
}

/*
** The text that stands under a name in the object `json`, unescaped into `plain`, which has space
** for all of `json`; 0 when there is none. The text was found good when it was read.
*/
static size_t find_value (const char *json, size_t n, const char *name, size_t name_length,
                          char *plain) {
  lp_scan s;
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  int depth = 0, found = 0;
  size_t length = 0;
  lp_scan_init(&s);
  if (lp_scan_feed(&s, json, n) != 0) return 0;
  lp_scan_finish(&s);
  while ((kind = lp_scan_next(&s, &token)) > LP_MORE && kind != LP_END) {
    if (found) {
      if (kind == LP_STRING) {
        length = lp_scan_unescape(&token, plain);
      } else if (kind == LP_NUMBER) {
        memcpy(plain, token.text, token.length);
        length = token.length;
      }
      break;
    }
    if (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN)
      depth++;
    else if (kind == LP_OBJECT_END || kind == LP_ARRAY_END)
      depth--;
    else if (kind == LP_KEY && depth == 1)
      found = is_key(&token, name, name_length, plain);
  }
  lp_scan_free(&s);
  return length;
}

/* Writes down, in the table at `values`, that a row has this value. */
static void note_value (lua_State *L, int values, const char *value, size_t n, size_t row) {
  lua_pushlstring(L, value, n);
  lua_pushvalue(L, -1);
  lua_rawget(L, values);
  if (lua_isnil(L, -1))
    lua_pushinteger(L, (lua_Integer)row + 1);
  else
    lua_pushboolean(L, 0);
  lua_remove(L, -2);
  lua_rawset(L, values);
}

/*
** core.attributes (snapshot, name) -> {value = user row | false, …}
** false: several users have that value. Numbers count as their text; users without the attribute,
** with "" or with something else than a string or a number are left out.
*/
static int lp_attributes_of (lua_State *L) {
  const lp_rows *rows = lp_snapshot_rows(L, 1);
  size_t name_length, capacity = 0, n;
  const char *name = luaL_checklstring(L, 2, &name_length);
  char *plain = NULL;
  lua_settop(L, 2);
  lua_newtable(L);
  lua_pushnil(L); /* the space for a value */
  for (size_t i = 0; i < rows->count; i++) {
    const char *json;
    if (rows->rows[i].attribs == 0) continue;
    json = lp_rows_text(rows, rows->rows[i].attribs, &n);
    if (n > capacity) {
      capacity = n * 2;
      plain = lua_newuserdata(L, capacity);
      lua_replace(L, 4);
    }
    n = find_value(json, n, name, name_length, plain);
    if (n > 0) note_value(L, 3, plain, n, i);
  }
  lua_settop(L, 3);
  return 1;
}

static const luaL_Reg attribute_functions[] = {{"attributes", lp_attributes_of}, {NULL, NULL}};

void lp_attributes_open (lua_State *L) {
  luaL_setfuncs(L, attribute_functions, 0);
}
