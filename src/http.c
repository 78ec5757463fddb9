/*
** lastpass.curl: libcurl's multi interface as one pool of connections. A transfer is started,
** the pool is driven, finished transfers are taken out; nothing here waits unless `wait` is
** called, and no callback of libcurl touches Lua.
**
** It is a module of its own because loading libcurl with all it links to takes several times as
** long as the rest of the program's start.
*/
#include <ctype.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>

#include <curl/curl.h>

#include "body.h"
#include "compat.h"
#include "sink.h"

#define POOL_TYPE "lastpass.curl.pool"
#define TRANSFER_TYPE "lastpass.curl.transfer"

#define MAX_HEADER_BYTES (256 * 1024)
#define KEPT_CONNECTIONS 64
#define START_BYTES 8192 /* first size of a reply's buffer */

typedef struct transfer transfer;

typedef struct pool {
  CURLM *multi;
  transfer *active;   /* all that are in `multi` */
  transfer *finished; /* done, not taken out yet; first in, first out */
  transfer *last_finished;
} pool;

typedef struct buffer {
  char *bytes;
  size_t size, capacity;
} buffer;

struct transfer {
  pool *pool;
  CURL *easy;
  struct curl_slist *headers;
  transfer *previous, *next; /* in the pool's lists */
  const lp_body *secret_body;
  const char *plain_body;
  size_t body_length, body_given;
  lp_sink *sink;
  buffer reply, header;
  curl_off_t received, max_bytes;
  CURLcode outcome;
  long status;
  unsigned char repeatable, too_large, sink_refused, no_memory, paused, done, cancelled;
  char detail[CURL_ERROR_SIZE];
};

/* ------------------------------------------------------------------ libcurl's memory */

/*
** libcurl copies a request's body through buffers of its own. Its memory is wiped when it is
** given back, so that no provisioning hash stays behind in the heap (and in a core file).
*/
static void wiping_free (void *memory) {
  if (memory == NULL) return;
  explicit_bzero (memory, malloc_usable_size (memory));
  free (memory);
}

static void *wiping_realloc (void *memory, size_t n) {
  void *moved;
  size_t old;
  if (memory == NULL) return malloc (n);
  old = malloc_usable_size (memory);
  if (n <= old && n > old / 2) return memory;
  if ((moved = malloc (n)) == NULL) return NULL;
  memcpy (moved, memory, old < n ? old : n);
  wiping_free (memory);
  return moved;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void initialise_curl (void) {
  curl_global_init_mem (CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc);
}

/* ------------------------------------------------------------------ callbacks */

static int append (buffer *b, const char *bytes, size_t n) {
  if (b->size + n > b->capacity) {
    size_t capacity = b->size + n > START_BYTES ? (b->size + n) + (b->size + n) / 2 : START_BYTES;
    char *grown = realloc (b->bytes, capacity);
    if (grown == NULL) return -1;
    b->bytes = grown;
    b->capacity = capacity;
  }
  memcpy (b->bytes + b->size, bytes, n);
  b->size += n;
  return 0;
}

/* A directory streams into its sink; what is no success is kept for the error's sake. */
static size_t take_reply (char *bytes, size_t size, size_t count, void *data) {
  transfer *t = data;
  size_t n = size * count;
  long status = 0;
  if (t->max_bytes > 0 && t->received + (curl_off_t) n > t->max_bytes) {
    t->too_large = 1;
    return 0;
  }
  curl_easy_getinfo (t->easy, CURLINFO_RESPONSE_CODE, &status);
  if (t->sink != NULL && status == 200) {
    if (t->sink->is_full (t->sink)) {
      t->paused = 1;
      return CURL_WRITEFUNC_PAUSE; /* the same bytes come again */
    }
    if (t->sink->feed (t->sink, bytes, n) == LP_SINK_STOP) {
      t->sink_refused = 1;
      return 0;
    }
  } else if (append (&t->reply, bytes, n) != 0) {
    t->no_memory = 1;
    return 0;
  }
  t->received += (curl_off_t) n;
  return n;
}

/* Each status line begins anew: a proxy's answer and 100-continue come before the real one. */
static size_t take_header (char *bytes, size_t size, size_t count, void *data) {
  transfer *t = data;
  size_t n = size * count;
  if (n >= 5 && memcmp (bytes, "HTTP/", 5) == 0) t->header.size = 0;
  if (t->header.size + n > MAX_HEADER_BYTES) {
    t->too_large = 1;
    return 0;
  }
  if (append (&t->header, bytes, n) != 0) {
    t->no_memory = 1;
    return 0;
  }
  return n;
}

/* The body goes out piece by piece: so the secret is copied from locked memory to libcurl only. */
static size_t give_body (char *out, size_t size, size_t count, void *data) {
  transfer *t = data;
  size_t room = size * count, left = t->body_length - t->body_given, given;
  if (left == 0) return 0;
  if (t->secret_body != NULL) {
    given = t->secret_body->copy (t->secret_body, t->body_given, out, room);
    if (given == 0) return CURL_READFUNC_ABORT;
  } else {
    given = left < room ? left : room;
    memcpy (out, t->plain_body + t->body_given, given);
  }
  t->body_given += given;
  return given;
}

/*
** libcurl sends a request again by itself when a kept connection turns out to be dead, a POST as
** well. The server may have acted on it, so a write says no here and fails as uncertain instead.
*/
static int rewind_body (void *data, curl_off_t offset, int origin) {
  transfer *t = data;
  if (origin != SEEK_SET || offset < 0 || (size_t) offset > t->body_length)
    return CURL_SEEKFUNC_FAIL;
  if (!t->repeatable && t->body_given > 0) return CURL_SEEKFUNC_FAIL;
  t->body_given = (size_t) offset;
  return CURL_SEEKFUNC_OK;
}

/* ------------------------------------------------------------------ life of a transfer */

static pool *check_pool (lua_State *L) {
  pool *p = luaL_checkudata (L, 1, POOL_TYPE);
  luaL_argcheck (L, p->multi != NULL, 1, "the pool is closed");
  return p;
}

static transfer *check_transfer (lua_State *L) {
  return luaL_checkudata (L, 1, TRANSFER_TYPE);
}

/* registry[transfer's address] keeps what a running transfer points to: itself, body, sink, pool */
static void anchor (lua_State *L, transfer *t) {
  lua_pushlightuserdata (L, t);
  lua_insert (L, -2);
  lua_rawset (L, LUA_REGISTRYINDEX);
}

static void release_anchor (lua_State *L, transfer *t) {
  lua_pushnil (L);
  anchor (L, t);
}

static void unlink_active (transfer *t) {
  if (t->previous != NULL) t->previous->next = t->next;
  else if (t->pool->active == t) t->pool->active = t->next;
  if (t->next != NULL) t->next->previous = t->previous;
  t->previous = t->next = NULL;
}

static void link_finished (pool *p, transfer *t) {
  t->next = NULL;
  t->previous = p->last_finished;
  if (p->last_finished != NULL) p->last_finished->next = t;
  else p->finished = t;
  p->last_finished = t;
}

static void unlink_finished (transfer *t) {
  pool *p = t->pool;
  if (t->previous != NULL) t->previous->next = t->next;
  else if (p->finished == t) p->finished = t->next;
  if (t->next != NULL) t->next->previous = t->previous;
  else if (p->last_finished == t) p->last_finished = t->previous;
  t->previous = t->next = NULL;
}

/* Gives everything of libcurl back; the reply stays. */
static void end_transfer (transfer *t) {
  if (t->easy != NULL) {
    if (t->pool != NULL && t->pool->multi != NULL) {
      curl_multi_remove_handle (t->pool->multi, t->easy);
      unlink_active (t);
    }
    curl_easy_cleanup (t->easy);
    t->easy = NULL;
  }
  curl_slist_free_all (t->headers);
  t->headers = NULL;
  t->secret_body = NULL;
  t->plain_body = NULL;
  t->sink = NULL;
}

/* The transfer is over, by itself or by us: out of libcurl, into the list of finished ones. */
static void finish_transfer (pool *p, transfer *t, CURLcode outcome) {
  t->outcome = outcome;
  if (t->easy != NULL) curl_easy_getinfo (t->easy, CURLINFO_RESPONSE_CODE, &t->status);
  end_transfer (t);
  t->done = 1;
  link_finished (p, t);
}

static int lp_transfer_collect (lua_State *L) {
  transfer *t = check_transfer (L);
  end_transfer (t);
  if (t->pool != NULL && t->done) unlink_finished (t);
  t->pool = NULL;
  free (t->reply.bytes);
  free (t->header.bytes);
  t->reply.bytes = t->header.bytes = NULL;
  return 0;
}

/* ------------------------------------------------------------------ requests */

static int is_loopback_host (const char *host) {
  size_t n = strlen (host);
  if (strcasecmp (host, "localhost") == 0 || strcmp (host, "[::1]") == 0) return 1;
  if (n > 10 && strcasecmp (host + n - 10, ".localhost") == 0) return 1;
  /* 127.0.0.0/8 in its plain form only */
  return strncmp (host, "127.", 4) == 0 && strspn (host, "0123456789.") == n;
}

/* Pushes nothing; -1: not an address we send to, 0: elsewhere, 1: this machine. */
static int look_at_url (const char *text, int *is_plain) {
  CURLU *url = curl_url ();
  char *scheme = NULL, *host = NULL;
  int answer = -1;
  if (url != NULL && curl_url_set (url, CURLUPART_URL, text, 0) == CURLUE_OK &&
      curl_url_get (url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      curl_url_get (url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      (strcmp (scheme, "https") == 0 || strcmp (scheme, "http") == 0)) {
    answer = is_loopback_host (host);
    *is_plain = strcmp (scheme, "http") == 0;
  }
  curl_free (scheme);
  curl_free (host);
  curl_url_cleanup (url);
  return answer;
}

static const char *string_field (lua_State *L, const char *name) {
  const char *text;
  lua_getfield (L, 2, name);
  text = lua_tostring (L, -1);
  lua_pop (L, 1);
  return text; /* the request's table keeps it alive */
}

static long milliseconds_field (lua_State *L, const char *name) {
  lua_Number seconds;
  lua_getfield (L, 2, name);
  seconds = lua_tonumber (L, -1);
  lua_pop (L, 1);
  if (seconds <= 0) return 0;
  return seconds > 1e6 ? 1000000000L : (long) (seconds * 1000 + 0.999);
}

static void take_request_headers (lua_State *L, transfer *t) {
  lua_getfield (L, 2, "headers");
  if (lua_istable (L, -1)) {
    lua_pushnil (L);
    while (lua_next (L, -2)) {
      struct curl_slist *list;
      const char *line;
      luaL_argcheck (L, lua_type (L, -2) == LUA_TSTRING && lua_type (L, -1) == LUA_TSTRING, 2,
                     "headers must be names and texts");
      line = lua_pushfstring (L, "%s: %s", lua_tostring (L, -2), lua_tostring (L, -1));
      luaL_argcheck (L, strpbrk (line, "\r\n") == NULL, 2, "a header must be one line");
      list = curl_slist_append (t->headers, line);
      if (list == NULL) luaL_error (L, "out of memory");
      t->headers = list;
      lua_pop (L, 2);
    }
  }
  lua_pop (L, 1);
  {
    /* no pause for a 100-continue that may never come */
    struct curl_slist *list = curl_slist_append (t->headers, "Expect:");
    if (list == NULL) luaL_error (L, "out of memory");
    t->headers = list;
  }
}

static void take_request_body (lua_State *L, transfer *t) {
  lua_getfield (L, 2, "body");
  if (lua_type (L, -1) == LUA_TSTRING) {
    t->plain_body = lua_tolstring (L, -1, &t->body_length);
  } else if (!lua_isnil (L, -1)) {
    t->secret_body = luaL_testudata (L, -1, LP_BODY_TYPE);
    luaL_argcheck (L, t->secret_body != NULL, 2, "the body must be a string or a lastpass.body");
    t->body_length = t->secret_body->length;
  }
  lua_pop (L, 1);
}

static void take_request_sink (lua_State *L, transfer *t) {
  lua_getfield (L, 2, "sink");
  if (!lua_isnil (L, -1)) {
    luaL_argcheck (L, luaL_getmetafield (L, -1, "__sink"), 2, "the sink is none");
    lua_pop (L, 1);
    t->sink = lua_touserdata (L, -1);
  }
  lua_pop (L, 1);
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (curl_easy_setopt (t->easy, option, value) != CURLE_OK)                                     \
      luaL_error (L, "libcurl refuses the option " #option);                                       \
  } while (0)

static void set_method (lua_State *L, transfer *t, const char *method) {
  int has_body = t->plain_body != NULL || t->secret_body != NULL;
  if (has_body) {
    SET (CURLOPT_POST, 1L);
    SET (CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) t->body_length);
    SET (CURLOPT_READFUNCTION, give_body);
    SET (CURLOPT_READDATA, t);
    SET (CURLOPT_SEEKFUNCTION, rewind_body);
    SET (CURLOPT_SEEKDATA, t);
    if (strcmp (method, "POST") != 0) SET (CURLOPT_CUSTOMREQUEST, method);
  } else if (strcmp (method, "HEAD") == 0) {
    SET (CURLOPT_NOBODY, 1L);
  } else if (strcmp (method, "GET") != 0) {
    SET (CURLOPT_CUSTOMREQUEST, method);
  }
}

static void set_tls (lua_State *L, transfer *t, int loopback) {
  const char *ca_file = string_field (L, "ca_file");
  int verify;
  lua_getfield (L, 2, "verify");
  verify = lua_isnil (L, -1) || lua_toboolean (L, -1);
  lua_pop (L, 1);
  luaL_argcheck (L, verify || loopback, 2,
                 "TLS verification can be switched off for this machine only");
  SET (CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
  SET (CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  SET (CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  /* with a directory set, libcurl reads the whole bundle again for every connection */
  SET (CURLOPT_CAPATH, NULL);
  if (ca_file != NULL) SET (CURLOPT_CAINFO, ca_file);
}

static void set_options (lua_State *L, transfer *t, const char *url, int loopback) {
  const char *method = string_field (L, "method"), *proxy = string_field (L, "proxy");
  const char *version = string_field (L, "http_version");
  SET (CURLOPT_NOSIGNAL, 1L);
  SET (CURLOPT_ERRORBUFFER, t->detail);
  SET (CURLOPT_URL, url);
  SET (CURLOPT_PROTOCOLS_STR, "http,https");
  SET (CURLOPT_FOLLOWLOCATION, 0L);
  SET (CURLOPT_HTTP_VERSION, (long) (version != NULL && strcmp (version, "1.1") == 0
                                         ? CURL_HTTP_VERSION_1_1
                                         : CURL_HTTP_VERSION_2TLS));
  SET (CURLOPT_ACCEPT_ENCODING, "");
  SET (CURLOPT_TCP_KEEPALIVE, 1L);
  SET (CURLOPT_TIMEOUT_MS, milliseconds_field (L, "timeout"));
  SET (CURLOPT_CONNECTTIMEOUT_MS, milliseconds_field (L, "connect_timeout"));
  if (proxy != NULL) SET (CURLOPT_PROXY, proxy);
  else if (loopback) SET (CURLOPT_NOPROXY, "*");
  SET (CURLOPT_HTTPHEADER, t->headers);
  SET (CURLOPT_WRITEFUNCTION, take_reply);
  SET (CURLOPT_WRITEDATA, t);
  SET (CURLOPT_HEADERFUNCTION, take_header);
  SET (CURLOPT_HEADERDATA, t);
  SET (CURLOPT_PRIVATE, t);
  set_method (L, t, method != NULL ? method : "GET");
  set_tls (L, t, loopback);
}

/*
** pool:start (request) -> transfer | nil, message, code
** request: method, url, headers, body (string or lastpass.body), repeatable, timeout,
** connect_timeout (seconds), max_bytes, sink, ca_file, proxy, verify, http_version ("1.1")
*/
static int lp_pool_start (lua_State *L) {
  pool *p = check_pool (L);
  const char *url;
  transfer *t;
  int loopback, is_plain = 0;
  luaL_checktype (L, 2, LUA_TTABLE);
  lua_settop (L, 2);
  url = string_field (L, "url");
  luaL_argcheck (L, url != NULL, 2, "the request has no url");
  loopback = look_at_url (url, &is_plain);
  if (loopback < 0 || (is_plain && !loopback)) {
    lua_pushnil (L);
    lua_pushstring (L, loopback < 0 ? "the address is not an http or https URL"
                                    : "plain http would show the secret on the way; use https");
    lua_pushliteral (L, "bad_url");
    return 3;
  }
  t = lua_newuserdata (L, sizeof *t);
  memset (t, 0, sizeof *t);
  luaL_getmetatable (L, TRANSFER_TYPE);
  lua_setmetatable (L, -2);
  lua_getfield (L, 2, "repeatable");
  t->repeatable = (unsigned char) lua_toboolean (L, -1);
  lua_getfield (L, 2, "max_bytes");
  t->max_bytes = (curl_off_t) lua_tonumber (L, -1);
  lua_pop (L, 2);
  take_request_headers (L, t);
  take_request_body (L, t);
  take_request_sink (L, t);
  if ((t->easy = curl_easy_init ()) == NULL) return luaL_error (L, "out of memory");
  set_options (L, t, url, loopback);
  /* everything that may raise comes before libcurl knows the transfer */
  lua_createtable (L, 4, 0);
  lua_pushvalue (L, 3);
  lua_rawseti (L, -2, 1);
  lua_pushvalue (L, 2);
  lua_rawseti (L, -2, 2);
  lua_pushvalue (L, 1);
  lua_rawseti (L, -2, 3);
  lua_getfield (L, 2, "body");
  lua_rawseti (L, -2, 4);
  lua_getfield (L, 2, "sink");
  lua_rawseti (L, -2, 5);
  anchor (L, t);
  t->pool = p;
  if (curl_multi_add_handle (p->multi, t->easy) != CURLM_OK) {
    t->pool = NULL;
    release_anchor (L, t);
    return luaL_error (L, "libcurl refuses the transfer");
  }
  t->next = p->active;
  if (p->active != NULL) p->active->previous = t;
  p->active = t;
  return 1;
}

/* pool:perform () -> how many transfers still run; never waits */
static int lp_pool_perform (lua_State *L) {
  pool *p = check_pool (L);
  int running = 0, queued;
  CURLMsg *message;
  CURLMcode code = curl_multi_perform (p->multi, &running);
  if (code != CURLM_OK) return luaL_error (L, "libcurl: %s", curl_multi_strerror (code));
  while ((message = curl_multi_info_read (p->multi, &queued)) != NULL) {
    transfer *t = NULL;
    CURLcode outcome = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, (char **) (void *) &t);
    finish_transfer (p, t, outcome);
  }
  lua_pushinteger (L, running);
  return 1;
}

/* pool:wait (seconds): until something can be done, or the time is over */
static int lp_pool_wait (lua_State *L) {
  pool *p = check_pool (L);
  lua_Number seconds = luaL_optnumber (L, 2, 1);
  int milliseconds = seconds <= 0 ? 0 : seconds > 3600 ? 3600000 : (int) (seconds * 1000 + 0.999);
  CURLMcode code = curl_multi_poll (p->multi, NULL, 0, milliseconds, NULL);
  if (code != CURLM_OK) return luaL_error (L, "libcurl: %s", curl_multi_strerror (code));
  return 0;
}

/* pool:next_finished () -> transfer | nil, in the order in which they ended */
static int lp_pool_next_finished (lua_State *L) {
  pool *p = check_pool (L);
  transfer *t = p->finished;
  if (t == NULL) return 0;
  unlink_finished (t);
  lua_pushlightuserdata (L, t);
  lua_rawget (L, LUA_REGISTRYINDEX);
  lua_rawgeti (L, -1, 1);
  t->pool = NULL;
  release_anchor (L, t);
  return 1;
}

/* pool:timeout () -> seconds after which `perform` wants to be called anyway, or nil */
static int lp_pool_timeout (lua_State *L) {
  pool *p = check_pool (L);
  long milliseconds = -1;
  curl_multi_timeout (p->multi, &milliseconds);
  if (milliseconds < 0) return 0;
  lua_pushnumber (L, (lua_Number) milliseconds / 1000);
  return 1;
}

/* pool:fds () -> list of descriptors to wait for reading, list for writing */
static int lp_pool_fds (lua_State *L) {
  pool *p = check_pool (L);
  fd_set readable, writable, failed;
  int highest = -1, reads = 0, writes = 0;
  FD_ZERO (&readable);
  FD_ZERO (&writable);
  FD_ZERO (&failed);
  curl_multi_fdset (p->multi, &readable, &writable, &failed, &highest);
  lua_newtable (L);
  lua_newtable (L);
  for (int fd = 0; fd <= highest; fd++) {
    if (FD_ISSET (fd, &readable)) {
      lua_pushinteger (L, fd);
      lua_rawseti (L, -3, ++reads);
    }
    if (FD_ISSET (fd, &writable)) {
      lua_pushinteger (L, fd);
      lua_rawseti (L, -2, ++writes);
    }
  }
  return 2;
}

/* Ends all transfers and connections. */
static int lp_pool_close (lua_State *L) {
  pool *p = luaL_checkudata (L, 1, POOL_TYPE);
  transfer *t;
  if (p->multi == NULL) return 0;
  while ((t = p->active) != NULL) {
    end_transfer (t);
    t->outcome = CURLE_ABORTED_BY_CALLBACK;
    t->cancelled = t->done = 1;
    t->pool = NULL;
    release_anchor (L, t);
  }
  while ((t = p->finished) != NULL) {
    unlink_finished (t);
    t->pool = NULL;
    release_anchor (L, t);
  }
  curl_multi_cleanup (p->multi);
  p->multi = NULL;
  return 0;
}

static int lp_curl_pool (lua_State *L) {
  pool *p = lua_newuserdata (L, sizeof *p);
  memset (p, 0, sizeof *p);
  luaL_getmetatable (L, POOL_TYPE);
  lua_setmetatable (L, -2);
  if ((p->multi = curl_multi_init ()) == NULL) return luaL_error (L, "out of memory");
  curl_multi_setopt (p->multi, CURLMOPT_MAXCONNECTS, (long) KEPT_CONNECTIONS);
  return 1;
}

/* ------------------------------------------------------------------ results */

static const char *code_of_outcome (const transfer *t) {
  if (t->cancelled) return "cancelled";
  if (t->too_large) return "reply_too_large";
  if (t->no_memory) return "out_of_memory";
  if (t->sink_refused) return "bad_reply";
  switch (t->outcome) {
    case CURLE_COULDNT_RESOLVE_HOST: return "unknown_host";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return "proxy_failed";
    case CURLE_COULDNT_CONNECT: return "unreachable";
    case CURLE_OPERATION_TIMEDOUT: return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION: return "tls_certificate";
    case CURLE_SSL_CACERT_BADFILE: return "ca_file";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED: return "tls_failed";
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return "reply_cut";
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND: return "connection_lost";
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: return "bad_reply";
    case CURLE_FILESIZE_EXCEEDED: return "reply_too_large";
    case CURLE_OUT_OF_MEMORY: return "out_of_memory";
    default: return "transfer_failed";
  }
}

/* The header lines as a table, names in lower case, repeated ones joined (RFC 9110 §5.2). */
static void push_headers (lua_State *L, const transfer *t) {
  const char *p = t->header.bytes, *end = p == NULL ? NULL : p + t->header.size;
  lua_newtable (L);
  while (p < end) {
    const char *stop = memchr (p, '\n', (size_t) (end - p)), *next, *colon;
    char name[128];
    next = stop == NULL ? end : stop + 1;
    if (stop == NULL) stop = end;
    colon = memchr (p, ':', (size_t) (stop - p));
    if (colon != NULL && colon > p && (size_t) (colon - p) < sizeof name) {
      size_t n = (size_t) (colon - p);
      for (size_t i = 0; i < n; i++) name[i] = (char) tolower ((unsigned char) p[i]);
      for (colon++; colon < stop && (*colon == ' ' || *colon == '\t'); colon++) {}
      while (stop > colon && isspace ((unsigned char) stop[-1])) stop--;
      lua_pushlstring (L, name, n);
      lua_pushvalue (L, -1);
      lua_rawget (L, -3);
      if (lua_isnil (L, -1)) {
        lua_pop (L, 1);
        lua_pushlstring (L, colon, (size_t) (stop - colon));
      } else {
        lua_pushliteral (L, ", ");
        lua_pushlstring (L, colon, (size_t) (stop - colon));
        lua_concat (L, 3);
      }
      lua_rawset (L, -3);
    }
    p = next;
  }
}

static void push_response (lua_State *L, const transfer *t) {
  lua_createtable (L, 0, 3);
  lua_pushinteger (L, (lua_Integer) t->status);
  lua_setfield (L, -2, "status");
  push_headers (L, t);
  lua_setfield (L, -2, "headers");
  lua_pushlstring (L, t->reply.bytes == NULL ? "" : t->reply.bytes, t->reply.size);
  lua_setfield (L, -2, "body");
}

/*
** transfer:result () -> response | nil, message, code, sent, begun
** response: status, headers, body ("" when a sink took it). `sent` is true when the server may
** have got the whole request, `begun` when it may have got some of the body.
*/
static int lp_transfer_result (lua_State *L) {
  transfer *t = check_transfer (L);
  const char *text;
  luaL_argcheck (L, t->done, 1, "the transfer is still running");
  if (t->outcome == CURLE_OK && !t->cancelled) {
    push_response (L, t);
    return 1;
  }
  text = t->detail[0] != '\0' ? t->detail : curl_easy_strerror (t->outcome);
  if (t->cancelled) text = "the call was cancelled";
  if (t->outcome == CURLE_SEND_FAIL_REWIND) text = "the connection was lost before an answer came";
  if (t->too_large) text = "the reply is larger than allowed";
  if (t->sink_refused) text = "the reply is not acceptable";
  lua_pushnil (L);
  lua_pushstring (L, text);
  lua_pushstring (L, code_of_outcome (t));
  lua_pushboolean (L, t->body_length > 0 ? t->body_given >= t->body_length : t->header.size > 0);
  lua_pushboolean (L, t->body_given > 0);
  return 5;
}

static int lp_transfer_is_done (lua_State *L) {
  lua_pushboolean (L, check_transfer (L)->done);
  return 1;
}

/* transfer:resume (): after the sink was emptied */
static int lp_transfer_resume (lua_State *L) {
  transfer *t = check_transfer (L);
  if (t->paused && t->easy != NULL) {
    t->paused = 0;
    curl_easy_pause (t->easy, CURLPAUSE_CONT);
  }
  return 0;
}

/* transfer:is_paused () -> true while the sink is full */
static int lp_transfer_is_paused (lua_State *L) {
  lua_pushboolean (L, check_transfer (L)->paused);
  return 1;
}

/* transfer:cancel (): ends it now; a no-op when it is done */
static int lp_transfer_cancel (lua_State *L) {
  transfer *t = check_transfer (L);
  if (t->done || t->pool == NULL) return 0;
  t->cancelled = 1;
  finish_transfer (t->pool, t, CURLE_ABORTED_BY_CALLBACK);
  return 0;
}

/* curl.now () -> seconds of a clock that is never set */
static int lp_curl_now (lua_State *L) {
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  lua_pushnumber (L, (lua_Number) now.tv_sec + (lua_Number) now.tv_nsec / 1e9);
  return 1;
}

/* curl.version () -> what libcurl says of itself */
static int lp_curl_version (lua_State *L) {
  lua_pushstring (L, curl_version ());
  return 1;
}

/* curl.date (text) -> seconds since 1970 | nil: a date of HTTP (RFC 9110 §5.6.7) */
static int lp_curl_date (lua_State *L) {
  time_t date = curl_getdate (luaL_checkstring (L, 1), NULL);
  if (date < 0) return 0;
  lua_pushnumber (L, (lua_Number) date);
  return 1;
}

static int lp_pool_tostring (lua_State *L) {
  lua_pushliteral (L, "lastpass.curl.pool");
  return 1;
}

static int lp_transfer_tostring (lua_State *L) {
  lua_pushliteral (L, "lastpass.curl.transfer");
  return 1;
}

static const luaL_Reg pool_methods[] = {{"start", lp_pool_start},
                                        {"perform", lp_pool_perform},
                                        {"wait", lp_pool_wait},
                                        {"next_finished", lp_pool_next_finished},
                                        {"timeout", lp_pool_timeout},
                                        {"fds", lp_pool_fds},
                                        {"close", lp_pool_close},
                                        {NULL, NULL}};

static const luaL_Reg pool_meta[] = {
    {"__gc", lp_pool_close}, {"__tostring", lp_pool_tostring}, {NULL, NULL}};

static const luaL_Reg transfer_methods[] = {{"result", lp_transfer_result},
                                            {"is_done", lp_transfer_is_done},
                                            {"is_paused", lp_transfer_is_paused},
                                            {"resume", lp_transfer_resume},
                                            {"cancel", lp_transfer_cancel},
                                            {NULL, NULL}};

static const luaL_Reg transfer_meta[] = {
    {"__gc", lp_transfer_collect}, {"__tostring", lp_transfer_tostring}, {NULL, NULL}};

static const luaL_Reg curl_functions[] = {
    {"pool", lp_curl_pool}, {"now", lp_curl_now}, {"version", lp_curl_version},
    {"date", lp_curl_date},  {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_curl (lua_State *L) {
  pthread_once (&curl_once, initialise_curl);
  lp_new_metatable (L, POOL_TYPE, pool_meta, pool_methods);
  lp_new_metatable (L, TRANSFER_TYPE, transfer_meta, transfer_methods);
  lua_pop (L, 2);
  luaL_newlib (L, curl_functions);
  return 1;
}
