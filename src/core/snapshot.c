/*
** The directory as Lua sees it: a userdata that swallows replies of getuserdata (it is a sink) and
** answers questions about rows. Lua values are made when they are asked for.
*/
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "reader.h"
#include "sink.h"
#include "snapshot.h"

#define SNAPSHOT_TYPE "lastpass.snapshot"

typedef struct snapshot {
  lp_sink sink; /* must be first */
  lp_reader reader;
  lp_rows rows;
  size_t full_at; /* rows at which the download has to wait; 0 for never */
  int closed;
} snapshot;

static lp_sink_answer feed_sink (lp_sink *sink, const char *bytes, size_t n) {
  snapshot *s = (snapshot *)(void *)sink;
  if (lp_reader_feed(&s->reader, bytes, n) != 0) return LP_SINK_STOP;
  return s->full_at > 0 && s->rows.count >= s->full_at ? LP_SINK_PAUSE : LP_SINK_GO;
}

static int sink_is_full (const lp_sink *sink) {
  const snapshot *s = (const snapshot *)(const void *)sink;
  return s->full_at > 0 && s->rows.count >= s->full_at;
}

static snapshot *push_snapshot (lua_State *L) {
  snapshot *s = lua_newuserdata(L, sizeof *s);
  s->sink.feed = feed_sink;
  s->sink.is_full = sink_is_full;
  s->full_at = 0;
  s->closed = 0;
  lp_rows_init(&s->rows);
  lp_reader_init(&s->reader, &s->rows);
  luaL_getmetatable(L, SNAPSHOT_TYPE);
  lua_setmetatable(L, -2);
  return s;
}

lp_reader *lp_snapshot_push (lua_State *L) {
  return &push_snapshot(L)->reader;
}

/* One that is closed has no rows: it raises, for an answer would be that of an empty company. */
static snapshot *check (lua_State *L, int index) {
  snapshot *s = luaL_checkudata(L, index, SNAPSHOT_TYPE);
  luaL_argcheck(L, !s->closed, index, "the snapshot is closed");
  return s;
}

/*
** core.snapshot ([full_at]) -> snapshot
** With full_at it is for reading row by row: Groups is passed over, a download pauses when so many
** rows wait, and `take` hands them over.
*/
static int lp_snapshot_new (lua_State *L) {
  lua_Integer full_at = luaL_optinteger(L, 1, 0);
  snapshot *s = push_snapshot(L);
  s->full_at = full_at > 0 ? (size_t)full_at : 0;
  s->reader.users_only = full_at > 0;
  return 1;
}

/* nil, message, code, position */
static int push_failure (lua_State *L, const snapshot *s) {
  int error = s->reader.scan.error;
  char position[24], about[300] = "";
  snprintf(position, sizeof position, "%llu",
           (unsigned long long)lp_scan_position(&s->reader.scan));
  if (error == LP_SCAN_SHAPE) lp_reader_describe(&s->reader, about, sizeof about);
  lua_pushnil(L);
  lua_pushfstring(L, "the reply is not acceptable: %s (%s%sat byte %s)", lp_scan_error_text(error),
                  about, about[0] ? ", " : "", position);
  lua_pushstring(L, lp_scan_error_code(error));
  lua_pushinteger(L, (lua_Integer)lp_scan_position(&s->reader.scan));
  return 4;
}

/* snapshot:feed (bytes) -> true | nil, message, code, position */
static int lp_snapshot_feed (lua_State *L) {
  snapshot *s = check(L, 1);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  if (lp_reader_feed(&s->reader, bytes, n) != 0) return push_failure(L, s);
  lua_pushboolean(L, 1);
  return 1;
}

/* snapshot:finish () -> true | nil, message, code, position: the reply has ended */
static int lp_snapshot_finish (lua_State *L) {
  snapshot *s = check(L, 1);
  if (lp_reader_finish(&s->reader) != 0) return push_failure(L, s);
  lua_pushboolean(L, 1);
  return 1;
}

/* snapshot:refusal () -> text | nil: the reply when it was something else than a directory */
static int lp_snapshot_refusal (lua_State *L) {
  snapshot *s = check(L, 1);
  if (!s->reader.started && !s->reader.ended) return 0; /* no reply of its own */
  if (s->reader.users_seen && !s->reader.envelope) return 0;
  lua_pushlstring(L, s->reader.other.size == 0 ? "" : s->reader.other.bytes, s->reader.other.size);
  return 1;
}

/* snapshot:reset (): for a second try of the same download */
static int lp_snapshot_reset (lua_State *L) {
  snapshot *s = check(L, 1);
  unsigned char users_only = s->reader.users_only;
  lp_rows_free(&s->rows);
  lp_reader_free(&s->reader);
  lp_reader_init(&s->reader, &s->rows);
  s->reader.users_only = users_only;
  return 0;
}

/* snapshot:take () -> snapshot | nil: the rows read so far, as one of their own */
static int lp_snapshot_take (lua_State *L) {
  snapshot *s = check(L, 1), *out = push_snapshot(L);
  int answer = lp_reader_take(&s->reader, &out->rows);
  if (answer < 0) return luaL_error(L, "out of memory");
  if (answer > 0) return 0;
  out->reader.ended = out->reader.users_seen = 1;
  /* the collector sees only small userdata: report what stands behind them */
  lua_gc(L, LUA_GCSTEP, (int)(lp_rows_memory(&out->rows) / 1024));
  return 1;
}

/* Between the first byte of a reply and its good end. */
static int is_reading (const snapshot *s) {
  return s->reader.started && (!s->reader.ended || s->reader.scan.error);
}

lp_rows *lp_snapshot_rows (lua_State *L, int index) {
  snapshot *s = check(L, index);
  luaL_argcheck(L, !is_reading(s), index, "its reply was not read to the end");
  return &s->rows;
}

/* snapshot:append (page) -> how many users of the page were here already */
static int lp_snapshot_append (lua_State *L) {
  snapshot *s = check(L, 1), *page = check(L, 2);
  size_t repeated;
  luaL_argcheck(L, page != s, 2, "a snapshot cannot be appended to itself");
  luaL_argcheck(L, !is_reading(s), 1, "its reply was not read to the end");
  luaL_argcheck(L, !is_reading(page), 2, "its reply was not read to the end");
  if (lp_rows_append(&s->rows, &page->rows, &repeated) != 0) return luaL_error(L, "out of memory");
  lua_pushinteger(L, (lua_Integer)repeated);
  return 1;
}

/* snapshot:seal () -> snapshot: makes the e-mail index now and not at the first look */
static int lp_snapshot_seal (lua_State *L) {
  snapshot *s = check(L, 1);
  if (lp_rows_index(&s->rows) != 0) return luaL_error(L, "out of memory");
  lua_settop(L, 1);
  return 1;
}

/* snapshot:find (address) -> row | nil; the case of ASCII letters does not matter */
static int lp_snapshot_find (lua_State *L) {
  snapshot *s = check(L, 1);
  size_t n;
  const char *address = luaL_checklstring(L, 2, &n);
  long row;
  if (lp_rows_index(&s->rows) != 0) return luaL_error(L, "out of memory");
  row = lp_rows_find(&s->rows, address, n);
  if (row < 0) return 0;
  lua_pushinteger(L, (lua_Integer)row + 1);
  return 1;
}

static int push_size (lua_State *L, int64_t size) {
  if (size < 0) return 0;
  lua_pushinteger(L, (lua_Integer)size);
  return 1;
}

/* snapshot:total () -> what the last reply reported, or nil */
static int lp_snapshot_total (lua_State *L) {
  return push_size(L, check(L, 1)->reader.total);
}

/* snapshot:count () -> what the last reply reported of its own page, or nil */
static int lp_snapshot_count (lua_State *L) {
  return push_size(L, check(L, 1)->reader.count);
}

static int lp_snapshot_length (lua_State *L) {
  return push_size(L, (int64_t)check(L, 1)->rows.count);
}

/* snapshot:memory () -> bytes held outside Lua */
static int lp_snapshot_memory (lua_State *L) {
  return push_size(L, (int64_t)lp_rows_memory(&check(L, 1)->rows));
}

/* snapshot:odd () -> how many values were not of the documented form */
static int lp_snapshot_odd (lua_State *L) {
  return push_size(L, (int64_t)check(L, 1)->rows.odd);
}

static void push_text (lua_State *L, const lp_rows *rows, lp_text at) {
  size_t n;
  const char *text;
  if (at == 0) {
    lua_pushnil(L);
    return;
  }
  text = lp_rows_text(rows, at, &n);
  lua_pushlstring(L, text, n);
}

/* snapshot:invited () -> list of addresses */
static int lp_snapshot_invited (lua_State *L) {
  const lp_rows *rows = &check(L, 1)->rows;
  lua_createtable(L, (int)rows->invited_count, 0);
  for (size_t i = 0; i < rows->invited_count; i++) {
    push_text(L, rows, rows->invited[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

/* snapshot:group_names () -> list, in the order in which they were met */
static int lp_snapshot_group_names (lua_State *L) {
  const lp_rows *rows = &check(L, 1)->rows;
  lua_createtable(L, (int)rows->groups.count, 0);
  for (uint32_t g = 0; g < rows->groups.count; g++) {
    push_text(L, rows, rows->groups.texts[g]);
    lua_rawseti(L, -2, (int)g + 1);
  }
  return 1;
}

static int is_member (const lp_rows *rows, const lp_row *row, uint32_t group) {
  for (uint32_t i = 0; i < row->group_count; i++)
    if (rows->group_refs[row->groups + i] == group) return 1;
  return 0;
}

void lp_push_account_key (lua_State *L, const char *text, size_t n) {
  lp_account account;
  luaL_Buffer key;
  text = lp_trim(text, &n);
  lp_account_read(&account, text, n);
  luaL_buffinit(L, &key);
  for (size_t i = 0; i < account.n; i++)
    luaL_addchar(&key, (char)lp_fold_byte((unsigned char)account.text[i]));
  luaL_pushresult(&key);
}

/* What tells the members of a list apart: the number of a row, or the key of an address without. */
static void push_member_key (lua_State *L, long row, const char *text, size_t n) {
  if (row >= 0)
    lua_pushinteger(L, (lua_Integer)row + 1);
  else
    lp_push_account_key(L, text, n);
}

/*
** snapshot:members (group) -> list of addresses | nil when there is no such group
** Both sources count: what the users say of themselves, and the reply's Groups, which may name
** people who are only invited. Nobody is named twice.
*/
static int lp_snapshot_members (lua_State *L) {
  snapshot *s = check(L, 1);
  lp_rows *rows = &s->rows;
  size_t n;
  const char *name = luaL_checklstring(L, 2, &n);
  long group = lp_rows_find_group(rows, name, n);
  int count = 0;
  if (group < 0) return 0;
  if (lp_rows_index(rows) != 0) return luaL_error(L, "out of memory");
  lua_newtable(L); /* the list */
  lua_newtable(L); /* addresses without a row, to name them once */
  for (size_t i = 0; i < rows->count; i++) {
    if (!is_member(rows, &rows->rows[i], (uint32_t)group)) continue;
    push_text(L, rows, rows->rows[i].username);
    lua_rawseti(L, -3, ++count);
    lua_pushboolean(L, 1);
    lua_rawseti(L, -2, (int)i + 1);
  }
  for (size_t i = 0; i < rows->segment_count; i++) {
    lp_text at = rows->segments[i].first;
    if (rows->segments[i].group != (uint32_t)group) continue;
    for (uint32_t m = 0; m < rows->segments[i].count; m++, at = lp_rows_text_after(rows, at)) {
      const char *text = lp_rows_text(rows, at, &n);
      long row = lp_rows_find(rows, text, n);
      push_member_key(L, row, text, n);
      lua_pushvalue(L, -1);
      lua_rawget(L, -3);
      if (!lua_isnil(L, -1)) {
        lua_pop(L, 2);
        continue;
      }
      lua_pop(L, 1);
      lua_pushboolean(L, 1);
      lua_rawset(L, -3);
      lua_pushlstring(L, text, n);
      lua_rawseti(L, -3, ++count);
    }
  }
  lua_pop(L, 1);
  return 1;
}

/*
** snapshot:member_count (group) -> integer | nil when there is no such group
** As many as `members` lists, without the list.
*/
static int lp_snapshot_member_count (lua_State *L) {
  snapshot *s = check(L, 1);
  lp_rows *rows = &s->rows;
  size_t n;
  const char *name = luaL_checklstring(L, 2, &n);
  long group = lp_rows_find_group(rows, name, n);
  lua_Integer count = 0;
  if (group < 0) return 0;
  if (lp_rows_index(rows) != 0) return luaL_error(L, "out of memory");
  for (size_t i = 0; i < rows->count; i++)
    count += is_member(rows, &rows->rows[i], (uint32_t)group);
  lua_newtable(L); /* of those that only the lists name, to count them once */
  for (size_t i = 0; i < rows->segment_count; i++) {
    lp_text at = rows->segments[i].first;
    if (rows->segments[i].group != (uint32_t)group) continue;
    for (uint32_t m = 0; m < rows->segments[i].count; m++, at = lp_rows_text_after(rows, at)) {
      const char *text = lp_rows_text(rows, at, &n);
      long row = lp_rows_find(rows, text, n);
      if (row >= 0 && is_member(rows, &rows->rows[row], (uint32_t)group)) continue;
      push_member_key(L, row, text, n);
      lua_pushvalue(L, -1);
      lua_rawget(L, -3);
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
        count++;
      } else {
        lua_pop(L, 2);
      }
    }
  }
  lua_pushinteger(L, count);
  return 1;
}

/*
** snapshot:counts () -> memberships that users say of themselves, admins who are neither disabled
** nor only invited
*/
static int lp_snapshot_counts (lua_State *L) {
  const lp_rows *rows = &check(L, 1)->rows;
  const unsigned cannot_log_in = LP_FLAG_DISABLED | LP_FLAG_INVITED;
  int64_t memberships = 0, admins = 0;
  for (size_t i = 0; i < rows->count; i++) {
    memberships += rows->rows[i].group_count;
    admins += (rows->rows[i].flags & LP_FLAG_ADMIN) && !(rows->rows[i].flags & cannot_log_in);
  }
  lua_pushinteger(L, (lua_Integer)memberships);
  lua_pushinteger(L, (lua_Integer)admins);
  return 2;
}

/*
** snapshot:duplicates () -> list of the rows whose account another row has too
*/
static int lp_snapshot_duplicates (lua_State *L) {
  lp_rows *rows = &check(L, 1)->rows;
  int count = 0;
  if (lp_rows_index(rows) != 0) return luaL_error(L, "out of memory");
  lua_settop(L, 1);
  lua_newtable(L);
  if (rows->duplicates == 0) return 1;
  lua_newtable(L); /* the first row of each that has others: noted */
  for (size_t i = 0; i < rows->count; i++) {
    size_t n;
    const char *address = lp_rows_text(rows, rows->rows[i].username, &n);
    lua_Integer first = (lua_Integer)lp_rows_find(rows, address, n) + 1;
    if (first == (lua_Integer)i + 1) continue;
    lua_pushinteger(L, first);
    lua_rawget(L, 3);
    if (lua_isnil(L, -1)) {
      lua_pushinteger(L, first);
      lua_pushboolean(L, 1);
      lua_rawset(L, 3);
      lua_pushinteger(L, first);
      lua_rawseti(L, 2, ++count);
    }
    lua_pop(L, 1);
    lua_pushinteger(L, (lua_Integer)i + 1);
    lua_rawseti(L, 2, ++count);
  }
  lua_settop(L, 2);
  return 1;
}

/* Adds a name to the list under the address in the table at 2. */
static void note_other (lua_State *L, const lp_rows *rows, lp_text address, uint32_t group) {
  size_t n;
  const char *text = lp_rows_text(rows, address, &n);
  if (lp_rows_find(rows, text, n) >= 0) return;
  lp_push_account_key(L, text, n);
  lua_pushvalue(L, -1);
  lua_rawget(L, 2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
  }
  push_text(L, rows, rows->groups.texts[group]);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}

/*
** snapshot:members_without_row () -> {address = list of groups}
** Of those who are named as members and are no users: invited people, by the keys of their
** accounts; a group may be named twice.
*/
static int lp_snapshot_members_without_row (lua_State *L) {
  lp_rows *rows = &check(L, 1)->rows;
  if (lp_rows_index(rows) != 0) return luaL_error(L, "out of memory");
  lua_settop(L, 1);
  lua_newtable(L);
  for (size_t i = 0; i < rows->segment_count; i++) {
    lp_text at = rows->segments[i].first;
    for (uint32_t m = 0; m < rows->segments[i].count; m++, at = lp_rows_text_after(rows, at))
      note_other(L, rows, at, rows->segments[i].group);
  }
  return 1;
}

static void push_time (lua_State *L, uint32_t civil) {
  if (civil == LP_NO_TIME)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)civil);
}

static void push_count (lua_State *L, unsigned count, unsigned none) {
  if (count == none)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)count);
}

static void push_score (lua_State *L, int32_t score) {
  if (score == LP_NO_SCORE)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)score / LP_SCORE_UNIT);
}

static void push_groups (lua_State *L, const lp_rows *rows, const lp_row *row) {
  lua_createtable(L, (int)row->group_count, 0);
  for (uint32_t i = 0; i < row->group_count; i++) {
    push_text(L, rows, rows->groups.texts[rows->group_refs[row->groups + i]]);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_status (lua_State *L, const lp_row *row) {
  if (row->flags & LP_FLAG_DISABLED)
    lua_pushliteral(L, "disabled");
  else if (row->flags & LP_FLAG_INVITED)
    lua_pushliteral(L, "invited");
  else
    lua_pushliteral(L, "active");
}

static void push_has_keys (lua_State *L, const lp_row *row) {
  if (row->flags & LP_FLAG_KEYS_KNOWN)
    lua_pushboolean(L, row->flags & LP_FLAG_HAS_KEYS);
  else
    lua_pushnil(L);
}

/* Every field of a user: our name, and how its Lua value is made. Times are civil seconds of the
** account's zone (enterprise-api §3); attributes are JSON text. */
#define USER_VALUES(X)                                                                             \
  X(email, push_text(L, rows, row->username))                                                      \
  X(fullname, push_text(L, rows, row->fullname))                                                   \
  X(status, push_status(L, row))                                                                   \
  X(groups, push_groups(L, rows, row))                                                             \
  X(admin, lua_pushboolean(L, row->flags &LP_FLAG_ADMIN))                                          \
  X(disabled, lua_pushboolean(L, row->flags &LP_FLAG_DISABLED))                                    \
  X(mfa, push_text(L, rows, row->multifactor))                                                     \
  X(id, lua_pushinteger(L, (lua_Integer)row->id))                                                  \
  X(created, push_time(L, row->created))                                                           \
  X(last_login, push_time(L, row->last_login))                                                     \
  X(last_password_change, push_time(L, row->last_pw_change))                                       \
  X(never_logged_in, lua_pushboolean(L, row->flags &LP_FLAG_NEVER_LOGGED_IN))                      \
  X(password_reset_required, lua_pushboolean(L, row->flags &LP_FLAG_RESET_REQUIRED))               \
  X(password_strength, push_count(L, row->mpstrength, LP_NO_STRENGTH))                             \
  X(security_score, push_score(L, row->totalscore))                                                \
  X(legacy_security_score, push_score(L, row->legacytotalscore))                                   \
  X(has_sharing_keys, push_has_keys(L, row))                                                       \
  X(duo_username, push_text(L, rows, row->duousername))                                            \
  X(linked_account, push_text(L, rows, row->linked))                                               \
  X(sites, push_count(L, row->sites, LP_NO_COUNT))                                                 \
  X(notes, push_count(L, row->notes, LP_NO_COUNT))                                                 \
  X(form_fills, push_count(L, row->formfills, LP_NO_COUNT))                                        \
  X(applications, push_count(L, row->applications, LP_NO_COUNT))                                   \
  X(attachments, push_count(L, row->attachments, LP_NO_COUNT))                                     \
  X(attributes, push_text(L, rows, row->attribs))

enum {
  VALUE_NONE,
#define X(name, push) VALUE_##name,
  USER_VALUES(X)
#undef X
};

/*
** core.user_value (snapshot, row, field) -> value | nil
** `field` is one of core.user_fields (name to number); rows count from 1.
*/
static int lp_snapshot_user_value (lua_State *L) {
  const snapshot *s = check(L, 1);
  const lp_rows *rows = &s->rows;
  lua_Integer at = luaL_checkinteger(L, 2);
  const lp_row *row;
  luaL_argcheck(L, at >= 1 && (size_t)at <= rows->count, 2, "no such row");
  row = &rows->rows[at - 1];
  switch (luaL_checkinteger(L, 3)) {
#define X(name, push)                                                                              \
  case VALUE_##name:                                                                               \
    push;                                                                                          \
    return 1;
    USER_VALUES(X)
#undef X
  default:
    return luaL_argerror(L, 3, "no such field");
  }
}

/*
** core.user_id (snapshot, row) -> the user's number as decimal text
** A Lua number of 5.1 and LuaJIT loses digits above 2^53; what leaves the program is text.
*/
static int lp_snapshot_user_id (lua_State *L) {
  const snapshot *s = check(L, 1);
  lua_Integer at = luaL_checkinteger(L, 2);
  char digits[24];
  luaL_argcheck(L, at >= 1 && (size_t)at <= s->rows.count, 2, "no such row");
  snprintf(digits, sizeof digits, "%" PRIu64, s->rows.rows[at - 1].id);
  lua_pushstring(L, digits);
  return 1;
}

/* Frees the rows; what is asked of it then raises, and a download ends. May be called again. */
static int lp_snapshot_close (lua_State *L) {
  snapshot *s = luaL_checkudata(L, 1, SNAPSHOT_TYPE);
  lp_rows_free(&s->rows);
  lp_reader_free(&s->reader);
  lp_reader_init(&s->reader, &s->rows);
  s->reader.ended = s->closed = 1;
  return 0;
}

static int lp_snapshot_tostring (lua_State *L) {
  const snapshot *s = luaL_checkudata(L, 1, SNAPSHOT_TYPE);
  if (s->closed)
    lua_pushliteral(L, SNAPSHOT_TYPE " (closed)");
  else
    lua_pushfstring(L, SNAPSHOT_TYPE " (%d users)", (int)s->rows.count);
  return 1;
}

static const luaL_Reg snapshot_methods[] = {
    {"feed", lp_snapshot_feed},
    {"finish", lp_snapshot_finish},
    {"refusal", lp_snapshot_refusal},
    {"reset", lp_snapshot_reset},
    {"take", lp_snapshot_take},
    {"append", lp_snapshot_append},
    {"close", lp_snapshot_close},
    {"seal", lp_snapshot_seal},
    {"find", lp_snapshot_find},
    {"total", lp_snapshot_total},
    {"count", lp_snapshot_count},
    {"length", lp_snapshot_length},
    {"memory", lp_snapshot_memory},
    {"odd", lp_snapshot_odd},
    {"invited", lp_snapshot_invited},
    {"group_names", lp_snapshot_group_names},
    {"members", lp_snapshot_members},
    {"member_count", lp_snapshot_member_count},
    {"counts", lp_snapshot_counts},
    {"duplicates", lp_snapshot_duplicates},
    {"members_without_row", lp_snapshot_members_without_row},
    {NULL, NULL}};

static const luaL_Reg snapshot_meta[] = {{"__len", lp_snapshot_length},
                                         {"__tostring", lp_snapshot_tostring},
                                         {"__gc", lp_snapshot_close},
                                         {NULL, NULL}};

static const luaL_Reg snapshot_functions[] = {{"snapshot", lp_snapshot_new},
                                              {"user_value", lp_snapshot_user_value},
                                              {"user_id", lp_snapshot_user_id},
                                              {NULL, NULL}};

void lp_snapshot_open (lua_State *L) {
  lp_new_metatable(L, SNAPSHOT_TYPE, snapshot_meta, snapshot_methods);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "__sink");
  lua_pop(L, 1);
  luaL_setfuncs(L, snapshot_functions, 0);
  lua_newtable(L);
#define X(name, push)                                                                              \
  lua_pushinteger(L, VALUE_##name);                                                                \
  lua_setfield(L, -2, #name);
  USER_VALUES(X)
#undef X
  lua_setfield(L, -2, "user_fields");
}
