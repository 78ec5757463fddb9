/* What writes XML for Lua: signatures, encryption and canonical forms. */
#include <stdlib.h>

#include "xml_canonical.h"
#include "xml_encryption.h"
#include "xml_sign.h"
#include "xmldsig_lua.h"

/* What is written here comes from us, and is not bounded as what comes from outside is. */
static const lp_xml_limits own_limits = {.bytes = 64u * 1024u * 1024u,
                                         .depth = LP_XML_DEPTH_MAX,
                                         .elements = 2000000,
                                         .attributes = 1000,
                                         .namespaces = LP_XML_NAMESPACES_MAX};

static void free_document (void *document) {
  xmlFreeDoc(document);
}

static void free_buffer (void *buffer) {
  xmlBufferFree(buffer);
}

static void free_chars (void *chars) {
  xmlFree(chars);
}

/* What was written, or the failure. */
static int push_buffer (lua_State *L, lp_xml_holder *buffer, const lp_xml_fault *fault) {
  if (buffer->memory == NULL) return lp_xml_push_fault(L, fault);
  lua_pushlstring(L, (const char *)xmlBufferContent(buffer->memory),
                  (size_t)xmlBufferLength(buffer->memory));
  lp_xml_empty_holder(buffer);
  return 1;
}

/* A string of the table at `index`, left on the stack; raises when it is missing. */
static const char *needed_text (lua_State *L, int index, const char *name) {
  if (!lp_xml_get_field(L, index, name, LUA_TSTRING))
    luaL_error(L, "xmldsig: '%s' is missing", name);
  return lua_tostring(L, -1);
}

/*
** Takes the options of xmldsig.sign; what they point to stays on the stack. NULL with a fault for
** the method when it is not one that we sign with.
*/
static void get_signing (lua_State *L, int index, lp_xml_signing *signing, lp_xml_fault *fault) {
  static const char *const names[] = {"key",       "certificate", "id", "after",
                                      "algorithm", "allow",       NULL};
  lp_xml_policy policy;
  lp_xml_check_options(L, index, "sign", names);
  lua_getfield(L, index, "key");
  signing->key = lp_xml_check_key(L, lua_gettop(L));
  lua_getfield(L, index, "certificate");
  signing->certificate = lua_isnil(L, -1) ? NULL : lp_xml_check_certificate(L, lua_gettop(L));
  signing->id = needed_text(L, index, "id");
  signing->after_ns = signing->after_name = NULL;
  if (lp_xml_get_field(L, index, "after", LUA_TTABLE)) {
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    signing->after_ns = lua_tostring(L, -2);
    signing->after_name = lua_tostring(L, -1);
    if (signing->after_ns == NULL || signing->after_name == NULL)
      luaL_error(L, "xmldsig: 'after' must be {namespace, name}");
  }
  lua_getfield(L, index, "allow");
  policy = lp_xml_check_policy(L, lua_gettop(L));
  if (!lp_xml_get_field(L, index, "algorithm", LUA_TSTRING)) {
    lua_pop(L, 1);
    lua_pushstring(L,
                   EVP_PKEY_base_id(signing->key) == EVP_PKEY_EC ? "ecdsa-sha256" : "rsa-sha256");
  }
  signing->method = lp_xml_wanted_method(lua_tostring(L, -1), &policy, fault);
}

/*
** xmldsig.sign (text, {key =, id =, certificate =, after = {namespace, name},
** algorithm =, allow =})
** -> text with an enveloped signature of the element with that ID | nil, message, code
*/
int lp_xml_sign_new (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_signing signing;
  lp_xml_holder *document, *buffer;
  lp_xml_takes(L, "xmldsig.sign", 2);
  luaL_checktype(L, 2, LUA_TTABLE);
  get_signing(L, 2, &signing, &fault);
  document = lp_xml_push_holder(L, free_document);
  buffer = lp_xml_push_holder(L, free_buffer);
  if (lp_xml_enter(&scope, &fault) == 0 && signing.method != NULL &&
      (document->memory = lp_xml_parse(text, n, &own_limits, &fault)) != NULL &&
      lp_xml_sign(document->memory, &signing, &fault) == 0 &&
      (buffer->memory = lp_xml_write(document->memory)) == NULL)
    (void)lp_xml_out_of_memory(&fault);
  lp_xml_leave(&scope);
  lp_xml_empty_holder(document);
  return push_buffer(L, buffer, &fault);
}

/* The short name or URI of an option. */
static const char *text_or (lua_State *L, int index, const char *name, const char *otherwise) {
  return lp_xml_get_field(L, index, name, LUA_TSTRING) ? lua_tostring(L, -1) : otherwise;
}

/*
** xmldsig.encrypt (text, {certificate =, algorithm = "aes256-gcm", transport = "rsa-oaep-mgf1p"})
** -> an EncryptedData as text, its key in it | nil, message, code
*/
int lp_xml_encrypt_new (lua_State *L) {
  static const char *const names[] = {"certificate", "algorithm", "transport", NULL};
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  const lp_xml_certificate *certificate;
  const lp_xml_cipher *cipher;
  const lp_xml_transport *transport;
  lp_xml_holder *document, *buffer;
  lp_xml_takes(L, "xmldsig.encrypt", 2);
  lp_xml_check_options(L, 2, "encrypt", names);
  lua_getfield(L, 2, "certificate");
  certificate = lp_xml_check_certificate(L, lua_gettop(L));
  cipher = lp_xml_find_cipher(text_or(L, 2, "algorithm", "aes256-gcm"));
  transport = lp_xml_find_transport(text_or(L, 2, "transport", "rsa-oaep-mgf1p"));
  if (cipher == NULL || cipher->is_cbc || transport == NULL) {
    (void)lp_xml_fail(&fault, "encryption_refused", "it is encrypted by AES-GCM and RSA-OAEP only");
    return lp_xml_push_fault(L, &fault);
  }
  document = lp_xml_push_holder(L, free_document);
  buffer = lp_xml_push_holder(L, free_buffer);
  if (lp_xml_enter(&scope, &fault) == 0 &&
      (document->memory = lp_xml_encrypt(text, n, certificate, cipher, transport, &fault)) !=
          NULL &&
      (buffer->memory = lp_xml_write(document->memory)) == NULL)
    (void)lp_xml_out_of_memory(&fault);
  lp_xml_leave(&scope);
  lp_xml_empty_holder(document);
  return push_buffer(L, buffer, &fault);
}

/* xmldsig.canonical (text) -> its exclusive canonical form | nil, message, code */
int lp_xml_canonical_new (lua_State *L) {
  size_t n, size = 0;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_holder *document, *bytes;
  lp_xml_takes(L, "xmldsig.canonical", 1);
  document = lp_xml_push_holder(L, free_document);
  bytes = lp_xml_push_holder(L, free_chars);
  if (lp_xml_enter(&scope, &fault) == 0 &&
      (document->memory = lp_xml_parse(text, n, &own_limits, &fault)) != NULL)
    bytes->memory = lp_xml_canonical(document->memory, &size, &fault);
  lp_xml_leave(&scope);
  lp_xml_empty_holder(document);
  if (bytes->memory == NULL) return lp_xml_push_fault(L, &fault);
  lua_pushlstring(L, bytes->memory, size);
  lp_xml_empty_holder(bytes);
  return 1;
}
