/* A connection to an LDAP server, and what comes over it as Lua values. */
#ifndef LP_LDAP_REPLY_H
#define LP_LDAP_REPLY_H

#include <ldap.h>

#include "compat.h"

#define LP_LDAP_TYPE "lastpass.ldap"

/*
** What libldap hands out lies in the connection until the next call, so that it is freed also when
** making a Lua value of it raises.
*/
typedef struct lp_ldap {
  LDAP *handle; /* NULL: closed */
  unsigned char local, encrypted, connected;
  LDAPMessage *message;
  BerElement *element;
  BerVarray values;
  LDAPControl **controls;
  struct berval cookie;
  char *text, *matched, **referrals;
  LDAPDN dn;
} lp_ldap;

/* Frees what the last call has left. */
void lp_ldap_forget (lp_ldap *c);

/* Pushes what a code means, with what the server or libldap has to add to it. */
void lp_ldap_push_message (lua_State *L, int code, const char *detail);

/*
** Pushes the message of that type: "entry", dn, {name = {value, …}}, names in lower case;
** "reference", {url, …}; "done", {code, message, matched, referrals, cookie}; "nothing".
** Gives the number of values, 0 when the message is not to be understood.
*/
int lp_ldap_push (lua_State *L, lp_ldap *c, int type);

/*
** connection:dn (text) -> key, name | nothing: a string that is the same for all spellings of one
** name (spaces, escapes, case of ASCII letters), and the value that its first part has.
*/
int lp_ldap_dn (lua_State *L);

#endif
