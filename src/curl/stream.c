/*
** A connection that only sends: syslog over TCP, over TLS by libcurl, and over UDP. What has been
** sent has arrived when the peer, informed that no more will come, ends its side too: until then
*its
** system may still throw away what it has taken.
*/
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "stream.h"

#define STREAM_TYPE "lastpass.curl.stream"

typedef struct stream {
  CURL *easy;    /* TCP and TLS */
  int fd;        /* -1: closed */
  int is_secure; /* over TLS */
  int has_ended; /* the peer has ended its side */
} stream;

/*
** OpenSSL writes to sockets with write(2), which raises SIGPIPE when the peer has gone. The signal
** belongs to the thread that writes, so it is enough to keep it off there, and to take what came
** meanwhile.
*/
typedef struct quiet {
  sigset_t before;
  int was_pending;
} quiet;

static void begin_quiet (quiet *q) {
  sigset_t pipes, pending;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  q->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  (void)pthread_sigmask(SIG_BLOCK, &pipes, &q->before);
}

static void end_quiet (const quiet *q) {
  struct timespec at_once = {0, 0};
  sigset_t pipes;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  if (!q->was_pending)
    while (sigtimedwait(&pipes, NULL, &at_once) < 0 && errno == EINTR) continue;
  (void)pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

static stream *check (lua_State *L) {
  stream *s = luaL_checkudata(L, 1, STREAM_TYPE);
  luaL_argcheck(L, s->fd >= 0, 1, "the stream is closed");
  return s;
}

/* nil, message, code */
static int push_failure (lua_State *L, const char *message, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

static int push_lost (lua_State *L, int reason) {
  return push_failure(L, strerror(reason), "connection_lost");
}

static const char *code_of (CURLcode failure) {
  switch (failure) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return "unknown_host";
  case CURLE_SSL_CACERT_BADFILE:
    return "ca_file";
  case CURLE_SSL_CERTPROBLEM:
    return "certificate";
  case CURLE_PEER_FAILED_VERIFICATION:
    return "tls_certificate";
  default:
    return "unreachable";
  }
}

static const char *option (lua_State *L, const char *name) {
  const char *text;
  lua_getfield(L, 1, name);
  text = luaL_optstring(L, -1, NULL); /* stays alive in the table */
  lua_pop(L, 1);
  return text;
}

#define SET(name, value) (failure = failure ? failure : curl_easy_setopt(s->easy, name, value))

static int connect_stream (lua_State *L, stream *s, const char *host, const char *port,
                           double seconds) {
  char reason[CURL_ERROR_SIZE] = "", url[512];
  const char *file;
  curl_socket_t fd = CURL_SOCKET_BAD;
  quiet q;
  CURLcode failure = CURLE_OK;
  int length = snprintf(url, sizeof url, strchr(host, ':') != NULL ? "%s://[%s]:%s" : "%s://%s:%s",
                        s->is_secure ? "https" : "http", host, port);
  if (length < 0 || (size_t)length >= sizeof url)
    return push_failure(L, "the name is too long", "unknown_host");
  s->easy = curl_easy_init();
  if (s->easy == NULL) return luaL_error(L, "out of memory");
  SET(CURLOPT_ERRORBUFFER, reason);
  SET(CURLOPT_URL, url);
  SET(CURLOPT_CONNECT_ONLY, 1L);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(seconds * 1000));
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
  if ((file = option(L, "ca_file")) != NULL) {
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO, file);
  }
  if ((file = option(L, "certificate")) != NULL) SET(CURLOPT_SSLCERT, file);
  if ((file = option(L, "key")) != NULL) SET(CURLOPT_SSLKEY, file);
  begin_quiet(&q);
  if (failure == CURLE_OK) failure = curl_easy_perform(s->easy);
  end_quiet(&q);
  if (failure == CURLE_OK) failure = curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &fd);
  curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, NULL);
  if (failure != CURLE_OK || fd == CURL_SOCKET_BAD)
    return push_failure(L, reason[0] != '\0' ? reason : curl_easy_strerror(failure),
                        code_of(failure));
  s->fd = (int)fd;
  return 0;
}

static int connect_datagrams (lua_State *L, stream *s, const char *host, const char *port) {
  struct addrinfo hints, *list = NULL;
  int failure, reason = 0;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_DGRAM;
  failure = getaddrinfo(host, port, &hints, &list);
  if (failure != 0) return push_failure(L, gai_strerror(failure), "unknown_host");
  for (struct addrinfo *one = list; one != NULL && s->fd < 0; one = one->ai_next) {
    s->fd = socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd >= 0 && connect(s->fd, one->ai_addr, one->ai_addrlen) == 0) break;
    reason = errno;
    if (s->fd >= 0) (void)close(s->fd);
    s->fd = -1;
  }
  freeaddrinfo(list);
  return s->fd < 0 ? push_failure(L, strerror(reason), "unreachable") : 0;
}

/*
** curl.stream {protocol = "tcp", "tls" or "udp", host =, port =, timeout =, ca_file =, certificate
*=,
** key =} -> stream | nil, message, code: unknown_host, unreachable, tls_certificate, ca_file,
** certificate
*/
static int lp_stream_open_one (lua_State *L) {
  const char *protocol, *host, *port;
  double seconds;
  stream *s;
  int failed;
  luaL_checktype(L, 1, LUA_TTABLE);
  protocol = option(L, "protocol");
  host = option(L, "host");
  lua_getfield(L, 1, "port");
  lua_pushfstring(L, "%d", (int)luaL_checkinteger(L, -1));
  port = lua_tostring(L, -1);
  lua_getfield(L, 1, "timeout");
  seconds = luaL_optnumber(L, -1, 30);
  luaL_argcheck(L, protocol != NULL && host != NULL, 1, "protocol and host expected");
  s = lua_newuserdata(L, sizeof *s);
  memset(s, 0, sizeof *s);
  s->fd = -1;
  s->is_secure = strcmp(protocol, "tls") == 0;
  luaL_getmetatable(L, STREAM_TYPE);
  lua_setmetatable(L, -2);
  failed = strcmp(protocol, "udp") == 0 ? connect_datagrams(L, s, host, port)
                                        : connect_stream(L, s, host, port, seconds);
  return failed > 0 ? failed : 1;
}

static void wait_for (const stream *s, short what, double seconds) {
  struct pollfd one = {s->fd, what, 0};
  (void)poll(&one, 1, (int)(seconds * 1000));
}

/*
** Reads what the peer says, which is of no interest. 1: there may be more, 0: nothing for now or
** the end (`has_ended`), -1: the connection is lost, and *reason says why when it is not 0.
*/
static int read_some (stream *s, int *reason) {
  char bytes[4096];
  ssize_t seen = recv(s->fd, bytes, s->is_secure ? 1 : sizeof bytes,
                      MSG_DONTWAIT | (s->is_secure ? MSG_PEEK : 0));
  *reason = 0;
  if (seen == 0) {
    s->has_ended = 1;
    return 0;
  }
  if (seen < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
    *reason = errno;
    return -1;
  }
  if (s->is_secure) { /* an alert is bad news, close_notify a good end */
    size_t n = 0;
    CURLcode failure;
    quiet q;
    begin_quiet(&q);
    failure = curl_easy_recv(s->easy, bytes, sizeof bytes, &n);
    end_quiet(&q);
    if (failure == CURLE_AGAIN) return 0;
    if (failure != CURLE_OK) return -1;
    s->has_ended = n == 0;
    return n > 0;
  }
  return 1;
}

static const char *why_lost (int reason) {
  return reason != 0 ? strerror(reason) : "the peer refused what was sent";
}

/*
** stream:send (text, from [, seconds]) -> how many bytes were sent | nil, message, code
** From that position on; 0 when nothing could be sent within the time. A datagram is sent whole.
*/
static int lp_stream_send (lua_State *L) {
  stream *s = check(L);
  size_t n, sent = 0;
  const char *text = luaL_checklstring(L, 2, &n);
  lua_Integer from = luaL_optinteger(L, 3, 1);
  double seconds = luaL_optnumber(L, 4, 0);
  int reason = 0, more;
  luaL_argcheck(L, from >= 1 && (size_t)from <= n + 1, 3, "outside the text");
  text += from - 1;
  n -= (size_t)from - 1;
  if (s->easy == NULL) {
    ssize_t done = send(s->fd, text, n, MSG_NOSIGNAL);
    if (done < 0) return push_lost(L, errno);
    lua_pushinteger(L, (lua_Integer)done);
    return 1;
  }
  do more = read_some(s, &reason);
  while (more > 0 && !s->has_ended);
  if (more < 0 || s->has_ended)
    return push_failure(L, s->has_ended ? "closed by the peer" : why_lost(reason),
                        "connection_lost");
  for (int try = 0; n > 0 && try < 2; try++) {
    CURLcode failure;
    quiet q;
    begin_quiet(&q);
    failure = curl_easy_send(s->easy, text, n, &sent);
    end_quiet(&q);
    if (failure == CURLE_OK) break;
    if (failure != CURLE_AGAIN)
      return push_failure(L, curl_easy_strerror(failure), "connection_lost");
    sent = 0;
    if (try == 0) wait_for(s, POLLOUT, seconds);
  }
  lua_pushinteger(L, (lua_Integer)sent);
  return 1;
}

/*
** stream:finish () -> true | nil, message, code: informs the peer that no more will come
** RFC 5425 §4.4 wants close_notify before. libcurl sends it only when it closes the connection,
** and lets nobody else write to it; what was sent is whole without it, for each message says
** where it ends.
*/
static int lp_stream_finish (lua_State *L) {
  stream *s = check(L);
  int reason = 0, more;
  if (s->easy != NULL) {
    do more = read_some(s, &reason);
    while (more > 0 && !s->has_ended);
    if (more < 0) return push_failure(L, why_lost(reason), "connection_lost");
    /* one that ends before it was informed has not read all of it */
    if (s->has_ended) return push_failure(L, "closed by the peer", "connection_lost");
    if (shutdown(s->fd, SHUT_WR) != 0) return push_lost(L, errno);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* The state of the connection; -1 when the system does not say. */
static int state_of (const stream *s) {
  struct tcp_info about;
  socklen_t n = sizeof about;
  memset(&about, 0, sizeof about);
  if (getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &about, &n) != 0) return -1;
  return about.tcpi_state;
}

/*
** The peer has ended its side: what it had not taken by then comes back as a reset, maybe only
** now. 1: it has taken all, 0: not known yet, -1: lost.
*/
static int has_taken_all (const stream *s, int *reason) {
  socklen_t n = sizeof *reason;
  int state = state_of(s);
  *reason = 0;
  if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, reason, &n) != 0) *reason = errno;
  if (*reason != 0) return -1;
  return state == TCP_CLOSE || state == TCP_TIME_WAIT || state == -1;
}

static double now (void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/*
** stream:wait_end (seconds) -> state | nil, message, code, after `finish`
** "ended": the peer has read all and ended its side; "taken": its system has all, and the peer has
** not ended; "sent": not even that.
*/
static int lp_stream_wait_end (lua_State *L) {
  stream *s = check(L);
  double until = now() + luaL_checknumber(L, 2), left;
  struct timespec short_while = {0, 5000000};
  int reason = 0, more;
  if (s->easy == NULL) {
    lua_pushliteral(L, "ended");
    return 1;
  }
  for (;;) {
    do more = s->has_ended ? has_taken_all(s, &reason) : read_some(s, &reason);
    while (more > 0 && !s->has_ended);
    if (more < 0) return push_failure(L, why_lost(reason), "connection_lost");
    if (more > 0) {
      lua_pushliteral(L, "ended");
      return 1;
    }
    left = until - now();
    if (left <= 0) break;
    if (s->has_ended)
      (void)nanosleep(&short_while, NULL);
    else
      wait_for(s, POLLIN, left);
  }
  lua_pushstring(L, state_of(s) == TCP_FIN_WAIT2 ? "taken" : "sent");
  return 1;
}

/* stream:close (): safe to call again */
static int lp_stream_close (lua_State *L) {
  stream *s = luaL_checkudata(L, 1, STREAM_TYPE);
  if (s->easy != NULL) {
    quiet q;
    begin_quiet(&q);
    curl_easy_cleanup(s->easy); /* closes the socket too */
    end_quiet(&q);
  } else if (s->fd >= 0) {
    (void)close(s->fd);
  }
  s->easy = NULL;
  s->fd = -1;
  return 0;
}

static int lp_stream_tostring (lua_State *L) {
  lua_pushliteral(L, STREAM_TYPE);
  return 1;
}

static const luaL_Reg stream_methods[] = {{"send", lp_stream_send},
                                          {"finish", lp_stream_finish},
                                          {"wait_end", lp_stream_wait_end},
                                          {"close", lp_stream_close},
                                          {NULL, NULL}};

static const luaL_Reg stream_meta[] = {
    {"__gc", lp_stream_close}, {"__tostring", lp_stream_tostring}, {NULL, NULL}};

static const luaL_Reg stream_functions[] = {{"stream", lp_stream_open_one}, {NULL, NULL}};

void lp_stream_open (lua_State *L) {
  lp_new_metatable(L, STREAM_TYPE, stream_meta, stream_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, stream_functions, 0);
}
