/*
** Rows as Lua tables: as lists of fields, or, when a shape is set, with named fields.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "csv_rows.h"
#include "plain_email.h"

/* One named field of a shaped row: the columns it is joined from. */
typedef struct lp_column {
  size_t first, count; /* in the shape's positions */
  lp_span join;        /* anchored */
  lp_span value;       /* of the row at hand */
  int email, required;
  int one; /* the first that is not empty is the value */
} lp_column;

/* How rows become tables with named fields. Lives in a userdata, anchored with its strings. */
struct lp_shape {
  size_t width, count;
  size_t key;        /* index of the column plus one; 0: none */
  size_t joins;      /* most bytes that joins add to one row */
  size_t *positions; /* counted from 0 */
  lp_column columns[];
};

static void set_integer (lua_State *L, const char *name, size_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

/* Pushes a row as a list. */
static void push_list (lua_State *L, const lp_rows *r, const lp_record *record, size_t invalid) {
  lua_createtable(L, (int)record->count, 2);
  for (size_t i = 0; i < record->count; i++) {
    lp_span field = lp_csv_field(&r->csv, record, i);
    lua_pushlstring(L, field.s, field.n);
    lua_rawseti(L, -2, (int)i + 1);
  }
  set_integer(L, "line", record->line);
  set_integer(L, "number", record->number);
  if (record->last != record->line) set_integer(L, "last", record->last);
  if (invalid > 0) set_integer(L, "invalid", invalid);
}

/* Joins what is not empty; 0 when memory is out. The buffer was made large enough before. */
static lp_span join_fields (lp_rows *r, const lp_record *record, const lp_column *column) {
  char *begin = r->joined + r->joined_used, *end = begin;
  lp_span value = {begin, 0};
  for (size_t i = 0; i < column->count; i++) {
    lp_span field = lp_csv_field(&r->csv, record, r->shape->positions[column->first + i]);
    if (field.n == 0) continue;
    if (end > begin && column->join.n > 0) {
      memcpy(end, column->join.s, column->join.n);
      end += column->join.n;
    }
    memcpy(end, field.s, field.n);
    end += field.n;
    if (column->one) break;
  }
  value.n = (size_t)(end - begin);
  r->joined_used += value.n;
  return value;
}

/* Takes the key that stands in the key column; ASCII letters of an address count in lower case. */
static int take_key (lp_rows *r, const lp_column *key, size_t line) {
  char folded[LP_PLAIN_EMAIL_MAX]; /* longer ones are not plain */
  size_t n = key->value.n, first;
  if (!key->email || n > sizeof folded)
    return lp_key_set_add(&r->keys, key->value.s, n, line, &first) == 1;
  for (size_t i = 0; i < n; i++) {
    char c = key->value.s[i];
    folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
  }
  return lp_key_set_add(&r->keys, folded, n, line, &first) == 1;
}

/*
** Finds the values of all columns. 0 when the row needs a closer inspection: another width, nothing
*in
** it, a value missing, an address that is not plain, a key that another row has.
*/
static int shape_row (lp_rows *r, const lp_record *record) {
  lp_shape *shape = r->shape;
  size_t bytes = lp_csv_length(&r->csv, record);
  int empty = 1;
  if (record->count != shape->width || bytes > SIZE_MAX / 4 / shape->count) return 0;
  r->joined_used = 0;
  if (shape->joins > 0 &&
      LP_RESERVE(r->joined, 0, bytes * shape->count + shape->joins, r->joined_size) != 0)
    return 0;
  for (size_t i = 0; i < shape->count; i++) {
    lp_column *column = &shape->columns[i];
    column->value = column->count == 1
                        ? lp_csv_field(&r->csv, record, shape->positions[column->first])
                        : join_fields(r, record, column);
    if (column->value.n > 0)
      empty = 0;
    else if (column->required)
      return 0;
    if (column->email && column->value.n > 0 &&
        !lp_is_plain_email(column->value.s, column->value.n))
      return 0;
  }
  return !empty && (shape->key == 0 || r->has_key ||
                    take_key(r, &shape->columns[shape->key - 1], record->line));
}

/* Where the names of the columns begin in the anchor. */
#define ANCHORED 7

/* Pushes a row as a table with named fields and its origin; the anchor is at `anchor`. */
static void push_person (lua_State *L, const lp_rows *r, const lp_record *record, int anchor) {
  const lp_shape *shape = r->shape;
  lua_createtable(L, 0, (int)shape->count + 1);
  for (size_t i = 0; i < shape->count; i++) {
    lua_rawgeti(L, anchor, ANCHORED + (int)i);
    lua_pushlstring(L, shape->columns[i].value.s, shape->columns[i].value.n);
    lua_rawset(L, -3);
  }
  lua_rawgeti(L, anchor, 1); /* "origin" */
  lua_createtable(L, 0, 3);
  lua_rawgeti(L, anchor, 2); /* "file" */
  lua_rawgeti(L, anchor, 3); /* the file */
  lua_rawset(L, -3);
  lua_rawgeti(L, anchor, 4); /* "row" */
  lua_pushinteger(L, (lua_Integer)record->number);
  lua_rawset(L, -3);
  lua_rawgeti(L, anchor, 5); /* "line" */
  lua_pushinteger(L, (lua_Integer)record->line);
  lua_rawset(L, -3);
  lua_rawgeti(L, anchor, 6); /* the metatable */
  lua_setmetatable(L, -2);
  lua_rawset(L, -3);
}

int lp_rows_fit (lp_rows *r) {
  const lp_record *record;
  if (r->given == r->csv.records_used || r->shape == NULL) return 0;
  record = &r->csv.records[r->given];
  if (r->utf8 && lp_csv_invalid(&r->csv, record) > 0) return 0;
  r->has_key = shape_row(r, record);
  return r->has_key;
}

size_t lp_rows_columns (const lp_rows *r) {
  return r->shape == NULL ? 0 : r->shape->count;
}

lp_span lp_rows_value (const lp_rows *r, size_t column) {
  return r->shape->columns[column].value;
}

int lp_rows_is_email (const lp_rows *r, size_t column) {
  return r->shape->columns[column].email;
}

size_t lp_rows_line (const lp_rows *r) {
  return r->csv.records[r->given].line;
}

void lp_rows_skip (lp_rows *r) {
  r->given++;
  r->has_key = 0;
}

/* A row counts as given only once it lies on the stack. */
void lp_rows_push (lua_State *L, lp_rows *r) {
  const lp_record *record;
  if (r->given == r->csv.records_used) {
    lua_pushnil(L);
    return;
  }
  record = &r->csv.records[r->given];
  if (lp_rows_fit(r)) {
    lp_rows_skip(r); /* its key is taken: it must not come again */
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->anchor);
    push_person(L, r, record, lua_gettop(L));
    lua_remove(L, -2);
  } else {
    push_list(L, r, record, r->utf8 ? lp_csv_invalid(&r->csv, record) : 0);
    lp_rows_skip(r);
  }
}

/* A required entry of the shape's description, left on the stack. */
static void shape_entry (lua_State *L, int index, const char *name, int type) {
  lua_getfield(L, index, name);
  if (lua_type(L, -1) != type)
    luaL_error(L, "csv parser: '%s' of a shape must be a %s", name, lua_typename(L, type));
}

static size_t shape_number (lua_State *L, size_t most, const char *what) {
  lua_Number value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
  if (!(value >= 1 && value <= (lua_Number)most))
    luaL_error(L, "csv parser: %s of a shape must be from 1 to %d", what, (int)most);
  lua_pop(L, 1);
  return (size_t)value;
}

static int shape_flag (lua_State *L, int index, const char *name) {
  int flag;
  lua_getfield(L, index, name);
  flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

/* Columns and positions together, so that one block holds the shape. */
static lp_shape *new_shape (lua_State *L, int columns, size_t count) {
  size_t positions = 0, size;
  lp_shape *shape;
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti(L, columns, (int)i);
    luaL_checktype(L, -1, LUA_TTABLE);
    shape_entry(L, -1, "positions", LUA_TTABLE);
    positions += lua_rawlen(L, -1);
    lua_pop(L, 2);
  }
  size = sizeof *shape + count * sizeof *shape->columns;
  shape = lua_newuserdata(L, size + positions * sizeof *shape->positions);
  memset(shape, 0, size);
  shape->count = count;
  shape->positions = (size_t *)(void *)((char *)shape + size);
  return shape;
}

/* Reads the column on top of the stack; its name and join go into the anchor. */
static void read_column (lua_State *L, lp_shape *shape, lp_column *column, int anchor, int name) {
  int top = lua_gettop(L);
  shape_entry(L, top, "name", LUA_TSTRING);
  lua_rawseti(L, anchor, name);
  shape_entry(L, top, "join", LUA_TSTRING);
  column->join.s = lua_tolstring(L, -1, &column->join.n);
  lua_rawseti(L, anchor, name + (int)shape->count);
  column->email = shape_flag(L, top, "email");
  column->required = shape_flag(L, top, "required");
  column->one = shape_flag(L, top, "first");
  shape_entry(L, top, "positions", LUA_TTABLE);
  column->count = lua_rawlen(L, -1);
  for (size_t i = 0; i < column->count; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    shape->positions[column->first + i] = shape_number(L, shape->width, "a position") - 1;
  }
  if (column->count != 1) shape->joins += column->join.n * column->count + 1;
  lua_pop(L, 1);
}

void lp_rows_shape (lua_State *L, lp_rows *r) {
  static const char *const constants[] = {"origin", "file", NULL, "row", "line", NULL};
  lp_shape *shape;
  size_t count, used = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  shape_entry(L, 2, "columns", LUA_TTABLE); /* 3 */
  count = lua_rawlen(L, 3);
  if (count < 1 || count > 10000) luaL_error(L, "csv parser: a shape needs columns");
  lua_newtable(L); /* 4: the anchor */
  for (int i = 0; i < 6; i++) {
    if (constants[i] != NULL)
      lua_pushstring(L, constants[i]);
    else if (i == 2)
      shape_entry(L, 2, "file", LUA_TSTRING);
    else
      shape_entry(L, 2, "origin", LUA_TTABLE);
    lua_rawseti(L, 4, i + 1);
  }
  shape = new_shape(L, 3, count);
  lua_rawseti(L, 4, ANCHORED + 2 * (int)count);
  lua_getfield(L, 2, "width");
  shape->width = shape_number(L, 1 << 30, "the width");
  lua_getfield(L, 2, "key");
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    shape->key = shape_number(L, count, "the key");
  for (size_t i = 0; i < count; i++) {
    shape->columns[i].first = used;
    lua_rawgeti(L, 3, (int)i + 1);
    read_column(L, shape, &shape->columns[i], 4, ANCHORED + (int)i);
    lua_pop(L, 1);
    used += shape->columns[i].count;
  }
  lua_settop(L, 4);
  if (r->shape != NULL) luaL_unref(L, LUA_REGISTRYINDEX, r->anchor);
  r->shape = NULL;
  r->anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  r->shape = shape;
}

void lp_rows_free (lua_State *L, lp_rows *r) {
  if (r->shape != NULL) luaL_unref(L, LUA_REGISTRYINDEX, r->anchor);
  lp_csv_free(&r->csv);
  lp_key_set_free(&r->keys);
  free(r->joined);
  memset(r, 0, sizeof *r);
}
