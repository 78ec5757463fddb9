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
#define LP_XML_BYTES_TYPE "lastpass.xmldsig.bytes"

/* lp_takes for a function, which has no self. */
static inline void lp_xml_takes (lua_State *L, const char *name, int most) {
  if (lua_gettop(L) > most && !lua_isnil(L, most + 1))
    luaL_error(L, "%s: takes %d argument%s, and more were given", name, most, most == 1 ? "" : "s");
}

/* nil, message, code */
int lp_xml_push_fault (lua_State *L, const lp_xml_fault *fault);

/*
** A userdata that frees what C has made when making Lua values of it raises; pushed before it is
** filled. `release` gets the memory as it was filled in.
*/
typedef struct lp_xml_bytes {
  void *memory;
  void (*release)(void *memory);
} lp_xml_bytes;

lp_xml_bytes *lp_xml_push_bytes (lua_State *L, void (*release)(void *memory));

/* Raises when the table at `index` has a field that is not among `names` (which end with NULL). */
void lp_xml_check_options (lua_State *L, int index, const char *where, const char *const *names);

/* The field `name` of the table at `index`, pushed; raises when it is not of the type given or nil.
 */
int lp_xml_get_field (lua_State *L, int index, const char *name, int type);

/* A whole number from `least` to `most`; `otherwise` when the field is nil. */
size_t lp_xml_get_number (lua_State *L, int index, const char *name, size_t least, size_t most,
                          size_t otherwise);

int lp_xml_get_flag (lua_State *L, int index, const char *name, int otherwise);

/* The field is a list of userdata of that type, which must not be empty when `least` is 1; the
** pointers, in a userdata that is pushed. */
void **lp_xml_get_list (lua_State *L, int index, const char *name, const char *type, size_t *count);

/* The field `allow` of the table at `index`, or all defaults. */
lp_xml_policy lp_xml_get_policy (lua_State *L, int index);

/* {bytes, depth, elements, attributes, namespaces} at `index`, or nil. */
lp_xml_limits lp_xml_get_limits (lua_State *L, int index);

int lp_xml_document_parse (lua_State *L); /* xmldsig.parse */
void lp_xml_document_open (lua_State *L);

int lp_xml_certificate_new (lua_State *L); /* xmldsig.certificate */
int lp_xml_private_key_new (lua_State *L); /* xmldsig.private_key */
/* The open key at that index; raises when there is none. */
EVP_PKEY *lp_xml_check_key (lua_State *L, int index);
const lp_xml_certificate *lp_xml_check_certificate (lua_State *L, int index);
void lp_xml_keys_open (lua_State *L);

int lp_xml_sign_new (lua_State *L);      /* xmldsig.sign */
int lp_xml_canonical_new (lua_State *L); /* xmldsig.canonical */
int lp_xml_base64_new (lua_State *L);    /* xmldsig.from_base64 */

#endif
