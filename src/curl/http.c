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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "array.h"
#include "body.h"
#include "compat.h"
#include "http_endpoint.h"
#include "stream.h"
#include "registers.h"
#include "signals.h"
#include "sink.h"

#define POOL_TYPE "lastpass.curl.pool"
#define TRANSFER_TYPE "lastpass.curl.transfer"

#define MAX_HEADER_BYTES (256 * 1024)
#define CACHED_CONNECTIONS 64
#define READ_BYTES 4096L /* libcurl takes and wipes so much for every reply that is kept whole */
#define SINK_BYTES 16384L

typedef struct transfer transfer;

typedef struct pool {
  CURLM *multi;
  transfer *active;   /* all that are in `multi` */
  transfer *finished; /* done, not taken out yet; first in, first out */
  transfer *last_finished;
  int paused; /* a sink became full since the last look */
} pool;

typedef struct buffer {
  char *bytes;
  size_t size, capacity;
} buffer;

struct transfer {
  pool *pool;
  lp_endpoint *endpoint;
  lp_handle *handle;                 /* while it runs */
  int anchor;                        /* in the registry: pool, endpoint, request, transfer */
  transfer *previous, *next;         /* in the pool's lists */
  size_t body_length, header_length; /* of the line with a secret, and its end */
  lp_sink *sink;
  buffer reply, header;
  curl_off_t received, max_bytes;
  CURLcode outcome;
  long status, proxy_status; /* of the server, of the proxy's answer to CONNECT */
  unsigned attempts;         /* how often libcurl was about to send it */
  unsigned char repeatable, too_large, sink_refused, no_memory, paused, done, cancelled;
  unsigned char begun, sent; /* some of it, all of it may have arrived */
  unsigned char no_proxy;    /* the proxy did not take the connection */
  char detail[CURL_ERROR_SIZE];
};

/* ------------------------------------------------------------------ libcurl's memory */

/*
** libcurl copies a request's body through buffers of its own. Its memory is wiped when it is
** given back, so that no provisioning hash stays behind in the heap. The buffers that a body and a
** reply pass through are taken anew for each request: these stay mapped, in no core file, and a
** few idle ones wait for the next request, since mapping one takes longer than sending a small
** body.
*/
#define LARGE LP_UPLOAD_BUFFER
#define IDLE_BLOCKS 8

static struct {
  pthread_mutex_t mutex;
  void *blocks[IDLE_BLOCKS];
  int count;
} idle = {PTHREAD_MUTEX_INITIALIZER, {NULL}, 0};

/* An idle block of at least n bytes, but not much more; NULL when there is none. */
static void *take_idle_block (size_t n) {
  void *block = NULL;
  pthread_mutex_lock(&idle.mutex);
  for (int i = idle.count; i-- > 0 && block == NULL;) {
    size_t size = malloc_usable_size(idle.blocks[i]);
    if (size < n || size > n + n / 2) continue;
    block = idle.blocks[i];
    idle.blocks[i] = idle.blocks[--idle.count];
  }
  pthread_mutex_unlock(&idle.mutex);
  return block;
}

/* Whether the block, which is wiped, was kept. */
static int keep_idle_block (void *block) {
  int is_cached;
  pthread_mutex_lock(&idle.mutex);
  is_cached = idle.count < IDLE_BLOCKS;
  if (is_cached) idle.blocks[idle.count++] = block;
  pthread_mutex_unlock(&idle.mutex);
  return is_cached;
}

/* When the module is unloaded. */
__attribute__((destructor)) static void free_idle_blocks (void) {
  while (idle.count > 0) free(idle.blocks[--idle.count]);
}

static void *undumped_malloc (size_t n) {
  size_t page;
  void *memory;
  if (n < LARGE) return malloc(n);
  if ((memory = take_idle_block(n)) != NULL) return memory;
  page = (size_t)sysconf(_SC_PAGESIZE);
  if (n > SIZE_MAX - page) return NULL;
  n = (n + page - 1) / page * page;
  if (posix_memalign(&memory, page, n) != 0) return NULL;
  (void)madvise(memory, n, MADV_DONTDUMP); /* it only adds to what is promised of secrets */
  return memory;
}

static void wiping_free (void *memory) {
  size_t size = malloc_usable_size(memory); /* 0 of NULL */
  if (size == 0) return;
  explicit_bzero(memory, size);
  if (size >= LARGE && size < 4 * LARGE && keep_idle_block(memory)) return;
  free(memory);
}

static void *wiping_realloc (void *memory, size_t n) {
  void *moved;
  size_t old;
  if (memory == NULL) return undumped_malloc(n);
  old = malloc_usable_size(memory);
  if (n <= old && n > old / 2) return memory;
  if ((moved = undumped_malloc(n)) == NULL) return NULL;
  memcpy(moved, memory, old < n ? old : n);
  wiping_free(memory);
  return moved;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void initialise_curl (void) {
  curl_global_init_mem(CURL_GLOBAL_DEFAULT, undumped_malloc, wiping_free, wiping_realloc, strdup,
                       calloc);
}

/* ------------------------------------------------------------------ callbacks */

static int append (buffer *b, const char *bytes, size_t n) {
  if (LP_RESERVE(b->bytes, b->size, n, b->capacity) != 0) return -1;
  memcpy(b->bytes + b->size, bytes, n);
  b->size += n;
  return 0;
}

/* A directory streams into its sink; what is no success is kept for the error's sake. */
static size_t take_reply (char *bytes, size_t size, size_t count, void *data) {
  transfer *t = data;
  size_t n = size * count;
  long status = 0;
  if (t->max_bytes > 0 && t->received + (curl_off_t)n > t->max_bytes) {
    t->too_large = 1;
    return 0;
  }
  curl_easy_getinfo(t->handle->easy, CURLINFO_RESPONSE_CODE, &status);
  if (t->sink != NULL && status == 200) {
    if (t->sink->is_full(t->sink)) {
      t->paused = 1;
      t->pool->paused = 1;
      return CURL_WRITEFUNC_PAUSE; /* the same bytes come again */
    }
    if (t->sink->feed(t->sink, bytes, n) == LP_SINK_STOP) {
      t->sink_refused = 1;
      return 0;
    }
  } else if (append(&t->reply, bytes, n) != 0) {
    t->no_memory = 1;
    return 0;
  }
  t->received += (curl_off_t)n;
  return n;
}

/* Each status line begins anew: a proxy's answer and 100-continue come before the real one. */
static size_t take_header (char *bytes, size_t size, size_t count, void *data) {
  transfer *t = data;
  size_t n = size * count;
  if (n >= 5 && memcmp(bytes, "HTTP/", 5) == 0) t->header.size = 0;
  if (t->header.size + n > MAX_HEADER_BYTES) {
    t->too_large = 1;
    return 0;
  }
  if (append(&t->header, bytes, n) != 0) {
    t->no_memory = 1;
    return 0;
  }
  return n;
}

/*
** libcurl sends a request again by itself when a kept connection turns out to be dead, a POST as
** well. The server may have acted on it, so a write says no here and fails as uncertain instead.
*/
static int before_sending (void *data, char *to, char *from, int to_port, int from_port) {
  transfer *t = data;
  (void)to, (void)from, (void)to_port, (void)from_port;
  return t->attempts++ > 0 && !t->repeatable ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ------------------------------------------------------------------ life of a transfer */

static pool *check_pool (lua_State *L) {
  pool *p = luaL_checkudata(L, 1, POOL_TYPE);
  luaL_argcheck(L, p->multi != NULL, 1, "the pool is closed");
  return p;
}

static transfer *check_transfer (lua_State *L) {
  return luaL_checkudata(L, 1, TRANSFER_TYPE);
}

/* What a running transfer points to stays alive with it, and the transfer itself. */
static void release_anchor (lua_State *L, transfer *t) {
  luaL_unref(L, LUA_REGISTRYINDEX, t->anchor);
  t->anchor = LUA_NOREF;
}

static void unlink_active (transfer *t) {
  if (t->previous != NULL)
    t->previous->next = t->next;
  else if (t->pool->active == t)
    t->pool->active = t->next;
  if (t->next != NULL) t->next->previous = t->previous;
  t->previous = t->next = NULL;
}

static void link_finished (pool *p, transfer *t) {
  t->next = NULL;
  t->previous = p->last_finished;
  if (p->last_finished != NULL)
    p->last_finished->next = t;
  else
    p->finished = t;
  p->last_finished = t;
}

static void unlink_finished (transfer *t) {
  pool *p = t->pool;
  if (t->previous != NULL)
    t->previous->next = t->next;
  else if (p->finished == t)
    p->finished = t->next;
  if (t->next != NULL)
    t->next->previous = t->previous;
  else if (p->last_finished == t)
    p->last_finished = t->previous;
  t->previous = t->next = NULL;
}

/* Whether the host that refused the connection is another than the address names: the proxy. */
static int proxy_is_down (const transfer *t) {
  static const char start[] = "Failed to connect to ";
  const char *url = NULL, *host = t->detail + sizeof start - 1;
  char name[256];
  size_t n;
  if (t->outcome != CURLE_COULDNT_CONNECT || strncmp(t->detail, start, sizeof start - 1) != 0)
    return 0;
  n = strcspn(host, " ");
  if (n == 0 || n >= sizeof name) return 0;
  memcpy(name, host, n);
  name[n] = '\0';
  curl_easy_getinfo(t->handle->easy, CURLINFO_EFFECTIVE_URL, &url);
  return url != NULL && strstr(url, name) == NULL;
}

/* How far the request got, for telling a write that failed from one that is uncertain. */
static void note_progress (transfer *t) {
  long request = 0;
  curl_off_t body = 0;
  curl_easy_getinfo(t->handle->easy, CURLINFO_RESPONSE_CODE, &t->status);
  curl_easy_getinfo(t->handle->easy, CURLINFO_HTTP_CONNECTCODE, &t->proxy_status);
  curl_easy_getinfo(t->handle->easy, CURLINFO_REQUEST_SIZE, &request);
  curl_easy_getinfo(t->handle->easy, CURLINFO_SIZE_UPLOAD_T, &body);
  /* a second attempt means that the first one was sent; libcurl's counters begin anew then */
  t->begun = t->attempts > 1 || (t->attempts == 1 && request > 0);
  t->sent = t->attempts > 1 || (t->begun && (size_t)body >= t->body_length);
  t->no_proxy = (unsigned char)proxy_is_down(t);
}

/* Gives everything of libcurl back; the reply stays. */
static void end_transfer (transfer *t) {
  if (t->handle != NULL) {
    note_progress(t);
    if (t->pool != NULL && t->pool->multi != NULL) {
      curl_multi_remove_handle(t->pool->multi, t->handle->easy);
      unlink_active(t);
    }
    lp_endpoint_give(t->endpoint, t->handle, t->body_length + t->header_length);
    t->handle = NULL;
  }
  t->sink = NULL;
}

/* The transfer is over, by itself or by us: out of libcurl, into the list of finished ones. */
static void finish_transfer (pool *p, transfer *t, CURLcode outcome) {
  t->outcome = outcome;
  end_transfer(t);
  t->done = 1;
  link_finished(p, t);
}

static int lp_transfer_collect (lua_State *L) {
  transfer *t = check_transfer(L);
  end_transfer(t);
  if (t->pool != NULL && t->done) unlink_finished(t);
  t->pool = NULL;
  free(t->reply.bytes);
  free(t->header.bytes);
  t->reply.bytes = t->header.bytes = NULL;
  return 0;
}

/* ------------------------------------------------------------------ requests */

static long milliseconds_field (lua_State *L, const char *name) {
  lua_Number seconds;
  lua_getfield(L, 3, name);
  seconds = lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (seconds <= 0) return 0;
  return seconds > 1e6 ? 1000000000L : (long)(seconds * 1000 + 0.999);
}

/* The field "body" of the request is on top of the stack: its bytes, or the body of the core. */
static const char *check_body (lua_State *L, const lp_body **body, size_t *length) {
  const char *text = NULL;
  if (lua_type(L, -1) == LUA_TSTRING) {
    text = lua_tolstring(L, -1, length);
  } else if (!lua_isnil(L, -1)) {
    *body = luaL_testudata(L, -1, LP_BODY_TYPE);
    luaL_argcheck(L, *body != NULL, 3, "the body must be a string or a lastpass.body");
    *length = (*body)->length;
  }
  return text;
}

static void copy_whole (lua_State *L, const lp_body *body, char *out) {
  if (body->copy(body, 0, out, body->length) != body->length)
    luaL_error(L, "the secret of this request is closed");
}

/*
** Puts the body together in the handle's own memory, and after it the line of the header with a
** secret; the secrets come out of locked memory here.
*/
static void take_body (lua_State *L, transfer *t) {
  const lp_body *body = NULL, *line = NULL;
  const char *text;
  char *header = NULL;
  size_t length = 0, header_length = 0;
  if (!lua_isnil(L, 4)) {
    line = luaL_checkudata(L, 4, LP_BODY_TYPE);
    header_length = line->length + 1;
  }
  lua_getfield(L, 3, "body");
  text = check_body(L, &body, &length);
  lua_pop(L, 1);
  if (text == NULL && body == NULL && line == NULL) {
    lp_endpoint_set_body(t->endpoint, t->handle, 0, 0, NULL);
    return;
  }
  if (length > SIZE_MAX - header_length ||
      lp_handle_reserve(t->handle, length + header_length) != 0)
    luaL_error(L, "out of memory");
  t->body_length = length; /* from here on there is something to wipe */
  t->header_length = header_length;
  if (text != NULL)
    memcpy(t->handle->body, text, length);
  else if (body != NULL)
    copy_whole(L, body, t->handle->body);
  if (line != NULL) {
    header = t->handle->body + length;
    copy_whole(L, line, header);
    header[line->length] = '\0';
  }
  lp_endpoint_set_body(t->endpoint, t->handle, text != NULL || body != NULL, length, header);
}

static void take_sink (lua_State *L, transfer *t) {
  lua_getfield(L, 3, "sink");
  if (!lua_isnil(L, -1)) {
    luaL_argcheck(L, luaL_getmetafield(L, -1, "__sink"), 3, "the sink is none");
    lua_pop(L, 1);
    t->sink = lua_touserdata(L, -1);
  }
  lua_pop(L, 1);
}

static void set_options (lua_State *L, transfer *t) {
  CURL *easy = t->handle->easy;
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->detail);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_reply);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, t->sink != NULL ? SINK_BYTES : READ_BYTES);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds_field(L, "timeout"));
}

/*
** pool:start (endpoint, request, header) -> transfer
** request: body (string or lastpass.body), repeatable, timeout (seconds), max_bytes, sink
** header: the line of a header, as core.secret_header makes it, or nil
*/
static int lp_pool_start (lua_State *L) {
  pool *p = check_pool(L);
  lp_endpoint *endpoint = lp_endpoint_check(L, 2);
  transfer *t;
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 4);
  t = lua_newuserdata(L, sizeof *t);
  memset(t, 0, offsetof(transfer, detail));
  t->detail[0] = '\0';
  luaL_getmetatable(L, TRANSFER_TYPE);
  lua_setmetatable(L, -2);
  /* before libcurl knows of it, so that nothing that may raise comes behind */
  lua_createtable(L, 4, 0);
  for (int i = 1; i <= 4; i++) {
    lua_pushvalue(L, i < 4 ? i : 5);
    lua_rawseti(L, -2, i);
  }
  t->endpoint = endpoint;
  if ((t->handle = lp_endpoint_take(endpoint)) == NULL) return luaL_error(L, "out of memory");
  lua_getfield(L, 3, "repeatable");
  t->repeatable = (unsigned char)lua_toboolean(L, -1);
  lua_getfield(L, 3, "max_bytes");
  t->max_bytes = (curl_off_t)lua_tonumber(L, -1);
  lua_pop(L, 2);
  take_sink(L, t);
  set_options(L, t);
  take_body(L, t);
  t->anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  if (curl_multi_add_handle(p->multi, t->handle->easy) != CURLM_OK) {
    release_anchor(L, t);
    return luaL_error(L, "libcurl refuses the transfer");
  }
  t->pool = p;
  t->next = p->active;
  if (p->active != NULL) p->active->previous = t;
  p->active = t;
  return 1;
}

/* Moves bytes and notes who has finished; how many still run. */
static int perform (lua_State *L, pool *p) {
  int running = 0, queued;
  CURLMsg *message;
  CURLMcode code = curl_multi_perform(p->multi, &running);
  lp_forget_registers(); /* the last that went through them may have been a body */
  if (code != CURLM_OK) luaL_error(L, "libcurl: %s", curl_multi_strerror(code));
  while ((message = curl_multi_info_read(p->multi, &queued)) != NULL) {
    transfer *t = NULL;
    CURLcode outcome = message->data.result;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)(void *)&t);
    finish_transfer(p, t, outcome);
  }
  return running;
}

/* pool:perform () -> how many transfers still run; never waits */
static int lp_pool_perform (lua_State *L) {
  lua_pushinteger(L, perform(L, check_pool(L)));
  return 1;
}

static double clock_now (void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
** Waits until the network moves or a signal that is caught has come; whether it was the signal. It
** is waited for with a descriptor: libcurl hides that a wait was interrupted, and a signal just
** before the wait would not end it.
*/
static int wait_for_network (lua_State *L, pool *p, double seconds) {
  const lp_interrupts *interrupts = lp_interrupts_of(L);
  int caught = interrupts != NULL && interrupts->wake >= 0;
  struct curl_waitfd signals = {caught ? interrupts->wake : -1, CURL_WAIT_POLLIN, 0};
  CURLMcode code = curl_multi_poll(p->multi, caught ? &signals : NULL, caught ? 1 : 0,
                                   seconds > 3600 ? 3600000 : (int)(seconds * 1000 + 0.999), NULL);
  uint64_t signal_count;
  if (code != CURLM_OK) luaL_error(L, "libcurl: %s", curl_multi_strerror(code));
  return signals.revents != 0 && read(interrupts->wake, &signal_count, sizeof signal_count) > 0;
}

/*
** Moves bytes until a transfer has ended or a sink is full, a signal has come or the time is over;
** with `wanted` until that transfer has. The loop is in C because a large reply takes thousands of
** turns.
*/
static void move_bytes (lua_State *L, pool *p, double seconds, const transfer *wanted) {
  double left = seconds, end = 0;
  p->paused = 0;
  for (;;) {
    perform(L, p);
    if (wanted != NULL ? wanted->done || wanted->paused : p->finished != NULL || p->paused) return;
    if (left <= 0) return;
    if (end == 0) {
      end = clock_now() + seconds;
      lua_gc(L, LUA_GCSTEP,
             0); /* while the server is busy: then the next call has no fresh memory */
    }
    if (wait_for_network(L, p, left)) return;
    left = end - clock_now();
  }
}

/* pool:wait (seconds): until something has happened that somebody waits for */
static int lp_pool_wait (lua_State *L) {
  pool *p = check_pool(L);
  move_bytes(L, p, luaL_optnumber(L, 2, 1), NULL);
  return 0;
}

/* Takes a finished transfer out of the pool; it stays on the stack while it is looked at. */
static void take_out (lua_State *L, transfer *t) {
  unlink_finished(t);
  t->pool = NULL;
  release_anchor(L, t);
}

/*
** pool:await (transfer, seconds) -> whether it has ended; then it is taken out of the pool
** For a program that waits for nothing else. It comes back now and then, so that a signal can be
** seen, and when the transfer's sink is full.
*/
static int lp_pool_await (lua_State *L) {
  pool *p = check_pool(L);
  transfer *t = luaL_checkudata(L, 2, TRANSFER_TYPE);
  if (!t->done) move_bytes(L, p, luaL_optnumber(L, 3, 1), t);
  if (t->done && t->pool != NULL) take_out(L, t);
  lua_pushboolean(L, t->done);
  return 1;
}

/* pool:next_finished () -> transfer | nil, in the order in which they ended */
static int lp_pool_next_finished (lua_State *L) {
  pool *p = check_pool(L);
  transfer *t = p->finished;
  if (t == NULL) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->anchor);
  lua_rawgeti(L, -1, 4);
  take_out(L, t);
  return 1;
}

/* pool:timeout () -> seconds after which `perform` wants to be called anyway, or nil */
static int lp_pool_timeout (lua_State *L) {
  pool *p = check_pool(L);
  long milliseconds = -1;
  curl_multi_timeout(p->multi, &milliseconds);
  if (milliseconds < 0) return 0;
  lua_pushnumber(L, (lua_Number)milliseconds / 1000);
  return 1;
}

/* pool:fds () -> list of descriptors to wait for reading, list for writing */
static int lp_pool_fds (lua_State *L) {
  pool *p = check_pool(L);
  fd_set readable, writable, failed;
  int highest = -1, reads = 0, writes = 0;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&failed);
  curl_multi_fdset(p->multi, &readable, &writable, &failed, &highest);
  lua_newtable(L);
  lua_newtable(L);
  for (int fd = 0; fd <= highest; fd++) {
    if (FD_ISSET(fd, &readable)) {
      lua_pushinteger(L, fd);
      lua_rawseti(L, -3, ++reads);
    }
    if (FD_ISSET(fd, &writable)) {
      lua_pushinteger(L, fd);
      lua_rawseti(L, -2, ++writes);
    }
  }
  return 2;
}

/* Ends all transfers and connections. */
static int lp_pool_close (lua_State *L) {
  pool *p = luaL_checkudata(L, 1, POOL_TYPE);
  transfer *t;
  if (p->multi == NULL) return 0;
  while ((t = p->active) != NULL) {
    end_transfer(t);
    t->outcome = CURLE_ABORTED_BY_CALLBACK;
    t->cancelled = t->done = 1;
    t->pool = NULL;
    release_anchor(L, t);
  }
  while ((t = p->finished) != NULL) {
    unlink_finished(t);
    t->pool = NULL;
    release_anchor(L, t);
  }
  curl_multi_cleanup(p->multi);
  p->multi = NULL;
  return 0;
}

static int lp_curl_pool (lua_State *L) {
  pool *p = lua_newuserdata(L, sizeof *p);
  memset(p, 0, sizeof *p);
  luaL_getmetatable(L, POOL_TYPE);
  lua_setmetatable(L, -2);
  if ((p->multi = curl_multi_init()) == NULL) return luaL_error(L, "out of memory");
  curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)CACHED_CONNECTIONS);
  return 1;
}

/* ------------------------------------------------------------------ results */

/* libcurl has no code for the address of a proxy that it cannot use. */
static int proxy_is_odd (const transfer *t) {
  return strstr(t->detail, "nsupported proxy") != NULL;
}

static const char *code_of_outcome (const transfer *t) {
  if (t->cancelled) return "cancelled";
  if (t->too_large) return "reply_too_large";
  if (t->no_memory) return "out_of_memory";
  if (t->sink_refused) return "bad_reply";
  if (t->proxy_status == 407) return "proxy_denied";
  if (t->proxy_status >= 300 || proxy_is_odd(t)) return "proxy_failed";
  switch (t->outcome) {
  case CURLE_COULDNT_RESOLVE_HOST:
    return "unknown_host";
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_PROXY:
    return "proxy_failed";
  case CURLE_COULDNT_CONNECT:
    return "unreachable";
  case CURLE_OPERATION_TIMEDOUT:
    return "timeout";
  case CURLE_PEER_FAILED_VERIFICATION:
    return "tls_certificate";
  case CURLE_SSL_CACERT_BADFILE:
    return "ca_file";
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_ENGINE_INITFAILED:
    return "tls_failed";
  case CURLE_PARTIAL_FILE:
  case CURLE_GOT_NOTHING:
  case CURLE_RECV_ERROR:
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM:
    return "reply_cut";
  case CURLE_SEND_ERROR:
  case CURLE_ABORTED_BY_CALLBACK:
    return "connection_lost"; /* before_sending refused */
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL:
    return "bad_reply";
  case CURLE_FILESIZE_EXCEEDED:
    return "reply_too_large";
  case CURLE_OUT_OF_MEMORY:
    return "out_of_memory";
  default:
    return "transfer_failed";
  }
}

/* The header lines as a table, names in lower case, repeated ones joined (RFC 9110 §5.2). */
static void push_headers (lua_State *L, const transfer *t) {
  const char *p = t->header.bytes, *end = p == NULL ? NULL : p + t->header.size;
  lua_newtable(L);
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p)), *next, *colon;
    char name[128];
    next = stop == NULL ? end : stop + 1;
    if (stop == NULL) stop = end;
    colon = memchr(p, ':', (size_t)(stop - p));
    if (colon != NULL && colon > p && (size_t)(colon - p) < sizeof name) {
      size_t n = (size_t)(colon - p);
      for (size_t i = 0; i < n; i++) name[i] = (char)tolower((unsigned char)p[i]);
      for (colon++; colon < stop && (*colon == ' ' || *colon == '\t'); colon++) {
      }
      while (stop > colon && isspace((unsigned char)stop[-1])) stop--;
      lua_pushlstring(L, name, n);
      lua_pushvalue(L, -1);
      lua_rawget(L, -3);
      if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, colon, (size_t)(stop - colon));
      } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, colon, (size_t)(stop - colon));
        lua_concat(L, 3);
      }
      lua_rawset(L, -3);
    }
    p = next;
  }
}

/* transfer:headers () -> table: made only when it is asked for */
static int lp_transfer_headers (lua_State *L) {
  push_headers(L, check_transfer(L));
  return 1;
}

/* libcurl's own words, but where they repeat the address of a proxy: it may hold a password. */
static void push_reason (lua_State *L, const transfer *t) {
  const char *text = t->detail[0] != '\0' ? t->detail : curl_easy_strerror(t->outcome);
  if (t->sink_refused)
    text = "the reply is not acceptable";
  else if (t->too_large)
    text = "the reply is larger than allowed";
  else if (t->cancelled)
    text = "the call was cancelled";
  else if (t->outcome == CURLE_ABORTED_BY_CALLBACK)
    text = "the connection was lost before an answer came";
  else if (t->proxy_status == 407)
    text = "the proxy refuses: it wants a user name and a password, or others (HTTP 407)";
  else if (t->no_proxy)
    text = "the proxy cannot be reached";
  else if (proxy_is_odd(t))
    text = "the address of the proxy is not understood";
  else if (t->outcome == CURLE_COULDNT_RESOLVE_PROXY)
    text = "the name of the proxy is not known";
  if (t->proxy_status >= 300 && t->proxy_status != 407)
    lua_pushfstring(L, "the proxy does not reach the server (HTTP %d)", (int)t->proxy_status);
  else
    lua_pushstring(L, text);
}

/*
** transfer:result () -> status, body | nil, message, code, sent, begun
** The body is "" when a sink took it. `sent` is true when the server may have got the whole
** request, `begun` when it may have got some of it.
*/
static int lp_transfer_result (lua_State *L) {
  transfer *t = check_transfer(L);
  luaL_argcheck(L, t->done, 1, "the transfer is still running");
  if (t->outcome == CURLE_OK && !t->cancelled) {
    lua_pushinteger(L, (lua_Integer)t->status);
    lua_pushlstring(L, t->reply.bytes == NULL ? "" : t->reply.bytes, t->reply.size);
    return 2;
  }
  lua_pushnil(L);
  push_reason(L, t);
  lua_pushstring(L, code_of_outcome(t));
  lua_pushboolean(L, t->sent);
  lua_pushboolean(L, t->begun);
  return 5;
}

static int lp_transfer_is_done (lua_State *L) {
  lua_pushboolean(L, check_transfer(L)->done);
  return 1;
}

/* transfer:resume (): after the sink was emptied */
static int lp_transfer_resume (lua_State *L) {
  transfer *t = check_transfer(L);
  if (t->paused && t->handle != NULL) {
    t->paused = 0;
    curl_easy_pause(t->handle->easy, CURLPAUSE_CONT);
  }
  return 0;
}

/* transfer:is_paused () -> true while the sink is full */
static int lp_transfer_is_paused (lua_State *L) {
  lua_pushboolean(L, check_transfer(L)->paused);
  return 1;
}

/* transfer:cancel (): ends it now; a no-op when it is done */
static int lp_transfer_cancel (lua_State *L) {
  transfer *t = check_transfer(L);
  if (t->done || t->pool == NULL) return 0;
  t->cancelled = 1;
  finish_transfer(t->pool, t, CURLE_ABORTED_BY_CALLBACK);
  return 0;
}

/* curl.now () -> seconds of a clock that is never set */
static int lp_curl_now (lua_State *L) {
  lua_pushnumber(L, (lua_Number)clock_now());
  return 1;
}

/* curl.version () -> what libcurl says of itself */
static int lp_curl_version (lua_State *L) {
  lua_pushstring(L, curl_version());
  return 1;
}

/* curl.date (text) -> seconds since 1970 | nil: a date of HTTP (RFC 9110 §5.6.7) */
static int lp_curl_date (lua_State *L) {
  time_t date = curl_getdate(luaL_checkstring(L, 1), NULL);
  if (date < 0) return 0;
  lua_pushnumber(L, (lua_Number)date);
  return 1;
}

static int lp_pool_tostring (lua_State *L) {
  lua_pushliteral(L, "lastpass.curl.pool");
  return 1;
}

static int lp_transfer_tostring (lua_State *L) {
  lua_pushliteral(L, "lastpass.curl.transfer");
  return 1;
}

static const luaL_Reg pool_methods[] = {{"start", lp_pool_start},
                                        {"perform", lp_pool_perform},
                                        {"wait", lp_pool_wait},
                                        {"await", lp_pool_await},
                                        {"next_finished", lp_pool_next_finished},
                                        {"timeout", lp_pool_timeout},
                                        {"fds", lp_pool_fds},
                                        {"close", lp_pool_close},
                                        {NULL, NULL}};

static const luaL_Reg pool_meta[] = {
    {"__gc", lp_pool_close}, {"__tostring", lp_pool_tostring}, {NULL, NULL}};

static const luaL_Reg transfer_methods[] = {{"result", lp_transfer_result},
                                            {"headers", lp_transfer_headers},
                                            {"is_done", lp_transfer_is_done},
                                            {"is_paused", lp_transfer_is_paused},
                                            {"resume", lp_transfer_resume},
                                            {"cancel", lp_transfer_cancel},
                                            {NULL, NULL}};

static const luaL_Reg transfer_meta[] = {
    {"__gc", lp_transfer_collect}, {"__tostring", lp_transfer_tostring}, {NULL, NULL}};

static const luaL_Reg curl_functions[] = {{"pool", lp_curl_pool},
                                          {"now", lp_curl_now},
                                          {"version", lp_curl_version},
                                          {"date", lp_curl_date},
                                          {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_curl (lua_State *L) {
  pthread_once(&curl_once, initialise_curl);
  lp_new_metatable(L, POOL_TYPE, pool_meta, pool_methods);
  lp_new_metatable(L, TRANSFER_TYPE, transfer_meta, transfer_methods);
  lua_pop(L, 2);
  luaL_newlib(L, curl_functions);
  lp_endpoint_open(L);
  lp_stream_open(L);
  return 1;
}
