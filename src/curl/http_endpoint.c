/* Endpoints: what is the same for all requests to an address; see http_endpoint.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "http_endpoint.h"

#define IDLE_MOST 64              /* handles kept for an address */
#define BODY_CAPACITY (64 * 1024) /* first size of a body's mapping */

struct lp_endpoint {
  char *url, *method, *ca_file, *proxy;
  struct curl_slist *headers;
  struct curl_slist no_expect; /* the same after "Expect:" */
  long connect_timeout;        /* milliseconds, 0 for libcurl's own */
  int verify, loopback, http_2;
  lp_handle *idle;
  int idle_count;
};

lp_endpoint *lp_endpoint_check (lua_State *L, int index) {
  return luaL_checkudata(L, index, LP_ENDPOINT_TYPE);
}

/* ------------------------------------------------------------------ handles */

static void unmap_body (lp_handle *h) {
  if (h->body != NULL) munmap(h->body, h->body_capacity);
  h->body = NULL;
  h->body_capacity = 0;
}

static void free_handle (lp_handle *h) {
  curl_easy_cleanup(h->easy);
  unmap_body(h);
  free(h);
}

int lp_handle_reserve (lp_handle *h, size_t n) {
  size_t capacity = BODY_CAPACITY;
  void *memory;
  if (n <= h->body_capacity) return 0;
  while (capacity < n) {
    if (capacity > SIZE_MAX / 2) return -1;
    capacity *= 2;
  }
  memory = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -1;
  if (madvise(memory, capacity, MADV_DONTDUMP) != 0) {
    munmap(memory, capacity);
    return -1;
  }
  unmap_body(h); /* wiped when its last request was given back */
  h->body = memory;
  h->body_capacity = capacity;
  return 0;
}

/* Not HTTP/2 by itself: its library keeps the last request, hash and all, in memory of its own, and
** the values of headers for as long as the connection lives. */
static long http_version (const lp_endpoint *e, int has_secret_header) {
  return e->http_2 && !has_secret_header ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) return -1;                              \
  } while (0)

static int set_options (const lp_endpoint *e, CURL *easy) {
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_URL, e->url);
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, http_version(e, 0));
  SET(CURLOPT_ACCEPT_ENCODING, "");
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_UPLOAD_BUFFERSIZE, LP_UPLOAD_BUFFER);
  SET(CURLOPT_CONNECTTIMEOUT_MS, e->connect_timeout);
  if (e->proxy != NULL)
    SET(CURLOPT_PROXY, e->proxy);
  else if (e->loopback)
    SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, e->verify ? 1L : 0L);
  SET(CURLOPT_SSL_VERIFYHOST, e->verify ? 2L : 0L);
  /* with a directory set, libcurl reads the whole bundle again for every connection */
  SET(CURLOPT_CAPATH, NULL);
  if (e->ca_file != NULL) SET(CURLOPT_CAINFO, e->ca_file);
  if (strcmp(e->method, "HEAD") == 0)
    SET(CURLOPT_NOBODY, 1L);
  else if (strcmp(e->method, "POST") != 0) /* GET as well: one with a body would be a POST */
    SET(CURLOPT_CUSTOMREQUEST, e->method);
  return 0;
}

lp_handle *lp_endpoint_take (lp_endpoint *e) {
  lp_handle *h = e->idle;
  if (h != NULL) {
    e->idle = h->next;
    e->idle_count--;
    return h;
  }
  if ((h = calloc(1, sizeof *h)) == NULL) return NULL;
  h->easy = curl_easy_init();
  if (h->easy == NULL || set_options(e, h->easy) != 0) {
    free_handle(h);
    return NULL;
  }
  return h;
}

#define EXPECT_FROM ((size_t)1 << 20) /* bytes; libcurl asks whether a larger body is wanted */

/* The handle may have carried another kind of request before. A large body goes without a pause for
** a 100-continue that may never come. */
void lp_endpoint_set_body (lp_endpoint *e, lp_handle *h, int has_body, size_t n, char *header) {
  int posts = strcmp(e->method, "POST") == 0;
  struct curl_slist *headers = n < EXPECT_FROM ? e->headers : &e->no_expect;
  e->no_expect.next = e->headers;
  if (header != NULL) {
    h->secret_header.data = header;
    h->secret_header.next = headers;
    headers = &h->secret_header;
  }
  curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, headers);
  if (e->http_2) curl_easy_setopt(h->easy, CURLOPT_HTTP_VERSION, http_version(e, header != NULL));
  if (has_body || posts) {
    curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, has_body ? h->body : "");
    curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
  } else if (strcmp(e->method, "HEAD") != 0) {
    curl_easy_setopt(h->easy, CURLOPT_HTTPGET, 1L);
  }
}

void lp_endpoint_give (lp_endpoint *e, lp_handle *h, size_t used) {
  if (h->body != NULL) explicit_bzero(h->body, used);
  if (e->idle_count >= IDLE_MOST) {
    free_handle(h);
    return;
  }
  curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, NULL);
  if (h->secret_header.data != NULL) curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
  h->secret_header.data = NULL;
  h->next = e->idle;
  e->idle = h;
  e->idle_count++;
}

/* ------------------------------------------------------------------ making one */

static int is_loopback_host (const char *host) {
  size_t n = strlen(host);
  if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return 1;
  if (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0) return 1;
  /* 127.0.0.0/8 in its plain form only */
  return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n;
}

/* -1: not an address we send to, 0: elsewhere, 1: this machine. */
static int inspect_url (const char *text, int *is_plain) {
  CURLU *url = curl_url();
  char *scheme = NULL, *host = NULL;
  int answer = -1;
  if (url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0)) {
    answer = is_loopback_host(host);
    *is_plain = strcmp(scheme, "http") == 0;
  }
  curl_free(scheme);
  curl_free(host);
  curl_url_cleanup(url);
  return answer;
}

/* A copy of a string field of the table at index 1, or of `otherwise`; NULL when both are missing.
 */
static char *copy_field (lua_State *L, const char *name, const char *otherwise) {
  const char *text;
  char *copy = NULL;
  lua_getfield(L, 1, name);
  text = luaL_optstring(L, -1, otherwise);
  if (text != NULL && (copy = strdup(text)) == NULL) luaL_error(L, "out of memory");
  lua_pop(L, 1);
  return copy;
}

static void add_header (lua_State *L, lp_endpoint *e, const char *line) {
  struct curl_slist *list = curl_slist_append(e->headers, line);
  if (list == NULL) luaL_error(L, "out of memory");
  e->headers = list;
}

static void take_headers (lua_State *L, lp_endpoint *e) {
  static char no_expect[] = "Expect:";
  e->no_expect.data = no_expect;
  lua_getfield(L, 1, "headers");
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      const char *line;
      luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING, 1,
                    "headers must be names and texts");
      line = lua_pushfstring(L, "%s: %s", lua_tostring(L, -2), lua_tostring(L, -1));
      luaL_argcheck(L, strpbrk(line, "\r\n") == NULL, 1, "a header must be one line");
      add_header(L, e, line);
      lua_pop(L, 2);
    }
  }
  lua_pop(L, 1);
}

/*
** curl.endpoint (options) -> endpoint | nil, message, code
** What could be read on the way goes through no proxy, neither one that is named (refused) nor one
** of the environment (not looked at).
** options: url, method ("GET"), headers, ca_file, proxy, verify, http_version ("2"),
** connect_timeout (seconds)
*/
static int lp_endpoint_new (lua_State *L) {
  lp_endpoint *e;
  const char *version;
  int loopback, is_plain = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_getfield(L, 1, "url");
  loopback = inspect_url(luaL_checkstring(L, -1), &is_plain);
  if (loopback < 0 || (is_plain && !loopback)) {
    lua_pushnil(L);
    lua_pushstring(L, loopback < 0 ? "the address is not an http or https URL"
                                   : "plain http would show the secret on the way; use https");
    lua_pushliteral(L, "bad_url");
    return 3;
  }
  e = lua_newuserdata(L, sizeof *e);
  memset(e, 0, sizeof *e);
  luaL_getmetatable(L, LP_ENDPOINT_TYPE);
  lua_setmetatable(L, -2);
  e->loopback = loopback;
  e->url = copy_field(L, "url", NULL);
  e->method = copy_field(L, "method", "GET");
  e->ca_file = copy_field(L, "ca_file", NULL);
  e->proxy = copy_field(L, "proxy", NULL);
  lua_getfield(L, 1, "verify");
  e->verify = lua_isnil(L, -1) || lua_toboolean(L, -1);
  luaL_argcheck(L, e->verify || loopback, 1,
                "TLS verification can be switched off for this machine only");
  if (e->proxy != NULL && e->proxy[0] != '\0' && (is_plain || !e->verify)) {
    lua_pushnil(L);
    lua_pushliteral(L,
                    "what goes to this machine without TLS that is verified goes through no proxy");
    lua_pushliteral(L, "bad_proxy");
    return 3;
  }
  lua_getfield(L, 1, "http_version");
  version = lua_tostring(L, -1);
  e->http_2 = version != NULL && strcmp(version, "2") == 0;
  lua_getfield(L, 1, "connect_timeout");
  e->connect_timeout = (long)(lua_tonumber(L, -1) * 1000 + 0.999);
  lua_pop(L, 3);
  take_headers(L, e);
  return 1;
}

static void free_idle_handles (lp_endpoint *e) {
  while (e->idle != NULL) {
    lp_handle *h = e->idle;
    e->idle = h->next;
    free_handle(h);
  }
  e->idle_count = IDLE_MOST; /* what comes back later is freed */
}

static int lp_endpoint_close (lua_State *L) {
  lp_endpoint *e = lp_endpoint_check(L, 1);
  free_idle_handles(e);
  curl_slist_free_all(e->headers);
  free(e->url);
  free(e->method);
  free(e->ca_file);
  free(e->proxy);
  memset(e, 0, sizeof *e);
  e->idle_count = IDLE_MOST;
  return 0;
}

/*
** endpoint:retire (): no further request is made with it, so that its idle handles need not wait
*for
** the collector, to which they look small. Those that run come to their end.
*/
static int lp_endpoint_retire (lua_State *L) {
  lp_endpoint *e = lp_endpoint_check(L, 1);
  free_idle_handles(e);
  return 0;
}

static int lp_endpoint_tostring (lua_State *L) {
  lua_pushliteral(L, "lastpass.curl.endpoint");
  return 1;
}

static const luaL_Reg endpoint_methods[] = {{"retire", lp_endpoint_retire}, {NULL, NULL}};

static const luaL_Reg endpoint_meta[] = {
    {"__gc", lp_endpoint_close}, {"__tostring", lp_endpoint_tostring}, {NULL, NULL}};

static const luaL_Reg endpoint_functions[] = {{"endpoint", lp_endpoint_new}, {NULL, NULL}};

void lp_endpoint_open (lua_State *L) {
  lp_new_metatable(L, LP_ENDPOINT_TYPE, endpoint_meta, endpoint_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, endpoint_functions, 0);
}
