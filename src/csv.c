/*
** lastpass.csv: CSV bytes to rows, over libcsv, and a decoder over iconv for files that are not
** UTF-8. Both are fed pieces of any size; where the pieces are cut never changes the result.
**
** libcsv calls back for each field and each row. The callbacks only copy into C buffers that the
** parser owns; Lua values are made after csv_parse has returned, so nothing can jump out of it.
*/
#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "compat.h"
#include "utf8.h"

#define PARSER_TYPE "lastpass.csv.parser"
#define DECODER_TYPE "lastpass.csv.decoder"

/* Fields are measured where the file offset is a multiple of this, however the file is cut. */
#define MEASURE 4096

#define BOM "\xEF\xBB\xBF"
#define BOM_LENGTH 3

typedef struct lp_record {
  size_t first; /* index of the first field in `ends` */
  size_t count;
  size_t line, last; /* physical lines it starts and ends on */
  size_t number;     /* records before it, blank lines included, plus one */
} lp_record;

typedef struct lp_span {
  const char *s;
  size_t n;
} lp_span;

/* One named field of a shaped row: the columns it is joined from. */
typedef struct lp_column {
  size_t first, count; /* in the shape's positions */
  lp_span join;        /* anchored */
  lp_span value;       /* of the row at hand */
  int email, required;
} lp_column;

/* How rows become tables with named fields. Lives in a userdata, anchored with its strings. */
typedef struct lp_shape {
  size_t width, count;
  size_t key; /* index of the column plus one; 0: none */
  size_t joins; /* bytes of all joins of one row */
  size_t *positions; /* counted from 0 */
  lp_column columns[1];
} lp_shape;

typedef struct lp_parser {
  struct csv_parser csv;
  int trim, utf8, finished;
  size_t max_field, max_fields, max_row;

  char *bytes; /* the fields end to end */
  size_t bytes_used, bytes_size;
  size_t *ends; /* where each field ends in `bytes` */
  size_t ends_used, ends_size;
  lp_record *records;
  size_t records_used, records_size;

  lp_shape *shape; /* NULL: rows are lists */
  int anchor;      /* registry reference of what the shape points to */
  char *joined;    /* values of the row at hand that are joined from several columns */
  size_t joined_used, joined_size;

  int bom;        /* bytes of a byte order mark seen so far; BOM_LENGTH: past it */
  int row_open;   /* bytes were read since the last end of a row */
  int after_cr;   /* the last byte was CR: LF now belongs to the same line end */
  size_t offset;  /* bytes parsed */
  size_t line;    /* physical line of the next byte */
  size_t number;  /* records ended, blank lines included */
  size_t row_line, row_first, row_bytes; /* of the open row: line, first field, first byte */
  size_t field_line;                     /* line the open field starts on */

  const char *code; /* stable name of the failure, NULL while there is none */
  size_t bad_line;
  char message[160];
} lp_parser;

/* Remembers the first failure; all later input is ignored. */
static void set_failure (lp_parser *p, const char *code, size_t line, const char *format, ...) {
  va_list arguments;
  if (p->code != NULL) return;
  p->code = code;
  p->bad_line = line;
  va_start (arguments, format);
  vsnprintf (p->message, sizeof p->message, format, arguments);
  va_end (arguments);
}

/* Room for `more` further elements; 0 when memory is out. */
static int reserve (void **data, size_t *size, size_t used, size_t more, size_t width) {
  size_t wanted = *size ? *size : 64;
  void *grown;
  if (more > SIZE_MAX / 2 / width - used) return 0;
  while (wanted < used + more) wanted *= 2;
  if (wanted == *size) return 1;
  grown = realloc (*data, wanted * width);
  if (grown == NULL) return 0;
  *data = grown;
  *size = wanted;
  return 1;
}

#define RESERVE(p, name, more)                                                                     \
  reserve ((void **) &(p)->name, &(p)->name##_size, (p)->name##_used, more, sizeof *(p)->name)

static void out_of_memory (lp_parser *p) {
  set_failure (p, "no_memory", p->line, "memory is exhausted");
}

/* What is said of a field that is too long, whether it has ended or not. */
static void field_too_large (lp_parser *p) {
  set_failure (p, "field_too_large", p->field_line, "field %zu is longer than %zu bytes%s",
               p->ends_used - p->row_first + 1, p->max_field,
               p->csv.quoted ? " (is its quote never closed?)" : "");
}

/* libcsv's callback for a field. */
static void take_field (void *text, size_t length, void *data) {
  lp_parser *p = data;
  if (p->code != NULL) return;
  if (length > p->max_field) {
    field_too_large (p);
  } else if (p->ends_used - p->row_first == p->max_fields) {
    set_failure (p, "too_many_fields", p->row_line, "the row has more than %zu fields",
                 p->max_fields);
  } else if (p->bytes_used - p->row_bytes + length > p->max_row) {
    set_failure (p, "row_too_large", p->row_line, "the row is longer than %zu bytes", p->max_row);
  } else if (!RESERVE (p, bytes, length) || !RESERVE (p, ends, 1)) {
    out_of_memory (p);
  } else {
    if (length > 0) memcpy (p->bytes + p->bytes_used, text, length);
    p->bytes_used += length;
    p->ends[p->ends_used++] = p->bytes_used;
    p->field_line = p->line;
  }
}

/* libcsv's callback for the end of a row; a blank line is a row without fields. */
static void take_row (int terminator, void *data) {
  lp_parser *p = data;
  lp_record *record;
  (void) terminator;
  if (p->code != NULL) return;
  p->row_open = 0;
  p->number++;
  if (p->ends_used == p->row_first) return;
  if (!RESERVE (p, records, 1)) {
    out_of_memory (p);
    return;
  }
  record = &p->records[p->records_used++];
  record->first = p->row_first;
  record->count = p->ends_used - p->row_first;
  record->line = p->row_line;
  record->last = p->line;
  record->number = p->number;
  p->row_first = p->ends_used;
  p->row_bytes = p->bytes_used;
}

/* Turns libcsv's "parse error" into what is wrong. */
static void quote_failure (lp_parser *p) {
  size_t field = p->ends_used - p->row_first + 1;
  if (csv_error (&p->csv) != CSV_EPARSE) {
    out_of_memory (p);
  } else if (!p->csv.quoted) {
    set_failure (p, "stray_quote", p->line, "field %zu has a quote inside but does not begin with one",
                 field);
  } else if (p->field_line == p->line) {
    set_failure (p, "stray_quote", p->line, "field %zu goes on after its closing quote", field);
  } else {
    set_failure (p, "stray_quote", p->line,
                 "field %zu, which begins on line %zu, goes on after its closing quote", field,
                 p->field_line);
  }
}

/*
** Feeds libcsv one physical line, or part of one, at a time: so the callbacks know the line,
** which libcsv does not count. libcsv never sees the LF of a CRLF that ends a row.
*/
static void parse_bytes (lp_parser *p, const char *s, size_t n) {
  while (n > 0 && p->code == NULL) {
    size_t most = MEASURE - p->offset % MEASURE, length = 0, parsed;
    int joined = p->after_cr && *s == '\n', ended;
    if (most > n) most = n;
    if (joined && !p->row_open) {
      p->after_cr = 0;
      p->offset++;
      s++;
      n--;
      continue;
    }
    while (length < most && s[length] != '\n' && s[length] != '\r' && s[length] != '\0') length++;
    ended = length < most && s[length] != '\0';
    if (ended) length++;
    if (length == 0) {
      set_failure (p, "nul_byte", p->line, "there is a NUL byte: this is no text, or it is UTF-16");
      return;
    }
    if (!p->row_open) {
      p->row_open = 1;
      p->row_line = p->field_line = p->line;
    }
    parsed = csv_parse (&p->csv, s, length, take_field, take_row, p);
    if (parsed != length) {
      quote_failure (p);
      return;
    }
    p->after_cr = ended && s[length - 1] == '\r';
    if (ended && !joined) p->line++;
    p->offset += length;
    s += length;
    n -= length;
    if (p->offset % MEASURE == 0 && p->csv.entry_pos > p->max_field) field_too_large (p);
  }
}

/* Drops a UTF-8 byte order mark at the very beginning. */
static void parse_input (lp_parser *p, const char *s, size_t n) {
  while (p->bom < BOM_LENGTH && n > 0) {
    if (*s == BOM[p->bom]) {
      p->bom++;
      s++;
      n--;
    } else {
      size_t held = (size_t) p->bom;
      p->bom = BOM_LENGTH;
      parse_bytes (p, BOM, held);
    }
  }
  parse_bytes (p, s, n);
}

static void parse_end (lp_parser *p) {
  if (p->bom < BOM_LENGTH) parse_bytes (p, BOM, (size_t) p->bom);
  if (p->code != NULL) return;
  if (csv_fini (&p->csv, take_field, take_row, p) != 0)
    set_failure (p, "unterminated_quote", p->field_line,
                 "the quote of field %zu is never closed: the file ends inside it",
                 p->ends_used - p->row_first + 1);
}

/* Length of a space at s (ASCII, or one of Unicode's non-breaking ones), else 0. */
static size_t space_length (const char *s, size_t n) {
  if (*s == ' ' || (*s >= '\t' && *s <= '\r')) return 1;
  if (n >= 2 && memcmp (s, "\xC2\xA0", 2) == 0) return 2;
  if (n < 3) return 0;
  if (memcmp (s, "\xE2\x80\x87", 3) == 0 || memcmp (s, "\xE2\x80\xAF", 3) == 0) return 3;
  return memcmp (s, BOM, 3) == 0 ? 3 : 0;
}

static void trim_field (const char **s, size_t *n) {
  size_t k;
  while (*n > 0 && (k = space_length (*s, *n)) > 0) *s += k, *n -= k;
  while (*n > 0) {
    const char *end = *s + *n;
    if (space_length (end - 1, 1) == 1) k = 1;
    else if (*n >= 2 && space_length (end - 2, 2) == 2) k = 2;
    else if (*n >= 3 && space_length (end - 3, 3) == 3) k = 3;
    else return;
    *n -= k;
  }
}

static int is_utf8 (const char *s, size_t n) {
  const char *end = s + n;
  while (s < end) {
    int length;
    if ((unsigned char) *s < 0x80) {
      s++;
      continue;
    }
    length = lp_utf8_length (s, end);
    if (length <= 0) return 0;
    s += length;
  }
  return 1;
}

/* Field i of a record, trimmed when the parser trims. */
static lp_span field_of (const lp_parser *p, const lp_record *record, size_t i) {
  size_t index = record->first + i;
  size_t begin = index > 0 ? p->ends[index - 1] : 0;
  lp_span field = {"", p->ends[index] - begin};
  if (field.n > 0) {
    field.s = p->bytes + begin;
    if (p->trim) trim_field (&field.s, &field.n);
  }
  return field;
}

/* The first field that is not UTF-8, counted from 1; 0 when there is none. */
static size_t invalid_field (const lp_parser *p, const lp_record *record) {
  size_t begin = record->first > 0 ? p->ends[record->first - 1] : 0;
  if (!p->utf8) return 0;
  for (size_t i = 0; i < record->count; i++) {
    size_t end = p->ends[record->first + i];
    if (end > begin && !is_utf8 (p->bytes + begin, end - begin)) return i + 1;
    begin = end;
  }
  return 0;
}

static void set_integer (lua_State *L, const char *name, size_t value) {
  lua_pushinteger (L, (lua_Integer) value);
  lua_setfield (L, -2, name);
}

/* Pushes a row as a list. */
static void push_list (lua_State *L, const lp_parser *p, const lp_record *record, size_t invalid) {
  lua_createtable (L, (int) record->count, 2);
  for (size_t i = 0; i < record->count; i++) {
    lp_span field = field_of (p, record, i);
    lua_pushlstring (L, field.s, field.n);
    lua_rawseti (L, -2, (int) i + 1);
  }
  set_integer (L, "line", record->line);
  set_integer (L, "number", record->number);
  if (record->last != record->line) set_integer (L, "last", record->last);
  if (invalid > 0) set_integer (L, "invalid", invalid);
}

static int is_word (unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* An address as nearly all are; for any other lastpass.email has the last word. */
static int is_plain_email (lp_span text) {
  size_t at = 0;
  if (text.n == 0 || text.n > 254) return 0;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.s[i];
    if (c == '@' && at == 0 && i > 0) at = i;
    else if (c != '.' && !is_word ((unsigned char) c) && (at || !strchr ("_'+", c) || c == '\0'))
      return 0;
    if ((c == '.' || c == '@') && (i == 0 || i + 1 == text.n || strchr (".@", text.s[i - 1])))
      return 0;
  }
  return at > 0;
}

/* Joins what is not empty; 0 when memory is out. The buffer was made large enough before. */
static lp_span join_fields (lp_parser *p, const lp_record *record, const lp_column *column) {
  char *begin = p->joined + p->joined_used, *end = begin;
  lp_span value = {begin, 0};
  for (size_t i = 0; i < column->count; i++) {
    lp_span field = field_of (p, record, p->shape->positions[column->first + i]);
    if (field.n == 0) continue;
    if (end > begin && column->join.n > 0) {
      memcpy (end, column->join.s, column->join.n);
      end += column->join.n;
    }
    memcpy (end, field.s, field.n);
    end += field.n;
  }
  value.n = (size_t) (end - begin);
  p->joined_used += value.n;
  return value;
}

/*
** Finds the values of all columns. 0 when the row needs a closer look: another width, nothing in
** it, a value missing, an address that is not plain.
*/
static int shape_row (lp_parser *p, const lp_record *record) {
  lp_shape *shape = p->shape;
  size_t begin = record->first > 0 ? p->ends[record->first - 1] : 0;
  size_t bytes = p->ends[record->first + record->count - 1] - begin;
  int empty = 1;
  if (record->count != shape->width || shape->joins > SIZE_MAX / 4) return 0;
  p->joined_used = 0;
  if (shape->joins > 0 && !RESERVE (p, joined, bytes * shape->count + shape->joins)) return 0;
  for (size_t i = 0; i < shape->count; i++) {
    lp_column *column = &shape->columns[i];
    column->value = column->count == 1 ? field_of (p, record, shape->positions[column->first])
                                       : join_fields (p, record, column);
    if (column->value.n > 0) empty = 0;
    else if (column->required) return 0;
    if (column->email && column->value.n > 0 && !is_plain_email (column->value)) return 0;
  }
  return !empty;
}

/* Pushes the key: the value on top, its ASCII letters in lower case when it is an address. */
static void push_key (lua_State *L, const lp_column *key) {
  char folded[254];
  int changed = 0;
  for (size_t i = 0; key->email && i < key->value.n; i++) {
    char c = key->value.s[i];
    int upper = c >= 'A' && c <= 'Z';
    folded[i] = upper ? (char) (c + ('a' - 'A')) : c;
    changed |= upper;
  }
  lua_pushlstring (L, changed ? folded : key->value.s, key->value.n);
}

/*
** Pushes a row as a table with named fields and its origin. On the stack from `base` on: "origin",
** "file", the file, "row", "line", the metatable of origins, the names of the columns.
*/
static void push_person (lua_State *L, const lp_parser *p, const lp_record *record, int base) {
  const lp_shape *shape = p->shape;
  lua_createtable (L, 0, (int) shape->count + 1);
  for (size_t i = 0; i < shape->count; i++) {
    lua_pushvalue (L, base + 6 + (int) i);
    lua_pushlstring (L, shape->columns[i].value.s, shape->columns[i].value.n);
    lua_rawset (L, -3);
  }
  lua_pushvalue (L, base);
  lua_createtable (L, 0, 3);
  lua_pushvalue (L, base + 1);
  lua_pushvalue (L, base + 2);
  lua_rawset (L, -3);
  lua_pushvalue (L, base + 3);
  lua_pushinteger (L, (lua_Integer) record->number);
  lua_rawset (L, -3);
  lua_pushvalue (L, base + 4);
  lua_pushinteger (L, (lua_Integer) record->line);
  lua_rawset (L, -3);
  lua_pushvalue (L, base + 5);
  lua_setmetatable (L, -2);
  lua_rawset (L, -3);
}

/* Forgets the rows that have been pushed and moves what is open to the front. */
static void drop_records (lp_parser *p) {
  size_t fields = p->ends_used - p->row_first;
  size_t bytes = p->bytes_used - p->row_bytes;
  if (p->records_used == 0) return;
  if (bytes > 0) memmove (p->bytes, p->bytes + p->row_bytes, bytes);
  for (size_t i = 0; i < fields; i++) p->ends[i] = p->ends[p->row_first + i] - p->row_bytes;
  p->ends_used = fields;
  p->bytes_used = bytes;
  p->row_first = p->row_bytes = p->records_used = 0;
}

static void push_lists (lua_State *L, const lp_parser *p) {
  lua_createtable (L, (int) p->records_used, 0);
  for (size_t i = 0; i < p->records_used; i++) {
    push_list (L, p, &p->records[i], invalid_field (p, &p->records[i]));
    lua_rawseti (L, -2, (int) i + 1);
  }
}

/* As push_lists, but rows that fit the shape come as named fields; their keys are rows.keys. */
static void push_shaped (lua_State *L, lp_parser *p) {
  const lp_shape *shape = p->shape;
  int base = lua_gettop (L) + 2, rows, keys;
  luaL_checkstack (L, (int) shape->count + 20, "too many columns");
  lua_rawgeti (L, LUA_REGISTRYINDEX, p->anchor);
  for (int i = 1; i <= (int) shape->count + 6; i++) lua_rawgeti (L, base - 1, i);
  lua_createtable (L, (int) p->records_used, shape->key ? 1 : 0);
  rows = lua_gettop (L);
  lua_createtable (L, shape->key ? (int) p->records_used : 0, 0);
  keys = rows + 1;
  for (size_t i = 0; i < p->records_used; i++) {
    const lp_record *record = &p->records[i];
    size_t invalid = invalid_field (p, record);
    int shaped = invalid == 0 && shape_row (p, record);
    if (shaped) push_person (L, p, record, base);
    else push_list (L, p, record, invalid);
    lua_rawseti (L, rows, (int) i + 1);
    if (shape->key) {
      if (shaped) push_key (L, &shape->columns[shape->key - 1]);
      else lua_pushboolean (L, 0);
      lua_rawseti (L, keys, (int) i + 1);
    }
  }
  if (shape->key) lua_setfield (L, rows, "keys");
  lua_settop (L, rows);
}

static void push_records (lua_State *L, lp_parser *p) {
  if (p->shape != NULL) push_shaped (L, p);
  else push_lists (L, p);
  drop_records (p);
}

/* rows, or nil, message, line, code, rows that were complete before the failure. */
static int push_result (lua_State *L, lp_parser *p) {
  push_records (L, p);
  if (p->code == NULL) return 1;
  lua_pushnil (L);
  lua_pushstring (L, p->message);
  lua_pushinteger (L, (lua_Integer) p->bad_line);
  lua_pushstring (L, p->code);
  lua_pushvalue (L, -5);
  return 5;
}

/* parser:feed (bytes) */
static int lp_parser_feed (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  size_t n;
  const char *s = luaL_checklstring (L, 2, &n);
  if (p->finished) return luaL_error (L, "csv parser: fed after its end");
  parse_input (p, s, n);
  return push_result (L, p);
}

/* parser:finish () */
static int lp_parser_finish (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  if (!p->finished) parse_end (p);
  p->finished = 1;
  return push_result (L, p);
}

/* A required entry of the shape's description, left on the stack. */
static void shape_entry (lua_State *L, int index, const char *name, int type) {
  lua_getfield (L, index, name);
  if (lua_type (L, -1) != type)
    luaL_error (L, "csv parser: '%s' of a shape must be a %s", name, lua_typename (L, type));
}

static size_t shape_number (lua_State *L, size_t most, const char *what) {
  lua_Number value = lua_type (L, -1) == LUA_TNUMBER ? lua_tonumber (L, -1) : 0;
  if (!(value >= 1 && value <= (lua_Number) most))
    luaL_error (L, "csv parser: %s of a shape must be from 1 to %d", what, (int) most);
  lua_pop (L, 1);
  return (size_t) value;
}

static int shape_flag (lua_State *L, int index, const char *name) {
  int flag;
  lua_getfield (L, index, name);
  flag = lua_toboolean (L, -1);
  lua_pop (L, 1);
  return flag;
}

/* Columns and positions together, so that one block holds the shape. */
static lp_shape *new_shape (lua_State *L, int columns, size_t count) {
  size_t positions = 0, size;
  lp_shape *shape;
  for (size_t i = 1; i <= count; i++) {
    lua_rawgeti (L, columns, (int) i);
    luaL_checktype (L, -1, LUA_TTABLE);
    shape_entry (L, -1, "positions", LUA_TTABLE);
    positions += lua_rawlen (L, -1);
    lua_pop (L, 2);
  }
  size = sizeof *shape + count * sizeof *shape->columns;
  shape = lua_newuserdata (L, size + positions * sizeof *shape->positions);
  memset (shape, 0, size);
  shape->count = count;
  shape->positions = (size_t *) (void *) ((char *) shape + size);
  return shape;
}

/* Reads the column on top of the stack; its name and join go into the anchor. */
static void read_column (lua_State *L, lp_shape *shape, lp_column *column, int anchor, int name) {
  int top = lua_gettop (L);
  shape_entry (L, top, "name", LUA_TSTRING);
  lua_rawseti (L, anchor, name);
  shape_entry (L, top, "join", LUA_TSTRING);
  column->join.s = lua_tolstring (L, -1, &column->join.n);
  lua_rawseti (L, anchor, name + (int) shape->count);
  column->email = shape_flag (L, top, "email");
  column->required = shape_flag (L, top, "required");
  shape_entry (L, top, "positions", LUA_TTABLE);
  column->count = lua_rawlen (L, -1);
  for (size_t i = 0; i < column->count; i++) {
    lua_rawgeti (L, -1, (int) i + 1);
    shape->positions[column->first + i] = shape_number (L, shape->width, "a position") - 1;
  }
  if (column->count != 1) shape->joins += column->join.n * column->count + 1;
  lua_pop (L, 1);
}

/*
** parser:shape {width =, columns = {{name =, positions = {…}, join =, email =, required =}, …},
**               key = index | nil, file =, origin = metatable}
** From now on a row that is plainly good comes as {name = value, …, origin = {file, row, line}};
** any other still comes as a list, for its reader to judge.
*/
static int lp_parser_shape (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  static const char *const constants[] = {"origin", "file", NULL, "row", "line", NULL};
  lp_shape *shape;
  size_t count, used = 0;
  luaL_checktype (L, 2, LUA_TTABLE);
  lua_settop (L, 2);
  shape_entry (L, 2, "columns", LUA_TTABLE); /* 3 */
  count = lua_rawlen (L, 3);
  if (count < 1 || count > 10000) return luaL_error (L, "csv parser: a shape needs columns");
  lua_newtable (L); /* 4: the anchor */
  for (int i = 0; i < 6; i++) {
    if (constants[i] != NULL) lua_pushstring (L, constants[i]);
    else if (i == 2) shape_entry (L, 2, "file", LUA_TSTRING);
    else shape_entry (L, 2, "origin", LUA_TTABLE);
    lua_rawseti (L, 4, i + 1);
  }
  shape = new_shape (L, 3, count);
  lua_rawseti (L, 4, 7 + 2 * (int) count);
  lua_getfield (L, 2, "width");
  shape->width = shape_number (L, 1 << 30, "the width");
  lua_getfield (L, 2, "key");
  if (lua_isnil (L, -1)) lua_pop (L, 1);
  else shape->key = shape_number (L, count, "the key");
  for (size_t i = 0; i < count; i++) {
    shape->columns[i].first = used;
    lua_rawgeti (L, 3, (int) i + 1);
    read_column (L, shape, &shape->columns[i], 4, 7 + (int) i);
    lua_pop (L, 1);
    used += shape->columns[i].count;
  }
  lua_settop (L, 4);
  if (p->shape != NULL) luaL_unref (L, LUA_REGISTRYINDEX, p->anchor);
  p->shape = NULL;
  p->anchor = luaL_ref (L, LUA_REGISTRYINDEX);
  p->shape = shape;
  return 0;
}

/* parser:line () -> physical line of the next byte */
static int lp_parser_line (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  lua_pushinteger (L, (lua_Integer) p->line);
  return 1;
}

static int lp_parser_collect (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  csv_free (&p->csv);
  free (p->bytes);
  free (p->ends);
  free (p->records);
  free (p->joined);
  if (p->shape != NULL) luaL_unref (L, LUA_REGISTRYINDEX, p->anchor);
  memset (p, 0, sizeof *p);
  p->finished = 1;
  return 0;
}

static int lp_parser_tostring (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  lua_pushfstring (L, PARSER_TYPE ": line %d", (int) p->line);
  return 1;
}

/* Given to libcsv to keep spaces. */
static int no_space (unsigned char c) {
  (void) c;
  return 0;
}

/* A one-byte option such as the delimiter; UTF-8 bytes and line ends cannot be one. */
static unsigned char character_option (lua_State *L, const char *name, char usual) {
  size_t n;
  const char *s;
  unsigned char c;
  lua_getfield (L, 1, name);
  if (lua_isnil (L, -1)) {
    c = (unsigned char) usual;
  } else {
    s = lua_type (L, -1) == LUA_TSTRING ? lua_tolstring (L, -1, &n) : NULL;
    c = s != NULL && n == 1 ? (unsigned char) *s : 0;
    if (c == 0 || c > 126 || c == '\n' || c == '\r')
      luaL_error (L, "csv.parser: '%s' must be one ASCII character, no line end", name);
  }
  lua_pop (L, 1);
  return c;
}

static int boolean_option (lua_State *L, const char *name, int usual) {
  int value;
  lua_getfield (L, 1, name);
  if (!lua_isnil (L, -1) && !lua_isboolean (L, -1))
    luaL_error (L, "csv.parser: '%s' must be true or false", name);
  value = lua_isnil (L, -1) ? usual : lua_toboolean (L, -1);
  lua_pop (L, 1);
  return value;
}

static size_t limit_option (lua_State *L, const char *name, size_t usual) {
  lua_Number value;
  lua_getfield (L, 1, name);
  if (lua_isnil (L, -1)) {
    lua_pop (L, 1);
    return usual;
  }
  value = lua_type (L, -1) == LUA_TNUMBER ? lua_tonumber (L, -1) : 0;
  if (!(value >= 1 && value <= 1073741824))
    luaL_error (L, "csv.parser: '%s' must be a number from 1 to 2^30", name);
  lua_pop (L, 1);
  return (size_t) value;
}

static void check_option_names (lua_State *L) {
  static const char *const known[] = {"delimiter", "quote",     "strict",     "trim",
                                      "utf8",      "max_field", "max_fields", "max_row"};
  lua_pushnil (L);
  while (lua_next (L, 1)) {
    size_t i = 0, count = sizeof known / sizeof *known;
    lua_pop (L, 1);
    if (lua_type (L, -1) == LUA_TSTRING)
      while (i < count && strcmp (known[i], lua_tostring (L, -1)) != 0) i++;
    else
      i = count;
    if (i == count)
      luaL_error (L, "csv.parser: unknown option '%s'",
                  lua_type (L, -1) == LUA_TSTRING ? lua_tostring (L, -1) : luaL_typename (L, -1));
  }
}

/*
** csv.parser {delimiter = ",", quote = '"', strict = true, trim = false, utf8 = true,
**             max_field = 2^20, max_fields = 10000, max_row = 2^24}
*/
static int lp_csv_parser (lua_State *L) {
  lp_parser *p;
  lp_parser options;
  int strict;
  memset (&options, 0, sizeof options);
  if (lua_isnoneornil (L, 1)) {
    lua_settop (L, 0);
    lua_newtable (L);
  }
  luaL_checktype (L, 1, LUA_TTABLE);
  check_option_names (L);
  strict = boolean_option (L, "strict", 1);
  csv_init (&options.csv, CSV_REPALL_NL | (strict ? CSV_STRICT | CSV_STRICT_FINI : 0));
  csv_set_delim (&options.csv, character_option (L, "delimiter", ','));
  csv_set_quote (&options.csv, character_option (L, "quote", '"'));
  if (csv_get_delim (&options.csv) == csv_get_quote (&options.csv))
    return luaL_error (L, "csv.parser: 'delimiter' and 'quote' must differ");
  csv_set_blk_size (&options.csv, MEASURE);
  options.trim = boolean_option (L, "trim", 0);
  if (!options.trim) csv_set_space_func (&options.csv, no_space);
  options.utf8 = boolean_option (L, "utf8", 1);
  options.max_field = limit_option (L, "max_field", (size_t) 1 << 20);
  options.max_fields = limit_option (L, "max_fields", 10000);
  options.max_row = limit_option (L, "max_row", (size_t) 1 << 24);
  options.line = 1;
  p = lua_newuserdata (L, sizeof *p);
  *p = options;
  luaL_getmetatable (L, PARSER_TYPE);
  lua_setmetatable (L, -2);
  return 1;
}

typedef struct lp_encoding {
  const char *name;
  const char *iconv; /* NULL: UTF-16 with a byte order mark that says which */
  size_t unit;       /* bytes skipped when they are no character */
} lp_encoding;

static const lp_encoding encodings[] = {
    {"big5", "BIG5", 1},
    {"euc-kr", "EUC-KR", 1},
    {"gb18030", "GB18030", 1},
    {"iso-8859-1", "ISO-8859-1", 1},
    {"iso-8859-15", "ISO-8859-15", 1},
    {"iso-8859-2", "ISO-8859-2", 1},
    {"latin1", "ISO-8859-1", 1},
    {"macintosh", "MACINTOSH", 1},
    {"shift_jis", "SHIFT_JIS", 1},
    {"utf-16", NULL, 2},
    {"utf-16be", "UTF-16BE", 2},
    {"utf-16le", "UTF-16LE", 2},
    {"windows-1250", "CP1250", 1},
    {"windows-1251", "CP1251", 1},
    {"windows-1252", "CP1252", 1},
    {"windows-1253", "CP1253", 1},
    {"windows-1254", "CP1254", 1},
    {"windows-1257", "CP1257", 1},
};

#define ENCODINGS (sizeof encodings / sizeof *encodings)

typedef struct lp_decoder {
  const lp_encoding *encoding;
  iconv_t cd;
  int open; /* cd is valid; for UTF-16 only once the byte order mark has been seen */
  size_t held;
  char rest[16]; /* the beginning of a character that is not all there yet */
} lp_decoder;

#define NO_ICONV ((iconv_t) -1)

static int open_decoder (lp_decoder *d, const char *from) {
  d->cd = iconv_open ("UTF-8", from);
  d->open = d->cd != NO_ICONV;
  return d->open;
}

/*
** Converts into b and returns how many bytes at the end are only the beginning of a character.
** What is no character becomes the byte FF, which is never UTF-8: the reader of the rows then
** refuses that one row.
*/
static size_t convert (lp_decoder *d, luaL_Buffer *b, const char *s, size_t n) {
  char *in = (char *) s;
  while (n > 0) {
    char *room = luaL_prepbuffer (b), *out = room;
    size_t left = LUAL_BUFFERSIZE;
    size_t done = iconv (d->cd, &in, &n, &out, &left);
    int why = errno;
    luaL_addsize (b, (size_t) (out - room));
    if (done != (size_t) -1 || why == E2BIG) continue;
    if (why == EINVAL && n < sizeof d->rest) return n;
    if (n < d->encoding->unit) return n;
    luaL_addchar (b, '\xFF');
    in += d->encoding->unit;
    n -= d->encoding->unit;
  }
  return 0;
}

/* UTF-16 begins with a mark that tells its byte order; 0 when it does not. */
static int open_utf16 (lp_decoder *d, const char *mark) {
  if (memcmp (mark, "\xFF\xFE", 2) == 0) return open_decoder (d, "UTF-16LE");
  if (memcmp (mark, "\xFE\xFF", 2) == 0) return open_decoder (d, "UTF-16BE");
  return 0;
}

/* decoder:feed (bytes) -> UTF-8 | nil, message */
static int lp_decoder_feed (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  size_t n, left;
  const char *s = luaL_checklstring (L, 2, &n);
  luaL_Buffer b;
  if (!d->open) {
    while (d->held < 2 && n > 0) d->rest[d->held++] = *s++, n--;
    if (d->held < 2) {
      lua_pushliteral (L, "");
      return 1;
    }
    if (!open_utf16 (d, d->rest)) {
      lua_pushnil (L);
      lua_pushliteral (L, "UTF-16 without a byte order mark: say 'utf-16le' or 'utf-16be'");
      return 2;
    }
    d->held = 0;
  }
  luaL_buffinit (L, &b);
  if (d->held > 0) {
    char joined[2 * sizeof d->rest];
    size_t taken = n < sizeof d->rest ? n : sizeof d->rest;
    size_t total = d->held + taken;
    memcpy (joined, d->rest, d->held);
    if (taken > 0) memcpy (joined + d->held, s, taken);
    left = convert (d, &b, joined, total);
    if (left > taken || taken == n) {
      memcpy (d->rest, joined + total - left, left);
      d->held = left;
      luaL_pushresult (&b);
      return 1;
    }
    s += taken - left;
    n -= taken - left;
  }
  left = convert (d, &b, s, n);
  if (left > 0) memcpy (d->rest, s + n - left, left);
  d->held = left;
  luaL_pushresult (&b);
  return 1;
}

/* decoder:finish () -> true | nil, message */
static int lp_decoder_finish (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  if (d->held > 0) {
    lua_pushnil (L);
    lua_pushliteral (L, "the file ends in the middle of a character");
    return 2;
  }
  lua_pushboolean (L, 1);
  return 1;
}

static int lp_decoder_collect (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  if (d->open) iconv_close (d->cd);
  d->open = 0;
  return 0;
}

static int lp_decoder_tostring (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  lua_pushfstring (L, DECODER_TYPE ": %s", d->encoding->name);
  return 1;
}

/* csv.decoder (encoding) -> decoder | nil, message; the names are those of csv.encodings. */
static int lp_csv_decoder (lua_State *L) {
  const char *name = luaL_checkstring (L, 1);
  lp_decoder *d;
  size_t i = 0;
  while (i < ENCODINGS && strcmp (encodings[i].name, name) != 0) i++;
  if (i == ENCODINGS) {
    lua_pushnil (L);
    lua_pushfstring (L, "unknown encoding '%s'", name);
    return 2;
  }
  d = lua_newuserdata (L, sizeof *d);
  memset (d, 0, sizeof *d);
  d->encoding = &encodings[i];
  luaL_getmetatable (L, DECODER_TYPE);
  lua_setmetatable (L, -2);
  if (encodings[i].iconv != NULL && !open_decoder (d, encodings[i].iconv)) {
    lua_pushnil (L);
    lua_pushfstring (L, "the C library has no conversion from '%s' (%s)", name, strerror (errno));
    return 2;
  }
  return 1;
}

static const luaL_Reg parser_meta[] = {
    {"__gc", lp_parser_collect}, {"__tostring", lp_parser_tostring}, {NULL, NULL}};

static const luaL_Reg parser_methods[] = {{"feed", lp_parser_feed},
                                          {"finish", lp_parser_finish},
                                          {"line", lp_parser_line},
                                          {"shape", lp_parser_shape},
                                          {NULL, NULL}};

static const luaL_Reg decoder_meta[] = {
    {"__gc", lp_decoder_collect}, {"__tostring", lp_decoder_tostring}, {NULL, NULL}};

static const luaL_Reg decoder_methods[] = {
    {"feed", lp_decoder_feed}, {"finish", lp_decoder_finish}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"parser", lp_csv_parser}, {"decoder", lp_csv_decoder}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_csv (lua_State *L);

LP_EXPORT int luaopen_lastpass_csv (lua_State *L) {
  lp_new_metatable (L, PARSER_TYPE, parser_meta, parser_methods);
  lp_new_metatable (L, DECODER_TYPE, decoder_meta, decoder_methods);
  luaL_newlib (L, functions);
  lua_newtable (L);
  for (size_t i = 0; i < ENCODINGS; i++) {
    lua_pushstring (L, encodings[i].name);
    lua_rawseti (L, -2, (int) i + 1);
  }
  lua_setfield (L, -2, "encodings");
  return 1;
}
