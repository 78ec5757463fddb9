/* Pages of SCIM users to rows; scim_page.h says what is taken. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "reader_internal.h"
#include "scim_page.h"

#define ID_DIGITS 15          /* a number that any Lua holds exactly */
#define LONG_ATTRIBUTES 65536 /* bytes */
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

typedef struct scim_user {
  lp_token id, external_id, title, user_name, display_name, formatted, given_name, family_name;
  int says_active;
} scim_user;

void lp_scim_page_init (lp_scim_page *page, lp_reader *reader) {
  memset(page, 0, sizeof *page);
  page->reader = reader;
  page->total = -1;
}

void lp_scim_page_free (lp_scim_page *page) {
  free(page->groups);
  page->groups = NULL;
  page->group_capacity = 0;
  lp_buffer_free(&page->enterprise);
  lp_buffer_free(&page->plain);
}

/* ------------------------------------------------------------------ tokens */

/* A number that is read the same by everybody: few digits, no exponent. */
static int is_short (const lp_token *t) {
  return t->length <= ID_DIGITS && memchr(t->text, 'e', t->length) == NULL &&
         memchr(t->text, 'E', t->length) == NULL;
}

/* The next token; LP_ERROR for a key that comes twice or has escapes, and for unusual numbers. */
static lp_kind next (lp_scim_page *page, lp_token *t) {
  lp_reader *r = page->reader;
  lp_kind kind = lp_scan_next(&r->scan, t);
  switch (kind) {
  case LP_OBJECT_BEGIN:
    lp_keys_enter(&r->keys);
    return kind;
  case LP_OBJECT_END:
    lp_keys_leave(&r->keys);
    return kind;
  case LP_KEY:
    return t->escaped || lp_keys_add(&r->keys, t) != LP_SCAN_NONE ? LP_ERROR : kind;
  case LP_NUMBER:
    return is_short(t) ? kind : LP_ERROR;
  default:
    return kind;
  }
}

/* Passes over the rest of a value that began with `kind`. */
static int skip (lp_scim_page *page, lp_kind kind) {
  lp_token t;
  int depth = kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN;
  while (depth > 0) {
    kind = next(page, &t);
    if (kind <= LP_MORE || kind == LP_END) return -1;
    depth += (kind == LP_OBJECT_BEGIN || kind == LP_ARRAY_BEGIN) -
             (kind == LP_OBJECT_END || kind == LP_ARRAY_END);
  }
  return kind <= LP_MORE || kind == LP_END ? -1 : 0;
}

static int is (const lp_token *t, const char *word) {
  size_t n = strlen(word);
  return t->length == n && memcmp(t->text, word, n) == 0;
}

/* A string into `out`; null leaves it. */
static int take_string (lp_scim_page *page, lp_token *out) {
  lp_token t;
  lp_kind kind = next(page, &t);
  if (kind == LP_STRING) *out = t;
  return kind == LP_STRING || kind == LP_NULL ? 0 : -1;
}

static int put (lp_buffer *b, const char *bytes, size_t n) {
  if (n == 0) return 0;
  if (lp_buffer_reserve(b, n) != 0) return -1;
  memcpy(b->bytes + b->size, bytes, n);
  b->size += n;
  return 0;
}

/* ------------------------------------------------------------------ attributes of a user */

static int take_name (lp_scim_page *page, scim_user *u) {
  lp_token key = {NULL, 0, 0};
  lp_kind kind = next(page, &key);
  if (kind == LP_NULL) return 0;
  if (kind != LP_OBJECT_BEGIN) return -1;
  while ((kind = next(page, &key)) == LP_KEY) {
    lp_token *out = is(&key, "formatted")    ? &u->formatted
                    : is(&key, "givenName")  ? &u->given_name
                    : is(&key, "familyName") ? &u->family_name
                                             : NULL;
    if (out != NULL ? take_string(page, out) != 0 : skip(page, next(page, &key)) != 0) return -1;
  }
  return kind == LP_OBJECT_END ? 0 : -1;
}

/* Some write the booleans as strings, "True" (scim §1.1). */
static int take_active (lp_scim_page *page, scim_user *u) {
  lp_token t = {NULL, 0, 0};
  lp_kind kind = next(page, &t);
  int is_string = kind == LP_STRING && !t.escaped;
  int is_false = is_string && t.length == 5 && strncasecmp(t.text, "false", 5) == 0;
  int is_true = is_string && t.length == 4 && strncasecmp(t.text, "true", 4) == 0;
  if (kind == LP_FALSE || is_false) page->reader->row.flags |= LP_FLAG_DISABLED;
  u->says_active = kind == LP_FALSE || kind == LP_TRUE || is_false || is_true;
  return u->says_active ? 0 : -1;
}

/* "2019-02-17T17:23:45.678Z"; what has another zone is left out. */
static int take_created (lp_reader *r, const lp_token *t) {
  static const char form[] = "dddd-dd-ddTdd:dd:dd";
  char time[sizeof form];
  size_t n = sizeof form - 1;
  if (t->length < n) return 0;
  for (size_t i = 0; i < n; i++) {
    int is_digit = t->text[i] >= '0' && t->text[i] <= '9';
    if (form[i] == 'd' ? !is_digit : t->text[i] != form[i]) return 0;
  }
  if (t->text[t->length - 1] != 'Z') return 0;
  for (size_t i = n; i + 1 < t->length; i++)
    if (t->text[i] != '.' && (t->text[i] < '0' || t->text[i] > '9')) return 0;
  memcpy(time, t->text, sizeof time - 1);
  time[10] = ' ';
  r->row.created = lp_read_time(time);
  return r->row.created == LP_NO_TIME ? -1 : 0;
}

static int take_meta (lp_scim_page *page) {
  lp_token key = {NULL, 0, 0}, created = {NULL, 0, 0};
  lp_kind kind = next(page, &key);
  if (kind == LP_NULL) return 0;
  if (kind != LP_OBJECT_BEGIN) return -1;
  while ((kind = next(page, &key)) == LP_KEY) {
    if (!is(&key, "created")) {
      if (skip(page, next(page, &key)) != 0) return -1;
    } else if (take_string(page, &created) != 0 || created.escaped) {
      return -1;
    }
  }
  if (kind != LP_OBJECT_END) return -1;
  return created.text == NULL ? 0 : take_created(page->reader, &created);
}

int lp_scim_page_join (lp_scim_page *page, uint32_t group) {
  lp_rows *rows = page->reader->rows;
  uint32_t user = (uint32_t)rows->count + 1;
  size_t known = page->group_capacity;
  if (group >= known) {
    if (LP_RESERVE(page->groups, known, group + 1 - known, page->group_capacity) != 0) return -1;
    memset(page->groups + known, 0, (page->group_capacity - known) * sizeof *page->groups);
  }
  if (page->groups[group].user == user) return 0;
  page->groups[group].user = user;
  return lp_rows_add_group_ref(rows, group);
}

/* One {value, display} of a user. */
static int take_group (lp_scim_page *page) {
  lp_reader *r = page->reader;
  lp_token key = {NULL, 0, 0}, value = key, display = key;
  lp_scim_group *known;
  lp_kind kind;
  size_t n;
  uint32_t group;
  while ((kind = next(page, &key)) == LP_KEY) {
    lp_token *out = is(&key, "value") ? &value : is(&key, "display") ? &display : NULL;
    if (out != NULL ? take_string(page, out) != 0 : skip(page, next(page, &key)) != 0) return -1;
  }
  if (kind != LP_OBJECT_END || value.length == 0 || value.escaped || display.length == 0) return -1;
  page->plain.size = 0;
  if (lp_buffer_reserve(&page->plain, display.length) != 0) return -1;
  n = lp_scan_unescape(&display, page->plain.bytes);
  if (lp_rows_name_group(r->rows, page->plain.bytes, n, &group) != 0 ||
      lp_scim_page_join(page, group) != 0)
    return -1;
  known = &page->groups[group];
  if (known->length == value.length && memcmp(known->value, value.text, value.length) == 0)
    return 0;
  known->value = value.text;
  known->length = value.length;
  return page->on_group == NULL ? 0 : page->on_group(page, &value, group);
}

static int take_groups (lp_scim_page *page) {
  lp_token t;
  lp_kind kind = next(page, &t);
  if (kind == LP_NULL) return 0;
  if (kind != LP_ARRAY_BEGIN) return -1;
  while ((kind = next(page, &t)) == LP_OBJECT_BEGIN)
    if (take_group(page) != 0) return -1;
  return kind == LP_ARRAY_END ? 0 : -1;
}

/* The value of an enterprise attribute as it is written: a scalar, or an object of strings. */
static int is_plain_value (lp_scim_page *page, lp_kind kind) {
  lp_token t;
  int members = 0;
  if (kind == LP_STRING || kind == LP_TRUE || kind == LP_FALSE) return 1;
  if (kind != LP_OBJECT_BEGIN) return 0;
  for (; (kind = next(page, &t)) == LP_KEY; members++)
    if (next(page, &t) != LP_STRING) return 0;
  return kind == LP_OBJECT_END && members > 0;
}

static int take_enterprise (lp_scim_page *page) {
  lp_token key, t;
  lp_kind kind = next(page, &t);
  if (kind == LP_NULL) return 0;
  if (kind != LP_OBJECT_BEGIN) return -1;
  while ((kind = next(page, &key)) == LP_KEY) {
    const char *start = key.text - 1;
    if (is(&key, "id") || is(&key, "externalId") || is(&key, "title")) return -1;
    kind = next(page, &t);
    if (kind == LP_NULL) continue;
    if (!is_plain_value(page, kind) || put(&page->enterprise, ",", 1) != 0 ||
        put(&page->enterprise, start, (size_t)(page->reader->scan.at - start)) != 0)
      return -1;
  }
  return kind == LP_OBJECT_END ? 0 : -1;
}

/* ------------------------------------------------------------------ users */

static int put_string (lp_buffer *b, const char *before, const lp_token *t) {
  if (t->text == NULL) return 0;
  return put(b, before, strlen(before)) != 0 || put(b, t->text, t->length) != 0 ||
                 put(b, "\"", 1) != 0
             ? -1
             : 0;
}

static int keep_attributes (lp_scim_page *page, const scim_user *u) {
  lp_buffer *b = &page->plain;
  b->size = 0;
  if (put_string(b, "{\"id\":\"", &u->id) != 0 ||
      put_string(b, ",\"externalId\":\"", &u->external_id) != 0 ||
      put_string(b, ",\"title\":\"", &u->title) != 0 ||
      put(b, page->enterprise.bytes, page->enterprise.size) != 0 || put(b, "}", 1) != 0)
    return -1;
  if (b->size > LONG_ATTRIBUTES) return -1;
  return lp_rows_add_text(page->reader->rows, b->bytes, b->size, &page->reader->row.attribs);
}

static int is_space (char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static int keep_full_name (lp_scim_page *page, const scim_user *u) {
  lp_reader *r = page->reader;
  const lp_token *whole = u->formatted.text != NULL ? &u->formatted : &u->display_name;
  size_t given = u->given_name.length, n;
  char *name;
  if (whole->text != NULL && whole->length == 0) return -1;
  if (whole->text != NULL) return lp_reader_keep_text(r, whole, &r->row.fullname);
  if (given + u->family_name.length == 0) return 0;
  page->plain.size = 0;
  if (lp_buffer_reserve(&page->plain, given + u->family_name.length + 1) != 0) return -1;
  name = page->plain.bytes;
  n = given == 0 ? 0 : lp_scan_unescape(&u->given_name, name);
  name[n++] = ' ';
  if (u->family_name.length > 0) n += lp_scan_unescape(&u->family_name, name + n);
  while (n > 0 && is_space(name[n - 1])) n--;
  for (; n > 0 && is_space(*name); n--) name++;
  return n == 0 ? 0 : lp_rows_add_text(r->rows, name, n, &r->row.fullname);
}

/* 0 for an id that is no small number. */
static uint64_t number_of (const lp_token *id) {
  uint64_t number = 0;
  if (id->length > ID_DIGITS || id->text[0] == '0') return 0;
  for (size_t i = 0; i < id->length; i++) {
    if (id->text[i] < '0' || id->text[i] > '9') return 0;
    number = number * 10 + (uint64_t)(id->text[i] - '0');
  }
  return number;
}

static int end_user (lp_scim_page *page, const scim_user *u) {
  lp_reader *r = page->reader;
  if (u->id.length == 0 || u->id.escaped || u->user_name.length == 0 || !u->says_active) return -1;
  r->row.id = number_of(&u->id);
  if (lp_reader_keep_text(r, &u->user_name, &r->row.username) != 0 ||
      keep_full_name(page, u) != 0 || keep_attributes(page, u) != 0)
    return -1;
  if (page->on_user != NULL && page->on_user(page, &u->id) != 0) return -1;
  return lp_reader_end_user(r);
}

static int take_attribute (lp_scim_page *page, scim_user *u, const lp_token *key) {
  lp_token t;
  if (is(key, "id")) return take_string(page, &u->id);
  if (is(key, "userName")) return take_string(page, &u->user_name);
  if (is(key, "active")) return take_active(page, u);
  if (is(key, "name")) return take_name(page, u);
  if (is(key, "displayName")) return take_string(page, &u->display_name);
  if (is(key, "groups")) return take_groups(page);
  if (is(key, "externalId")) return take_string(page, &u->external_id);
  if (is(key, "title")) return take_string(page, &u->title);
  if (is(key, "meta")) return take_meta(page);
  if (is(key, ENTERPRISE)) return take_enterprise(page);
  return skip(page, next(page, &t));
}

static int take_user (lp_scim_page *page) {
  scim_user u;
  lp_token key;
  lp_kind kind;
  memset(&u, 0, sizeof u);
  page->enterprise.size = 0;
  /* any rising numbers: whether an id comes twice is for the list as a whole to find out */
  if (lp_reader_begin_user(page->reader, page->reader->rows->count + 1) != 0) return -1;
  while ((kind = next(page, &key)) == LP_KEY)
    if (take_attribute(page, &u, &key) != 0) return -1;
  return kind == LP_OBJECT_END ? end_user(page, &u) : -1;
}

static int take_users (lp_scim_page *page) {
  lp_token t;
  lp_kind kind = next(page, &t);
  if (kind != LP_ARRAY_BEGIN) return -1;
  while ((kind = next(page, &t)) == LP_OBJECT_BEGIN)
    if (take_user(page) != 0) return -1;
  return kind == LP_ARRAY_END ? 0 : -1;
}

static int take_total (lp_scim_page *page) {
  lp_token t;
  if (next(page, &t) != LP_NUMBER) return -1;
  page->total = 0;
  for (size_t i = 0; i < t.length; i++) {
    if (t.text[i] < '0' || t.text[i] > '9') return -1;
    page->total = page->total * 10 + (t.text[i] - '0');
  }
  return 0;
}

int lp_scim_page_read (lp_scim_page *page, const char *text, size_t n) {
  lp_reader *r = page->reader;
  lp_token t;
  lp_kind kind;
  int found = 0, failed;
  if (lp_scan_feed(&r->scan, text, n) != 0) return -1;
  lp_scan_finish(&r->scan); /* all is there: the scanner keeps nothing of its own */
  r->started = 1;
  if (next(page, &t) != LP_OBJECT_BEGIN) return -1;
  while ((kind = next(page, &t)) == LP_KEY) {
    if (is(&t, "Resources")) {
      found = 1;
      failed = take_users(page);
    } else if (is(&t, "totalResults")) {
      failed = take_total(page);
    } else if (is(&t, "nextCursor")) {
      failed = take_string(page, &page->cursor) != 0 || page->cursor.escaped;
    } else {
      failed = skip(page, next(page, &t));
    }
    if (failed) return -1;
  }
  if (kind != LP_OBJECT_END || next(page, &t) != LP_END || !found) return -1;
  r->ended = r->users_seen = 1;
  return 0;
}

/* ------------------------------------------------------------------ pages to one list */

int lp_scim_append (lp_rows *rows, lp_rows *page) {
  size_t first = rows->count, count = page->count, repeated;
  uint64_t *ids = malloc((count + 1) * sizeof *ids);
  int answer;
  if (ids == NULL) return -1;
  for (size_t i = 0; i < count; i++) {
    ids[i] = page->rows[i].id;
    page->rows[i].id = first + i + 1;
  }
  answer = lp_rows_append(rows, page, &repeated);
  for (size_t i = 0; i < count; i++) {
    page->rows[i].id = ids[i];
    if (answer == 0) rows->rows[first + i].id = ids[i];
  }
  free(ids);
  return answer;
}

void lp_scim_number (lp_rows *rows) {
  int are_numbers = 1;
  for (size_t i = 0; i < rows->count; i++) are_numbers &= rows->rows[i].id != 0;
  for (size_t i = 0; i < rows->count && !are_numbers; i++) rows->rows[i].id = i + 1;
  rows->last_id = UINT64_MAX; /* they may stand in any order: an id that is added is looked for */
}
