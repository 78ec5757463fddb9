/*
** Users as JSON, an object a line, straight from their rows: a Lua value for every field of a
** hundred thousand people would take ten times as long as reading them.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bytes.h"
#include "controls.h"
#include "snapshot.h"
#include "user_lines.h"

#define DAY 86400u
#define DAYS (UINT32_MAX / DAY + 1)
#define MOST_FIELDS 64
#define LINES_TYPE "lastpass.user_lines"

enum { OFFSET_UNKNOWN = INT32_MIN, OFFSET_VARIES = INT32_MIN + 1 };

/* Our name of a field, and how its value is written. Attributes may hold secrets and stay out. */
#define LINE_VALUES(X)                                                                             \
  X(email, add_text(w, rows, row->username))                                                       \
  X(fullname, add_text(w, rows, row->fullname))                                                    \
  X(status, add_status(w, row))                                                                    \
  X(groups, add_groups(w, rows, row))                                                              \
  X(admin, add_flag(w, row, LP_FLAG_ADMIN))                                                        \
  X(disabled, add_flag(w, row, LP_FLAG_DISABLED))                                                  \
  X(mfa, add_name(w, rows, row->multifactor))                                                      \
  X(id, add_digits(w, row->id, 1))                                                                 \
  X(created, add_time(w, row->created))                                                            \
  X(last_login, add_time(w, row->last_login))                                                      \
  X(last_password_change, add_time(w, row->last_pw_change))                                        \
  X(never_logged_in, add_flag(w, row, LP_FLAG_NEVER_LOGGED_IN))                                    \
  X(password_reset_required, add_flag(w, row, LP_FLAG_RESET_REQUIRED))                             \
  X(password_strength, add_count(w, row->mpstrength, LP_NO_STRENGTH))                              \
  X(security_score, add_score(w, row->totalscore))                                                 \
  X(legacy_security_score, add_score(w, row->legacytotalscore))                                    \
  X(has_sharing_keys, add_keys(w, row))                                                            \
  X(duo_username, add_name(w, rows, row->duousername))                                             \
  X(linked_account, add_name(w, rows, row->linked))                                                \
  X(sites, add_count(w, row->sites, LP_NO_COUNT))                                                  \
  X(notes, add_count(w, row->notes, LP_NO_COUNT))                                                  \
  X(form_fills, add_count(w, row->formfills, LP_NO_COUNT))                                         \
  X(applications, add_count(w, row->applications, LP_NO_COUNT))                                    \
  X(attachments, add_count(w, row->attachments, LP_NO_COUNT))

enum {
  LINE_NONE,
#define X(name, write) LINE_##name,
  LINE_VALUES(X)
#undef X
};

typedef struct field {
  int number;
  size_t length;
  char key[40]; /* ,"name": */
} field;

/* What is kept between calls: the fields, the text that grows, and by how much the zone is off on
** each day. */
typedef struct lines {
  char *bytes;
  size_t size, capacity;
  size_t count;
  field fields[MOST_FIELDS];
  int32_t offsets[DAYS];
} lines;

typedef struct writer {
  lua_State *L;
  lines *lines;
} writer;

/* Space for n more bytes; where they go. */
static inline char *reserve (writer *w, size_t n) {
  lines *l = w->lines;
  if (LP_RESERVE(l->bytes, l->size, n, l->capacity) != 0) luaL_error(w->L, "out of memory");
  return l->bytes + l->size;
}

static inline void add (writer *w, const char *text, size_t n) {
  memcpy(reserve(w, n), text, n);
  w->lines->size += n;
}

#define add_literal(w, text) add(w, text, sizeof text - 1)

#define HIGH_BITS (0x80 * LP_EACH_BYTE)

/* Whether one of eight bytes has to be looked at: below 0x20, a quote, a backslash, DEL, or
** part of a character that is not ASCII. (A byte right above such a one may be taken for one too,
** which costs time and nothing else.) */
static inline int has_special (uint64_t word) {
  uint64_t quote = word ^ '"' * LP_EACH_BYTE, backslash = word ^ '\\' * LP_EACH_BYTE;
  uint64_t del = word ^ 0x7F * LP_EACH_BYTE;
  uint64_t found = ((word - 0x20 * LP_EACH_BYTE) & ~word) | word;
  found |= (quote - LP_EACH_BYTE) & ~quote;
  found |= (backslash - LP_EACH_BYTE) & ~backslash;
  found |= (del - LP_EACH_BYTE) & ~del;
  return (found & HIGH_BITS) != 0;
}

/* What must not stand there as it is is escaped; the reader let only UTF-8 in. */
static void add_string (writer *w, const char *text, size_t n) {
  char *start = reserve(w, 6 * n + 2), *out = start;
  const char *end = text + n;
  *out++ = '"';
  while (text < end) {
    uint32_t code;
    size_t length;
    if (end - text >= 8) {
      uint64_t word = lp_load64(text);
      if (!has_special(word)) {
        memcpy(out, &word, sizeof word);
        out += 8;
        text += 8;
        continue;
      }
    }
    length = lp_character(text, end, &code);
    if (code == '"' || code == '\\') {
      *out++ = '\\';
      *out++ = *text;
    } else if (code != UINT32_MAX && lp_is_control(code)) {
      out = lp_json_escape(out, code);
    } else {
      memcpy(out, text, length);
      out += length;
    }
    text += length;
  }
  *out++ = '"';
  w->lines->size += (size_t)(out - start);
}

static void add_text (writer *w, const lp_rows *rows, lp_text at) {
  size_t n;
  const char *text;
  if (at == 0) {
    add_literal(w, "null");
    return;
  }
  text = lp_rows_text(rows, at, &n);
  add_string(w, text, n);
}

/* An empty name counts as none, as users' fields in Lua have it. */
static void add_name (writer *w, const lp_rows *rows, lp_text at) {
  size_t n = 0;
  if (at != 0) (void)lp_rows_text(rows, at, &n);
  add_text(w, rows, n == 0 ? 0 : at);
}

static void add_status (writer *w, const lp_row *row) {
  if (row->flags & LP_FLAG_DISABLED)
    add_literal(w, "\"disabled\"");
  else if (row->flags & LP_FLAG_INVITED)
    add_literal(w, "\"invited\"");
  else
    add_literal(w, "\"active\"");
}

static void add_truth (writer *w, int truth) {
  if (truth)
    add_literal(w, "true");
  else
    add_literal(w, "false");
}

static void add_flag (writer *w, const lp_row *row, unsigned flag) {
  add_truth(w, (row->flags & flag) != 0);
}

static void add_keys (writer *w, const lp_row *row) {
  if (row->flags & LP_FLAG_KEYS_KNOWN)
    add_flag(w, row, LP_FLAG_HAS_KEYS);
  else
    add_literal(w, "null");
}

static void add_groups (writer *w, const lp_rows *rows, const lp_row *row) {
  add_literal(w, "[");
  for (uint32_t i = 0; i < row->group_count; i++) {
    if (i > 0) add_literal(w, ",");
    add_text(w, rows, rows->groups.texts[rows->group_refs[row->groups + i]]);
  }
  add_literal(w, "]");
}

/* Writes the digits of a number, at least so many; gives the end. */
static inline char *put_digits (char *out, uint64_t number, int least) {
  char text[20];
  int at = sizeof text;
  while (number > 0 || least > 0) {
    text[--at] = (char)('0' + number % 10);
    number /= 10;
    least--;
  }
  memcpy(out, text + at, sizeof text - (size_t)at);
  return out + sizeof text - at;
}

static inline char *put_pair (char *out, uint32_t number, char after) {
  out[0] = (char)('0' + number / 10);
  out[1] = (char)('0' + number % 10);
  out[2] = after;
  return out + 3;
}

static void add_digits (writer *w, uint64_t number, int least) {
  char *start = reserve(w, 20);
  w->lines->size += (size_t)(put_digits(start, number, least) - start);
}

static void add_count (writer *w, unsigned count, unsigned none) {
  if (count == none)
    add_literal(w, "null");
  else
    add_digits(w, count, 1);
}

/* 832000 is 83.2 */
static void add_score (writer *w, int32_t score) {
  char *start = reserve(w, 24), *out = start;
  uint32_t whole, part;
  if (score == LP_NO_SCORE) {
    add_literal(w, "null");
    return;
  }
  if (score < 0) *out++ = '-';
  whole = (uint32_t)(score < 0 ? -(int64_t)score : score);
  part = whole % LP_SCORE_UNIT;
  out = put_digits(out, whole / LP_SCORE_UNIT, 1);
  if (part > 0) {
    *out++ = '.';
    *out++ = (char)('0' + part / 1000);
    *out++ = (char)('0' + part / 100 % 10);
    *out++ = (char)('0' + part / 10 % 10);
    *out++ = (char)('0' + part % 10);
    while (out[-1] == '0') out--;
  }
  w->lines->size += (size_t)(out - start);
}

/* Asks Lua, which knows the zone. */
static double ask_utc (writer *w, uint32_t civil) {
  double utc;
  lua_pushvalue(w->L, lua_upvalueindex(2));
  lua_pushnumber(w->L, (lua_Number)civil);
  lua_call(w->L, 1, 1);
  utc = lua_tonumber(w->L, -1);
  lua_pop(w->L, 1);
  return utc;
}

/* A day whose first and last second are equally far from UTC is so throughout. */
static double utc_of (writer *w, uint32_t civil) {
  uint32_t day = civil / DAY;
  int32_t *offset = &w->lines->offsets[day];
  if (*offset == OFFSET_UNKNOWN) {
    uint32_t first = day * DAY;
    uint32_t last = day == DAYS - 1 ? UINT32_MAX - 1 : first + DAY - 1;
    double at_first = first - ask_utc(w, first), at_last = last - ask_utc(w, last);
    *offset = at_first == at_last ? (int32_t)at_first : OFFSET_VARIES;
  }
  if (*offset == OFFSET_VARIES) return ask_utc(w, civil);
  return (double)civil - *offset;
}

/* ISO 8601 in UTC. Days become a date by Howard Hinnant's way, from years that begin in March. */
static void add_time (writer *w, uint32_t civil) {
  char *start, *out;
  int64_t seconds, days;
  uint32_t in_day, era, of_era, year_of_era, of_year, month_index, day, month, year;
  if (civil == LP_NO_TIME) {
    add_literal(w, "null");
    return;
  }
  seconds = (int64_t)utc_of(w, civil);
  if (seconds < 0) seconds = 0; /* nothing is older than 1970 but by the zone's offset */
  days = seconds / DAY + 719468;
  in_day = (uint32_t)(seconds % DAY);
  era = (uint32_t)(days / 146097);
  of_era = (uint32_t)(days % 146097);
  year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  month_index = (5 * of_year + 2) / 153;
  day = of_year - (153 * month_index + 2) / 5 + 1;
  month = month_index < 10 ? month_index + 3 : month_index - 9;
  year = year_of_era + era * 400 + (month <= 2);
  out = start = reserve(w, 24);
  *out++ = '"';
  out = put_digits(out, year, 4);
  *out++ = '-';
  out = put_pair(out, month, '-');
  out = put_pair(out, day, 'T');
  out = put_pair(out, in_day / 3600, ':');
  out = put_pair(out, in_day / 60 % 60, ':');
  out = put_pair(out, in_day % 60, 'Z');
  *out++ = '"';
  w->lines->size += (size_t)(out - start);
}

static void add_value (writer *w, const lp_rows *rows, const lp_row *row, int number) {
  switch (number) {
#define X(name, write)                                                                             \
  case LINE_##name:                                                                                \
    write;                                                                                         \
    break;
    LINE_VALUES(X)
#undef X
  }
}

/* write (snapshot, first, last [, separator]) -> text: the rows, a separator between them */
static int write_lines (lua_State *L) {
  writer w = {.L = L, .lines = lua_touserdata(L, lua_upvalueindex(1))};
  const lp_rows *rows = lp_snapshot_rows(L, 1);
  lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
  size_t n;
  const char *separator = luaL_optlstring(L, 4, "\n", &n);
  luaL_argcheck(L, first >= 1, 2, "no such row");
  luaL_argcheck(L, last < first || (size_t)last <= rows->count, 3, "no such row");
  luaL_checkstack(L, 8, "too many values");
  w.lines->size = 0;
  for (lua_Integer at = first; at <= last; at++) {
    const lp_row *row = &rows->rows[at - 1];
    if (at > first) add(&w, separator, n);
    for (size_t i = 0; i < w.lines->count; i++) {
      const field *f = &w.lines->fields[i];
      add(&w, f->key, f->length);
      add_value(&w, rows, row, f->number);
    }
    add_literal(&w, "}");
  }
  lua_pushlstring(L, w.lines->size == 0 ? "" : w.lines->bytes, w.lines->size);
  return 1;
}

static int lines_collect (lua_State *L) {
  lines *l = lua_touserdata(L, 1);
  free(l->bytes);
  l->bytes = NULL;
  l->size = l->capacity = 0;
  return 0;
}

static int number_of (const char *name) {
#define X(known, write)                                                                            \
  if (strcmp(name, #known) == 0) return LINE_##known;
  LINE_VALUES(X)
#undef X
  return LINE_NONE;
}

/*
** core.user_lines (fields, utc_of) -> write
** `fields` are names of users' fields, in their order; `utc_of (civil)` gives the UTC of civil
** seconds of the account's zone, and must not touch the snapshot.
*/
static int lp_user_lines_new (lua_State *L) {
  lines *l;
  size_t count;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  count = lua_rawlen(L, 1);
  luaL_argcheck(L, count >= 1 && count <= MOST_FIELDS, 1, "1 to 64 fields");
  l = lua_newuserdata(L, sizeof *l);
  l->bytes = NULL;
  l->size = l->capacity = 0;
  l->count = count;
  luaL_getmetatable(L, LINES_TYPE);
  lua_setmetatable(L, -2);
  for (size_t i = 0; i < DAYS; i++) l->offsets[i] = OFFSET_UNKNOWN;
  for (size_t i = 0; i < count; i++) {
    field *f = &l->fields[i];
    const char *name;
    lua_rawgeti(L, 1, (int)i + 1);
    name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    f->number = number_of(name);
    luaL_argcheck(L, f->number != LINE_NONE, 1, "no such field");
    f->length = (size_t)snprintf(f->key, sizeof f->key, "%c\"%s\":", i == 0 ? '{' : ',', name);
    lua_pop(L, 1);
  }
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, write_lines, 2);
  return 1;
}

static const luaL_Reg user_lines_functions[] = {{"user_lines", lp_user_lines_new}, {NULL, NULL}};

static const luaL_Reg lines_meta[] = {{"__gc", lines_collect}, {NULL, NULL}};

void lp_user_lines_open (lua_State *L) {
  lp_new_metatable(L, LINES_TYPE, lines_meta, NULL);
  lua_pop(L, 1);
  luaL_setfuncs(L, user_lines_functions, 0);
}
