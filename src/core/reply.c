/*
** Every shape of reply that enterprise-api §2 lists, distinguished. The header's content type says
** text/xml for JSON too, so the first byte that is not blank decides.
*/
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

#define KEYS_TYPE "lastpass.keys"

typedef enum { STATUS_ABSENT, STATUS_OK, STATUS_WARN, STATUS_OTHER, STATUS_ODD } status_kind;

typedef enum { IN_NOTHING, IN_STATUS, IN_ERRORS, IN_MESSAGE } reply_field;

typedef struct reply {
  status_kind status;
  int has_error, has_message;
  int texts; /* stack index of the list of error texts */
  int count;
} reply;

static int collect_keys (lua_State *L) {
  lp_keys_free(lua_touserdata(L, 1));
  return 0;
}

/* The state's own set of keys, emptied: one for all replies, so that a small one costs no
** allocation. Nothing is pushed. */
static lp_keys *keys_of_state (lua_State *L) {
  lp_keys *keys;
  lua_getfield(L, LUA_REGISTRYINDEX, KEYS_TYPE " of state");
  keys = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (keys == NULL) {
    keys = lua_newuserdata(L, sizeof *keys);
    lp_keys_init(keys);
    luaL_getmetatable(L, KEYS_TYPE);
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, KEYS_TYPE " of state");
  }
  lp_keys_reset(keys);
  return keys;
}

static int push_class (lua_State *L, const char *class_name, const char *code, const char *message,
                       int texts) {
  lua_pushstring(L, class_name);
  lua_pushstring(L, code);
  lua_pushstring(L, message);
  if (texts > 0)
    lua_pushvalue(L, texts);
  else
    lua_newtable(L);
  return 4;
}

/* "what: why (at byte 17)" */
static void push_scan_message (lua_State *L, const char *what, const lp_scan *s) {
  char position[24];
  snprintf(position, sizeof position, "%llu", (unsigned long long)lp_scan_position(s));
  lua_pushfstring(L, "%s: %s (at byte %s)", what, lp_scan_error_text(s->error), position);
}

/* A reply whose JSON is not acceptable: says what and at which byte. */
static int push_scan_error (lua_State *L, const lp_scan *s) {
  lua_pushliteral(L, "protocol");
  lua_pushstring(L, lp_scan_error_code(s->error));
  push_scan_message(L, "the reply is not acceptable JSON", s);
  lua_newtable(L);
  lua_pushinteger(L, (lua_Integer)lp_scan_position(s));
  return 5;
}

static char lower (char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Is `word` (in lower case) what stands at `text`? Not strncasecmp, which follows the locale. */
static int is_word_at (const char *text, const char *word) {
  while (*word != '\0' && lower(*text) == *word) text++, word++;
  return *word == '\0';
}

/*
** <lastpass rc="Authorization Error"/> with HTTP 200: wrong account number or wrong hash, always
** the same bytes (enterprise-api §2 form 9). Only this one form is looked for.
*/
static int classify_markup (lua_State *L, const char *text, size_t n) {
  static const char root[] = "<lastpass", attribute[] = "rc=\"";
  const char *end = text + n, *at = memmem(text, n, root, sizeof root - 1), *quote;
  if (at != NULL) at = memmem(at, (size_t)(end - at), attribute, sizeof attribute - 1);
  if (at == NULL)
    return push_class(L, "protocol", "not_json",
                      "the reply is markup where JSON was expected; is the address right?", 0);
  at += sizeof attribute - 1;
  quote = memchr(at, '"', (size_t)(end - at));
  if (quote == NULL)
    return push_class(L, "protocol", "not_json", "the reply is markup that was cut short", 0);
  if ((size_t)(quote - at) == strlen("Authorization Error") &&
      is_word_at(at, "authorization error"))
    return push_class(L, "auth", "authorization_error",
                      "wrong account number or wrong provisioning hash", 0);
  lua_pushlstring(L, at, (size_t)(quote - at));
  return push_class(L, "refused", "refused", lua_tostring(L, -1), 0);
}

static int contains (const char *text, const char *part) {
  for (; *text != '\0'; text++)
    if (is_word_at(text, part)) return 1;
  return 0;
}

/* The texts known verbatim (enterprise-api §2.1); all else is plainly "refused". */
static const char *code_of_text (const char *text) {
  if (contains(text, "no such user") || contains(text, "user not found") ||
      contains(text, "does not exist"))
    return "no_such_user";
  if (contains(text, "already disabled")) return "already_disabled";
  if (contains(text, "select a valid user")) return "invalid_user";
  return "refused";
}

static void push_token (lua_State *L, const lp_token *token) {
  char *plain = lua_newuserdata(L, token->length + 1);
  lua_pushlstring(L, plain, lp_scan_unescape(token, plain));
  lua_remove(L, -2);
}

static reply_field field_of_key (const lp_token *key) {
  char plain[64];
  if (key->escaped && key->length <= sizeof plain) {
    lp_token unescaped = {plain, lp_scan_unescape(key, plain), 0};
    return field_of_key(&unescaped);
  }
  if (key->length == 6 && memcmp(key->text, "status", 6) == 0) return IN_STATUS;
  if (key->length == 5 && memcmp(key->text, "error", 5) == 0) return IN_ERRORS;
  if (key->length == 6 && memcmp(key->text, "errors", 6) == 0) return IN_ERRORS;
  if (key->length == 7 && memcmp(key->text, "message", 7) == 0) return IN_MESSAGE;
  return IN_NOTHING;
}

int lp_reply_is_envelope_key (const char *key, size_t n) {
  lp_token token = {key, n, 0};
  return field_of_key(&token) != IN_NOTHING;
}

static int is_word (const char *text, size_t n, const char *word) {
  return n == strlen(word) && is_word_at(text, word);
}

/* Case makes no difference, and O\u004B is OK too. */
static status_kind status_of (const lp_token *token) {
  char plain[64];
  size_t n;
  if (token->length > sizeof plain) return STATUS_OTHER;
  n = lp_scan_unescape(token, plain);
  if (is_word(plain, n, "ok") || is_word(plain, n, "success")) return STATUS_OK;
  if (is_word(plain, n, "warn") || is_word(plain, n, "warning")) return STATUS_WARN;
  return STATUS_OTHER;
}

/* Is the number other than zero? */
static int is_nonzero (const lp_token *token) {
  for (size_t i = 0; i < token->length; i++) {
    if (token->text[i] == 'e' || token->text[i] == 'E') break;
    if (token->text[i] >= '1' && token->text[i] <= '9') return 1;
  }
  return 0;
}

/* Strings anywhere below `error` and `errors` count: string, list and object all occur. */
static void take_string (lua_State *L, reply *r, reply_field where, int depth,
                         const lp_token *token) {
  switch (where) {
  case IN_STATUS:
    if (depth != 1)
      r->status = STATUS_ODD;
    else
      r->status = status_of(token);
    break;
  case IN_ERRORS:
    if (token->length == 0) break;
    r->has_error = 1;
    push_token(L, token);
    lua_rawseti(L, r->texts, ++r->count);
    break;
  case IN_MESSAGE:
    if (token->length == 0) break;
    r->has_message = 1;
    push_token(L, token);
    lua_setfield(L, r->texts, "message");
    break;
  default:
    break;
  }
}

/* Reads the whole reply; only keys of the top level mean anything here. */
static lp_kind read_reply (lua_State *L, lp_scan *s, lp_keys *keys, reply *r, int *array) {
  lp_token token = {NULL, 0, 0};
  lp_kind kind = lp_scan_next(s, &token);
  reply_field where = IN_NOTHING;
  int depth = 0, items = 0;
  if (kind == LP_ARRAY_BEGIN)
    *array = 1;
  else if (kind != LP_OBJECT_BEGIN)
    return kind == LP_ERROR ? kind : lp_scan_refuse(s, LP_SCAN_SHAPE);
  for (;;) {
    switch (kind) {
    case LP_OBJECT_BEGIN:
      lp_keys_enter(keys);
      if (where == IN_STATUS) r->status = STATUS_ODD;
      depth++;
      break;
    case LP_ARRAY_BEGIN:
      if (where == IN_STATUS) r->status = STATUS_ODD;
      depth++;
      break;
    case LP_OBJECT_END:
      lp_keys_leave(keys);
      depth--;
      break;
    case LP_ARRAY_END:
      depth--;
      break;
    case LP_KEY: {
      lp_scan_error error = lp_keys_add(keys, &token);
      if (error != LP_SCAN_NONE) return lp_scan_refuse(s, error);
      if (depth == 1) where = field_of_key(&token);
      break;
    }
    case LP_STRING:
      take_string(L, r, where, depth, &token);
      break;
    case LP_NUMBER:
    case LP_TRUE:
    case LP_FALSE:
      if (where == IN_STATUS) r->status = STATUS_ODD;
      if (where == IN_ERRORS && (kind == LP_TRUE || (kind == LP_NUMBER && is_nonzero(&token))))
        r->has_error = 1;
      break;
    case LP_NULL:
      break;
    default:
      return kind;
    }
    items++;
    kind = lp_scan_next(s, &token);
    /* an empty map is written as [] (form 10); a list of anything is no reply of this API */
    if (*array && depth == 1 && items == 1 && kind != LP_ARRAY_END && kind > LP_MORE)
      return lp_scan_refuse(s, LP_SCAN_SHAPE);
  }
}

/* Pushes all texts as one sentence. */
static const char *push_joined (lua_State *L, const reply *r, const char *otherwise) {
  luaL_Buffer out;
  int shown = r->count < 5 ? r->count : 5;
  if (r->count == 0) {
    lua_getfield(L, r->texts, "message");
    if (lua_isnil(L, -1)) lua_pushstring(L, otherwise);
    return lua_tostring(L, -1);
  }
  luaL_buffinit(L, &out);
  for (int i = 1; i <= shown; i++) {
    if (i > 1) luaL_addstring(&out, "; ");
    lua_rawgeti(L, r->texts, i);
    luaL_addvalue(&out);
  }
  luaL_pushresult(&out);
  if (r->count > shown)
    lua_pushfstring(L, "%s; and %d more", lua_tostring(L, -1), r->count - shown);
  return lua_tostring(L, -1);
}

static int is_toggle (const lp_command *command) {
  return command == &lp_commands[LP_C_disableuser] || command == &lp_commands[LP_C_enableuser];
}

static int conclude (lua_State *L, const lp_command *command, const reply *r) {
  const char *code = "refused";
  if (r->count > 0) {
    lua_rawgeti(L, r->texts, 1);
    code = code_of_text(lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  switch (r->status) {
  case STATUS_ODD:
    return push_class(L, "protocol", "unexpected_shape", "the reply's status is not a string", 0);
  case STATUS_ABSENT:
  case STATUS_OK:
    /* disableuser and enableuser: an error text is a whole failure, whatever the status says (§5);
    ** elsewhere OK with a string means that the desired state held before (§2 form 4) */
    if (r->has_error && (r->status == STATUS_ABSENT || is_toggle(command) || !command->writes))
      return push_class(L, "refused", code, push_joined(L, r, "the server refused"), r->texts);
    if (command->writes && r->status == STATUS_ABSENT)
      return push_class(L, "protocol", "unexpected_shape",
                        "the reply to a write has no status, so nothing is known of it", 0);
    /* error texts about some rows of a list: not all of it was done, whatever the status says */
    if (command->data == LP_D_OBJECTS && r->has_error)
      return push_class(L, "partial", code, push_joined(L, r, "done in part"), r->texts);
    return push_class(L, "success", r->has_error ? code : "ok", push_joined(L, r, "done"),
                      r->texts);
  case STATUS_WARN:
    /* part of a directory must never pass for the whole of it */
    if (!command->writes)
      return push_class(L, "protocol", "incomplete_read",
                        push_joined(L, r, "the server says that its answer is incomplete"),
                        r->texts);
    return push_class(L, "partial", code, push_joined(L, r, "done in part"), r->texts);
  default:
    return push_class(L, "refused", code, push_joined(L, r, "the server refused"), r->texts);
  }
}

int lp_reply_classify (lua_State *L, const lp_command *command, const char *text, size_t n) {
  reply r = {STATUS_ABSENT, 0, 0, 0, 0};
  const char *p = text, *end = text + n;
  lp_scan s;
  lp_keys *keys;
  lp_kind kind;
  int array = 0;
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  if (p == end) return push_class(L, "protocol", "empty_reply", "the reply is empty", 0);
  if (*p == '<') return classify_markup(L, p, (size_t)(end - p));
  if (*p != '{' && *p != '[')
    return push_class(L, "protocol", "not_json", "the reply is neither JSON nor a known refusal",
                      0);
  lua_newtable(L);
  r.texts = lua_gettop(L);
  keys = keys_of_state(L);
  lp_scan_init(&s);
  if (lp_scan_feed(&s, text, n) != 0) return push_scan_error(L, &s);
  lp_scan_finish(&s);
  kind = read_reply(L, &s, keys, &r, &array);
  lp_keys_reset(keys);
  if (kind == LP_ERROR) return push_scan_error(L, &s);
  return conclude(L, command, &r);
}

static int lp_reply_reply (lua_State *L) {
  size_t length, n;
  const char *name = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &n);
  const lp_command *command = lp_command_find(name, length);
  luaL_argcheck(L, command != NULL, 1, "unknown command");
  return lp_reply_classify(L, command, text, n);
}

/*
** Whether a double holds the number: lua-cjson would round it in silence, or make it infinite.
** The point is taken out before strtod sees the digits, since that one follows the locale.
*/
static int is_exact (const lp_token *number) {
  char digits[LP_SCAN_MAX_NUMBER + 32];
  size_t n = 0, i = 0;
  int exponent = 0, given = 0, negative = 0, behind_point = 0, is_integer = 1;
  double value;
  if (number->text[0] == '-') i++;
  for (; i < number->length && number->text[i] != 'e' && number->text[i] != 'E'; i++) {
    if (number->text[i] == '.') {
      behind_point = 1;
      is_integer = 0;
    } else {
      digits[n++] = number->text[i];
      exponent -= behind_point;
    }
  }
  if (i < number->length) {
    is_integer = 0;
    i++;
    negative = number->text[i] == '-';
    for (; i < number->length; i++)
      if (number->text[i] >= '0' && given < 1000000) given = given * 10 + (number->text[i] - '0');
    exponent += negative ? -given : given;
  }
  digits[n] = '\0';
  if (is_integer) return n < 16 || (n == 16 && strcmp(digits, "9007199254740992") <= 0);
  snprintf(digits + n, sizeof digits - n, "e%d", exponent);
  value = strtod(digits, NULL);
  return value <= DBL_MAX;
}

/*
** core.check (text) -> true, empty lists | false, message, code, position: strict JSON that Lua
** can hold, and how many [] are in it
*/
static int lp_reply_check (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_keys *keys = keys_of_state(L);
  lp_token token = {NULL, 0, 0};
  lp_scan s;
  lp_kind kind = LP_ERROR, before = LP_ERROR;
  lua_Integer empty_lists = 0;
  lp_scan_init(&s);
  if (lp_scan_feed(&s, text, n) == 0) {
    lp_scan_finish(&s);
    while ((kind = lp_scan_next(&s, &token)) != LP_END && kind != LP_ERROR) {
      lp_scan_error error = LP_SCAN_NONE;
      if (kind == LP_OBJECT_BEGIN)
        lp_keys_enter(keys);
      else if (kind == LP_OBJECT_END)
        lp_keys_leave(keys);
      else if (kind == LP_KEY)
        error = lp_keys_add(keys, &token);
      else if (kind == LP_NUMBER && !is_exact(&token))
        error = LP_SCAN_RANGE;
      else if (kind == LP_ARRAY_END && before == LP_ARRAY_BEGIN)
        empty_lists++;
      before = kind;
      if (error != LP_SCAN_NONE) {
        kind = lp_scan_refuse(&s, error);
        break;
      }
    }
  }
  lp_keys_reset(keys);
  if (kind == LP_END) {
    lua_pushboolean(L, 1);
    lua_pushinteger(L, empty_lists);
    return 2;
  }
  lua_pushboolean(L, 0);
  push_scan_message(L, "not acceptable JSON", &s);
  lua_pushstring(L, lp_scan_error_code(s.error));
  lua_pushinteger(L, (lua_Integer)lp_scan_position(&s));
  return 4;
}

/*
** core.mark_empty_lists (text) -> text, mark: JSON that was checked, with each [] as ["<mark>"], a
** string that is nowhere else in it. lua-cjson decodes [] and {} to the same empty table.
*/
static int lp_reply_mark_empty_lists (lua_State *L) {
  size_t n, from = 0;
  const char *text = luaL_checklstring(L, 1, &n);
  char mark[40];
  int in_string = 0;
  luaL_Buffer out;
  for (unsigned number = 1;; number++) {
    snprintf(mark, sizeof mark, "empty list %u", number);
    if (memmem(text, n, mark, strlen(mark)) == NULL) break;
  }
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n; i++) {
    if (in_string) {
      if (text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = 0;
    } else if (text[i] == '"') {
      in_string = 1;
    } else if (text[i] == '[') {
      size_t end = i + 1 + strspn(text + i + 1, " \t\n\r");
      if (end < n && text[end] == ']') {
        luaL_addlstring(&out, text + from, i + 1 - from);
        luaL_addchar(&out, '"');
        luaL_addstring(&out, mark);
        luaL_addchar(&out, '"');
        i = from = end;
      }
    }
  }
  luaL_addlstring(&out, text + from, n - from);
  luaL_pushresult(&out);
  lua_pushstring(L, mark);
  return 2;
}

/*
** core.quote_integers (text) -> text: JSON with each integer of more than 15 digits as a string,
*since
** a Lua number need not hold it. What is no JSON stays none: a number with a zero in front, and
** one in the place of a key, are left as they are.
*/
static int lp_reply_quote_integers (lua_State *L) {
  size_t n, from = 0;
  const char *text = luaL_checklstring(L, 1, &n);
  int in_string = 0;
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n; i++) {
    if (in_string) {
      if (text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = 0;
    } else if (text[i] == '"') {
      in_string = 1;
    } else if (text[i] == '-' || (text[i] >= '0' && text[i] <= '9')) {
      const size_t sign = text[i] == '-';
      const size_t end = i + strspn(text + i, "0123456789.eE+-");
      const size_t behind = end + strspn(text + end, " \t\n\r");
      if (end - i - sign > 15 && strspn(text + i + sign, "0123456789") == end - i - sign &&
          text[i + sign] != '0' && !(behind < n && text[behind] == ':')) {
        luaL_addlstring(&out, text + from, i - from);
        luaL_addchar(&out, '"');
        luaL_addlstring(&out, text + i, end - i);
        luaL_addchar(&out, '"');
        from = end;
      }
      i = end - 1;
    }
  }
  luaL_addlstring(&out, text + from, n - from);
  luaL_pushresult(&out);
  return 1;
}

static const luaL_Reg reply_functions[] = {{"reply", lp_reply_reply},
                                           {"check", lp_reply_check},
                                           {"mark_empty_lists", lp_reply_mark_empty_lists},
                                           {"quote_integers", lp_reply_quote_integers},
                                           {NULL, NULL}};

static const luaL_Reg keys_meta[] = {{"__gc", collect_keys}, {NULL, NULL}};

void lp_reply_open (lua_State *L) {
  lp_new_metatable(L, KEYS_TYPE, keys_meta, NULL);
  lua_pop(L, 1);
  luaL_setfuncs(L, reply_functions, 0);
}
