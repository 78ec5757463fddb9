/*
** Audit events as Lua sees them: a userdata that swallows replies of reporting (it is a sink) and
** answers questions about rows, which are numbered from 1, the newest first.
*/
#include <stdio.h>
#include <string.h>

#include "events_lua.h"
#include "libcrypto.h"
#include "sink.h"

#define EVENTS_TYPE "lastpass.events"

typedef struct events {
  lp_sink sink; /* must be first */
  lp_events_reader reader;
  lp_events rows;
  int closed;
} events;

static lp_sink_answer feed_sink (lp_sink *sink, const char *bytes, size_t n) {
  events *e = (events *)(void *)sink;
  return lp_events_reader_feed(&e->reader, bytes, n) != 0 ? LP_SINK_STOP : LP_SINK_GO;
}

static int sink_is_full (const lp_sink *sink) {
  (void)sink;
  return 0;
}

/* What is closed has no rows: it raises, for an answer would be that of a quiet day. */
static events *check (lua_State *L, int index) {
  events *e = luaL_checkudata(L, index, EVENTS_TYPE);
  luaL_argcheck(L, !e->closed, index, "the events are closed");
  return e;
}

/* Between the first byte of a reply and its good end. */
static int is_reading (const events *e) {
  return e->reader.started && (!e->reader.ended || e->reader.scan.error);
}

lp_events *lp_events_check (lua_State *L, int index) {
  events *e = check(L, index);
  luaL_argcheck(L, !is_reading(e), index, "its reply was not read to the end");
  return &e->rows;
}

/* core.events () -> events */
static int lp_events_new (lua_State *L) {
  events *e = lua_newuserdata(L, sizeof *e);
  e->sink.feed = feed_sink;
  e->sink.is_full = sink_is_full;
  e->closed = 0;
  lp_events_init(&e->rows);
  lp_events_reader_init(&e->reader, &e->rows);
  luaL_getmetatable(L, EVENTS_TYPE);
  lua_setmetatable(L, -2);
  return 1;
}

/* nil, message, code, position */
static int push_failure (lua_State *L, const events *e) {
  int error = e->reader.scan.error;
  char position[24];
  snprintf(position, sizeof position, "%llu",
           (unsigned long long)lp_scan_position(&e->reader.scan));
  lua_pushnil(L);
  lua_pushfstring(L, "the reply is not acceptable: %s (at byte %s)", lp_scan_error_text(error),
                  position);
  lua_pushstring(L, lp_scan_error_code(error));
  lua_pushinteger(L, (lua_Integer)lp_scan_position(&e->reader.scan));
  return 4;
}

/* events:feed (bytes) -> true | nil, message, code, position */
static int lp_events_feed (lua_State *L) {
  events *e = check(L, 1);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  if (lp_events_reader_feed(&e->reader, bytes, n) != 0) return push_failure(L, e);
  lua_pushboolean(L, 1);
  return 1;
}

/* events:finish () -> true | nil, message, code, position: the reply has ended */
static int lp_events_finish (lua_State *L) {
  events *e = check(L, 1);
  if (lp_events_reader_finish(&e->reader) != 0) return push_failure(L, e);
  lua_pushboolean(L, 1);
  return 1;
}

/* events:refusal () -> text | nil: the reply (its beginning) when it was no good list of events */
static int lp_events_refusal (lua_State *L) {
  events *e = check(L, 1);
  const lp_buffer *head = &e->reader.head;
  if (e->reader.data_seen && e->reader.status == LP_STATUS_OK) return 0;
  lua_pushlstring(L, head->size == 0 ? "" : head->bytes, head->size);
  return 1;
}

/* events:reset (): for a second try of the same download */
static int lp_events_reset (lua_State *L) {
  events *e = check(L, 1);
  lp_events_reader_free(&e->reader);
  lp_events_free(&e->rows);
  lp_events_reader_init(&e->reader, &e->rows);
  return 0;
}

/* events:next () -> the continuation as the reply wrote it, or nil */
static int lp_events_next (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  if (rows->next[0] == '\0') return 0;
  lua_pushstring(L, rows->next);
  return 1;
}

/*
** events:append (page [, skip]): puts an older page, all but its first `skip` rows, behind; its
** `next` counts then
*/
static int lp_events_append_page (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1), *page = lp_events_check(L, 2);
  lua_Integer skip = luaL_optinteger(L, 3, 0);
  luaL_argcheck(L, page != rows, 2, "events cannot be appended to themselves");
  luaL_argcheck(L, skip >= 0, 3, "a number from 0 on");
  if (lp_events_append(rows, page, (size_t)skip) != 0) return luaL_error(L, "out of memory");
  memcpy(rows->next, page->next, sizeof rows->next);
  return 0;
}

static lp_event *check_row (lua_State *L, lp_events *rows, int index) {
  lua_Integer row = luaL_checkinteger(L, index);
  luaL_argcheck(L, row >= 1 && (size_t)row <= rows->count, index, "no such row");
  return &rows->rows[row - 1];
}

/* events:same (row, other events, row of those) -> whether all five texts are the same */
static int lp_events_same_row (lua_State *L) {
  lp_events *a = lp_events_check(L, 1), *b = lp_events_check(L, 3);
  lp_event *x = check_row(L, a, 2), *y = check_row(L, b, 4);
  lua_pushboolean(L, lp_events_same(a, (size_t)(x - a->rows), b, (size_t)(y - b->rows)));
  return 1;
}

static const char *const field_names[] = {
    "username", "address",  "data",    "time",      "action", "civil",   "local_time",
    "utc",      "last_utc", "dropped", "ambiguous", "digest", "ordinal", NULL};

enum {
  FIELD_ACTION = LP_EVENT_TEXTS,
  FIELD_CIVIL,
  FIELD_LOCAL_TIME,
  FIELD_UTC,
  FIELD_LAST_UTC,
  FIELD_DROPPED,
  FIELD_AMBIGUOUS,
  FIELD_DIGEST,
  FIELD_ORDINAL
};

static void push_civil (lua_State *L, uint32_t civil) {
  char text[32];
  lp_last_day last = {INT64_MIN, ""};
  lua_pushlstring(L, text, (size_t)(lp_moment_text(&last, text, civil, ' ') - text));
}

static void push_utc (lua_State *L, const lp_event *row, int64_t utc) {
  if (row->flags & LP_EVENT_CLOCKED)
    lua_pushinteger(L, (lua_Integer)utc);
  else
    lua_pushnil(L);
}

/*
** events:at (row, field) -> value
** username, address, data, action: texts; local_time: as the reply had it; civil, utc and
** last_utc, the latest that it can be: numbers or nil; dropped, ambiguous: booleans
*/
static int lp_events_at (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  const lp_event *row = check_row(L, rows, 2);
  int field = luaL_checkoption(L, 3, NULL, field_names);
  size_t n;
  const char *text;
  switch (field) {
  case FIELD_ACTION:
    text = lp_event_action(rows, row->action, &n);
    lua_pushlstring(L, text, n);
    break;
  case FIELD_CIVIL:
    if (row->civil == LP_NO_TIME)
      lua_pushnil(L);
    else
      lua_pushinteger(L, (lua_Integer)row->civil);
    break;
  case FIELD_LOCAL_TIME:
    if (row->civil != LP_NO_TIME) {
      push_civil(L, row->civil);
      break;
    }
    text = lp_event_text(rows, row, LP_EVENT_TIME, &n);
    lua_pushlstring(L, text, n);
    break;
  case FIELD_UTC:
    push_utc(L, row, row->utc);
    break;
  case FIELD_LAST_UTC:
    push_utc(L, row, row->last_utc);
    break;
  case FIELD_DROPPED:
    lua_pushboolean(L, (row->flags & LP_EVENT_DROPPED) != 0);
    break;
  case FIELD_AMBIGUOUS:
    lua_pushboolean(L, (row->flags & LP_EVENT_AMBIGUOUS) != 0);
    break;
  case FIELD_DIGEST:
  case FIELD_ORDINAL:
    luaL_argcheck(L, rows->identified == rows->count, 1, "its rows were not identified");
    if (field == FIELD_ORDINAL)
      lua_pushinteger(L, (lua_Integer)row->ordinal);
    else
      lua_pushlstring(L, (const char *)row->digest, sizeof row->digest);
    break;
  default:
    text = lp_event_text(rows, row, (unsigned)field, &n);
    lua_pushlstring(L, text, n);
  }
  return 1;
}

/* events:set (row, field, text): username, address or data */
static int lp_events_set (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  lp_event *row = check_row(L, rows, 2);
  int field = luaL_checkoption(L, 3, NULL, field_names);
  size_t n;
  const char *text = luaL_checklstring(L, 4, &n);
  luaL_argcheck(L, field < LP_EVENT_TIME, 3, "only username, address and data can be set");
  if (lp_events_set_text(rows, (size_t)(row - rows->rows), (unsigned)field, text, n) != 0)
    return luaL_error(L, "out of memory");
  if (field == LP_EVENT_DATA) row->flags &= ~(uint32_t)LP_EVENT_SUSPECT;
  return 0;
}

/* events:drop (row): it is not written */
static int lp_events_drop (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  check_row(L, rows, 2)->flags |= LP_EVENT_DROPPED;
  return 0;
}

static int64_t check_time (lua_State *L, int index, int64_t otherwise) {
  lua_Number value = luaL_optnumber(L, index, (lua_Number)otherwise);
  if (value >= (lua_Number)9e15) return INT64_C(9000000000000000);
  if (value <= (lua_Number)-9e15) return -INT64_C(9000000000000000);
  return (int64_t)value;
}

#define EVER INT64_C(9000000000000000)

/* events:keep_civil (from, to): drops the rows whose wall clock is not in [from, to] */
static int lp_events_keep_civil (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  int64_t from = check_time(L, 2, -EVER), to = check_time(L, 3, EVER);
  for (size_t i = 0; i < rows->count; i++) {
    lp_event *row = &rows->rows[i];
    if (row->civil != LP_NO_TIME && (row->civil < from || row->civil > to))
      row->flags |= LP_EVENT_DROPPED;
  }
  return 0;
}

/*
** events:keep_utc (from, to): drops the rows that cannot be in [from, to); a row whose time is not
** sure stays when any of its two times is
*/
static int lp_events_keep_utc (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  int64_t from = check_time(L, 2, -EVER), to = check_time(L, 3, EVER);
  for (size_t i = 0; i < rows->count; i++) {
    lp_event *row = &rows->rows[i];
    int64_t latest = row->flags & LP_EVENT_AMBIGUOUS ? row->last_utc : row->utc;
    if ((row->flags & LP_EVENT_CLOCKED) && (latest < from || row->utc >= to))
      row->flags |= LP_EVENT_DROPPED;
  }
  return 0;
}

/* events:kept () -> how many rows are not dropped */
static int lp_events_kept (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  size_t count = 0;
  for (size_t i = 0; i < rows->count; i++) count += !(rows->rows[i].flags & LP_EVENT_DROPPED);
  lua_pushinteger(L, (lua_Integer)count);
  return 1;
}

/* events:range () -> earliest, latest civil time of all rows; nothing when none has one */
static int lp_events_range (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  uint32_t low = LP_NO_TIME, high = 0;
  for (size_t i = 0; i < rows->count; i++) {
    uint32_t civil = rows->rows[i].civil;
    if (civil == LP_NO_TIME) continue;
    if (civil < low) low = civil;
    if (civil > high) high = civil;
  }
  if (low == LP_NO_TIME) return 0;
  lua_pushinteger(L, (lua_Integer)low);
  lua_pushinteger(L, (lua_Integer)high);
  return 2;
}

/* events:newest () -> the latest UTC time of all rows, or nil */
static int lp_events_newest (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  int64_t newest = INT64_MIN;
  for (size_t i = 0; i < rows->count; i++)
    if ((rows->rows[i].flags & LP_EVENT_CLOCKED) && rows->rows[i].utc > newest)
      newest = rows->rows[i].utc;
  if (newest == INT64_MIN) return 0;
  lua_pushinteger(L, (lua_Integer)newest);
  return 1;
}

/*
** events:clock ({from, to, offset, from, to, offset, …}, now): gives every row its UTC time
** The list is the zone, stretch by stretch, from before the first row to behind the last.
*/
static int lp_events_set_clock (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  int64_t now = check_time(L, 3, EVER);
  lp_stretch *zone;
  size_t count;
  luaL_checktype(L, 2, LUA_TTABLE);
  count = lua_rawlen(L, 2) / 3;
  luaL_argcheck(L, count > 0, 2, "a list of stretches expected");
  zone = lua_newuserdata(L, count * sizeof *zone);
  for (size_t i = 0; i < count * 3; i++) {
    int64_t value;
    lua_rawgeti(L, 2, (int)i + 1);
    value = check_time(L, -1, 0);
    lua_pop(L, 1);
    if (i % 3 == 0) zone[i / 3].from = value;
    if (i % 3 == 1) zone[i / 3].to = value;
    if (i % 3 == 2) zone[i / 3].offset = value;
  }
  lp_events_clock(rows, zone, count, now);
  return 0;
}

/* events:suspects () -> list of the rows whose Data may hold a secret */
static int lp_events_suspects (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  int count = 0;
  lua_newtable(L);
  for (size_t i = 0; i < rows->count; i++) {
    if (!(rows->rows[i].flags & LP_EVENT_SUSPECT)) continue;
    lua_pushinteger(L, (lua_Integer)i + 1);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

void lp_events_need_identity (lua_State *L, lp_events *rows) {
  int failed = rows->identified == rows->count ? 0 : lp_events_identify(rows);
  if (failed == -2) luaL_error(L, "an event's identifier: " LP_NO_LIBCRYPTO);
  if (failed != 0) luaL_error(L, "out of memory");
}

/*
** events:identify () -> true | nil, message, code: gives every row its digest and its ordinal,
** unless they have theirs
*/
static int lp_events_identify_rows (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  if (lp_libcrypto_get() == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, LP_NO_LIBCRYPTO);
    lua_pushliteral(L, "no_libcrypto");
    return 3;
  }
  lp_events_need_identity(L, rows);
  lua_pushboolean(L, 1);
  return 1;
}

/*
** events:earliest (n) -> the earliest UTC time that any of the first n rows can have; nil when
** none of them has one or is to be written
*/
static int lp_events_earliest (lua_State *L) {
  const lp_events *rows = lp_events_check(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  int64_t earliest = INT64_MAX;
  for (size_t i = 0; i < rows->count && (lua_Integer)i < n; i++) {
    const lp_event *row = &rows->rows[i];
    if ((row->flags & LP_EVENT_CLOCKED) && !(row->flags & LP_EVENT_DROPPED) && row->utc < earliest)
      earliest = row->utc;
  }
  if (earliest == INT64_MAX) return 0;
  lua_pushinteger(L, (lua_Integer)earliest);
  return 1;
}

typedef struct pushing {
  lua_State *L;
  int count;
} pushing;

static const char *const kind_names[] = {
#define X(name) #name,
    LP_TARGET_KINDS(X)
#undef X
};

static const char *const form_names[] = {
#define X(name) #name,
    LP_DATA_FORMS(X)
#undef X
        NULL};

static int push_target (void *context, const lp_target *target) {
  pushing *p = context;
  lua_pushstring(p->L, kind_names[target->kind]);
  lua_rawseti(p->L, -2, ++p->count);
  lua_pushlstring(p->L, target->value, target->length);
  lua_rawseti(p->L, -2, ++p->count);
  return 0;
}

/* core.event_targets (form, data) -> {kind, value, kind, value, …} */
static int lp_event_targets (lua_State *L) {
  pushing p = {L, 0};
  int form = luaL_checkoption(L, 1, NULL, form_names);
  size_t n;
  const char *data = luaL_checklstring(L, 2, &n);
  lua_newtable(L);
  lp_data_targets((unsigned)form, data, n, push_target, &p);
  return 1;
}

static int lp_events_length (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check(L, 1)->rows.count);
  return 1;
}

/* events:memory () -> bytes held outside Lua */
static int lp_events_memory_held (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)lp_events_memory(&check(L, 1)->rows));
  return 1;
}

/* events:close (): frees all; what is asked then raises, a download ends. May be called again */
static int lp_events_close (lua_State *L) {
  events *e = luaL_checkudata(L, 1, EVENTS_TYPE);
  lp_events_reader_free(&e->reader);
  lp_events_free(&e->rows);
  lp_events_reader_init(&e->reader, &e->rows);
  e->reader.ended = e->closed = 1;
  return 0;
}

static int lp_events_tostring (lua_State *L) {
  const events *e = luaL_checkudata(L, 1, EVENTS_TYPE);
  if (e->closed)
    lua_pushliteral(L, EVENTS_TYPE " (closed)");
  else
    lua_pushfstring(L, EVENTS_TYPE " (%d events)", (int)e->rows.count);
  return 1;
}

static const luaL_Reg events_methods[] = {{"feed", lp_events_feed},
                                          {"finish", lp_events_finish},
                                          {"refusal", lp_events_refusal},
                                          {"reset", lp_events_reset},
                                          {"next", lp_events_next},
                                          {"append", lp_events_append_page},
                                          {"same", lp_events_same_row},
                                          {"at", lp_events_at},
                                          {"set", lp_events_set},
                                          {"drop", lp_events_drop},
                                          {"keep_civil", lp_events_keep_civil},
                                          {"keep_utc", lp_events_keep_utc},
                                          {"kept", lp_events_kept},
                                          {"range", lp_events_range},
                                          {"newest", lp_events_newest},
                                          {"clock", lp_events_set_clock},
                                          {"suspects", lp_events_suspects},
                                          {"identify", lp_events_identify_rows},
                                          {"earliest", lp_events_earliest},
                                          {"memory", lp_events_memory_held},
                                          {"close", lp_events_close},
                                          {NULL, NULL}};

static const luaL_Reg events_meta[] = {{"__len", lp_events_length},
                                       {"__tostring", lp_events_tostring},
                                       {"__gc", lp_events_close},
                                       {NULL, NULL}};

static const luaL_Reg events_functions[] = {
    {"events", lp_events_new}, {"event_targets", lp_event_targets}, {NULL, NULL}};

void lp_events_open (lua_State *L) {
  lp_new_metatable(L, EVENTS_TYPE, events_meta, events_methods);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "__sink");
  lua_pop(L, 1);
  luaL_setfuncs(L, events_functions, 0);
}
