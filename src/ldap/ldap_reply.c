/* Messages of an LDAP server as Lua values; ldap_reply.h says which. */
#include <string.h>

#include "ldap_reply.h"

void lp_ldap_forget (lp_ldap *c) {
  ldap_memfree(c->values);
  if (c->element != NULL) ber_free(c->element, 0);
  if (c->controls != NULL) ldap_controls_free(c->controls);
  ldap_memfree(c->cookie.bv_val);
  ldap_memfree(c->text);
  ldap_memfree(c->matched);
  if (c->referrals != NULL) ldap_memvfree((void **)c->referrals);
  if (c->dn != NULL) ldap_dnfree(c->dn);
  if (c->message != NULL) ldap_msgfree(c->message);
  c->values = NULL;
  c->element = NULL;
  c->controls = NULL;
  c->cookie.bv_val = NULL;
  c->text = c->matched = NULL;
  c->referrals = NULL;
  c->dn = NULL;
  c->message = NULL;
}

/* Servers write names of attributes as their schema has them; their case means nothing. */
static void push_lower (lua_State *L, const char *text, size_t n) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n; i++)
    luaL_addchar(&b, text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i]);
  luaL_pushresult(&b);
}

static void push_values (lua_State *L, const struct berval *values) {
  lua_newtable(L);
  for (int i = 0; values != NULL && values[i].bv_val != NULL; i++) {
    lua_pushlstring(L, values[i].bv_val, values[i].bv_len);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_texts (lua_State *L, char *const *texts) {
  lua_newtable(L);
  for (int i = 0; texts != NULL && texts[i] != NULL; i++) {
    lua_pushstring(L, texts[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* An entry that is cut or garbled is not handed out as far as it goes: values would be missing. */
static int push_entry (lua_State *L, lp_ldap *c) {
  struct berval dn, name;
  lua_pushliteral(L, "entry");
  if (ldap_get_dn_ber(c->handle, c->message, &c->element, &dn) != LDAP_SUCCESS) return 0;
  lua_pushlstring(L, dn.bv_val, dn.bv_len);
  lua_newtable(L);
  for (;;) {
    int code = ldap_get_attribute_ber(c->handle, c->message, c->element, &name, &c->values);
    if (code != LDAP_SUCCESS) return 0;
    if (name.bv_val == NULL) return 3;
    push_lower(L, name.bv_val, name.bv_len);
    push_values(L, c->values);
    lua_rawset(L, -3);
    ldap_memfree(c->values);
    c->values = NULL;
  }
}

static int push_reference (lua_State *L, lp_ldap *c) {
  lua_pushliteral(L, "reference");
  if (ldap_parse_reference(c->handle, c->message, &c->referrals, NULL, 0) != LDAP_SUCCESS) return 0;
  push_texts(L, c->referrals);
  return 2;
}

void lp_ldap_push_message (lua_State *L, int code, const char *detail) {
  const char *text = ldap_err2string(code);
  if (detail == NULL || detail[0] == '\0')
    lua_pushstring(L, text);
  else
    lua_pushfstring(L, detail[0] == '(' ? "%s %s" : "%s (%s)", text, detail);
}

/* The last message of a search or of one of its pages (RFC 2696 §3). */
static int push_done (lua_State *L, lp_ldap *c) {
  int code;
  LDAPControl *page;
  ber_int_t estimate;
  if (ldap_parse_result(c->handle, c->message, &code, &c->matched, &c->text, &c->referrals,
                        &c->controls, 0) != LDAP_SUCCESS)
    return 0;
  page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, c->controls, NULL);
  /* a value is optional in the protocol (RFC 4511 §4.1.11); without one an assertion of
  ** libldap ends the process, and an empty one it reads at no address */
  if (page != NULL && (page->ldctl_value.bv_val == NULL || page->ldctl_value.bv_len == 0)) return 0;
  if (page != NULL &&
      ldap_parse_pageresponse_control(c->handle, page, &estimate, &c->cookie) != LDAP_SUCCESS)
    return 0;
  lua_pushliteral(L, "done");
  lua_newtable(L);
  lua_pushinteger(L, code);
  lua_setfield(L, -2, "code");
  lp_ldap_push_message(L, code, c->text);
  lua_setfield(L, -2, "message");
  if (c->matched != NULL && c->matched[0] != '\0') {
    lua_pushstring(L, c->matched);
    lua_setfield(L, -2, "matched");
  }
  push_texts(L, c->referrals);
  lua_setfield(L, -2, "referrals");
  if (c->cookie.bv_val != NULL && c->cookie.bv_len > 0) {
    lua_pushlstring(L, c->cookie.bv_val, c->cookie.bv_len);
    lua_setfield(L, -2, "cookie");
  }
  return 2;
}

int lp_ldap_push (lua_State *L, lp_ldap *c, int type) {
  switch (type) {
  case LDAP_RES_SEARCH_ENTRY:
    return push_entry(L, c);
  case LDAP_RES_SEARCH_REFERENCE:
    return push_reference(L, c);
  case LDAP_RES_SEARCH_RESULT:
    return push_done(L, c);
  case 0: /* no time left */
  case LDAP_RES_INTERMEDIATE:
    lua_pushliteral(L, "nothing");
    return 1;
  default:
    return 0;
  }
}

/* connection:dn (text) */
int lp_ldap_dn (lua_State *L) {
  lp_ldap *c = luaL_checkudata(L, 1, LP_LDAP_TYPE);
  struct berval given, name;
  given.bv_val = (char *)luaL_checklstring(L, 2, &given.bv_len);
  lp_ldap_forget(c);
  if (ldap_bv2dn(&given, &c->dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || c->dn == NULL ||
      ldap_dn2str(c->dn, &c->text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
    return 0;
  push_lower(L, c->text, strlen(c->text));
  name = c->dn[0][0]->la_value;
  lua_pushlstring(L, name.bv_val, name.bv_len);
  return 2;
}
