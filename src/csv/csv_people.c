/* Rows of a CSV file as desired people, without a Lua value made for them. */
#include <limits.h>
#include <stdint.h>

#include "bytes.h"
#include "csv_people.h"
#include "people_sink.h"

#define NO_COLUMN SIZE_MAX

/* The description; its lists stand behind it in one block. */
typedef struct pouring {
  size_t email, fullname, active; /* columns, counted from 0 */
  size_t *group_columns;
  size_t group_column_count, group_count, active_count, inactive_count;
  lp_slice *groups; /* of the columns, then the fixed ones */
  lp_slice *active_words, *inactive_words;
  uint16_t source;
  int manages_groups;
} pouring;

static lp_people_sink *check_sink (lua_State *L) {
  lp_people_sink *sink = lua_touserdata(L, 2);
  int is_sink = sink != NULL && luaL_getmetafield(L, 2, "__people_sink") && lua_toboolean(L, -1);
  luaL_argcheck(L, is_sink, 2, "nothing that takes people");
  lua_pop(L, 1);
  return sink;
}

static size_t number_field (lua_State *L, const char *name, size_t most, size_t usual) {
  lua_Number value;
  lua_getfield(L, 3, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return usual;
  }
  value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
  if (!(value >= 0 && value <= (lua_Number)most))
    luaL_error(L, "csv parser: '%s' is out of range", name);
  lua_pop(L, 1);
  return (size_t)value;
}

/* A column, from 0; NO_COLUMN when it is not mapped. */
static size_t column_field (lua_State *L, const lp_rows *r, const char *name) {
  size_t column = number_field(L, name, lp_rows_columns(r), NO_COLUMN);
  if (column == 0) luaL_error(L, "csv parser: '%s' is out of range", name);
  return column == NO_COLUMN ? NO_COLUMN : column - 1;
}

/* Leaves the list on the stack, or nil; its length. */
static size_t list_field (lua_State *L, const char *name) {
  size_t n;
  lua_getfield(L, 3, name);
  if (lua_isnil(L, -1)) return 0;
  luaL_checktype(L, -1, LUA_TTABLE);
  n = lua_rawlen(L, -1);
  if (n > 10000) luaL_error(L, "csv parser: '%s' is too long", name);
  return n;
}

/* The texts of the list at an index; it keeps them. */
static void read_texts (lua_State *L, int list, lp_slice *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, list, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "csv parser: a list of texts expected");
    out[i].bytes = lua_tolstring(L, -1, &out[i].length);
    lua_pop(L, 1);
  }
}

/* Pushes the description, and below it what it points to. */
static pouring *read_description (lua_State *L, const lp_rows *r) {
  size_t columns = list_field(L, "groups");          /* 4 */
  size_t fixed = list_field(L, "fixed");             /* 5 */
  size_t active = list_field(L, "active_words");     /* 6 */
  size_t inactive = list_field(L, "inactive_words"); /* 7 */
  pouring *p =
      lua_newuserdata(L, sizeof *p + (columns + fixed + active + inactive) * sizeof(lp_slice) +
                             columns * sizeof(size_t));
  p->groups = (lp_slice *)(void *)(p + 1);
  p->active_words = p->groups + columns + fixed;
  p->inactive_words = p->active_words + active;
  p->group_columns = (size_t *)(void *)(p->inactive_words + inactive);
  p->group_column_count = columns;
  p->group_count = columns + fixed;
  p->active_count = active;
  p->inactive_count = inactive;
  p->manages_groups = !lua_isnil(L, 4) || !lua_isnil(L, 5);
  for (size_t i = 0; i < columns; i++) {
    lua_Number column;
    lua_rawgeti(L, 4, (int)i + 1);
    column = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    if (!(column >= 1 && column <= (lua_Number)lp_rows_columns(r)))
      luaL_error(L, "csv parser: 'groups' is out of range");
    p->group_columns[i] = (size_t)column - 1;
    lua_pop(L, 1);
  }
  if (fixed > 0) read_texts(L, 5, p->groups + columns, fixed);
  if (active > 0) read_texts(L, 6, p->active_words, active);
  if (inactive > 0) read_texts(L, 7, p->inactive_words, inactive);
  p->email = column_field(L, r, "email");
  if (p->email == NO_COLUMN) luaL_error(L, "csv parser: 'email' is out of range");
  p->fullname = column_field(L, r, "fullname");
  p->active = column_field(L, r, "active");
  p->source = (uint16_t)number_field(L, "source", UINT16_MAX, 0);
  return p;
}

static lp_slice slice_of (lp_span text) {
  lp_slice slice = {text.s, text.n};
  return slice;
}

/* `folded` is in lower case. */
static int is_folded (lp_span text, const lp_slice *folded) {
  if (text.n != folded->length) return 0;
  for (size_t i = 0; i < text.n; i++)
    if (lp_fold_byte((unsigned char)text.s[i]) != (unsigned char)folded->bytes[i]) return 0;
  return 1;
}

static int is_one_of (lp_span text, const lp_slice *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (is_folded(text, &words[i])) return 1;
  return 0;
}

/* 0 for a word that is on neither list as it stands: Lua knows more spellings, and what to say. */
static int read_active (const lp_rows *r, const pouring *p, lp_active *active) {
  lp_span value;
  *active = LP_ACTIVE_UNMANAGED;
  if (p->active == NO_COLUMN) return 1;
  value = lp_rows_value(r, p->active);
  lp_csv_trim(&value);
  if (is_one_of(value, p->inactive_words, p->inactive_count)) {
    *active = LP_ACTIVE_NO;
    return 1;
  }
  *active = LP_ACTIVE_YES;
  return is_one_of(value, p->active_words, p->active_count);
}

/* The person whom the row at hand describes, but for whether they are active. */
static lp_declared read_person (const lp_rows *r, pouring *p) {
  lp_declared person = {{NULL, 0}, {NULL, 0}, NULL, 0, 0, 0, LP_ACTIVE_UNMANAGED, 0};
  person.email = slice_of(lp_rows_value(r, p->email));
  person.checked = lp_rows_is_email(r, p->email);
  if (p->fullname != NO_COLUMN && lp_rows_value(r, p->fullname).n > 0)
    person.fullname = slice_of(lp_rows_value(r, p->fullname));
  for (size_t i = 0; i < p->group_column_count; i++)
    p->groups[i] = slice_of(lp_rows_value(r, p->group_columns[i]));
  if (p->manages_groups) {
    person.groups = p->groups;
    person.group_count = p->group_count;
  }
  person.source = p->source;
  person.line = (uint32_t)lp_rows_line(r);
  return person;
}

size_t lp_rows_pour (lua_State *L, lp_rows *r) {
  lp_people_sink *sink = check_sink(L);
  size_t count = 0;
  pouring *p;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  if (r->shape == NULL) return 0;
  p = read_description(L, r);
  while (lp_rows_fit(r)) {
    lp_declared person;
    lp_people_answer answer;
    uint32_t row;
    if (lp_rows_line(r) > UINT32_MAX) break;
    person = read_person(r, p);
    if (!read_active(r, p, &person.active)) break;
    answer = sink->add(sink, &person, &row);
    if (answer == LP_PEOPLE_CLOSED) luaL_error(L, "csv parser: what takes the people is closed");
    if (answer == LP_PEOPLE_NO_MEMORY) luaL_error(L, "not enough memory");
    if (answer != LP_PEOPLE_ADDED) break;
    lp_rows_skip(r);
    count++;
  }
  return count;
}
