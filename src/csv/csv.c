/*
** lastpass.csv: the parser and the decoder as Lua sees them.
**
** libcsv calls back for each field and each row. The callbacks (csv_parse.c) only copy into C
** buffers that the parser owns; Lua values are made (csv_rows.c) after csv_parse has returned, so
** nothing can jump out of it.
*/
#include <string.h>

#include "csv_decoder.h"
#include "csv_people.h"
#include "csv_rows.h"

#define PARSER_TYPE "lastpass.csv.parser"

typedef struct lp_parser {
  lp_rows rows;
  int finished;
} lp_parser;

static int push_failure (lua_State *L, const lp_csv *csv) {
  lua_pushnil(L);
  lua_pushstring(L, csv->message);
  lua_pushinteger(L, (lua_Integer)csv->bad_line);
  lua_pushstring(L, csv->code);
  return 4;
}

/* All rows that wait as a list; or nil, message, line, code and that list. */
static int push_rows (lua_State *L, lp_parser *p) {
  const lp_csv *csv = &p->rows.csv;
  int rows;
  lua_createtable(L, (int)(csv->records_used - p->rows.given), 0);
  rows = lua_gettop(L);
  for (int i = 1; p->rows.given < csv->records_used; i++) {
    lp_rows_push(L, &p->rows);
    lua_rawseti(L, rows, i);
  }
  if (csv->code == NULL) return 1;
  push_failure(L, csv);
  lua_pushvalue(L, rows);
  return 5;
}

/* Parses one more piece, argument 2; nil stands for the end. */
static lp_parser *parse_piece (lua_State *L, int end) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  size_t n = 0;
  const char *s = end ? NULL : luaL_checklstring(L, 2, &n);
  if (p->finished && !end) luaL_error(L, "csv parser: fed after its end");
  if (p->rows.given == p->rows.csv.records_used) {
    lp_csv_drop(&p->rows.csv);
    p->rows.given = 0;
  }
  if (!end)
    lp_csv_feed(&p->rows.csv, s, n);
  else if (!p->finished)
    lp_csv_end(&p->rows.csv);
  p->finished |= end;
  return p;
}

/* parser:feed (bytes) -> rows | nil, message, line, code, rows before the failure */
static int lp_parser_feed (lua_State *L) {
  return push_rows(L, parse_piece(L, 0));
}

/* parser:finish () -> as feed */
static int lp_parser_finish (lua_State *L) {
  return push_rows(L, parse_piece(L, 1));
}

/*
** parser:parse (bytes | nil) -> true | nil, message, line, code
** As feed, and with nil as finish, but the rows wait for parser:next, also after a failure.
*/
static int lp_parser_parse (lua_State *L) {
  lp_parser *p = parse_piece(L, lua_isnoneornil(L, 2));
  if (p->rows.csv.code != NULL) return push_failure(L, &p->rows.csv);
  lua_pushboolean(L, 1);
  return 1;
}

/* parser:next () -> row | nil when more must be parsed first */
static int lp_parser_next (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  lp_rows_push(L, &p->rows);
  return 1;
}

/* parser:pour (sink, description) -> how many: see csv_people.h */
static int lp_parser_pour (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  lua_pushinteger(L, (lua_Integer)lp_rows_pour(L, &p->rows));
  return 1;
}

/* parser:take_key (key, line) -> nil | the line that has taken the key before */
static int lp_parser_take_key (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  size_t n, first = 0;
  const char *key = luaL_checklstring(L, 2, &n);
  int added = lp_key_set_add(&p->rows.keys, key, n, (size_t)luaL_checkinteger(L, 3), &first);
  if (added < 0) return luaL_error(L, "not enough memory");
  if (added)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)first);
  return 1;
}

/* parser:shape (description): see csv_rows.h */
static int lp_parser_shape (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lp_rows_shape(L, &p->rows);
  return 0;
}

/* parser:line () -> physical line of the next byte */
static int lp_parser_line (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  lua_pushinteger(L, (lua_Integer)p->rows.csv.line);
  return 1;
}

static int lp_parser_collect (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  lp_rows_free(L, &p->rows);
  p->finished = 1;
  return 0;
}

static int lp_parser_tostring (lua_State *L) {
  lp_parser *p = luaL_checkudata(L, 1, PARSER_TYPE);
  lua_pushfstring(L, PARSER_TYPE ": line %d", (int)p->rows.csv.line);
  return 1;
}

/* A one-byte option such as the delimiter; UTF-8 bytes and line ends cannot be one. */
static char character_option (lua_State *L, const char *name, char usual) {
  size_t n;
  const char *s;
  char c;
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) {
    c = usual;
  } else {
    s = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    c = s != NULL && n == 1 ? *s : 0;
    if (c <= 0 || c > 126 || c == '\n' || c == '\r')
      luaL_error(L, "csv.parser: '%s' must be one ASCII character, no line end", name);
  }
  lua_pop(L, 1);
  return c;
}

static int boolean_option (lua_State *L, const char *name, int usual) {
  int value;
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
    luaL_error(L, "csv.parser: '%s' must be true or false", name);
  value = lua_isnil(L, -1) ? usual : lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

static size_t limit_option (lua_State *L, const char *name, size_t usual) {
  lua_Number value;
  lua_getfield(L, 1, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return usual;
  }
  value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
  if (!(value >= 1 && value <= 1073741824))
    luaL_error(L, "csv.parser: '%s' must be a number from 1 to 2^30", name);
  lua_pop(L, 1);
  return (size_t)value;
}

static void check_option_names (lua_State *L) {
  static const char *const known[] = {"delimiter", "quote",      "strict",  "trim",       "utf8",
                                      "max_field", "max_fields", "max_row", "strict_from"};
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    size_t i = 0, count = sizeof known / sizeof *known;
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING)
      while (i < count && strcmp(known[i], lua_tostring(L, -1)) != 0) i++;
    else
      i = count;
    if (i == count)
      luaL_error(L, "csv.parser: unknown option '%s'",
                 lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1));
  }
}

/*
** csv.parser {delimiter = ",", quote = '"', strict = true, trim = false, utf8 = true,
**             max_field = 2^20, max_fields = 10000, max_row = 2^24,
**             strict_from = 1: in rows before that one, quotes may be anywhere}
*/
static int lp_csv_parser (lua_State *L) {
  lp_csv_options options;
  lp_parser *p;
  int utf8;
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  check_option_names(L);
  options.delimiter = character_option(L, "delimiter", ',');
  options.quote = character_option(L, "quote", '"');
  if (options.delimiter == options.quote)
    return luaL_error(L, "csv.parser: 'delimiter' and 'quote' must differ");
  options.strict = boolean_option(L, "strict", 1);
  options.trim = boolean_option(L, "trim", 0);
  options.strict_from = limit_option(L, "strict_from", 1);
  options.max_field = limit_option(L, "max_field", (size_t)1 << 20);
  options.max_fields = limit_option(L, "max_fields", 10000);
  options.max_row = limit_option(L, "max_row", (size_t)1 << 24);
  utf8 = boolean_option(L, "utf8", 1);
  p = lua_newuserdata(L, sizeof *p);
  memset(p, 0, sizeof *p);
  lp_csv_init(&p->rows.csv, &options);
  p->rows.utf8 = utf8;
  luaL_getmetatable(L, PARSER_TYPE);
  lua_setmetatable(L, -2);
  return 1;
}

static const luaL_Reg parser_meta[] = {
    {"__gc", lp_parser_collect}, {"__tostring", lp_parser_tostring}, {NULL, NULL}};

static const luaL_Reg parser_methods[] = {
    {"feed", lp_parser_feed}, {"finish", lp_parser_finish}, {"parse", lp_parser_parse},
    {"next", lp_parser_next}, {"shape", lp_parser_shape},   {"take_key", lp_parser_take_key},
    {"line", lp_parser_line}, {"pour", lp_parser_pour},     {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"parser", lp_csv_parser}, {"decoder", lp_csv_decoder}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_csv (lua_State *L);

LP_EXPORT int luaopen_lastpass_csv (lua_State *L) {
  lp_new_metatable(L, PARSER_TYPE, parser_meta, parser_methods);
  luaL_newlib(L, functions);
  lp_csv_push_encodings(L);
  lua_setfield(L, -2, "encodings");
  return 1;
}
