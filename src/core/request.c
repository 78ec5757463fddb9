/*
** From a Lua table to the body of a request. Every field is checked against commands.def before
** anything is sent; what is wrong is answered as nil and a sentence that names the place, and the
** Lua side raises it at the caller's line (enterprise-api §1.2, §4).
*/
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "body.h"
#include "commands.h"
#include "request.h"
#include "secret.h"
#include "utf8.h"

typedef struct builder {
  lua_State *L;
  lp_body *body;
  const lp_command *command;
  lua_Integer item; /* in a list: which one; else 0 */
  int bad_address;  /* that is what the complaint is about: the data's fault, not the program's */
} builder;

static void append (builder *b, const char *bytes, size_t n) {
  lp_body *body = b->body;
  if (body->size + n > body->capacity) {
    size_t capacity = (body->size + n) * 2;
    char *grown = malloc(capacity); /* not realloc: the old bytes are to be wiped */
    if (grown == NULL) luaL_error(b->L, "out of memory");
    if (body->size > 0) {
      memcpy(grown, body->bytes, body->size);
      explicit_bzero(body->bytes, body->size);
    }
    free(body->bytes);
    body->bytes = grown;
    body->capacity = capacity;
  }
  memcpy(body->bytes + body->size, bytes, n);
  body->size += n;
}

#define append_literal(b, text) append(b, text, sizeof text - 1)

/* Pushes "command: item 3: field 'x': …" and answers -1, so that `return complain (…)` works. */
static int complain (builder *b, const char *field, const char *format, const char *detail) {
  lua_State *L = b->L;
  lua_pushfstring(L, "%s: ", b->command->name);
  if (b->item > 0)
    lua_pushfstring(L, "item %d: ", (int)b->item);
  else
    lua_pushliteral(L, "");
  if (field != NULL)
    lua_pushfstring(L, "field '%s': ", field);
  else
    lua_pushliteral(L, "");
  lua_pushfstring(L, format, detail);
  lua_concat(L, 4);
  return -1;
}

/* A JSON string; -1 when the bytes are not UTF-8. */
static int append_string (builder *b, const char *text, size_t n) {
  const unsigned char *p = (const unsigned char *)text;
  size_t from = 0, i = 0;
  append_literal(b, "\"");
  while (i < n) {
    int sequence = lp_utf8_length(text + i, text + n);
    if (sequence <= 0) return -1;
    if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] == 0x7F) {
      char escape[8];
      append(b, text + from, i - from);
      if (p[i] == '"' || p[i] == '\\')
        snprintf(escape, sizeof escape, "\\%c", p[i]);
      else
        snprintf(escape, sizeof escape, "\\u%04x", p[i]);
      append(b, escape, strlen(escape));
      from = i + 1;
    }
    i += (size_t)sequence;
  }
  append(b, text + from, n - from);
  append_literal(b, "\"");
  return 0;
}

static int append_text (builder *b, const char *field, int index) {
  size_t n;
  const char *text = lua_tolstring(b->L, index, &n);
  if (append_string(b, text, n) != 0) return complain(b, field, "%s", "is not valid UTF-8");
  return 0;
}

/* An address as every way in sends it: without white space around it, and never with what a server
** may cut short or not see. */
static int append_address (builder *b, const char *field, int may_be_empty, int index) {
  size_t n, whole;
  const char *text = lua_tolstring(b->L, index, &whole), *fault;
  n = whole;
  text = lp_trim(text, &n);
  fault = lp_unsendable(text, n);
  if (fault != NULL) {
    b->bad_address = 1;
    return complain(b, field, "is not an e-mail address: %s", fault);
  }
  if (n == 0 && !(may_be_empty && whole == 0)) return complain(b, field, "%s", "must not be empty");
  return append_string(b, text, n);
}

/* Is the value (as text) among "a|b|c"? */
static int among (const char *values, const char *text, size_t n) {
  for (const char *p = values;;) {
    const char *end = strchr(p, '|');
    size_t length = end == NULL ? strlen(p) : (size_t)(end - p);
    if (length == n && memcmp(p, text, n) == 0) return 1;
    if (end == NULL) return 0;
    p = end + 1;
  }
}

static int check_integer (builder *b, const lp_field *field, int index, long long *out) {
  lua_State *L = b->L;
  if (lua_type(L, index) == LUA_TBOOLEAN && strcmp(field->values, "0|1") == 0) {
    *out = lua_toboolean(L, index); /* true and false read better for the 0/1 flags */
    return 0;
  }
  if (lua_type(L, index) == LUA_TNUMBER) {
    lua_Number number = lua_tonumber(L, index);
    if (floor(number) == number && fabs(number) <= 9007199254740992.0) {
      const char *dots = strstr(field->values, "..");
      char text[32];
      *out = (long long)number;
      snprintf(text, sizeof text, "%lld", *out);
      if (dots != NULL) {
        if (*out < atoll(field->values) || (dots[2] != '\0' && *out > atoll(dots + 2)))
          return complain(b, field->name, "must be within %s", field->values);
      } else if (field->values[0] != '\0' && !among(field->values, text, strlen(text))) {
        return complain(b, field->name, "must be one of %s", field->values);
      }
      return 0;
    }
  }
  if (lua_type(L, index) == LUA_TNUMBER)
    return complain(b, field->name, "%s", "must be a whole number (up to 2^53)");
  return complain(b, field->name, "must be an integer, not a %s", luaL_typename(L, index));
}

/* A list without holes and other keys; its length, or -1 with the complaint on the stack. */
static lua_Integer check_list (builder *b, const char *field, int index, const char *what) {
  lua_State *L = b->L;
  lua_Integer n;
  size_t keys = 0;
  if (lua_type(L, index) != LUA_TTABLE) return complain(b, field, "must be %s", what);
  n = (lua_Integer)lua_rawlen(L, index);
  if (n == 0) {
    lua_pushnil(L);
    if (lua_next(L, index)) {
      lua_pop(L, 2);
      return complain(b, field, "must be %s (a table without element 1 was given)", what);
    }
    return complain(b, field, "%s", "the list is empty");
  }
  lua_pushnil(L);
  while (lua_next(L, index)) {
    keys++;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TNUMBER) {
      lua_pop(L, 1);
      return complain(b, field, "must be %s (it has keys that are no positions)", what);
    }
  }
  if (keys != (size_t)n) return complain(b, field, "%s", "the list has holes");
  return n;
}

static int append_strings (builder *b, const char *field, int index) {
  lua_State *L = b->L;
  lua_Integer n = check_list(b, field, index, "a list of strings");
  if (n < 0) return -1;
  append_literal(b, "[");
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, index, (int)i);
    if (lua_type(L, -1) != LUA_TSTRING || lua_rawlen(L, -1) == 0) {
      char number[32];
      snprintf(number, sizeof number, "%lld", (long long)i);
      if (field == NULL) b->item = i;
      return field == NULL
                 ? complain(b, NULL, "%s", "must be a string that is not empty")
                 : complain(b, field, "element %s must be a string that is not empty", number);
    }
    if (i > 1) append_literal(b, ",");
    if (field == NULL) {
      b->item = i; /* the two commands that take a list of texts take addresses */
      if (append_address(b, NULL, 0, lua_gettop(L)) != 0) return -1;
      b->item = 0;
    } else if (append_text(b, field, lua_gettop(L)) != 0) {
      return -1;
    }
    lua_pop(L, 1);
  }
  append_literal(b, "]");
  return 0;
}

static int append_map (builder *b, const char *field, int index) {
  lua_State *L = b->L;
  int first = 1;
  if (lua_type(L, index) != LUA_TTABLE)
    return complain(b, field, "must be a table of strings, not a %s", luaL_typename(L, index));
  append_literal(b, "{");
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return complain(b, field, "%s", "must have names and texts only");
    if (!first) append_literal(b, ",");
    first = 0;
    if (append_text(b, field, lua_gettop(L) - 1) != 0) return -1;
    append_literal(b, ":");
    if (append_text(b, field, lua_gettop(L)) != 0) return -1;
    lua_pop(L, 1);
  }
  append_literal(b, "}");
  return 0;
}

static int append_value (builder *b, const lp_field *field, int index) {
  lua_State *L = b->L;
  switch (field->type) {
  case LP_T_ADDRESS:
    if (lua_type(L, index) != LUA_TSTRING)
      return complain(b, field->name, "must be a string, not a %s", luaL_typename(L, index));
    return append_address(b, field->name, !field->required, index);
  case LP_T_STRING: {
    size_t n;
    const char *text;
    if (lua_type(L, index) != LUA_TSTRING)
      return complain(b, field->name, "must be a string, not a %s", luaL_typename(L, index));
    text = lua_tolstring(L, index, &n);
    if (n == 0 && field->required) return complain(b, field->name, "%s", "must not be empty");
    if (field->values[0] != '\0' && !among(field->values, text, n))
      return complain(b, field->name, "must be one of %s", field->values);
    return append_text(b, field->name, index);
  }
  case LP_T_INTEGER: {
    long long number = 0;
    char digits[32];
    if (check_integer(b, field, index, &number) != 0) return -1;
    snprintf(digits, sizeof digits, "%lld", number);
    append(b, digits, strlen(digits));
    return 0;
  }
  case LP_T_BOOLEAN:
    if (lua_type(L, index) != LUA_TBOOLEAN)
      return complain(b, field->name, "must be true or false, not a %s", luaL_typename(L, index));
    if (lua_toboolean(L, index))
      append_literal(b, "true");
    else
      append_literal(b, "false");
    return 0;
  case LP_T_STRINGS:
    return append_strings(b, field->name, index);
  default:
    return append_map(b, field->name, index);
  }
}

/* "did you mean 'username'?" or the list of what there is */
static int complain_unknown (builder *b, const char *name) {
  lua_State *L = b->L;
  const lp_field *fields = b->command->fields;
  const char *names[24] = {NULL}, *nearest;
  size_t count = 0;
  int top;
  for (; count < sizeof names / sizeof names[0] && fields[count].name != NULL; count++)
    names[count] = fields[count].name;
  nearest = lp_nearest(name, names, count);
  if (nearest != NULL) {
    lua_pushfstring(L, "unknown field '%s' (did you mean '%s'?)", name, nearest);
  } else {
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (size_t i = 0; i < count; i++) {
      if (i > 0) luaL_addstring(&list, ", ");
      luaL_addstring(&list, names[i]);
    }
    luaL_pushresult(&list);
    lua_pushfstring(L, "unknown field '%s' (known are: %s)", name, lua_tostring(L, -1));
  }
  top = lua_gettop(L);
  return complain(b, NULL, "%s", lua_tostring(L, top));
}

/* One object: first that every key is known, then the fields in the order of commands.def. */
static int append_object (builder *b, int index) {
  lua_State *L = b->L;
  const lp_field *field;
  int first = 1;
  if (lua_type(L, index) != LUA_TTABLE)
    return complain(b, NULL, "must be a table of fields, not a %s", luaL_typename(L, index));
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      return complain(b, NULL, "%s", "must be a table of named fields, not a list");
    for (field = b->command->fields; field->name != NULL; field++)
      if (strlen(field->name) == lua_rawlen(L, -1) && strcmp(field->name, lua_tostring(L, -1)) == 0)
        break;
    if (field->name == NULL) return complain_unknown(b, lua_tostring(L, -1));
  }
  append_literal(b, "{");
  for (field = b->command->fields; field->name != NULL; field++) {
    lua_getfield(L, index, field->name);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      if (field->required)
        return complain(b, NULL, "the required field '%s' is missing", field->name);
      continue;
    }
    append(b, first ? "\"" : ",\"", first ? 1 : 2);
    first = 0;
    append(b, field->name, strlen(field->name));
    append_literal(b, "\":");
    if (append_value(b, field, lua_gettop(L)) != 0) return -1;
    lua_pop(L, 1);
  }
  append_literal(b, "}");
  if (b->command == &lp_commands[LP_C_batchchangegrp]) {
    lua_getfield(L, index, "add");
    lua_getfield(L, index, "del");
    if (lua_isnil(L, -1) && lua_isnil(L, -2))
      return complain(b, NULL, "%s", "one of the fields 'add' and 'del' is needed");
    lua_pop(L, 2);
  }
  return 0;
}

static int append_objects (builder *b, int index) {
  lua_State *L = b->L;
  lua_Integer n = check_list(b, NULL, index, "a list of tables");
  if (n < 0) return -1;
  append_literal(b, "[");
  for (b->item = 1; b->item <= n; b->item++) {
    lua_rawgeti(L, index, (int)b->item);
    if (b->item > 1) append_literal(b, ",");
    if (append_object(b, lua_gettop(L)) != 0) return -1;
    lua_pop(L, 1);
  }
  append_literal(b, "]");
  b->item = 0;
  return 0;
}

static int append_data (builder *b, int index) {
  lua_State *L = b->L;
  const lp_command *command = b->command;
  if (lua_isnoneornil(L, index)) {
    if (command->data_required) {
      lua_pushfstring(L, "%s: needs data", command->name);
      return -1;
    }
    return 0;
  }
  append_literal(b, ",\"data\":");
  switch (command->data) {
  case LP_D_OBJECT:
    return append_object(b, index);
  case LP_D_OBJECTS:
    return append_objects(b, index);
  case LP_D_STRINGS:
    return append_strings(b, NULL, index);
  case LP_D_TEXT_OR_OBJECT:
    if (lua_type(L, index) == LUA_TTABLE) return append_object(b, index);
    /* fall through */
  default: {
    const lp_field *field = &command->fields[0];
    if (lua_type(L, index) == LUA_TTABLE && command->data == LP_D_TEXT)
      return complain(b, NULL, "the data is a string, %s", "not a table");
    return append_value(b, field, index);
  }
  }
}

static void append_number (builder *b, unsigned long long number) {
  char digits[24], *first = digits + sizeof digits;
  do *--first = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  append(b, first, (size_t)(digits + sizeof digits - first));
}

/* The account number: an integer, or its digits (enterprise-api §1.2). */
static int append_cid (builder *b, int index) {
  lua_State *L = b->L;
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t n;
    const char *text = lua_tolstring(L, index, &n);
    size_t zeros = strspn(text, "0"); /* a number in JSON does not begin with them */
    if (n > zeros && n < 16 && strspn(text, "0123456789") == n) {
      append(b, text + zeros, n - zeros);
      return 0;
    }
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    lua_Number number = lua_tonumber(L, index);
    if (floor(number) == number && number > 0 && number < 9007199254740992.0) {
      append_number(b, (unsigned long long)number);
      return 0;
    }
  }
  return complain(b, NULL, "%s", "the account number (cid) must be a positive integer");
}

static int append_envelope (builder *b, int credentials) {
  lua_State *L = b->L;
  append_literal(b, "{\"cid\":");
  lua_getfield(L, credentials, "cid");
  if (append_cid(b, lua_gettop(L)) != 0) return -1;
  lua_pop(L, 1);
  append_literal(b, ",\"cmd\":\"");
  append(b, b->command->name, strlen(b->command->name));
  append_literal(b, "\"");
  lua_getfield(L, credentials, "apiuser");
  if (lua_type(L, -1) == LUA_TSTRING) {
    append_literal(b, ",\"apiuser\":");
    if (append_text(b, "apiuser", lua_gettop(L)) != 0) return -1;
  } else if (!lua_isnil(L, -1)) {
    return complain(b, NULL, "the label apiuser must be a string, not a %s", luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return 0;
}

/* Head, secret, tail: one of the three parts at a time. */
static size_t body_copy (const lp_body *body, size_t from, char *out, size_t n) {
  size_t done = 0;
  while (done < n && from + done < body->length) {
    size_t at = from + done, want = n - done, part;
    if (at < body->head) {
      part = body->head - at;
      if (part > want) part = want;
      memcpy(out + done, body->bytes + at, part);
    } else if (at < body->head + body->secret_length) {
      part = lp_secret_copy(body->secret, at - body->head, out + done,
                            body->head + body->secret_length - at < want
                                ? body->head + body->secret_length - at
                                : want);
      if (part == 0) return done; /* the secret was released: never send a body without it */
    } else {
      size_t behind = at - body->secret_length;
      part = body->size - behind;
      if (part > want) part = want;
      memcpy(out + done, body->bytes + behind, part);
    }
    done += part;
  }
  return done;
}

lp_body *lp_body_new (lua_State *L) {
  lp_body *body = lua_newuserdata(L, sizeof *body);
  memset(body, 0, sizeof *body);
  body->copy = body_copy;
  luaL_getmetatable(L, LP_BODY_TYPE);
  lua_setmetatable(L, -2);
  return body;
}

/* The body holds on to the secret from here. */
static void put_secret (lp_body *body, unsigned number) {
  if (!lp_secret_retain(number)) return;
  body->secret = number;
  body->secret_length = lp_secret_length(number);
  body->length = body->size + body->secret_length;
}

/*
** core.<command> (credentials, data) -> body | nil, message | nil, message, "bad_address"
** credentials: {cid =, provhash = secret, apiuser =}
*/
static int build (lua_State *L, lp_command_number number) {
  builder b = {L, NULL, &lp_commands[number], 0, 0};
  lp_secret *secret;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  b.body = lp_body_new(L);
  if (append_envelope(&b, 1) != 0 || append_data(&b, 2) != 0) {
    lua_pushnil(L);
    lua_insert(L, -2);
    if (!b.bad_address) return 2;
    lua_pushliteral(L, "bad_address");
    return 3;
  }
  lua_settop(L, 3);
  lua_getfield(L, 1, "provhash");
  secret = luaL_testudata(L, -1, LP_SECRET_TYPE);
  if (secret == NULL || lp_secret_length(secret->number) == 0) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: provhash must be a secret that is still open, as lastpass.secret makes",
                    b.command->name);
    return 2;
  }
  if (!lp_secret_is_plain(secret->number)) {
    lua_pushnil(L);
    lua_pushfstring(L,
                    "%s: provhash has a character that no hash has (blank, quote, backslash or "
                    "beyond ASCII); is it the right file?",
                    b.command->name);
    return 2;
  }
  append_literal(&b, ",\"provhash\":\"");
  b.body->head = b.body->size;
  append_literal(&b, "\"}");
  put_secret(b.body, secret->number);
  lua_settop(L, 3);
  return 1;
}

/*
** core.secret_body (secret) -> body | nil
** A body that is the secret alone: how another module is given a password that is no Lua string.
** nil when the secret is closed.
*/
static int lp_request_secret_body (lua_State *L) {
  lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  lp_body *body = lp_body_new(L);
  if (lp_secret_length(secret->number) == 0) return 0;
  put_secret(body, secret->number);
  return 1;
}

/* A name of HTTP (RFC 9110 §5.1), nothing that could begin another line. */
static int is_header_name (const char *name, size_t n) {
  static const char more[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < n; i++)
    if (!isalnum((unsigned char)name[i]) && (name[i] == '\0' || strchr(more, name[i]) == NULL))
      return 0;
  return n > 0;
}

static int is_one_line (const char *text, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (text[i] < ' ' || text[i] > '~') return 0;
  return 1;
}

static const char *string_field (builder *b, const char *name, const char *otherwise, size_t *n) {
  lua_getfield(b->L, 1, name);
  if (lua_isnil(b->L, -1) && otherwise != NULL) lua_pushstring(b->L, otherwise);
  luaL_argcheck(b->L, lua_type(b->L, -1) == LUA_TSTRING, 1,
                "secret_header: name and prefix must be strings");
  return lua_tolstring(b->L, -1, n); /* the table holds it, or the stack */
}

/*
** core.secret_header {name =, prefix =, secret =} -> body | nil, message
** The line of a header that ends with the secret: a body, so that it travels as one does.
*/
static int lp_request_secret_header (lua_State *L) {
  builder b = {L, NULL, NULL, 0, 0};
  const lp_secret *secret;
  const char *name, *prefix;
  size_t name_length, prefix_length;
  luaL_checktype(L, 1, LUA_TTABLE);
  name = string_field(&b, "name", NULL, &name_length);
  prefix = string_field(&b, "prefix", "", &prefix_length);
  luaL_argcheck(L, is_header_name(name, name_length), 1, "secret_header: not the name of a header");
  luaL_argcheck(L, is_one_line(prefix, prefix_length), 1,
                "secret_header: the prefix must be one line of ASCII");
  lua_getfield(L, 1, "secret");
  secret = luaL_testudata(L, -1, LP_SECRET_TYPE);
  luaL_argcheck(L, secret != NULL, 1, "secret_header: the secret must be one of lastpass.secret");
  lua_pushnil(L);
  if (lp_secret_length(secret->number) == 0) {
    lua_pushfstring(L, "the secret for the header %s is closed", name);
    return 2;
  }
  if (!lp_secret_is_plain(secret->number)) {
    lua_pushfstring(L,
                    "the secret for the header %s has a character that no token has (blank, quote, "
                    "backslash, control character or beyond ASCII); is it the right file?",
                    name);
    return 2;
  }
  b.body = lp_body_new(L);
  append(&b, name, name_length);
  append_literal(&b, ": ");
  append(&b, prefix, prefix_length);
  b.body->head = b.body->size;
  put_secret(b.body, secret->number);
  return 1;
}

/*
** core.secret_text {before =, secret =, after =} -> body | nil, message
** A request's body that has the secret between two texts, in quotes that they bring along.
*/
static int lp_request_secret_text (lua_State *L) {
  builder b = {L, NULL, NULL, 0, 0};
  const lp_secret *secret;
  const char *before, *after;
  size_t before_length, after_length;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "before");
  lua_getfield(L, 1, "after");
  luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TSTRING, 1,
                "secret_text: before and after must be strings");
  before = lua_tolstring(L, -2, &before_length);
  after = lua_tolstring(L, -1, &after_length);
  lua_getfield(L, 1, "secret");
  secret = luaL_testudata(L, -1, LP_SECRET_TYPE);
  luaL_argcheck(L, secret != NULL, 1, "secret_text: the secret must be one of lastpass.secret");
  lua_pushnil(L);
  if (lp_secret_length(secret->number) == 0) {
    lua_pushliteral(L, "the secret is closed");
    return 2;
  }
  if (!lp_secret_is_plain(secret->number)) {
    lua_pushliteral(L, "the secret has a character that no key has (blank, quote, backslash, "
                       "control character or beyond ASCII); is it the right file?");
    return 2;
  }
  b.body = lp_body_new(L);
  append(&b, before, before_length);
  b.body->head = b.body->size;
  append(&b, after, after_length);
  put_secret(b.body, secret->number);
  return 1;
}

/*
** core.reveal_body (body) -> its bytes as a Lua string, the secret among them: for a transport
** that takes nothing else. Not a method, so that nobody finds it by accident.
*/
static int lp_request_reveal_body (lua_State *L) {
  const lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  char *bytes;
  luaL_argcheck(L, body->bytes != NULL, 1, "the body was closed");
  bytes = lua_newuserdata(L, body->length);
  if (body->copy(body, 0, bytes, body->length) != body->length)
    return luaL_error(L, "the secret of the body was closed");
  lua_pushlstring(L, bytes, body->length);
  explicit_bzero(bytes, body->length);
  return 1;
}

#define COMMAND(name, data, required, access, state, text, page, fields)                           \
  static int lp_request_##name(lua_State *L) {                                                     \
    return build(L, LP_C_##name);                                                                  \
  }
#include "commands.def"
#undef COMMAND

static const luaL_Reg request_functions[] = {
#define COMMAND(name, data, required, access, state, text, page, fields) {#name, lp_request_##name},
#include "commands.def"
#undef COMMAND
    {"secret_body", lp_request_secret_body},
    {"secret_header", lp_request_secret_header},
    {"secret_text", lp_request_secret_text},
    {"reveal_body", lp_request_reveal_body},
    {NULL, NULL}};

/* body:preview (): the text that will be sent, with stars for the secret */
static int lp_body_preview (lua_State *L) {
  lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  luaL_argcheck(L, body->bytes != NULL, 1, "the body was closed");
  lua_pushlstring(L, body->bytes, body->head);
  lua_pushliteral(L, "***");
  lua_pushlstring(L, body->bytes + body->head, body->size - body->head);
  lua_concat(L, 3);
  return 1;
}

static int lp_body_length (lua_State *L) {
  lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  lua_pushinteger(L, (lua_Integer)body->length);
  return 1;
}

static int lp_body_tostring (lua_State *L) {
  lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  lua_pushfstring(L, "lastpass.body (%d bytes, hidden)", (int)body->length);
  return 1;
}

/* A body may hold passwords of new users: it is wiped like the secret. */
static int lp_body_close (lua_State *L) {
  lp_body *body = luaL_checkudata(L, 1, LP_BODY_TYPE);
  if (body->bytes != NULL) explicit_bzero(body->bytes, body->size);
  free(body->bytes);
  lp_secret_release(body->secret);
  memset(body, 0, sizeof *body);
  body->copy = body_copy;
  return 0;
}

static const luaL_Reg body_methods[] = {
    {"preview", lp_body_preview}, {"close", lp_body_close}, {NULL, NULL}};

static const luaL_Reg body_meta[] = {{"__len", lp_body_length},
                                     {"__tostring", lp_body_tostring},
                                     {"__gc", lp_body_close},
                                     {NULL, NULL}};

void lp_request_open (lua_State *L) {
  lp_new_metatable(L, LP_BODY_TYPE, body_meta, body_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, request_functions, 0);
}
