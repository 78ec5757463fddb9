/* Signatures over octets, and Base64, as Lua sees them. */
#include <stdlib.h>

#include "xml_base64.h"
#include "xml_octets.h"
#include "xmldsig_lua.h"

static lp_xml_octets check_octets (lua_State *L, int index) {
  lp_xml_octets octets;
  octets.bytes = (const unsigned char *)luaL_checklstring(L, index, &octets.size);
  return octets;
}

/* xmldsig.sign_octets (key, octets, algorithm, allow) -> signature | nil, message, code */
int lp_xml_octets_sign (lua_State *L) {
  EVP_PKEY *key = lp_xml_check_key(L, 1);
  lp_xml_octets octets = check_octets(L, 2);
  const char *name = luaL_checkstring(L, 3);
  lp_xml_policy policy = lp_xml_check_policy(L, 4);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  const lp_xml_method *method;
  lp_xml_holder *signature;
  size_t size = 0;
  lp_xml_takes(L, "xmldsig.sign_octets", 4);
  signature = lp_xml_push_holder(L, free);
  if (lp_xml_enter(&scope, &fault) == 0 &&
      (method = lp_xml_wanted_method(name, &policy, &fault)) != NULL)
    signature->memory = lp_xml_sign_octets(key, method, octets, &size, &fault);
  lp_xml_leave(&scope);
  if (signature->memory == NULL) return lp_xml_push_fault(L, &fault);
  lua_pushlstring(L, signature->memory, size);
  lp_xml_empty_holder(signature);
  return 1;
}

/*
** xmldsig.verify_octets (certificates, octets, signature, algorithm, allow) -> index of the
** certificate | nil, message, code
*/
int lp_xml_octets_verify (lua_State *L) {
  lp_xml_octets octets = check_octets(L, 2), signature = check_octets(L, 3);
  const char *name = luaL_checkstring(L, 4);
  lp_xml_policy policy = lp_xml_check_policy(L, 5);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  const lp_xml_certificate **certificates;
  const lp_xml_method *method;
  size_t count;
  long index = -1;
  lp_xml_takes(L, "xmldsig.verify_octets", 5);
  certificates = lp_xml_check_certificates(L, 1, &count);
  if (lp_xml_enter(&scope, &fault) == 0 &&
      (method = lp_xml_allowed_method(name, &policy, &fault)) != NULL)
    index = lp_xml_verify_octets(certificates, count, method, &policy, octets, signature, &fault);
  lp_xml_leave(&scope);
  if (index < 0) return lp_xml_push_fault(L, &fault);
  lua_pushinteger(L, (lua_Integer)index + 1);
  return 1;
}

/*
** xmldsig.decrypt_octets (key, octets) -> plain octets | nil when they were not encrypted for this
** key (xml_octets.h)
*/
int lp_xml_octets_decrypt (lua_State *L) {
  EVP_PKEY *key = lp_xml_check_key(L, 1);
  lp_xml_octets octets = check_octets(L, 2);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_holder *plain;
  size_t size = 0;
  lp_xml_takes(L, "xmldsig.decrypt_octets", 2);
  plain = lp_xml_push_holder(L, free);
  if (lp_xml_enter(&scope, &fault) == 0) plain->memory = lp_xml_decrypt_octets(key, octets, &size);
  lp_xml_leave(&scope);
  if (plain->memory == NULL) {
    lua_pushnil(L);
    return 1;
  }
  plain->size = size;
  lua_pushlstring(L, plain->memory, size);
  lp_xml_empty_holder(plain);
  return 1;
}

/* xmldsig.from_base64 (text) -> bytes | nil when it is not strict Base64 (xml_base64.h) */
int lp_xml_base64_new (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_holder *bytes;
  long size;
  lp_xml_takes(L, "xmldsig.from_base64", 1);
  bytes = lp_xml_push_holder(L, free);
  bytes->memory = malloc(n + 1);
  if (bytes->memory == NULL) return luaL_error(L, "xmldsig: out of memory");
  size = lp_xml_base64_decode(text, n, bytes->memory);
  if (size < 0)
    lua_pushnil(L);
  else
    lua_pushlstring(L, bytes->memory, (size_t)size);
  lp_xml_empty_holder(bytes);
  return 1;
}
