/* What the Lua halves of the module share; its functions are listed in xmldsig.c. */
#ifndef LP_XMLDSIG_LUA_H
#define LP_XMLDSIG_LUA_H

#include "compat.h"
#include "xml_algorithms.h"
#include "xml_keys.h"
#include "xml_parse.h"

#define LP_XML_DOCUMENT_TYPE "lastpass.xmldsig.document"
#define LP_XML_CERTIFICATE_TYPE "lastpass.xmldsig.certificate"
#define LP_XML_KEY_TYPE "lastpass.xmldsig.key"
#define LP_XML_ENTITY_TYPE "lastpass.xmldsig.entity"
#define LP_XML_HOLDER_TYPE "lastpass.xmldsig.holder"

/* lp_takes for a function, which has no self. */
static inline void lp_xml_takes (lua_State *L, const char *name, int most) {
  if (lua_gettop(L) > most && !lua_isnil(L, most + 1))
    luaL_error(L, "%s: takes %d argument%s, and more were given", name, most, most == 1 ? "" : "s");
}

/* nil, message, code */
int lp_xml_push_fault (lua_State *L, const lp_xml_fault *fault);

/*
** What C has made, in a userdata, so that it is freed when making Lua values of it raises. It is
** pushed before it is filled in. `size` bytes of the memory are wiped; 0 for what is no secret.
*/
typedef struct lp_xml_holder {
  void *memory;
  size_t size;
  void (*release)(void *memory);
} lp_xml_holder;

lp_xml_holder *lp_xml_push_holder (lua_State *L, void (*release)(void *memory));
/*
** As soon as the values are made, without waiting for the collector, which does not know how large
** it is.
*/
void lp_xml_empty_holder (lp_xml_holder *holder);

/* Raises when the table at `index` has a field that is not among `names` (which end with NULL). */
void lp_xml_check_options (lua_State *L, int index, const char *where, const char *const *names);

/*
** The field `name` of the table at `index`, pushed; raises when it is not of the type given or nil.
*/
int lp_xml_get_field (lua_State *L, int index, const char *name, int type);

/* A whole number from `least` to `most`; `otherwise` when the field is nil. */
size_t lp_xml_get_number (lua_State *L, int index, const char *name, size_t least, size_t most,
                          size_t otherwise);

int lp_xml_get_flag (lua_State *L, int index, const char *name, int otherwise);

/*
** The value at `index` is a list of certificates, all of them open; they, in a userdata that is
** pushed.
*/
const lp_xml_certificate **lp_xml_check_certificates (lua_State *L, int index, size_t *count);

/* {sha1 =, ecdsa =, min_rsa_bits =} at `index`, or nil for the defaults. */
lp_xml_policy lp_xml_check_policy (lua_State *L, int index);

/*
** {bytes =, depth =, elements =, attributes =, namespaces =} at `index`, where the defaults differ.
*/
lp_xml_limits lp_xml_check_limits (lua_State *L, int index, const lp_xml_limits *defaults);

int lp_xml_document_parse (lua_State *L); /* xmldsig.parse */
void lp_xml_document_open (lua_State *L);

int lp_xml_certificate_new (lua_State *L); /* xmldsig.certificate */
int lp_xml_private_key_new (lua_State *L); /* xmldsig.private_key */
/* The open key at that index; raises when there is none. */
EVP_PKEY *lp_xml_check_key (lua_State *L, int index);
const lp_xml_certificate *lp_xml_check_certificate (lua_State *L, int index);
void lp_xml_keys_open (lua_State *L);

int lp_xml_sign_new (lua_State *L);      /* xmldsig.sign */
int lp_xml_encrypt_new (lua_State *L);   /* xmldsig.encrypt */
int lp_xml_canonical_new (lua_State *L); /* xmldsig.canonical */
int lp_xml_base64_new (lua_State *L);    /* xmldsig.from_base64 */

int lp_xml_octets_sign (lua_State *L);    /* xmldsig.sign_octets */
int lp_xml_octets_verify (lua_State *L);  /* xmldsig.verify_octets */
int lp_xml_octets_decrypt (lua_State *L); /* xmldsig.decrypt_octets */

int lp_xml_entity_new (lua_State *L); /* xmldsig.entity */
void lp_xml_entity_open (lua_State *L);

#endif
