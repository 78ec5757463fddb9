/*
** A few fields of each object of a long list in JSON, without making tables of all the others:
*pages of a SCIM
** server whose users have many attributes, of which a program wants two.
*/
#include "pick.h"

#include <string.h>
#include <strings.h>

#include "scan.h"

#define NAMES_MOST 64

typedef struct picker {
  lp_scan scan;
  const char *name[NAMES_MOST];
  size_t length[NAMES_MOST];
  int names;
} picker;

/* the stack of lp_pick */
enum { AT_TEXT = 1, AT_KEY, AT_NAMES, AT_ENVELOPE, AT_ITEMS, AT_NESTED };

static void push_string (lua_State *L, const lp_token *t) {
  char *plain;
  if (!t->escaped) {
    lua_pushlstring(L, t->text, t->length);
    return;
  }
  plain = lua_newuserdata(L, t->length + 1);
  lua_pushlstring(L, plain, lp_scan_unescape(t, plain));
  lua_remove(L, -2);
}

/* Digits that any Lua holds exactly; other numbers are left to who decodes nested values. */
static int is_small_integer (const lp_token *t) {
  size_t i = t->length > 0 && t->text[0] == '-';
  if (t->length > 15) return 0;
  for (; i < t->length; i++)
    if (t->text[i] < '0' || t->text[i] > '9') return 0;
  return 1;
}

static void push_integer (lua_State *L, const lp_token *t) {
  size_t i = t->text[0] == '-';
  lua_Integer value = 0;
  for (; i < t->length; i++) value = value * 10 + (t->text[i] - '0');
  lua_pushinteger(L, t->text[0] == '-' ? -value : value);
}

/* Passes over the rest of a value that began with `kind`; 0 when the text is not good. */
static int skip (picker *p, lp_kind kind) {
  lp_token token;
  int depth = kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN;
  while (depth > 0) {
    kind = lp_scan_next(&p->scan, &token);
    if (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN) depth++;
    if (kind == LP_OBJECT_END || kind == LP_ARRAY_END) depth--;
    if (kind <= LP_MORE || kind == LP_END) return 0;
  }
  return 1;
}

/*
** Pushes a value: 1, or 2 for a nested one, of which the text is pushed; 0 when there is none
*(null), -1 when the text
** is not good.
*/
static int push_value (lua_State *L, picker *p, lp_kind kind, const lp_token *t) {
  const char *start;
  switch (kind) {
  case LP_STRING:
    push_string(L, t);
    return 1;
  case LP_TRUE:
  case LP_FALSE:
    lua_pushboolean(L, kind == LP_TRUE);
    return 1;
  case LP_NULL:
    return 0;
  case LP_NUMBER:
    if (is_small_integer(t))
      push_integer(L, t);
    else
      lua_pushlstring(L, t->text, t->length);
    return is_small_integer(t) ? 1 : 2;
  case LP_OBJECT_BEGIN:
  case LP_ARRAY_BEGIN:
    start = p->scan.at - 1;
    if (!skip(p, kind)) return -1;
    lua_pushlstring(L, start, (size_t)(p->scan.at - start));
    return 2;
  default:
    return -1;
  }
}

/* Which of the names a key is, or -1: their case does not count, as in SCIM (scim §2.2). */
static int find_name (const picker *p, const lp_token *key) {
  for (int i = 0; i < p->names; i++)
    if (p->length[i] == key->length && strncasecmp(p->name[i], key->text, key->length) == 0)
      return i;
  return -1;
}

/* The fields of one object into the table on the top of the stack; 0 when the text is not good, or
 * a field comes twice. */
static int read_item (lua_State *L, picker *p) {
  lp_token key, token;
  lp_kind kind;
  uint64_t seen = 0;
  while ((kind = lp_scan_next(&p->scan, &key)) == LP_KEY) {
    int name = find_name(p, &key), form;
    kind = lp_scan_next(&p->scan, &token);
    if (kind <= LP_MORE) return 0;
    if (name < 0) {
      if (!skip(p, kind)) return 0;
      continue;
    }
    if (seen & (UINT64_C(1) << name)) return 0;
    seen |= UINT64_C(1) << name;
    if ((form = push_value(L, p, kind, &token)) < 0) return 0;
    if (form == 0) continue;
    lua_setfield(L, -2, p->name[name]);
    if (form == 2) { /* the item and the name, for who decodes it */
      int count = (int)lua_rawlen(L, AT_NESTED);
      lua_pushvalue(L, -1);
      lua_rawseti(L, AT_NESTED, count + 1);
      lua_pushstring(L, p->name[name]);
      lua_rawseti(L, AT_NESTED, count + 2);
    }
  }
  return kind == LP_OBJECT_END;
}

static int read_items (lua_State *L, picker *p) {
  lp_token token;
  lp_kind kind;
  int count = 0;
  while ((kind = lp_scan_next(&p->scan, &token)) == LP_OBJECT_BEGIN) {
    lua_createtable(L, 0, p->names);
    if (!read_item(L, p)) return 0;
    lua_rawseti(L, AT_ITEMS, ++count);
  }
  return kind == LP_ARRAY_END;
}

static int read_envelope (lua_State *L, picker *p) {
  size_t length;
  const char *list = lua_tolstring(L, AT_KEY, &length);
  lp_token key, token;
  lp_kind kind = lp_scan_next(&p->scan, &token);
  int found = 0;
  if (kind != LP_OBJECT_BEGIN) return 0;
  while ((kind = lp_scan_next(&p->scan, &key)) == LP_KEY) {
    int form;
    kind = lp_scan_next(&p->scan, &token);
    if (kind == LP_ARRAY_BEGIN && !found && key.length == length &&
        strncasecmp(list, key.text, length) == 0) {
      if (!read_items(L, p)) return 0;
      found = 1;
      continue;
    }
    push_string(L, &key);
    lua_pushvalue(L, -1);
    lua_rawget(L, AT_ENVELOPE);
    if (!lua_isnil(L, -1)) return 0;
    lua_pop(L, 1);
    if ((form = push_value(L, p, kind, &token)) < 0) return 0;
    if (form == 1) lua_rawset(L, AT_ENVELOPE);
    lua_settop(L, AT_NESTED);
  }
  if (kind != LP_OBJECT_END || lp_scan_next(&p->scan, &token) != LP_END) return 0;
  if (!found) { /* no list is another thing than an empty one */
    lua_pushnil(L);
    lua_replace(L, AT_ITEMS);
  }
  return 1;
}

static void read_names (lua_State *L, picker *p) {
  size_t count = lua_rawlen(L, AT_NAMES);
  luaL_argcheck(L, count >= 1 && count <= NAMES_MOST, AT_NAMES, "from 1 to 64 names");
  for (p->names = 0; p->names < (int)count; p->names++) {
    lua_rawgeti(L, AT_NAMES, p->names + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, AT_NAMES, "names must be strings");
    p->name[p->names] = lua_tolstring(L, -1, &p->length[p->names]);
    lua_pop(L, 1); /* the list keeps it */
  }
}

/*
** core.pick (text, key, names) -> envelope, items, nested | nil: of a JSON object its fields that
*are no lists or objects;
** the objects of the list `key`, each with the fields that `names` lists, whatever their case (nil
*when there is no
** such list); and a list of item, name, item, name, ... for fields that are lists, objects or large
*numbers, and hold
** their JSON. nil when the text is not JSON, has another shape, or a field that is taken comes
*twice: who reads all of it
** says what is wrong.
*/
static int lp_pick (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, AT_TEXT, &n);
  picker p;
  luaL_checkstring(L, AT_KEY);
  luaL_checktype(L, AT_NAMES, LUA_TTABLE);
  lua_settop(L, AT_NAMES);
  luaL_checkstack(L, 20, "too much to pick");
  read_names(L, &p);
  lua_newtable(L);
  lua_newtable(L);
  lua_newtable(L);
  lp_scan_init(&p.scan);
  if (lp_scan_feed(&p.scan, text, n) != 0) return 0;
  lp_scan_finish(&p.scan); /* all is there: the scanner keeps nothing of its own */
  if (!read_envelope(L, &p)) return 0;
  lua_settop(L, AT_NESTED);
  return 3;
}

static const luaL_Reg functions[] = {{"pick", lp_pick}, {NULL, NULL}};

void lp_pick_open (lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
