/*
** lastpass.ldap: libldap (OpenLDAP) as Lua sees it: connect, StartTLS, bind, search page by page.
** What is searched for and what an answer means is decided in lua/lastpass/source/ldap*.lua. A
** connection that others could read is not bound with a password.
*/
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include "ldap_password.h"
#include "ldap_reply.h"
#include "ldap_signal.h"

/* ------------------------------------------------------------------ failures */

/* nil, message, code of libldap or the server */
static int push_failure (lua_State *L, lp_ldap *c, int code) {
  lp_ldap_forget(c);
  ldap_get_option(c->handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &c->text);
  lua_pushnil(L);
  lp_ldap_push_message(L, code, c->text);
  lua_pushinteger(L, code);
  return 3;
}

static int push_outcome (lua_State *L, lp_ldap *c, int code) {
  if (code != LDAP_SUCCESS) return push_failure(L, c, code);
  lua_pushboolean(L, 1);
  return 1;
}

static lp_ldap *check_open (lua_State *L) {
  lp_ldap *c = luaL_checkudata(L, 1, LP_LDAP_TYPE);
  luaL_argcheck(L, c->handle != NULL, 1, "the connection is closed");
  return c;
}

/* A string of the table at `index`, NULL when it is not there. It lives as long as the table. */
static const char *text_of (lua_State *L, int index, const char *name) {
  const char *text = NULL;
  size_t n = 0;
  lua_getfield(L, index, name);
  if (lua_type(L, -1) == LUA_TSTRING) text = lua_tolstring(L, -1, &n);
  if (text == NULL ? !lua_isnil(L, -1) : strlen(text) != n)
    luaL_error(L, "ldap: '%s' must be a string without zeros", name);
  lua_pop(L, 1);
  return text;
}

static lua_Number number_of (lua_State *L, int index, const char *name, lua_Number otherwise) {
  lua_Number value;
  lua_getfield(L, index, name);
  value = lua_isnil(L, -1) ? otherwise : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return value;
}

static struct timeval time_of (lua_Number seconds) {
  struct timeval time;
  if (!(seconds > 0)) seconds = 0;
  if (seconds > 1e6) seconds = 1e6;
  time.tv_sec = (time_t)seconds;
  time.tv_usec = (suseconds_t)((seconds - (lua_Number)time.tv_sec) * 1e6);
  return time;
}

/* ------------------------------------------------------------------ connections */

static int is_loopback_host (const char *host) {
  if (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0) return 1;
  /* 127.0.0.0/8 in its plain form only */
  return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

/* Letters, digits and what else stands in names and numbers of hosts; nothing that an address is
** made of, for it is put into one again. */
static int is_host (const char *host) {
  return host != NULL && host[0] != '\0' &&
         strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:") ==
             strlen(host);
}

/*
** Notes what an address means for the connection, and pushes the one that libldap is given; 0 when
** it is none that we connect to. libldap takes several in one text and continues with the next when
** one does not answer; what is known of the first would not hold for that one, so there may be
** nothing behind the host and its port. For ldaps:// it gets ldap://, as TLS is begun here
** (begin_tls).
*/
static int push_url (lua_State *L, lp_ldap *c, const char *text) {
  LDAPURLDesc *url = NULL;
  char host[256] = "";
  int known = 0, port;
  if (strpbrk(text, " ,?\t\r\n") != NULL || ldap_url_parse(text, &url) != LDAP_URL_SUCCESS)
    return 0;
  port = url->lud_port;
  if (url->lud_dn != NULL && url->lud_dn[0] != '\0') {
    known = 0;
  } else if (strcmp(url->lud_scheme, "ldapi") == 0) {
    known = c->local = 1;
  } else if (is_host(url->lud_host) && strlen(url->lud_host) < sizeof host) {
    strcpy(host, url->lud_host);
    c->local = (unsigned char)is_loopback_host(host);
    c->encrypted = strcmp(url->lud_scheme, "ldaps") == 0;
    known = c->encrypted || strcmp(url->lud_scheme, "ldap") == 0;
  }
  ldap_free_urldesc(url); /* before a Lua string is made, which may raise */
  if (!known) return 0;
  if (host[0] == '\0')
    lua_pushstring(L, text);
  else
    lua_pushfstring(L, strchr(host, ':') != NULL ? "ldap://[%s]:%d" : "ldap://%s:%d", host, port);
  return 1;
}

#define SET(option, value)                                                                         \
  if (ldap_set_option(c->handle, option, value) != LDAP_OPT_SUCCESS) return #option

/*
** What is set here is not left to ldap.conf, ~/.ldaprc and the LDAP* variables of the environment,
** which else could switch the verification off or cut results. Gives what failed, or NULL.
*/
static const char *set_options (lua_State *L, lp_ldap *c) {
  static const int version = LDAP_VERSION3, zero = 0;
  struct timeval connect_time = time_of(number_of(L, 1, "connect_timeout", 10));
  SET(LDAP_OPT_PROTOCOL_VERSION, &version);
  SET(LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  SET(LDAP_OPT_RESTART, LDAP_OPT_ON);
  SET(LDAP_OPT_SIZELIMIT, &zero);
  SET(LDAP_OPT_TIMELIMIT, &zero);
  SET(LDAP_OPT_DEREF, &zero);
  SET(LDAP_OPT_NETWORK_TIMEOUT, &connect_time);
  SET(LDAP_OPT_TIMEOUT, &connect_time); /* of StartTLS and a bind; a search is waited for in Lua */
  return NULL;
}

/* The same for TLS; reading the authorities' certificates takes time, so only when it is used. */
static const char *set_tls (lua_State *L, lp_ldap *c, int index) {
  static const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
  static const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const char *ca_file = text_of(L, index, "ca_file"), *key = text_of(L, index, "key");
  const char *certificate = text_of(L, index, "certificate");
  SET(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
#ifdef LDAP_OPT_X_TLS_REQUIRE_SAN
  {
    static const int name_it_has = LDAP_OPT_X_TLS_TRY;
    SET(LDAP_OPT_X_TLS_REQUIRE_SAN, &name_it_has);
  }
#endif
  SET(LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
  if (ca_file != NULL) {
    SET(LDAP_OPT_X_TLS_CACERTFILE, ca_file);
    SET(LDAP_OPT_X_TLS_CACERTDIR, NULL);
  }
  if (certificate != NULL) {
    SET(LDAP_OPT_X_TLS_CERTFILE, certificate);
    SET(LDAP_OPT_X_TLS_KEYFILE, key != NULL ? key : certificate);
  }
  if (ldap_set_option(c->handle, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS)
    return "the certificates";
  return NULL;
}

/* nil, message, code */
static int push_refused (lua_State *L, const char *what) {
  lua_pushnil(L);
  lua_pushfstring(L, "libldap does not take %s", what);
  lua_pushinteger(L, LDAP_LOCAL_ERROR);
  return 3;
}

/*
** ldap.open {url =, connect_timeout =, ca_file =, certificate =, key =} ->
** connection | nil, message, code. Nothing is sent yet.
*/
static int lp_ldap_open (lua_State *L) {
  const char *url, *failed;
  lp_ldap *c;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  url = text_of(L, 1, "url");
  c = lua_newuserdata(L, sizeof *c);
  memset(c, 0, sizeof *c);
  luaL_getmetatable(L, LP_LDAP_TYPE);
  lua_setmetatable(L, -2);
  if (url == NULL || !push_url(L, c, url) ||
      ldap_initialize(&c->handle, lua_tostring(L, -1)) != LDAP_SUCCESS) {
    lua_pushnil(L);
    lua_pushliteral(L, "not the address of one LDAP server");
    lua_pushinteger(L, LDAP_PARAM_ERROR);
    return 3;
  }
  lua_pop(L, 1);
  failed = set_options(L, c);
  if (failed == NULL && c->encrypted) failed = set_tls(L, c, 1);
  return failed == NULL ? 1 : push_refused(L, failed);
}

/* connection:is_local () -> whether nothing leaves this machine */
static int lp_ldap_is_local (lua_State *L) {
  lua_pushboolean(L, check_open(L)->local);
  return 1;
}

/* connection:is_encrypted () -> whether TLS is on, or will be from the first byte */
static int lp_ldap_is_encrypted (lua_State *L) {
  lua_pushboolean(L, check_open(L)->encrypted);
  return 1;
}

/*
** The TLS handshake. libldap heeds its time only when it also connects asynchronously; else a
** server that says nothing would keep it in a loop for ever (2.5, GnuTLS).
*/
static int begin_tls (lp_ldap *c) {
  Sockbuf *socket = NULL;
  int code;
  if (ldap_get_option(c->handle, LDAP_OPT_SOCKBUF, &socket) != LDAP_OPT_SUCCESS || socket == NULL)
    return LDAP_LOCAL_ERROR;
  ldap_set_option(c->handle, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON);
  ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_NONBLOCK, c);
  code = ldap_install_tls(c->handle);
  ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_NONBLOCK, NULL);
  ldap_set_option(c->handle, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF);
  c->encrypted = code == LDAP_SUCCESS && ldap_tls_inplace(c->handle);
  return code == LDAP_SUCCESS && !c->encrypted ? LDAP_CONNECT_ERROR : code;
}

/*
** Connects, once: libldap would open a lost connection anew with the next request, without TLS and
** as nobody.
*/
static int reach (lp_ldap *c) {
  int code, descriptor = -1;
  if (!c->connected) {
    c->connected = 1;
    code = ldap_connect(c->handle);
    return code == LDAP_SUCCESS && c->encrypted ? begin_tls(c) : code;
  }
  if (ldap_get_option(c->handle, LDAP_OPT_DESC, &descriptor) != LDAP_OPT_SUCCESS) descriptor = -1;
  return descriptor >= 0 ? LDAP_SUCCESS : LDAP_SERVER_DOWN;
}

/* connection:connect () -> true | nil, message, code */
static int lp_ldap_connect (lua_State *L) {
  lp_ldap *c = check_open(L);
  lp_signal_guard guard;
  int code;
  lp_signal_hold(&guard);
  code = reach(c);
  lp_signal_release(&guard);
  return push_outcome(L, c, code);
}

/* connection:start_tls {ca_file =, certificate =, key =} -> true | nil, message, code */
static int lp_ldap_start_tls (lua_State *L) {
  lp_ldap *c = check_open(L);
  lp_signal_guard guard;
  const char *failed;
  int code;
  luaL_checktype(L, 2, LUA_TTABLE);
  if ((failed = set_tls(L, c, 2)) != NULL) return push_refused(L, failed);
  lp_signal_hold(&guard);
  if ((code = reach(c)) == LDAP_SUCCESS)
    code = ldap_extended_operation_s(c->handle, LDAP_EXOP_START_TLS, NULL, NULL, NULL, NULL, NULL);
  if (code == LDAP_SUCCESS) code = begin_tls(c);
  lp_signal_release(&guard);
  return push_outcome(L, c, code);
}

/*
** connection:bind (dn, carrier) -> true | nil, message, code. The carrier is a body (body.h) whose
** secret is the password: the only form in which one leaves the core without being a Lua string.
*/
static int lp_ldap_bind (lua_State *L) {
  lp_ldap *c = check_open(L);
  size_t n;
  const char *dn = luaL_checklstring(L, 2, &n);
  const lp_body *carrier = luaL_checkudata(L, 3, LP_BODY_TYPE);
  lp_signal_guard guard;
  int code;
  luaL_argcheck(L, c->local || c->encrypted, 1, "a password is not sent without TLS");
  luaL_argcheck(L, n > 0 && strlen(dn) == n, 2, "a password needs a name without zeros");
  lp_signal_hold(&guard);
  if ((code = reach(c)) == LDAP_SUCCESS) code = lp_ldap_bind_password(c->handle, dn, carrier);
  lp_signal_release(&guard);
  return push_outcome(L, c, code);
}

/* connection:bind_external () -> true | nil, message, code: TLS or ldapi identifies us */
static int lp_ldap_bind_external (lua_State *L) {
  lp_ldap *c = check_open(L);
  struct berval nobody_else = {0, (char *)""};
  lp_signal_guard guard;
  int code;
  lp_signal_hold(&guard);
  if ((code = reach(c)) == LDAP_SUCCESS)
    code = ldap_sasl_bind_s(c->handle, NULL, "EXTERNAL", &nobody_else, NULL, NULL, NULL);
  lp_signal_release(&guard);
  return push_outcome(L, c, code);
}

/* Frees everything; may be called again. */
static int lp_ldap_close (lua_State *L) {
  lp_ldap *c = luaL_checkudata(L, 1, LP_LDAP_TYPE);
  lp_signal_guard guard;
  lp_ldap_forget(c);
  if (c->handle == NULL) return 0;
  lp_signal_hold(&guard);
  ldap_unbind_ext(c->handle, NULL, NULL);
  lp_signal_release(&guard);
  c->handle = NULL;
  return 0;
}

/* ------------------------------------------------------------------ searches */

/* The texts of a list as C wants them, in a userdata left on the stack. */
static char **push_texts (lua_State *L, int index) {
  size_t n;
  char **texts;
  luaL_checktype(L, index, LUA_TTABLE);
  n = lua_rawlen(L, index);
  texts = lua_newuserdata(L, (n + 1) * sizeof *texts);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "ldap: attributes must be strings");
    texts[i] = (char *)lua_tostring(L, -1); /* the list keeps it alive */
    lua_pop(L, 1);
  }
  texts[n] = NULL;
  return texts;
}

static int scope_of (const char *name) {
  if (name == NULL || strcmp(name, "subtree") == 0) return LDAP_SCOPE_SUBTREE;
  if (strcmp(name, "one") == 0) return LDAP_SCOPE_ONELEVEL;
  return strcmp(name, "base") == 0 ? LDAP_SCOPE_BASE : -1;
}

/*
** connection:search {base =, scope =, filter =, attributes = {…}, page_size =, cookie =,
** time_limit = seconds} -> number of the search | nil, message, code
** With `page_size` the answer comes by pages (RFC 2696).
*/
static int lp_ldap_search (lua_State *L) {
  lp_ldap *c = check_open(L);
  const char *base, *filter;
  struct berval cookie = {0, NULL};
  struct timeval time;
  LDAPControl *controls[2] = {NULL, NULL};
  lp_signal_guard guard;
  int code = LDAP_SUCCESS, scope, number = -1, page_size;
  char **attributes;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  base = text_of(L, 2, "base");
  filter = text_of(L, 2, "filter");
  scope = scope_of(text_of(L, 2, "scope"));
  luaL_argcheck(L, scope >= 0, 2, "scope must be 'base', 'one' or 'subtree'");
  page_size = (int)number_of(L, 2, "page_size", 0);
  time = time_of(number_of(L, 2, "time_limit", 0));
  if (time.tv_usec > 0) time.tv_sec++; /* servers get whole seconds */
  time.tv_usec = 0;
  lua_getfield(L, 2, "attributes");
  attributes = push_texts(L, 3);
  lua_getfield(L, 2, "cookie");
  cookie.bv_val = (char *)lua_tolstring(L, -1, &cookie.bv_len);
  if (page_size > 0)
    code = ldap_create_page_control(c->handle, page_size, &cookie, 0, &controls[0]);
  lp_signal_hold(&guard);
  if (code == LDAP_SUCCESS && (code = reach(c)) == LDAP_SUCCESS)
    code = ldap_search_ext(c->handle, base != NULL ? base : "", scope, filter, attributes, 0,
                           controls, NULL, time.tv_sec > 0 ? &time : NULL, LDAP_NO_LIMIT, &number);
  lp_signal_release(&guard);
  if (controls[0] != NULL) ldap_control_free(controls[0]);
  if (code != LDAP_SUCCESS) return push_failure(L, c, code);
  lua_pushinteger(L, number);
  return 1;
}

/*
** connection:next (number, seconds) -> the next message of a search, see ldap_reply.h; "nothing"
** when none came in that time; nil, message, code when the connection is lost or not understood
*/
static int lp_ldap_next (lua_State *L) {
  lp_ldap *c = check_open(L);
  int number = (int)luaL_checkinteger(L, 2), results, type;
  struct timeval time = time_of(luaL_checknumber(L, 3));
  lp_signal_guard guard;
  lp_ldap_forget(c);
  lp_signal_hold(&guard);
  type = ldap_result(c->handle, number, LDAP_MSG_ONE, &time, &c->message);
  lp_signal_release(&guard);
  if (type == -1) {
    int code = LDAP_OTHER;
    ldap_get_option(c->handle, LDAP_OPT_RESULT_CODE, &code);
    return push_failure(L, c, code);
  }
  results = lp_ldap_push(L, c, type);
  return results > 0 ? results : push_failure(L, c, LDAP_DECODING_ERROR);
}

/* connection:abandon (number): the rest of a search is not wanted */
static int lp_ldap_abandon (lua_State *L) {
  lp_ldap *c = check_open(L);
  int number = (int)luaL_checkinteger(L, 2);
  lp_signal_guard guard;
  lp_signal_hold(&guard);
  ldap_abandon_ext(c->handle, number, NULL, NULL);
  lp_signal_release(&guard);
  return 0;
}

static const luaL_Reg connection_methods[] = {
    {"is_local", lp_ldap_is_local}, {"is_encrypted", lp_ldap_is_encrypted},
    {"connect", lp_ldap_connect},   {"start_tls", lp_ldap_start_tls},
    {"bind", lp_ldap_bind},         {"bind_external", lp_ldap_bind_external},
    {"search", lp_ldap_search},     {"next", lp_ldap_next},
    {"abandon", lp_ldap_abandon},   {"dn", lp_ldap_dn},
    {"close", lp_ldap_close},       {NULL, NULL}};

static const luaL_Reg connection_meta[] = {
    {"__gc", lp_ldap_close}, {"__close", lp_ldap_close}, {NULL, NULL}};

/* ldap.now () -> seconds of a clock that nobody sets */
static int lp_ldap_now (lua_State *L) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  lua_pushnumber(L, (lua_Number)time.tv_sec + (lua_Number)time.tv_nsec / 1e9);
  return 1;
}

static const luaL_Reg ldap_functions[] = {
    {"open", lp_ldap_open}, {"now", lp_ldap_now}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_ldap (lua_State *L) {
  lp_new_metatable(L, LP_LDAP_TYPE, connection_meta, connection_methods);
  lua_pop(L, 1);
  luaL_newlib(L, ldap_functions);
  return 1;
}
