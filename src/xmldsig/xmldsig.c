/*
** lastpass.xmldsig: XML that is parsed once and strictly, its signatures and its encryption, over
** libxml2 and libxmlsec1. It knows nothing of SAML's meaning: which elements must be signed, and by
** whom, is decided in lua/lastpass/saml.
*/
#include <string.h>

#include "xmldsig_lua.h"

/* ------------------------------------------------------------------ what the halves share */

int lp_xml_push_fault (lua_State *L, const lp_xml_fault *fault) {
  lua_pushnil(L);
  lua_pushstring(L, fault->message);
  lua_pushstring(L, fault->code);
  return 3;
}

lp_xml_holder *lp_xml_push_holder (lua_State *L, void (*release)(void *memory)) {
  lp_xml_holder *holder = lua_newuserdata(L, sizeof *holder);
  holder->memory = NULL;
  holder->size = 0;
  holder->release = release;
  luaL_getmetatable(L, LP_XML_HOLDER_TYPE);
  lua_setmetatable(L, -2);
  return holder;
}

void lp_xml_empty_holder (lp_xml_holder *holder) {
  if (holder->memory == NULL) return;
  if (holder->size > 0) explicit_bzero(holder->memory, holder->size);
  holder->release(holder->memory);
  holder->memory = NULL;
}

static int lp_xml_holder_close (lua_State *L) {
  lp_xml_empty_holder(luaL_checkudata(L, 1, LP_XML_HOLDER_TYPE));
  return 0;
}

static int is_among (const char *name, const char *const *names) {
  for (; *names != NULL; names++)
    if (strcmp(name, *names) == 0) return 1;
  return 0;
}

void lp_xml_check_options (lua_State *L, int index, const char *where, const char *const *names) {
  index = lua_absindex(L, index);
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "%s: takes named options only", where);
    else if (!is_among(lua_tostring(L, -2), names))
      luaL_error(L, "%s: there is no option '%s'", where, lua_tostring(L, -2));
    lua_pop(L, 1);
  }
}

int lp_xml_get_field (lua_State *L, int index, const char *name, int type) {
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != type)
    luaL_error(L, "xmldsig: '%s' must be a %s, not a %s", name, lua_typename(L, type),
               luaL_typename(L, -1));
  return lua_isnil(L, -1) ? 0 : 1;
}

size_t lp_xml_get_number (lua_State *L, int index, const char *name, size_t least, size_t most,
                          size_t otherwise) {
  size_t value = otherwise;
  if (lp_xml_get_field(L, index, name, LUA_TNUMBER)) {
    lua_Number number = lua_tonumber(L, -1);
    if (!(number >= (lua_Number)least && number <= (lua_Number)most) ||
        number != (lua_Number)(size_t)number)
      luaL_error(L, "xmldsig: '%s' must be a whole number from %d to %d", name, (int)least,
                 (int)most);
    value = (size_t)number;
  }
  lua_pop(L, 1);
  return value;
}

int lp_xml_get_flag (lua_State *L, int index, const char *name, int otherwise) {
  int value = otherwise;
  if (lp_xml_get_field(L, index, name, LUA_TBOOLEAN)) value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

const lp_xml_certificate **lp_xml_check_certificates (lua_State *L, int index, size_t *count) {
  const lp_xml_certificate **list;
  index = lua_absindex(L, index);
  luaL_checktype(L, index, LUA_TTABLE);
  *count = lua_rawlen(L, index);
  list = lua_newuserdata(L, (*count + 1) * sizeof *list);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    list[i] = lp_xml_check_certificate(L, lua_gettop(L));
    lua_pop(L, 1); /* the table keeps it alive */
  }
  return list;
}

lp_xml_policy lp_xml_check_policy (lua_State *L, int index) {
  static const char *const names[] = {"sha1", "ecdsa", "min_rsa_bits", NULL};
  lp_xml_policy policy = lp_xml_default_policy;
  if (lua_isnoneornil(L, index)) return policy;
  index = lua_absindex(L, index);
  lp_xml_check_options(L, index, "allow", names);
  policy.sha1 = lp_xml_get_flag(L, index, "sha1", policy.sha1);
  policy.ecdsa = lp_xml_get_flag(L, index, "ecdsa", policy.ecdsa);
  policy.min_rsa_bits =
      (int)lp_xml_get_number(L, index, "min_rsa_bits", 512, 16384, (size_t)policy.min_rsa_bits);
  return policy;
}

lp_xml_limits lp_xml_check_limits (lua_State *L, int index, const lp_xml_limits *defaults) {
  static const char *const names[] = {"bytes",      "depth",      "elements",
                                      "attributes", "namespaces", NULL};
  lp_xml_limits limits = *defaults;
  if (lua_isnoneornil(L, index)) return limits;
  lp_xml_check_options(L, index, "limits", names);
  limits.bytes = lp_xml_get_number(L, index, "bytes", 1, 0x7FFFFFFF, limits.bytes);
  limits.depth = (unsigned)lp_xml_get_number(L, index, "depth", 1, LP_XML_DEPTH_MAX, limits.depth);
  limits.elements =
      (unsigned)lp_xml_get_number(L, index, "elements", 1, 0x7FFFFFFF, limits.elements);
  limits.attributes =
      (unsigned)lp_xml_get_number(L, index, "attributes", 1, 1000, limits.attributes);
  limits.namespaces = (unsigned)lp_xml_get_number(L, index, "namespaces", 1, LP_XML_NAMESPACES_MAX,
                                                  limits.namespaces);
  return limits;
}

/* ------------------------------------------------------------------ the module */

static const luaL_Reg holder_meta[] = {{"__gc", lp_xml_holder_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"parse", lp_xml_document_parse},          {"certificate", lp_xml_certificate_new},
    {"private_key", lp_xml_private_key_new},   {"sign", lp_xml_sign_new},
    {"encrypt", lp_xml_encrypt_new},           {"canonical", lp_xml_canonical_new},
    {"sign_octets", lp_xml_octets_sign},       {"verify_octets", lp_xml_octets_verify},
    {"decrypt_octets", lp_xml_octets_decrypt}, {"entity", lp_xml_entity_new},
    {"from_base64", lp_xml_base64_new},        {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_xmldsig (lua_State *L) {
  lp_new_metatable(L, LP_XML_HOLDER_TYPE, holder_meta, NULL);
  lua_pop(L, 1);
  lp_xml_document_open(L);
  lp_xml_keys_open(L);
  lp_xml_entity_open(L);
  luaL_newlib(L, functions);
  return 1;
}
