/*
** Messages of an LDAP server: whatever one sends in answer to a search, libldap and what is made of
** it here end with values or a failure; neither an assertion nor memory may break. The bytes come
** over a real connection, because libldap takes a message apart nowhere else. A name in a source is
** read with the same library, so the first byte chooses between the two. Leaks are not looked for:
** libldap 2.5 forgets messages of connections that broke off; the specs see what is ours.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ldap_reply.h"

/* libldap has it, its public header has not. */
int ldap_init_fd (ber_socket_t fd, int protocol, const char *url, LDAP **handle);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum { PROTOCOL_TCP = 1, MOST_MESSAGES = 64, MOST_BYTES = 65536 };

typedef struct incoming {
  lp_ldap connection;
  int number; /* of the search */
} incoming;

/* All messages until the connection ends, as lp_ldap_next reads them. */
static int read_messages (lua_State *L) {
  incoming *in = lua_touserdata(L, 1);
  lp_ldap *c = &in->connection;
  for (int i = 0; i < MOST_MESSAGES; i++) {
    struct timeval none = {0, 0};
    int type, count;
    lua_settop(L, 1);
    lp_ldap_forget(c);
    type = ldap_result(c->handle, in->number, LDAP_MSG_ONE, &none, &c->message);
    if (type == -1) return 0;
    count = lp_ldap_push(L, c, type);
    if (count < 0 || count > 3 || count > lua_gettop(L) - 1) abort();
    if (type == 0 || type == LDAP_RES_SEARCH_RESULT) return 0;
  }
  return 0;
}

static void push_searched (incoming *in) {
  LDAPControl *controls[2] = {NULL, NULL};
  struct berval cookie = {0, NULL};
  if (ldap_create_page_control(in->connection.handle, 2, &cookie, 0, &controls[0]) != LDAP_SUCCESS)
    abort();
  if (ldap_search_ext(in->connection.handle, "dc=b", LDAP_SCOPE_SUBTREE, "(mail=*)", NULL, 0,
                      controls, NULL, NULL, LDAP_NO_LIMIT, &in->number) != LDAP_SUCCESS)
    abort();
  ldap_control_free(controls[0]);
}

static void read_reply (lua_State *L, const uint8_t *data, size_t size) {
  static const int version = LDAP_VERSION3;
  incoming in;
  int ends[2];
  memset(&in, 0, sizeof in);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
  if (ldap_init_fd(ends[0], PROTOCOL_TCP, NULL, &in.connection.handle) != LDAP_SUCCESS) abort();
  ldap_set_option(in.connection.handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(in.connection.handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  push_searched(&in);
  if (send(ends[1], data, size, MSG_NOSIGNAL) != (ssize_t)size) abort();
  shutdown(ends[1], SHUT_WR);
  lua_pushcfunction(L, read_messages);
  lua_pushlightuserdata(L, &in);
  if (lua_pcall(L, 1, 0, 0) != 0) abort();
  lp_ldap_forget(&in.connection);
  ldap_unbind_ext(in.connection.handle, NULL, NULL);
  close(ends[1]);
}

static void read_name (lua_State *L, const uint8_t *data, size_t size) {
  lua_pushcfunction(L, lp_ldap_dn);
  lua_rawgeti(L, LUA_REGISTRYINDEX, 1000);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 2, 2, 0) != 0) abort();
  if (lua_isstring(L, -2) != lua_isstring(L, -1)) abort();
}

static lua_State *new_state (void) {
  lua_State *L = luaL_newstate();
  if (L == NULL) abort();
  luaL_newmetatable(L, LP_LDAP_TYPE);
  memset(lua_newuserdata(L, sizeof(lp_ldap)), 0, sizeof(lp_ldap));
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  lua_rawseti(L, LUA_REGISTRYINDEX, 1000);
  return L;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static lua_State *L = NULL;
  if (L == NULL) L = new_state();
  if (size < 1 || size > MOST_BYTES) return 0;
  if (data[0] & 0x80)
    read_name(L, data + 1, size - 1);
  else
    read_reply(L, data + 1, size - 1);
  lua_settop(L, 0);
  return 0;
}
