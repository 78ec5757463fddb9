/*
** A request of lastpass.httpd in Lua: the table that the handler gets, the reply that it returns,
** and bodies that come piece by piece.
*/
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "httpd.h"

#define LP_BLOCK_BYTES (128 * 1024) /* what a body is asked for at a time */

/* A body that libmicrohttpd asks for piece by piece: a string of our own or a Lua function. */
typedef struct {
  lp_server *server;
  int source_ref, chunk_ref; /* LUA_NOREF when there is none */
  char *text;                /* owned, when the body is a string */
  const char *chunk;         /* what is being sent: `text` or the anchored Lua string */
  size_t length, offset;
  unsigned long long left; /* bytes until the connection is cut */
  int cut, ended;
} lp_body;

/* ---- bodies ---- */

/* Runs in Lua's protected mode: asks the body's function for its next piece and anchors it. */
int lp_read (lua_State *S) {
  lp_body *body = lua_touserdata(S, 1);
  if (body->chunk_ref != LUA_NOREF) {
    luaL_unref(S, LUA_REGISTRYINDEX, body->chunk_ref);
    body->chunk_ref = LUA_NOREF;
  }
  body->chunk = NULL;
  body->length = body->offset = 0;
  do {
    lua_settop(S, 1);
    lua_rawgeti(S, LUA_REGISTRYINDEX, body->source_ref);
    lua_call(S, 0, 1);
    if (lua_isnil(S, -1)) {
      body->ended = 1;
      return 0;
    }
    if (lua_type(S, -1) != LUA_TSTRING)
      return luaL_error(S, "a chunk must be a string, not a %s", luaL_typename(S, -1));
  } while (lua_rawlen(S, -1) == 0);
  body->chunk = lua_tolstring(S, -1, &body->length);
  body->chunk_ref = luaL_ref(S, LUA_REGISTRYINDEX);
  return 0;
}

/* Says what went wrong inside the server; nobody else would report it. Pops the message. */
void lp_state_complain (lua_State *S) {
  const char *message = lua_tostring(S, -1);
  fprintf(stderr, "lastpass sandbox: %s\n", message ? message : "error without a message");
  lua_pop(S, 1);
}

/* libmicrohttpd wants the next bytes. The one foreign callback that calls Lua, protected,
** in the thread that owns the state. */
static ssize_t lp_body_read (void *argument, uint64_t position, char *buffer, size_t max) {
  lp_body *body = argument;
  (void)position;
  if (body->cut && body->left == 0) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (body->offset == body->length && body->source_ref != LUA_NOREF && !body->ended) {
    lua_State *S = body->server->state;
    lua_rawgeti(S, LUA_REGISTRYINDEX, body->server->read_ref);
    lua_pushlightuserdata(S, body);
    if (lua_pcall(S, 1, 0, 0) != 0) {
      lp_state_complain(S);
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
  }
  size_t count = body->length - body->offset;
  if (count == 0) return MHD_CONTENT_READER_END_OF_STREAM;
  if (count > max) count = max;
  if (body->cut) {
    if (count > body->left) count = (size_t)body->left;
    body->left -= count;
  }
  memcpy(buffer, body->chunk + body->offset, count);
  body->offset += count;
  return (ssize_t)count;
}

/* Slots given back here were taken before, so nothing is allocated and nothing can be raised. */
static void lp_body_free (void *argument) {
  lp_body *body = argument;
  lua_State *S = body->server->state;
  if (body->chunk_ref != LUA_NOREF) luaL_unref(S, LUA_REGISTRYINDEX, body->chunk_ref);
  if (body->source_ref != LUA_NOREF) luaL_unref(S, LUA_REGISTRYINDEX, body->source_ref);
  free(body->text);
  free(body);
}

/* ---- one request, in Lua ---- */

void lp_field_set (lua_State *S, const char *name, const char *value) {
  if (value == NULL) return;
  lua_pushstring(S, value);
  lua_setfield(S, -2, name);
}

/* Header names do not mind their case: handlers see lower case. Too long a name is no header. What
** comes twice is one list (RFC 9110 §5.3). */
static void lp_header_set (lua_State *S, const char *name, const char *value) {
  char lower[128];
  size_t i;
  for (i = 0; name[i] != '\0'; i++) {
    if (i + 1 == sizeof lower) return;
    lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
  }
  lower[i] = '\0';
  lua_getfield(S, -1, lower);
  if (lua_isnil(S, -1))
    lua_pushstring(S, value);
  else
    lua_pushfstring(S, "%s, %s", lua_tostring(S, -1), value);
  lua_setfield(S, -3, lower);
  lua_pop(S, 1);
}

/* A Lua error must not cross libmicrohttpd: its callback only notes where the texts are, and the
** table is filled afterwards. */
typedef struct {
  const char **names, **values;
  size_t count, capacity;
} lp_pairs;

static enum MHD_Result lp_pair_note (void *argument, enum MHD_ValueKind kind, const char *name,
                                     const char *value) {
  lp_pairs *pairs = argument;
  (void)kind;
  if (pairs->count == pairs->capacity) return MHD_NO;
  pairs->names[pairs->count] = name;
  pairs->values[pairs->count] = value ? value : "";
  pairs->count++;
  return MHD_YES;
}

/* Pushes a table of the request's headers or query arguments. */
static void lp_values_push (lua_State *S, lp_request *request, enum MHD_ValueKind kind) {
  int count = MHD_get_connection_values(request->connection, kind, NULL, NULL);
  lp_pairs pairs = {NULL, NULL, 0, count > 0 ? (size_t)count : 0};
  const char **block =
      lua_newuserdata(S, (pairs.capacity ? pairs.capacity : 1) * 2 * sizeof *block);
  pairs.names = block;
  pairs.values = block + pairs.capacity;
  MHD_get_connection_values(request->connection, kind, lp_pair_note, &pairs);
  lua_newtable(S);
  for (size_t i = 0; i < pairs.count; i++) {
    if (kind == MHD_HEADER_KIND)
      lp_header_set(S, pairs.names[i], pairs.values[i]);
    else
      lp_field_set(S, pairs.names[i], pairs.values[i]);
  }
  lua_remove(S, -2);
}

static void lp_peer_push (lua_State *S, lp_request *request) {
  char text[INET6_ADDRSTRLEN] = "";
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *peer = info ? info->client_addr : NULL;
  if (peer != NULL && peer->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, text,
              sizeof text);
  else if (peer != NULL && peer->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, text,
              sizeof text);
  lua_pushstring(S, text);
}

/* A number of the reply table, or `missing`. */
static double lp_reply_number (lua_State *S, int reply, const char *name, double missing) {
  lua_getfield(S, reply, name);
  if (!lua_isnil(S, -1) && lua_type(S, -1) != LUA_TNUMBER)
    luaL_error(S, "the reply's '%s' must be a number", name);
  double value = lua_isnil(S, -1) ? missing : lua_tonumber(S, -1);
  lua_pop(S, 1);
  return value;
}

static int lp_reply_flag (lua_State *S, int reply, const char *name) {
  lua_getfield(S, reply, name);
  int value = lua_toboolean(S, -1);
  lua_pop(S, 1);
  return value;
}

/* Makes the response of a reply whose body comes in pieces: cut short, without a length, or
** from the function on top of the stack. */
static void lp_reply_stream (lua_State *S, lp_request *request, double truncate, uint64_t size) {
  lp_body *body = calloc(1, sizeof *body);
  if (body == NULL) luaL_error(S, "not enough memory");
  body->server = request->server;
  body->source_ref = body->chunk_ref = LUA_NOREF;
  body->cut = truncate >= 0;
  body->left = body->cut ? (unsigned long long)truncate : 0;
  if (lua_isfunction(S, -1)) {
    request->response =
        MHD_create_response_from_callback(size, LP_BLOCK_BYTES, lp_body_read, body, lp_body_free);
    if (request->response == NULL) {
      free(body);
      luaL_error(S, "not enough memory");
    }
    lua_pushvalue(S, -1);
    body->source_ref = luaL_ref(S, LUA_REGISTRYINDEX);
    return;
  }
  size_t length;
  const char *text = lua_tolstring(S, -1, &length);
  body->text = malloc(length ? length : 1);
  if (body->text != NULL) {
    memcpy(body->text, text, length);
    body->chunk = body->text;
    body->length = length;
    request->response =
        MHD_create_response_from_callback(size, LP_BLOCK_BYTES, lp_body_read, body, lp_body_free);
  }
  if (request->response == NULL) {
    free(body->text);
    free(body);
    luaL_error(S, "not enough memory");
  }
}

static void lp_reply_header (lua_State *S, lp_request *request, int name, int value) {
  if (lua_type(S, name) != LUA_TSTRING || !lua_isstring(S, value))
    luaL_error(S, "the reply's headers must be strings");
  lua_pushvalue(S, value);
  if (MHD_add_response_header(request->response, lua_tostring(S, name), lua_tostring(S, -1)) !=
      MHD_YES)
    luaL_error(S, "the reply's header '%s' cannot be sent", lua_tostring(S, name));
  lua_pop(S, 1);
}

/* headers: name -> string, or name -> list of strings. */
static void lp_reply_headers (lua_State *S, lp_request *request, int reply) {
  lua_getfield(S, reply, "headers");
  if (lua_isnil(S, -1)) {
    lua_pop(S, 1);
    return;
  }
  luaL_checktype(S, -1, LUA_TTABLE);
  int headers = lua_gettop(S);
  lua_pushnil(S);
  while (lua_next(S, headers)) {
    int value = lua_gettop(S);
    if (lua_istable(S, value)) {
      size_t count = lua_rawlen(S, value);
      for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(S, value, (int)i);
        lp_reply_header(S, request, value - 1, value + 1);
        lua_pop(S, 1);
      }
    } else {
      lp_reply_header(S, request, value - 1, value);
    }
    lua_settop(S, value - 1);
  }
  lua_settop(S, headers - 1);
}

/* The slot was taken before: nothing is allocated, and nothing can be raised. */
void lp_wait_free (lp_request *request) {
  if (request->has_wait) luaL_unref(request->server->state, LUA_REGISTRYINDEX, request->wait_ref);
  request->has_wait = 0;
}

static unsigned long long lp_reply_topic (lua_State *S, int reply, const char *name,
                                          double missing) {
  double value = lp_reply_number(S, reply, name, missing);
  if (!(value >= 0 && value < 9007199254740992.0))
    luaL_error(S, "the reply's '%s' must be a whole number", name);
  return (unsigned long long)value;
}

/* A reply that is not made yet: `wait` makes it, after `delay` seconds or when a reply with `wake`
** says that something is new about the topic. It may return another one that waits. */
static int lp_reply_wait (lua_State *S, lp_request *request, int reply) {
  lua_getfield(S, reply, "wait");
  if (lua_isnil(S, -1)) {
    lua_pop(S, 1);
    return 0;
  }
  if (!lua_isfunction(S, -1)) luaL_error(S, "the reply's 'wait' must be a function");
  request->topic = lp_reply_topic(S, reply, "topic", 0);
  request->delay = lp_reply_number(S, reply, "delay", -1);
  request->wait_ref = luaL_ref(S, LUA_REGISTRYINDEX);
  request->has_wait = 1;
  return 1;
}

/* Reads the handler's reply table into the request. */
static void lp_reply_read (lua_State *S, lp_request *request, int reply) {
  if (!lua_istable(S, reply))
    luaL_error(S, "a handler must return a table, not a %s", luaL_typename(S, reply));
  lua_getfield(S, reply, "wake");
  if (!lua_isnil(S, -1)) lp_topic_wake(request->server, lp_reply_topic(S, reply, "wake", 0));
  lua_pop(S, 1);
  request->topic = 0;
  if (lp_reply_wait(S, request, reply)) return;
  request->delay = lp_reply_number(S, reply, "delay", 0);
  request->drop = lp_reply_flag(S, reply, "drop");
  if (request->drop) return;
  double status = lp_reply_number(S, reply, "status", 200);
  if (!(status >= 200 && status <= 599)) luaL_error(S, "the reply's status must be 200 to 599");
  request->status = (unsigned int)status;
  double truncate = lp_reply_number(S, reply, "truncate", -1);
  int chunked = lp_reply_flag(S, reply, "chunked");
  lua_getfield(S, reply, "chunks");
  if (lua_isfunction(S, -1)) {
    double length = lp_reply_number(S, reply, "length", -1);
    lp_reply_stream(S, request, truncate, length >= 0 ? (uint64_t)length : MHD_SIZE_UNKNOWN);
  } else {
    lua_pop(S, 1);
    lua_getfield(S, reply, "body");
    if (lua_isnil(S, -1)) {
      lua_pop(S, 1);
      lua_pushliteral(S, "");
    }
    size_t length;
    const char *text = lua_type(S, -1) == LUA_TSTRING ? lua_tolstring(S, -1, &length) : NULL;
    if (text == NULL) luaL_error(S, "the reply's body must be a string");
    if (chunked || truncate >= 0) {
      lp_reply_stream(S, request, truncate, chunked ? MHD_SIZE_UNKNOWN : (uint64_t)length);
    } else {
      request->response =
          MHD_create_response_from_buffer(length, (void *)(size_t)text, MHD_RESPMEM_MUST_COPY);
      if (request->response == NULL) luaL_error(S, "not enough memory");
    }
  }
  lua_pop(S, 1);
  lp_reply_headers(S, request, reply);
}

/* Runs in Lua's protected mode: calls the handler (upvalue 1; of what is too large 2) with the
** request, or the function that a waiting request was left with. */
int lp_serve (lua_State *S) {
  lp_request *request = lua_touserdata(S, 1);
  if (request->phase == LP_WAITING) {
    lua_rawgeti(S, LUA_REGISTRYINDEX, request->wait_ref);
    lp_wait_free(request);
    lua_call(S, 0, 1);
    lp_reply_read(S, request, lua_gettop(S));
    return 0;
  }
  lua_pushvalue(S, lua_upvalueindex(request->phase == LP_TOO_LARGE ? 2 : 1));
  lua_createtable(S, 0, 7);
  lp_field_set(S, "method", request->method);
  lp_field_set(S, "path", request->path);
  lp_field_set(S, "target", request->target);
  lp_values_push(S, request, MHD_GET_ARGUMENT_KIND);
  lua_setfield(S, -2, "query");
  lp_values_push(S, request, MHD_HEADER_KIND);
  lua_setfield(S, -2, "headers");
  lua_pushlstring(S, request->body ? request->body : "", request->length);
  lua_setfield(S, -2, "body");
  free(request->body);
  request->body = NULL;
  lp_peer_push(S, request);
  lua_setfield(S, -2, "peer");
  lua_call(S, 1, 1);
  lp_reply_read(S, request, lua_gettop(S));
  return 0;
}
