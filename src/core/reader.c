/* From the text of a getuserdata reply to rows; reader.h says what is kept of anything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"
#include "reply.h"

const lp_field_name lp_field_names[] = {
#define X(name) {#name, sizeof #name - 1},
    FIELDS(X)
#undef X
};

void lp_reader_init (lp_reader *r, lp_rows *rows) {
  memset(r, 0, offsetof(lp_reader, keys));
  memset(&r->row, 0, sizeof *r - offsetof(lp_reader, row));
  lp_scan_init(&r->scan);
  lp_keys_init(&r->keys);
  r->rows = rows;
  r->total = r->count = -1;
}

void lp_reader_free (lp_reader *r) {
  lp_scan_free(&r->scan);
  lp_keys_free(&r->keys);
  lp_buffer_free(&r->other);
  lp_buffer_free(&r->scratch);
}

#define ARENA_NEAR_END (UINT32_MAX - 4096)

int lp_reader_refuse (lp_reader *r, lp_scan_error error) {
  lp_scan_refuse(&r->scan, error);
  return -1;
}

/* A string found no space: all texts together are too long, or there is no memory. */
static int refuse_text (lp_reader *r, size_t n) {
  int is_full = n + 6 > UINT32_MAX - r->rows->arena.size;
  return lp_reader_refuse(r, is_full ? LP_SCAN_SIZE : LP_SCAN_MEMORY);
}

/* The bytes of a string or key without escapes; NULL without memory. */
static const char *plain (lp_reader *r, const lp_token *t, size_t *n) {
  if (!t->escaped) {
    *n = t->length;
    return t->text;
  }
  r->scratch.size = 0;
  if (lp_buffer_reserve(&r->scratch, t->length + 1) != 0) {
    lp_reader_refuse(r, LP_SCAN_MEMORY);
    return NULL;
  }
  *n = lp_scan_unescape(t, r->scratch.bytes);
  return r->scratch.bytes;
}

int lp_reader_keep_text (lp_reader *r, const lp_token *t, lp_text *out) {
  lp_buffer *arena = &r->rows->arena;
  size_t n;
  const char *text;
  if (t->escaped && t->length < LP_LONG_TEXT && arena->size > 0 && arena->size < ARENA_NEAR_END) {
    /* into its position at once: no escape is shorter than what it stands for */
    if (lp_buffer_reserve(arena, t->length + 1) != 0) return lp_reader_refuse(r, LP_SCAN_MEMORY);
    n = lp_scan_unescape(t, arena->bytes + arena->size + 1);
    arena->bytes[arena->size] = (char)n;
    *out = (lp_text)arena->size;
    arena->size += n + 1;
    return 0;
  }
  text = plain(r, t, &n);
  if (text == NULL) return -1;
  if (lp_rows_add_text(r->rows, text, n, out) != 0) return refuse_text(r, n);
  return 0;
}

/* ------------------------------------------------------------------ users */

int lp_reader_begin_user (lp_reader *r, uint64_t id) {
  static const lp_row nobody = {
      .created = LP_NO_TIME,
      .last_pw_change = LP_NO_TIME,
      .last_login = LP_NO_TIME,
      .totalscore = LP_NO_SCORE,
      .legacytotalscore = LP_NO_SCORE,
      .sites = LP_NO_COUNT,
      .notes = LP_NO_COUNT,
      .formfills = LP_NO_COUNT,
      .applications = LP_NO_COUNT,
      .attachments = LP_NO_COUNT,
      .mpstrength = LP_NO_STRENGTH,
  };
  int is_new = lp_rows_note_id(r->rows, id);
  if (is_new <= 0) return lp_reader_refuse(r, is_new < 0 ? LP_SCAN_MEMORY : LP_SCAN_DUPLICATE);
  r->row = nobody;
  r->row.id = id;
  r->row.groups = (uint32_t)r->rows->group_ref_count;
  r->seen = 0;
  r->order_at = 0;
  return 0;
}

static int user_id (lp_reader *r, const lp_token *key) {
  uint64_t id = 0;
  if (key->length == 0 || key->length > LP_ID_DIGITS) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  for (size_t i = 0; i < key->length; i++) {
    if (key->text[i] < '0' || key->text[i] > '9') return lp_reader_refuse(r, LP_SCAN_SHAPE);
    id = id * 10 + (uint64_t)(key->text[i] - '0');
  }
  r->position = AT_USER_BEGIN;
  return lp_reader_begin_user(r, id);
}

int lp_reader_end_user (lp_reader *r) {
  size_t n;
  const char *name;
  if (r->row.username == 0) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  name = lp_rows_text(r->rows, r->row.username, &n);
  r->row.hash = lp_account_hash(name, n);
  if (r->rows->group_ref_count - r->row.groups > UINT16_MAX)
    return lp_reader_refuse(r, LP_SCAN_SIZE);
  r->row.group_count = (uint16_t)(r->rows->group_ref_count - r->row.groups);
  if (lp_rows_add_row(r->rows, &r->row) != 0) return lp_reader_refuse(r, LP_SCAN_MEMORY);
  return 0;
}

static unsigned char look_up_field (const char *name, size_t n) {
  for (unsigned char f = 0; f < F_unknown; f++)
    if (lp_field_names[f].length == n && memcmp(lp_field_names[f].name, name, n) == 0) return f;
  return F_unknown;
}

/*
** The users of one reply have their fields in the same order, with some left out, so that the
** last user's order mostly predicts the next field at the first or second guess.
*/
static unsigned char guess_field (lp_reader *r, const char *name, size_t n) {
  unsigned char f;
  for (int ahead = 0; ahead < 2 && r->order_at + ahead < r->order_length; ahead++) {
    f = r->order[r->order_at + ahead];
    if (lp_field_names[f].length == n && memcmp(lp_field_names[f].name, name, n) == 0) {
      r->order_at = (unsigned char)(r->order_at + ahead + 1);
      return f;
    }
  }
  f = look_up_field(name, n);
  if (f == F_unknown) return f;
  for (unsigned char i = 0; i < r->order_length; i++) {
    if (r->order[i] == f) {
      r->order_at = (unsigned char)(i + 1);
      return f;
    }
  }
  /* new in the order: it goes where it was met */
  memmove(r->order + r->order_at + 1, r->order + r->order_at,
          (size_t)(r->order_length - r->order_at));
  r->order[r->order_at++] = f;
  r->order_length++;
  return f;
}

static int user_key (lp_reader *r, const lp_token *t) {
  size_t n;
  const char *name = plain(r, t, &n);
  if (name == NULL) return -1;
  r->field = guess_field(r, name, n);
  r->position = AT_FIELD;
  if (r->field == F_unknown) {
    lp_scan_error error = lp_keys_add(&r->keys, t);
    return error == LP_SCAN_NONE ? 0 : lp_reader_refuse(r, error);
  }
  if (r->seen >> r->field & 1) return lp_reader_refuse(r, LP_SCAN_DUPLICATE);
  r->seen |= UINT32_C(1) << r->field;
  return 0;
}

/* ------------------------------------------------------------------ copied values */

static int copy_bytes (lp_reader *r, lp_buffer *to, const char *bytes, size_t n) {
  if (lp_buffer_reserve(to, n) != 0) return lp_reader_refuse(r, LP_SCAN_MEMORY);
  memcpy(to->bytes + to->size, bytes, n);
  to->size += n;
  return 0;
}

/* Writes a token as JSON again, without blanks. */
static int copy_token (lp_reader *r, lp_buffer *to, lp_kind kind, const lp_token *t) {
  int closes = kind == LP_OBJECT_END || kind == LP_ARRAY_END;
  if (to->size > (1u << 24)) return lp_reader_refuse(r, LP_SCAN_SIZE);
  if (r->copy_comma && !closes && copy_bytes(r, to, ",", 1) != 0) return -1;
  r->copy_comma = kind != LP_KEY && kind != LP_OBJECT_BEGIN && kind != LP_ARRAY_BEGIN;
  switch (kind) {
  case LP_OBJECT_BEGIN:
    return copy_bytes(r, to, "{", 1);
  case LP_OBJECT_END:
    return copy_bytes(r, to, "}", 1);
  case LP_ARRAY_BEGIN:
    return copy_bytes(r, to, "[", 1);
  case LP_ARRAY_END:
    return copy_bytes(r, to, "]", 1);
  case LP_TRUE:
    return copy_bytes(r, to, "true", 4);
  case LP_FALSE:
    return copy_bytes(r, to, "false", 5);
  case LP_NULL:
    return copy_bytes(r, to, "null", 4);
  case LP_NUMBER:
    return copy_bytes(r, to, t->text, t->length);
  default:
    if (copy_bytes(r, to, "\"", 1) != 0 || copy_bytes(r, to, t->text, t->length) != 0) return -1;
    return kind == LP_KEY ? copy_bytes(r, to, "\":", 2) : copy_bytes(r, to, "\"", 1);
  }
}

/* One token of a value that is copied; 1 when the value is complete. */
static int copy_step (lp_reader *r, lp_buffer *to, lp_kind kind, const lp_token *t) {
  if (kind == LP_OBJECT_BEGIN) lp_keys_enter(&r->keys);
  if (kind == LP_OBJECT_END) lp_keys_leave(&r->keys);
  if (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN) r->depth++;
  if (kind == LP_OBJECT_END || kind == LP_ARRAY_END) r->depth--;
  if (kind == LP_KEY) {
    lp_scan_error error = lp_keys_add(&r->keys, t);
    if (error != LP_SCAN_NONE) return lp_reader_refuse(r, error);
  }
  if (copy_token(r, to, kind, t) != 0) return -1;
  return r->depth == 0;
}

/* ------------------------------------------------------------------ the reply */

static int top_key (lp_reader *r, const lp_token *t) {
  size_t n;
  const char *name = plain(r, t, &n);
  lp_scan_error error = lp_keys_add(&r->keys, t);
  if (name == NULL) return -1;
  if (error != LP_SCAN_NONE) return lp_reader_refuse(r, error);
  if (n == 5 && memcmp(name, "Users", 5) == 0)
    r->top = TOP_USERS;
  else if (n == 6 && memcmp(name, "Groups", 6) == 0)
    r->top = TOP_GROUPS;
  else if (n == 7 && (memcmp(name, "invited", 7) == 0 || memcmp(name, "Invited", 7) == 0))
    r->top = TOP_INVITED;
  else if (n == 5 && memcmp(name, "total", 5) == 0)
    r->top = TOP_TOTAL;
  else if (n == 5 && memcmp(name, "count", 5) == 0)
    r->top = TOP_COUNT;
  else if (lp_reply_is_envelope_key(name, n))
    r->top = TOP_ENVELOPE;
  else
    r->top = TOP_OTHER;
  r->position = AT_TOP_VALUE;
  r->depth = 0;
  r->copy_comma = 0;
  if (r->top != TOP_ENVELOPE) return 0;
  r->envelope = 1;
  if (copy_bytes(r, &r->other, r->other.size == 0 ? "{" : ",", 1) != 0 ||
      copy_bytes(r, &r->other, "\"", 1) != 0 || copy_bytes(r, &r->other, name, n) != 0)
    return -1;
  return copy_bytes(r, &r->other, "\":", 2);
}

static int take_size (lp_reader *r, int64_t *out, lp_kind kind, const lp_token *t) {
  *out = lp_reader_take_number(r, 1, UINT32_MAX, kind, t);
  return *out < 0 ? lp_reader_refuse(r, LP_SCAN_SHAPE) : 0;
}

/*
** Lists: PHP writes one with a gap in it as an object with numbers for keys, so both forms are
** read (§2). The first token of one, inside which the reader is at `position` then.
*/
static int begin_list (lp_reader *r, lp_kind kind, unsigned char position) {
  if (kind != LP_ARRAY_BEGIN && kind != LP_OBJECT_BEGIN) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  r->in_map = kind == LP_OBJECT_BEGIN;
  if (r->in_map) lp_keys_enter(&r->keys);
  r->position = position;
  return 0;
}

/* A token inside a list that is no text: a key of the object's, or the end, after which the reader
** is at `position`. 1 at the end. */
static int follow_list (lp_reader *r, lp_kind kind, const lp_token *t, unsigned char position) {
  if (r->in_map && kind == LP_KEY) {
    lp_scan_error error = t->length == 0 ? LP_SCAN_SHAPE : lp_keys_add(&r->keys, t);
    for (size_t i = 0; i < t->length; i++)
      if (t->text[i] < '0' || t->text[i] > '9') error = LP_SCAN_SHAPE;
    return error == LP_SCAN_NONE ? 0 : lp_reader_refuse(r, error);
  }
  if (kind != (r->in_map ? LP_OBJECT_END : LP_ARRAY_END)) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  if (r->in_map) lp_keys_leave(&r->keys);
  r->in_map = 0;
  r->position = position;
  return 1;
}

/* The first token of a value at the top of the reply. Maps without entries come as [] (§2). */
static int top_value (lp_reader *r, lp_kind kind, const lp_token *t) {
  unsigned char next = AT_TOP;
  switch (r->top) {
  case TOP_USERS:
    r->users_seen = 1;
    if (kind == LP_ARRAY_BEGIN)
      next = AT_EMPTY;
    else if (kind == LP_OBJECT_BEGIN)
      next = AT_USERS;
    else
      return lp_reader_refuse(r, LP_SCAN_SHAPE);
    break;
  case TOP_GROUPS:
    if (r->users_only)
      next = AT_SKIP_TOP;
    else if (kind == LP_ARRAY_BEGIN)
      next = AT_EMPTY;
    else if (kind == LP_OBJECT_BEGIN) {
      lp_keys_enter(&r->keys);
      next = AT_GROUPS;
    } else if (kind != LP_NULL)
      return lp_reader_refuse(r, LP_SCAN_SHAPE);
    break;
  case TOP_INVITED:
    if (kind != LP_NULL) return begin_list(r, kind, AT_INVITED);
    break;
  case TOP_TOTAL:
    if (take_size(r, &r->total, kind, t) != 0) return -1;
    break;
  case TOP_COUNT:
    if (take_size(r, &r->count, kind, t) != 0) return -1;
    break;
  case TOP_ENVELOPE: {
    int done = copy_step(r, &r->other, kind, t);
    if (done < 0) return -1;
    if (done == 0) next = AT_ENVELOPE;
    break;
  }
  default:
    next = AT_SKIP_TOP;
    break;
  }
  r->position = next;
  return 0;
}

static int begin_field (lp_reader *r, lp_kind kind, const lp_token *t) {
  if (r->field == F_groups && kind != LP_NULL) return begin_list(r, kind, AT_USER_GROUPS);
  if (r->field == F_attribs) {
    int done;
    r->position = AT_USER;
    r->depth = 0;
    r->copy_comma = 0;
    r->scratch.size = 0;
    done = copy_step(r, &r->scratch, kind, t);
    if (done < 0) return -1;
    if (done == 0) r->position = AT_ATTRIBS;
    return 0; /* a scalar says nothing that could be used as attributes */
  }
  if (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  if (lp_reader_take_field(r, kind, t) != 0) return -1;
  r->position = AT_USER;
  return 0;
}

/* Passes over the rest of a value; 1 when it is complete, 0 when more bytes are needed. */
static int skip (lp_reader *r, lp_kind kind, const lp_token *t) {
  kind = lp_keys_follow(&r->keys, &r->scan, kind, t, &r->depth);
  if (kind == LP_ERROR) return -1;
  return kind != LP_MORE;
}

static int group_key (lp_reader *r, const lp_token *t) {
  size_t n;
  const char *name = plain(r, t, &n);
  lp_scan_error error = lp_keys_add(&r->keys, t);
  if (name == NULL) return -1;
  if (error != LP_SCAN_NONE) return lp_reader_refuse(r, error);
  if (lp_rows_name_group(r->rows, name, n, &r->group) != 0)
    return lp_reader_refuse(r, LP_SCAN_MEMORY);
  r->member_count = 0;
  r->first_member = 0;
  r->position = AT_GROUP_BEGIN;
  return 0;
}

int lp_reader_user_group (lp_reader *r, const lp_token *t) {
  size_t n;
  uint32_t group;
  const char *name = plain(r, t, &n);
  if (name == NULL) return -1;
  if (lp_rows_name_group(r->rows, name, n, &group) != 0 ||
      lp_rows_add_group_ref(r->rows, group) != 0)
    return lp_reader_refuse(r, LP_SCAN_MEMORY);
  return 0;
}

static int member (lp_reader *r, const lp_token *t) {
  lp_text text;
  if (lp_reader_keep_text(r, t, &text) != 0) return -1;
  if (r->member_count++ == 0) r->first_member = text;
  return 0;
}

/* One token, in the position where it stands. 0, or -1 when it has no business there. */
static int step (lp_reader *r, lp_kind kind, const lp_token *t) {
  int done;
  switch (r->position) {
  case AT_USER:
    if (kind == LP_KEY) return user_key(r, t);
    lp_keys_leave(&r->keys);
    if (lp_reader_end_user(r) != 0) return -1;
    r->position = AT_USERS;
    return 0;
  case AT_FIELD:
    if (r->field != F_unknown) return begin_field(r, kind, t);
    r->depth = 0;
    r->position = AT_SKIP_FIELD;
    /* fall through */
  case AT_SKIP_FIELD:
    done = skip(r, kind, t);
    if (done > 0) r->position = AT_USER;
    return done < 0 ? -1 : 0;
  case AT_USER_GROUPS:
    if (kind == LP_STRING) return lp_reader_user_group(r, t);
    return follow_list(r, kind, t, AT_USER) < 0 ? -1 : 0;
  case AT_GROUP:
    if (kind == LP_STRING) return member(r, t);
    done = follow_list(r, kind, t, AT_GROUP);
    if (done <= 0) return done;
    if (lp_rows_add_segment(r->rows, r->group, r->first_member, r->member_count) != 0)
      return lp_reader_refuse(r, LP_SCAN_MEMORY);
    r->position = AT_GROUPS;
    return 0;
  case AT_USERS:
    if (kind == LP_OBJECT_END) {
      r->position = AT_TOP;
      return 0;
    }
    return user_id(r, t);
  case AT_USER_BEGIN:
    if (kind != LP_OBJECT_BEGIN) return lp_reader_refuse(r, LP_SCAN_SHAPE);
    lp_keys_enter(&r->keys);
    r->position = AT_USER;
    return 0;
  case AT_ATTRIBS:
    done = copy_step(r, &r->scratch, kind, t);
    if (done <= 0) return done;
    r->position = AT_USER;
    if (lp_rows_add_text(r->rows, r->scratch.bytes, r->scratch.size, &r->row.attribs) != 0)
      return refuse_text(r, r->scratch.size);
    return 0;
  case AT_GROUPS:
    if (kind == LP_KEY) return group_key(r, t);
    lp_keys_leave(&r->keys);
    r->position = AT_TOP;
    return 0;
  case AT_GROUP_BEGIN:
    return begin_list(r, kind, AT_GROUP);
  case AT_INVITED: {
    lp_text text;
    if (kind != LP_STRING) return follow_list(r, kind, t, AT_TOP) < 0 ? -1 : 0;
    if (lp_reader_keep_text(r, t, &text) != 0) return -1;
    return lp_rows_add_invited(r->rows, text) == 0 ? 0 : lp_reader_refuse(r, LP_SCAN_MEMORY);
  }
  case AT_EMPTY:
    if (kind != LP_ARRAY_END) return lp_reader_refuse(r, LP_SCAN_SHAPE);
    r->position = AT_TOP;
    return 0;
  case AT_TOP:
    if (kind == LP_KEY) return top_key(r, t);
    r->position = AT_END;
    return 0;
  case AT_TOP_VALUE:
    if (top_value(r, kind, t) != 0) return -1;
    if (r->position != AT_SKIP_TOP) return 0;
    /* fall through */
  case AT_SKIP_TOP:
    done = skip(r, kind, t);
    if (done > 0) r->position = AT_TOP;
    return done < 0 ? -1 : 0;
  case AT_ENVELOPE:
    done = copy_step(r, &r->other, kind, t);
    if (done > 0) r->position = AT_TOP;
    return done < 0 ? -1 : 0;
  case AT_START:
    if (kind == LP_OBJECT_BEGIN) {
      lp_keys_enter(&r->keys);
      r->position = AT_TOP;
      return 0;
    }
    /* fall through */
  default:
    return lp_reader_refuse(r, LP_SCAN_SHAPE);
  }
}

void lp_reader_describe (const lp_reader *r, char *out, size_t size) {
  static const char *const top[] = {"Users", "Groups", "invited", "total", "count"};
  const char *name;
  size_t n;
  switch (r->position) {
  case AT_FIELD:
  case AT_USER_GROUPS:
  case AT_ATTRIBS:
    snprintf(out, size, "user %llu, '%s'", (unsigned long long)r->row.id,
             lp_field_names[r->field].name);
    return;
  case AT_USER_BEGIN:
  case AT_USER:
  case AT_SKIP_FIELD:
    snprintf(out, size, "user %llu", (unsigned long long)r->row.id);
    return;
  case AT_GROUP_BEGIN:
  case AT_GROUP:
    name = lp_rows_text(r->rows, r->rows->groups.texts[r->group], &n);
    snprintf(out, size, "group '%.*s'", n > 200 ? 200 : (int)n, name);
    return;
  case AT_USERS:
  case AT_GROUPS:
  case AT_INVITED:
  case AT_EMPTY:
  case AT_TOP_VALUE:
    snprintf(out, size, "%s", r->top < TOP_ENVELOPE ? top[r->top] : "");
    return;
  default:
    snprintf(out, size, "%s", r->position == AT_END && !r->users_seen ? "there is no 'Users'" : "");
  }
}

static int keep_markup (lp_reader *r, const char *bytes, size_t n) {
  size_t capacity =
      LP_REFUSAL_MAX - (r->other.size < LP_REFUSAL_MAX ? r->other.size : LP_REFUSAL_MAX);
  return copy_bytes(r, &r->other, bytes, n < capacity ? n : capacity);
}

int lp_reader_feed (lp_reader *r, const char *bytes, size_t n) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  if (r->scan.error) return -1;
  if (r->ended) return n == 0 ? 0 : lp_reader_refuse(r, LP_SCAN_TRAILING);
  if (!r->started) {
    /* the first byte that is not blank decides what this is (enterprise-api §1) */
    while (n > 0 && (*bytes == ' ' || *bytes == '\n' || *bytes == '\r' || *bytes == '\t')) {
      bytes++;
      n--;
      r->scan.offset++;
    }
    if (n == 0) return 0;
    r->started = 1;
    if (*bytes != '{') r->position = AT_MARKUP;
  }
  if (r->position == AT_MARKUP) return keep_markup(r, bytes, n);
  if (lp_scan_feed(&r->scan, bytes, n) != 0) return -1;
  for (;;) {
    /* what is written in the usual way goes quickly; whatever is not comes here */
    if (r->position == AT_USER)
      lp_reader_fast_users(r);
    else if (r->position == AT_GROUP && !r->in_map)
      lp_reader_fast_members(r);
    kind = lp_scan_next(&r->scan, &token);
    if (kind <= LP_MORE || kind == LP_END || step(r, kind, &token) != 0) break;
  }
  if (r->scan.error) return -1;
  return lp_scan_keep(&r->scan);
}

int lp_reader_finish (lp_reader *r) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind;
  if (r->scan.error) return -1;
  if (r->ended) return 0;
  r->ended = 1;
  if (r->position == AT_MARKUP || !r->started) return 0;
  lp_scan_finish(&r->scan);
  do kind = lp_scan_next(&r->scan, &token);
  while (kind > LP_MORE && kind != LP_END); /* a number at the cut is whole now; the rest is not */
  if (kind != LP_END) return -1;
  if (r->envelope) return copy_bytes(r, &r->other, "}", 1);
  if (!r->users_seen) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  return 0;
}

static int move_text (const lp_rows *from, lp_rows *to, lp_text *text) {
  size_t n;
  const char *bytes;
  if (*text == 0) return 0;
  bytes = lp_rows_text(from, *text, &n);
  return lp_rows_add_text(to, bytes, n, text);
}

/* The user that is being read stays behind, so what it has so far moves to the fresh rows. */
static int move_unfinished (lp_reader *r, const lp_rows *from) {
  lp_row *row = &r->row;
  uint32_t first = row->groups;
  if (move_text(from, r->rows, &row->username) != 0 ||
      move_text(from, r->rows, &row->fullname) != 0 ||
      move_text(from, r->rows, &row->duousername) != 0 ||
      move_text(from, r->rows, &row->multifactor) != 0 ||
      move_text(from, r->rows, &row->linked) != 0 || move_text(from, r->rows, &row->attribs) != 0)
    return -1;
  row->groups = 0;
  for (size_t i = first; i < from->group_ref_count; i++) {
    size_t n;
    uint32_t group;
    const char *name = lp_rows_text(from, from->groups.texts[from->group_refs[i]], &n);
    if (lp_rows_name_group(r->rows, name, n, &group) != 0 ||
        lp_rows_add_group_ref(r->rows, group) != 0)
      return -1;
  }
  return 0;
}

int lp_reader_take (lp_reader *r, lp_rows *out) {
  static const lp_extent no_extent = {0, 0};
  int inside = r->position == AT_USER_BEGIN || r->position == AT_USER || r->position == AT_FIELD ||
               r->position == AT_USER_GROUPS || r->position == AT_ATTRIBS ||
               r->position == AT_SKIP_FIELD;
  if (r->position == AT_GROUP || r->position == AT_GROUP_BEGIN || r->position == AT_GROUPS)
    return 1;
  *out = *r->rows;
  lp_rows_init(r->rows);
  r->last_multifactor = 0;
  /* what belongs to the whole reply stays with the reader */
  r->rows->ids = out->ids;
  r->rows->ids_extent = out->ids_extent;
  r->rows->id_table_size = out->id_table_size;
  r->rows->id_count = out->id_count;
  r->rows->last_id = out->last_id;
  r->rows->taken = out->taken + out->count;
  out->ids = NULL;
  out->ids_extent = no_extent;
  out->id_table_size = 0;
  r->rows->invited = out->invited;
  r->rows->invited_count = out->invited_count;
  r->rows->invited_extent = out->invited_extent;
  out->invited = NULL;
  out->invited_extent = no_extent;
  out->invited_count = 0;
  for (size_t i = 0; i < r->rows->invited_count; i++) {
    if (move_text(out, r->rows, &r->rows->invited[i]) != 0) {
      r->rows->invited_count = i;
      goto failed;
    }
  }
  if (inside && move_unfinished(r, out) != 0) goto failed;
  return 0;
failed:
  lp_reader_refuse(r, LP_SCAN_MEMORY);
  return -1;
}
