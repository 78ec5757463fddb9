/*
** lastpass.httpd: a small HTTP(S) server for the sandbox, over libmicrohttpd.
** One thread serves every connection and owns a Lua state of its own; the program that started
** the server never touches that state until the thread has ended. A second thread only wakes
** connections whose answer is to come late, so that hundreds can wait without holding anybody up.
*/
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "compat.h"

#define LP_SERVER "lastpass.httpd"
#define LP_POOL_BYTES (256 * 1024)  /* memory of a connection: one chunk is nearly as large */
#define LP_BLOCK_BYTES (128 * 1024) /* what a body is asked for at a time */
#define LP_CONNECTIONS 4096
#define LP_BACKLOG 1024
#define LP_MAX_BODY (64 * 1024 * 1024)
#define LP_IDLE_SECONDS 300
#define LP_NANO 1000000000LL

/* A connection whose answer waits until `due` (CLOCK_MONOTONIC, nanoseconds). */
typedef struct {
  long long due;
  struct MHD_Connection *connection;
} lp_waiter;

typedef struct {
  struct MHD_Daemon *daemon;
  lua_State *state;        /* touched by the serving thread only, while it runs */
  int serve_ref, read_ref; /* registry slots of `state`: lp_serve, lp_read */
  pid_t owner;             /* a forked child has the memory but not the threads */
  char address[INET6_ADDRSTRLEN];
  int port;
  int open_to_network;
  size_t max_body;
  char *certificate, *key; /* libmicrohttpd keeps the pointers */
  pthread_t timer;
  int has_timer, has_locks;
  pthread_mutex_t mutex; /* guards everything below */
  pthread_cond_t changed;
  int stopping;
  lp_waiter *waiters; /* a binary heap, the next one due first */
  size_t waiting, room;
  char trouble[256]; /* libmicrohttpd's last complaint, for the message of start */
} lp_server;

enum { LP_READING, LP_TOO_LARGE, LP_DELAYED };

/* One request; libmicrohttpd keeps it beside the connection until the answer is out. */
typedef struct {
  lp_server *server;
  struct MHD_Connection *connection;
  const char *method, *path;
  int phase;
  char *body;
  size_t length, room;
  struct MHD_Response *response; /* made by lp_serve */
  unsigned int status;
  double delay;
  int drop;
} lp_request;

/* A body that libmicrohttpd asks for piece by piece: a text of our own or a Lua function. */
typedef struct {
  lp_server *server;
  int source_ref, chunk_ref; /* LUA_NOREF when there is none */
  char *text;                /* owned, when the body is a text */
  const char *chunk;         /* what is being sent: `text` or the anchored Lua string */
  size_t length, offset;
  unsigned long long left; /* bytes until the connection is cut */
  int cut, ended;
} lp_body;

/* ---- time ---- */

static long long lp_clock_read (clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (long long)now.tv_sec * LP_NANO + now.tv_nsec;
}

/* ---- the threads' signals ---- */

/* Our threads must not take signals meant for the program; SIGPIPE is theirs and is blocked. */
static void lp_signals_block (sigset_t *before) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, before);
}

/* ---- late answers ---- */

static void lp_heap_swap (lp_waiter *heap, size_t a, size_t b) {
  lp_waiter kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}

/* Adds one; 0 when there is no memory. The mutex is held. */
static int lp_waiter_add (lp_server *server, long long due, struct MHD_Connection *connection) {
  if (server->waiting == server->room) {
    size_t room = server->room ? server->room * 2 : 64;
    lp_waiter *grown = realloc(server->waiters, room * sizeof *grown);
    if (grown == NULL) return 0;
    server->waiters = grown;
    server->room = room;
  }
  size_t at = server->waiting++;
  server->waiters[at].due = due;
  server->waiters[at].connection = connection;
  while (at > 0 && server->waiters[(at - 1) / 2].due > server->waiters[at].due) {
    lp_heap_swap(server->waiters, at, (at - 1) / 2);
    at = (at - 1) / 2;
  }
  return 1;
}

/* Takes the one due first. The mutex is held and the heap is not empty. */
static struct MHD_Connection *lp_waiter_take (lp_server *server) {
  lp_waiter *heap = server->waiters;
  struct MHD_Connection *connection = heap[0].connection;
  size_t count = --server->waiting, at = 0;
  heap[0] = heap[count];
  for (;;) {
    size_t child = at * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && heap[child + 1].due < heap[child].due) child++;
    if (heap[at].due <= heap[child].due) break;
    lp_heap_swap(heap, at, child);
    at = child;
  }
  return connection;
}

/* The timer thread: wakes each connection when its time has come. */
static void *lp_timer_run (void *argument) {
  lp_server *server = argument;
  pthread_mutex_lock(&server->mutex);
  while (!server->stopping) {
    if (server->waiting == 0) {
      pthread_cond_wait(&server->changed, &server->mutex);
      continue;
    }
    long long due = server->waiters[0].due;
    if (due <= lp_clock_read(CLOCK_MONOTONIC)) {
      MHD_resume_connection(lp_waiter_take(server));
      continue;
    }
    struct timespec until;
    until.tv_sec = (time_t)(due / LP_NANO);
    until.tv_nsec = (long)(due % LP_NANO);
    pthread_cond_timedwait(&server->changed, &server->mutex, &until);
  }
  pthread_mutex_unlock(&server->mutex);
  return NULL;
}

/* Puts a connection to sleep. Suspending under the mutex keeps the timer from waking it before. */
static int lp_connection_sleep (lp_request *request) {
  lp_server *server = request->server;
  long long due = lp_clock_read(CLOCK_MONOTONIC) + (long long)(request->delay * (double)LP_NANO);
  pthread_mutex_lock(&server->mutex);
  int slept = !server->stopping && lp_waiter_add(server, due, request->connection);
  if (slept) {
    MHD_suspend_connection(request->connection);
    if (server->waiters[0].connection == request->connection) pthread_cond_signal(&server->changed);
  }
  pthread_mutex_unlock(&server->mutex);
  return slept;
}

static int lp_server_is_stopping (lp_server *server) {
  pthread_mutex_lock(&server->mutex);
  int stopping = server->stopping;
  pthread_mutex_unlock(&server->mutex);
  return stopping;
}

/* ---- bodies ---- */

/* Runs in Lua's protected mode: asks the body's function for its next piece and anchors it. */
static int lp_read (lua_State *S) {
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

/* Says what went wrong inside the server; there is nobody else to tell. Pops the message. */
static void lp_state_complain (lua_State *S) {
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

static void lp_field_set (lua_State *S, const char *name, const char *value) {
  if (value == NULL) return;
  lua_pushstring(S, value);
  lua_setfield(S, -2, name);
}

/* Header names do not mind their case: handlers see lower case. Too long a name is no header. */
static void lp_header_set (lua_State *S, const char *name, const char *value) {
  char lower[128];
  size_t i;
  for (i = 0; name[i] != '\0'; i++) {
    if (i + 1 == sizeof lower) return;
    lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
  }
  lower[i] = '\0';
  lp_field_set(S, lower, value);
}

/* A Lua error must not cross libmicrohttpd: its callback only notes where the texts are, and the
** table is filled afterwards. */
typedef struct {
  const char **names, **values;
  size_t count, room;
} lp_pairs;

static enum MHD_Result lp_pair_note (void *argument, enum MHD_ValueKind kind, const char *name,
                                     const char *value) {
  lp_pairs *pairs = argument;
  (void)kind;
  if (pairs->count == pairs->room) return MHD_NO;
  pairs->names[pairs->count] = name;
  pairs->values[pairs->count] = value ? value : "";
  pairs->count++;
  return MHD_YES;
}

/* Pushes a table of the request's headers or query arguments. */
static void lp_values_push (lua_State *S, lp_request *request, enum MHD_ValueKind kind) {
  int count = MHD_get_connection_values(request->connection, kind, NULL, NULL);
  lp_pairs pairs = {NULL, NULL, 0, count > 0 ? (size_t)count : 0};
  const char **block = lua_newuserdata(S, (pairs.room ? pairs.room : 1) * 2 * sizeof *block);
  pairs.names = block;
  pairs.values = block + pairs.room;
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

/* Reads the handler's reply table into the request. */
static void lp_reply_read (lua_State *S, lp_request *request, int reply) {
  if (!lua_istable(S, reply))
    luaL_error(S, "a handler must return a table, not a %s", luaL_typename(S, reply));
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

/* Runs in Lua's protected mode: calls the handler (upvalue 1) with the request. */
static int lp_serve (lua_State *S) {
  lp_request *request = lua_touserdata(S, 1);
  lua_pushvalue(S, lua_upvalueindex(1));
  lua_createtable(S, 0, 6);
  lp_field_set(S, "method", request->method);
  lp_field_set(S, "path", request->path);
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

/* ---- one request, in HTTP ---- */

/* A reply that needs no Lua. */
static void lp_reply_plain (lp_request *request, unsigned int status, const char *text) {
  request->status = status;
  request->drop = 0;
  request->delay = 0;
  request->response =
      MHD_create_response_from_buffer(strlen(text), (void *)(size_t)text, MHD_RESPMEM_MUST_COPY);
  if (request->response != NULL)
    MHD_add_response_header(request->response, "Content-Type", "application/json");
}

static enum MHD_Result lp_reply_send (lp_request *request) {
  if (request->drop || request->response == NULL) return MHD_NO;
  return MHD_queue_response(request->connection, request->status, request->response);
}

/* The whole request is here: asks Lua, then answers at once or goes to sleep. */
static enum MHD_Result lp_request_answer (lp_request *request) {
  lp_server *server = request->server;
  lua_State *S = server->state;
  if (request->phase == LP_TOO_LARGE) {
    lp_reply_plain(request, 413, "{\"error\":\"the request is larger than the server accepts\"}");
    return lp_reply_send(request);
  }
  lua_rawgeti(S, LUA_REGISTRYINDEX, server->serve_ref);
  lua_pushlightuserdata(S, request);
  if (lua_pcall(S, 1, 0, 0) != 0) {
    lp_state_complain(S);
    if (request->response != NULL) MHD_destroy_response(request->response);
    lp_reply_plain(request, 500, "{\"error\":\"the server's handler failed\"}");
  }
  if (request->delay > 0) {
    request->phase = LP_DELAYED;
    return lp_connection_sleep(request) ? MHD_YES : MHD_NO;
  }
  return lp_reply_send(request);
}

/* Keeps bytes of the request; what is beyond the limit is read and forgotten. */
static int lp_request_append (lp_request *request, const char *bytes, size_t count) {
  if (request->phase == LP_TOO_LARGE) return 1;
  if (count > request->server->max_body - request->length) {
    free(request->body);
    request->body = NULL;
    request->length = request->room = 0;
    request->phase = LP_TOO_LARGE;
    return 1;
  }
  if (request->length + count > request->room) {
    size_t room = request->room ? request->room * 2 : 4096;
    while (room < request->length + count) room *= 2;
    char *grown = realloc(request->body, room);
    if (grown == NULL) return 0;
    request->body = grown;
    request->room = room;
  }
  memcpy(request->body + request->length, bytes, count);
  request->length += count;
  return 1;
}

/* libmicrohttpd's door: first with the head, then with pieces of the body, then with its end,
** and once more when a sleeping connection has been woken. */
static enum MHD_Result lp_request_handle (void *argument, struct MHD_Connection *connection,
                                          const char *url, const char *method, const char *version,
                                          const char *upload, size_t *upload_size, void **kept) {
  lp_server *server = argument;
  lp_request *request = *kept;
  (void)version;
  if (request == NULL) {
    request = calloc(1, sizeof *request);
    if (request == NULL) return MHD_NO;
    request->server = server;
    request->connection = connection;
    request->method = method;
    request->path = url;
    *kept = request;
    const char *declared =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    if (declared != NULL && strtoull(declared, NULL, 10) > server->max_body) {
      request->phase = LP_TOO_LARGE;
      return lp_request_answer(request);
    }
    return MHD_YES;
  }
  if (request->phase == LP_DELAYED)
    return lp_server_is_stopping(server) ? MHD_NO : lp_reply_send(request);
  if (*upload_size > 0) {
    int ok = lp_request_append(request, upload, *upload_size);
    *upload_size = 0;
    return ok ? MHD_YES : MHD_NO;
  }
  return lp_request_answer(request);
}

static void lp_request_free (void *argument, struct MHD_Connection *connection, void **kept,
                             enum MHD_RequestTerminationCode code) {
  lp_request *request = *kept;
  (void)argument;
  (void)connection;
  (void)code;
  if (request == NULL) return;
  if (request->response != NULL) MHD_destroy_response(request->response);
  free(request->body);
  free(request);
  *kept = NULL;
}

/* ---- who may connect ---- */

static int lp_address_is_loopback (const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *four = (const void *)address;
    return (ntohl(four->sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family == AF_INET6) {
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six)) return six->s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(six);
  }
  return 0;
}

static enum MHD_Result lp_peer_accept (void *argument, const struct sockaddr *peer,
                                       socklen_t size) {
  const lp_server *server = argument;
  (void)size;
  return server->open_to_network || lp_address_is_loopback(peer) ? MHD_YES : MHD_NO;
}

/* ---- stop ---- */

/* Wakes the sleepers, joins both threads, closes the state. Safe to call again. */
static void lp_server_stop (lp_server *server) {
  if (server->owner != 0 && server->owner != getpid()) {
    /* A forked child: the threads are not here, and they may have held anything. Let go. */
    server->daemon = NULL;
    server->state = NULL;
    server->has_timer = server->has_locks = 0;
    server->owner = 0;
    return;
  }
  if (server->has_locks) {
    pthread_mutex_lock(&server->mutex);
    server->stopping = 1;
    while (server->waiting > 0) MHD_resume_connection(lp_waiter_take(server));
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
  }
  if (server->has_timer) pthread_join(server->timer, NULL);
  server->has_timer = 0;
  if (server->daemon != NULL) MHD_stop_daemon(server->daemon);
  server->daemon = NULL;
  if (server->state != NULL) lua_close(server->state);
  server->state = NULL;
  if (server->has_locks) {
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->mutex);
  }
  server->has_locks = 0;
  free(server->waiters);
  server->waiters = NULL;
  server->waiting = server->room = 0;
  free(server->certificate);
  free(server->key);
  server->certificate = server->key = NULL;
}

/* ---- start ---- */

/* What lp_state_prepare needs; it runs in the new state, in protected mode. */
typedef struct {
  lp_server *server;
  const char *module, *settings, *path, *cpath;
  size_t settings_length;
} lp_setup;

/* Opens the libraries, requires the module and keeps the handler that its `open` returns. */
static int lp_state_prepare (lua_State *S) {
  lp_setup *setup = lua_touserdata(S, 1);
  luaL_openlibs(S);
  lua_getglobal(S, "package");
  lp_field_set(S, "path", setup->path);
  lp_field_set(S, "cpath", setup->cpath);
  lua_getglobal(S, "require");
  lua_pushstring(S, setup->module);
  lua_call(S, 1, 1);
  if (!lua_istable(S, -1))
    return luaL_error(S, "module '%s' is a %s, not a table", setup->module, luaL_typename(S, -1));
  lua_getfield(S, -1, "open");
  if (!lua_isfunction(S, -1))
    return luaL_error(S, "module '%s' has no function 'open'", setup->module);
  lua_pushlstring(S, setup->settings, setup->settings_length);
  lua_call(S, 1, 1);
  if (!lua_isfunction(S, -1))
    return luaL_error(S, "'open' of module '%s' must return a function", setup->module);
  lua_pushcclosure(S, lp_serve, 1);
  setup->server->serve_ref = luaL_ref(S, LUA_REGISTRYINDEX);
  lua_pushcfunction(S, lp_read);
  setup->server->read_ref = luaL_ref(S, LUA_REGISTRYINDEX);
  /* 5.1 makes the registry's free list at the first unref: not later, where memory may be out. */
  lua_newtable(S);
  luaL_unref(S, LUA_REGISTRYINDEX, luaL_ref(S, LUA_REGISTRYINDEX));
  return 0;
}

static int lp_state_run (lua_State *S, lp_setup *setup) {
#if LUA_VERSION_NUM < 502
  return lua_cpcall(S, lp_state_prepare, setup);
#else
  lua_pushcfunction(S, lp_state_prepare);
  lua_pushlightuserdata(S, setup);
  return lua_pcall(S, 1, 0, 0);
#endif
}

/* libmicrohttpd's complaints: kept for the message of `start`, never printed. */
static void lp_trouble_keep (void *argument, const char *format, va_list values) {
  lp_server *server = argument;
  char line[sizeof server->trouble];
  vsnprintf(line, sizeof line, format, values);
  line[strcspn(line, "\n")] = '\0';
  pthread_mutex_lock(&server->mutex);
  memcpy(server->trouble, line, sizeof line);
  pthread_mutex_unlock(&server->mutex);
}

static int lp_locks_make (lp_server *server) {
  pthread_condattr_t attributes;
  if (pthread_mutex_init(&server->mutex, NULL) != 0) return 0;
  int ok = pthread_condattr_init(&attributes) == 0;
  if (ok) {
    ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&server->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
  }
  if (!ok) pthread_mutex_destroy(&server->mutex);
  server->has_locks = ok;
  return ok;
}

/* Reads "127.0.0.1" or "::1" into a socket address; 0 when it is neither. */
static int lp_address_read (const char *text, int port, struct sockaddr_storage *address) {
  struct sockaddr_in *four = (void *)address;
  struct sockaddr_in6 *six = (void *)address;
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return 1;
  }
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    return 1;
  }
  return 0;
}

/* Starts libmicrohttpd's thread and ours. */
static int lp_daemon_start (lp_server *server, struct sockaddr_storage *address, int idle) {
  unsigned int flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  struct MHD_OptionItem options[] = {
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)lp_request_free, NULL},
      {MHD_OPTION_SOCK_ADDR, 0, address},
      {MHD_OPTION_CONNECTION_LIMIT, LP_CONNECTIONS, NULL},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LP_POOL_BYTES, NULL},
      {MHD_OPTION_CONNECTION_TIMEOUT, idle, NULL},
      {MHD_OPTION_LISTEN_BACKLOG_SIZE, LP_BACKLOG, NULL},
      {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
      {server->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, server->certificate},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
      {MHD_OPTION_END, 0, NULL},
  };
  if (server->certificate != NULL) flags |= MHD_USE_TLS;
  if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  sigset_t before;
  lp_signals_block(&before);
  errno = 0;
  server->daemon = MHD_start_daemon(flags, 0, lp_peer_accept, server, lp_request_handle, server,
                                    MHD_OPTION_EXTERNAL_LOGGER, lp_trouble_keep, server,
                                    MHD_OPTION_ARRAY, options, MHD_OPTION_END);
  int why = errno;
  if (server->daemon != NULL)
    server->has_timer = pthread_create(&server->timer, NULL, lp_timer_run, server) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (server->daemon == NULL && server->trouble[0] == '\0')
    snprintf(server->trouble, sizeof server->trouble, "%s", strerror(why));
  if (server->daemon != NULL && !server->has_timer)
    snprintf(server->trouble, sizeof server->trouble, "no thread could be made");
  return server->daemon != NULL && server->has_timer;
}

/* The port that the system gave. */
static int lp_daemon_port (lp_server *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

/* Options are read at index 1; the string stays alive in the options table. */
static const char *lp_option_string (lua_State *L, const char *name, const char *missing,
                                     size_t *length) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "httpd.start: option '%s' must be a string, not a %s", name,
               luaL_typename(L, -1));
  const char *value = lua_isnil(L, -1) ? missing : lua_tostring(L, -1);
  if (length != NULL)
    *length = lua_isnil(L, -1) ? (missing ? strlen(missing) : 0) : lua_rawlen(L, -1);
  lua_pop(L, 1);
  return value;
}

static double lp_option_number (lua_State *L, const char *name, double missing, double most) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
    luaL_error(L, "httpd.start: option '%s' must be a number, not a %s", name,
               luaL_typename(L, -1));
  double value = lua_isnil(L, -1) ? missing : lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (!(value >= 0 && value <= most))
    luaL_error(L, "httpd.start: option '%s' must be 0 to %d", name, (int)most);
  return value;
}

/* A misspelt option must not be ignored. */
static void lp_options_check (lua_State *L) {
  static const char *const known[] = {
      "address",     "port", "module",   "settings",     "package_path",    "package_cpath",
      "certificate", "key",  "max_body", "idle_timeout", "open_to_network", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    int i = 0;
    while (known[i] != NULL && strcmp(known[i], name) != 0) i++;
    if (known[i] == NULL) luaL_error(L, "httpd.start: unknown option '%s'", name);
    lua_pop(L, 1);
  }
}

/* nil and the message of start; the server is emptied first. */
static int lp_start_fail (lua_State *L, lp_server *server, const char *what, const char *why) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what, why);
  lp_server_stop(server);
  return 2;
}

/* Copies an option that must outlive this call. */
static char *lp_option_copy (lua_State *L, const char *name) {
  const char *text = lp_option_string(L, name, NULL, NULL);
  char *copy = text ? strdup(text) : NULL;
  if (text != NULL && copy == NULL) luaL_error(L, "not enough memory");
  return copy;
}

/* httpd.start{...} -> server | nil, message */
static int lp_httpd_start (lua_State *L) {
  lp_options_check(L);
  lua_settop(L, 1);
  lp_server *server = lua_newuserdata(L, sizeof *server);
  memset(server, 0, sizeof *server);
  luaL_getmetatable(L, LP_SERVER);
  lua_setmetatable(L, -2);
  server->owner = getpid();
  lp_setup setup;
  setup.server = server;
  setup.module = lp_option_string(L, "module", "lastpass.sandbox.server", NULL);
  setup.settings = lp_option_string(L, "settings", "", &setup.settings_length);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_getfield(L, -2, "cpath");
  setup.path = lp_option_string(L, "package_path", lua_tostring(L, -2), NULL);
  setup.cpath = lp_option_string(L, "package_cpath", lua_tostring(L, -1), NULL);
  const char *host = lp_option_string(L, "address", "127.0.0.1", NULL);
  int port = (int)lp_option_number(L, "port", 0, 65535);
  int idle = (int)lp_option_number(L, "idle_timeout", LP_IDLE_SECONDS, 86400);
  server->max_body = (size_t)lp_option_number(L, "max_body", LP_MAX_BODY, 2147483647);
  lua_getfield(L, 1, "open_to_network");
  server->open_to_network = lua_toboolean(L, -1);
  server->certificate = lp_option_copy(L, "certificate");
  server->key = lp_option_copy(L, "key");
  if ((server->certificate == NULL) != (server->key == NULL))
    return luaL_error(L, "httpd.start: 'certificate' and 'key' belong together");
  struct sockaddr_storage address;
  if (!lp_address_read(host, port, &address))
    return luaL_error(L, "httpd.start: option 'address' must be an IP address, not '%s'", host);
  snprintf(server->address, sizeof server->address, "%s", host);
  if (!lp_locks_make(server)) return lp_start_fail(L, server, "cannot start", strerror(errno));
  server->state = luaL_newstate();
  if (server->state == NULL) return lp_start_fail(L, server, "cannot start", "not enough memory");
  if (lp_state_run(server->state, &setup) != 0) {
    const char *why = lua_tostring(server->state, -1);
    return lp_start_fail(L, server, "cannot start", why ? why : "error without a message");
  }
  if (!lp_daemon_start(server, &address, idle)) {
    char why[sizeof server->trouble];
    snprintf(why, sizeof why, "%s", server->trouble);
    lua_pushfstring(L, "cannot listen on %s port %d", host, port);
    return lp_start_fail(L, server, lua_tostring(L, -1), why);
  }
  server->port = lp_daemon_port(server);
  lua_settop(L, 2);
  return 1;
}

/* ---- the server object ---- */

static lp_server *lp_server_check (lua_State *L) {
  return luaL_checkudata(L, 1, LP_SERVER);
}

static int lp_server_port (lua_State *L) {
  lua_pushinteger(L, lp_server_check(L)->port);
  return 1;
}

static int lp_server_address (lua_State *L) {
  lua_pushstring(L, lp_server_check(L)->address);
  return 1;
}

static int lp_server_close (lua_State *L) {
  lp_server_stop(lp_server_check(L));
  return 0;
}

static int lp_server_tostring (lua_State *L) {
  lp_server *server = lp_server_check(L);
  if (server->daemon != NULL)
    lua_pushfstring(L, LP_SERVER ": %s port %d", server->address, server->port);
  else
    lua_pushliteral(L, LP_SERVER ": stopped");
  return 1;
}

/* ---- the module's other functions ---- */

/* httpd.now() -> seconds since 1970, with a fraction */
static int lp_httpd_now (lua_State *L) {
  lua_pushnumber(L, (double)lp_clock_read(CLOCK_REALTIME) / (double)LP_NANO);
  return 1;
}

/* httpd.pid() -> this process */
static int lp_httpd_pid (lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

/*
** Whether the end of standard input means that whoever started us has gone. That of a pipe or a
** socket does, and Ctrl-D on a terminal while we are what it talks to. /dev/null and files have no
** such end: who starts us with them in the background wants us until a signal.
*/
enum { INPUT_SAYS_NOTHING, INPUT_IS_PIPE, INPUT_IS_TERMINAL };

static int lp_input_kind (void) {
  struct stat input;
  if (fstat(STDIN_FILENO, &input) != 0) return INPUT_SAYS_NOTHING;
  if (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)) return INPUT_IS_PIPE;
  return tcgetpgrp(STDIN_FILENO) >= 0 ? INPUT_IS_TERMINAL : INPUT_SAYS_NOTHING;
}

/* SIGINT, SIGTERM and SIGHUP, but a SIGHUP that is ignored (nohup) stays so. */
static void lp_end_signals (sigset_t *wanted) {
  struct sigaction action;
  sigemptyset(wanted);
  sigaddset(wanted, SIGINT);
  sigaddset(wanted, SIGTERM);
  if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
    sigaddset(wanted, SIGHUP);
}

static const char *lp_signal_taken (int signals) {
  struct signalfd_siginfo got;
  if (read(signals, &got, sizeof got) != (ssize_t)sizeof got) return NULL;
  return got.ssi_signo == SIGINT ? "SIGINT" : got.ssi_signo == SIGTERM ? "SIGTERM" : "SIGHUP";
}

/* Reads away what came; whether that was the end. */
static int lp_input_ends (void) {
  char scrap[512];
  ssize_t size = read(STDIN_FILENO, scrap, sizeof scrap);
  return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
}

#define BACKGROUND_LOOK 500 /* ms between looks whether we are back in the foreground */

/*
** httpd.wait() -> "input", "SIGINT", "SIGTERM" or "SIGHUP": sleeps until standard input ends or a
** signal asks the program to stop. What is typed while we are in the background is the shell's.
*/
static int lp_httpd_wait (lua_State *L) {
  sigset_t wanted, before;
  int kind = lp_input_kind(), signals;
  const char *reason = NULL;
  lp_end_signals(&wanted);
  pthread_sigmask(SIG_BLOCK, &wanted, &before);
  signals = signalfd(-1, &wanted, SFD_CLOEXEC);
  if (signals < 0) {
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return luaL_error(L, "httpd.wait: %s", strerror(errno));
  }
  while (reason == NULL) {
    struct pollfd watched[2] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    int behind = kind == INPUT_IS_TERMINAL && tcgetpgrp(STDIN_FILENO) != getpgrp();
    nfds_t count = kind == INPUT_SAYS_NOTHING || behind ? 1 : 2;
    int ready = poll(watched, count, behind ? BACKGROUND_LOOK : -1);
    if (ready < 0 && errno != EINTR) reason = "input";
    if (ready <= 0) continue;
    if (watched[0].revents != 0) {
      reason = lp_signal_taken(signals);
    } else if (kind == INPUT_IS_PIPE || tcgetpgrp(STDIN_FILENO) == getpgrp()) {
      if (lp_input_ends()) reason = "input";
    }
  }
  close(signals);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  lua_pushstring(L, reason);
  return 1;
}

static const luaL_Reg lp_server_methods[] = {
    {"port", lp_server_port},
    {"address", lp_server_address},
    {"stop", lp_server_close},
    {NULL, NULL},
};

static const luaL_Reg lp_server_meta[] = {
    {"__gc", lp_server_close},
    {"__close", lp_server_close},
    {"__tostring", lp_server_tostring},
    {NULL, NULL},
};

static const luaL_Reg lp_httpd_functions[] = {
    {"start", lp_httpd_start}, {"now", lp_httpd_now}, {"pid", lp_httpd_pid},
    {"wait", lp_httpd_wait},   {NULL, NULL},
};

LP_EXPORT int luaopen_lastpass_httpd (lua_State *L) {
  lp_new_metatable(L, LP_SERVER, lp_server_meta, lp_server_methods);
  lua_pop(L, 1);
  luaL_newlib(L, lp_httpd_functions);
  return 1;
}
