/*
** lastpass.httpd: a small HTTP(S) server for the sandbox, over libmicrohttpd.
** One thread serves every connection and owns a Lua state of its own; the program that started
** the server never touches that state until the thread has ended. A second thread only wakes
** connections whose answer is to come late, so that hundreds can wait without holding anybody up.
*/
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httpd.h"

#define LP_SERVER "lastpass.httpd"
#define LP_POOL_BYTES (256 * 1024) /* memory of a connection: one chunk is nearly as large */
#define LP_CONNECTIONS 4096
#define LP_BACKLOG 1024
#define LP_MAX_BODY (64 * 1024 * 1024)
#define LP_IDLE_SECONDS 300

/* ---- the threads' signals ---- */

/* Our threads must not take signals meant for the program; SIGPIPE is theirs and is blocked. */
static void lp_signals_block (sigset_t *before) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, before);
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
  if (server->has_locks) lp_sleepers_wake(server);
  if (server->has_timer) pthread_join(server->timer, NULL);
  server->has_timer = 0;
  if (server->daemon != NULL) MHD_stop_daemon(server->daemon);
  server->daemon = NULL;
  if (server->state != NULL) lua_close(server->state);
  server->state = NULL;
  lp_locks_destroy(server);
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

/* Opens the libraries, requires the module and keeps what its `open` returns: the handler and, if
** it has one, the handler of requests that are too large, whose bodies nobody sees. */
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
  lua_call(S, 1, 2);
  if (!lua_isfunction(S, -2))
    return luaL_error(S, "'open' of module '%s' must return a function", setup->module);
  setup->server->answers_too_large = lua_isfunction(S, -1);
  lua_pushcclosure(S, lp_serve, 2);
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
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)lp_request_begin, NULL},
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
