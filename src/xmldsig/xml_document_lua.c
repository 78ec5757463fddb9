/* Documents as Lua sees them: parsed, looked at, verified. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "xml_encryption.h"
#include "xml_names.h"
#include "xml_verify.h"
#include "xmldsig_lua.h"

typedef struct document {
  xmlDocPtr xml; /* NULL when it is closed */
} document;

static xmlNodePtr check_root (lua_State *L) {
  document *d = luaL_checkudata(L, 1, LP_XML_DOCUMENT_TYPE);
  luaL_argcheck(L, d->xml != NULL, 1, "the document is closed");
  return xmlDocGetRootElement(d->xml);
}

static int lp_xml_document_close (lua_State *L) {
  document *d = luaL_checkudata(L, 1, LP_XML_DOCUMENT_TYPE);
  if (d->xml != NULL) xmlFreeDoc(d->xml);
  d->xml = NULL;
  return 0;
}

/* xmldsig.parse (text, limits?) -> document | nil, message, code */
int lp_xml_document_parse (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_limits limits = lp_xml_check_limits(L, 2, &lp_xml_default_limits);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  document *d;
  lp_xml_takes(L, "xmldsig.parse", 2);
  d = lua_newuserdata(L, sizeof *d);
  d->xml = NULL;
  luaL_getmetatable(L, LP_XML_DOCUMENT_TYPE);
  lua_setmetatable(L, -2);
  if (lp_xml_enter(&scope, &fault) == 0) d->xml = lp_xml_parse(text, n, &limits, &fault);
  lp_xml_leave(&scope);
  return d->xml != NULL ? 1 : lp_xml_push_fault(L, &fault);
}

/* ------------------------------------------------------------------ looking at it */

static const char *namespace_of (const xmlNode *node) {
  return node->ns != NULL ? (const char *)node->ns->href : "";
}

/* document:root () -> namespace ("" for none), name */
static int lp_xml_document_root (lua_State *L) {
  const xmlNode *root = check_root(L);
  lp_takes(L, "document:root", 0);
  lua_pushstring(L, namespace_of(root));
  lua_pushstring(L, (const char *)root->name);
  return 2;
}

static void push_attributes (lua_State *L, const xmlNode *node) {
  lua_newtable(L);
  for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
    if (a->ns != NULL)
      lua_pushfstring(L, "{%s}%s", (const char *)a->ns->href, (const char *)a->name);
    else
      lua_pushstring(L, (const char *)a->name);
    lua_pushstring(L, lp_xml_value(a)); /* parsing saw to it that each has one */
    lua_rawset(L, -3);
  }
}

/* The element's own text, what is between its children joined. */
static void push_text (lua_State *L, const xmlNode *node) {
  const char *whole = lp_xml_text(node);
  luaL_Buffer b;
  if (whole != NULL) {
    lua_pushstring(L, whole);
    return;
  }
  luaL_buffinit(L, &b);
  for (const xmlNode *c = node->children; c != NULL; c = c->next)
    if (c->type == XML_TEXT_NODE && c->content != NULL)
      luaL_addstring(&b, (const char *)c->content);
  luaL_pushresult(&b);
}

/* As deep as the document, which the limits bound, or as there are levels. */
static void push_element (lua_State *L, const xmlNode *node, lua_Integer levels) {
  int count = 0;
  luaL_checkstack(L, LUA_MINSTACK, "the document is too deep");
  lua_createtable(L, 0, 5);
  lua_pushstring(L, namespace_of(node));
  lua_setfield(L, -2, "ns");
  lua_pushstring(L, (const char *)node->name);
  lua_setfield(L, -2, "name");
  push_attributes(L, node);
  lua_setfield(L, -2, "attributes");
  push_text(L, node);
  lua_setfield(L, -2, "text");
  lua_newtable(L);
  for (const xmlNode *c = levels > 0 ? lp_xml_first_child(node) : NULL; c != NULL;
       c = lp_xml_next_sibling(c)) {
    push_element(L, c, levels - 1);
    lua_rawseti(L, -2, ++count);
  }
  lua_setfield(L, -2, "children");
}

/*
** document:tree (levels?) -> {ns =, name =, attributes = {[name or "{ns}name"] = value}, text =,
** children =}; elements that are deeper than so many levels below the root are left out
*/
static int lp_xml_document_tree (lua_State *L) {
  const xmlNode *root = check_root(L);
  lua_Integer levels = luaL_optinteger(L, 2, INT_MAX);
  lp_takes(L, "document:tree", 1);
  luaL_argcheck(L, levels >= 0, 2, "levels must not be negative");
  push_element(L, root, levels);
  return 1;
}

/* document:count (namespace, name) -> how many elements of that name are anywhere in it */
static int lp_xml_document_count (lua_State *L) {
  xmlNodePtr root = check_root(L);
  const char *ns = luaL_checkstring(L, 2), *name = luaL_checkstring(L, 3);
  lua_Integer count = 0;
  lp_takes(L, "document:count", 2);
  for (xmlNodePtr n = root; n != NULL; n = lp_xml_next_element(n, root))
    count += lp_xml_is(n, ns[0] != '\0' ? ns : NULL, name);
  lua_pushinteger(L, count);
  return 1;
}

static lua_Integer depth_of (const xmlNode *node) {
  lua_Integer depth = 0;
  for (; node->parent != NULL && node->parent->type == XML_ELEMENT_NODE; node = node->parent)
    depth++;
  return depth;
}

/*
** document:signatures () -> list of {parent_ns =, parent_name =, depth = of the parent, 0 is the
** root}, of every ds:Signature anywhere; one that is the root itself has no parent and the depth -1
*/
static int lp_xml_document_signatures (lua_State *L) {
  xmlNodePtr root = check_root(L);
  int count = 0;
  lp_takes(L, "document:signatures", 0);
  lua_newtable(L);
  for (xmlNodePtr n = root; n != NULL; n = lp_xml_next_element(n, root)) {
    if (!lp_xml_is(n, LP_NS_DSIG, "Signature")) continue;
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, depth_of(n) - 1);
    lua_setfield(L, -2, "depth");
    if (n != root) {
      lua_pushstring(L, namespace_of(n->parent));
      lua_setfield(L, -2, "parent_ns");
      lua_pushstring(L, (const char *)n->parent->name);
      lua_setfield(L, -2, "parent_name");
    }
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* ------------------------------------------------------------------ verifying */

/*
** The element that the option names: the root, or its only child {namespace, name}. NULL with a
** fault.
*/
static xmlNodePtr get_element (lua_State *L, int index, xmlNodePtr root, lp_xml_fault *fault) {
  xmlNodePtr element = root;
  if (lp_xml_get_field(L, index, "element", LUA_TTABLE)) {
    const char *ns, *name;
    int count;
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    ns = lua_tostring(L, -2); /* the table keeps both alive */
    name = lua_tostring(L, -1);
    if (ns == NULL || name == NULL) luaL_error(L, "xmldsig: 'element' must be {namespace, name}");
    count = lp_xml_child(root, ns, name, &element);
    if (count != 1)
      (void)lp_xml_fail(fault, "element_missing", "there %s %s directly in the root element",
                        count == 0 ? "is no" : "is more than one", name);
    if (count != 1) element = NULL;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  return element;
}

static void push_info (lua_State *L, const lp_xml_verified *verified) {
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)verified->certificate + 1);
  lua_setfield(L, -2, "certificate");
  lua_pushstring(L, verified->method->name);
  lua_setfield(L, -2, "algorithm");
  lua_pushstring(L, verified->digest->name);
  lua_setfield(L, -2, "digest");
}

/*
** document:verify {element =, certificates =, allow = {sha1 =, ecdsa =, min_rsa_bits =}} -> the
** octets that were signed, {certificate = index, algorithm =, digest =} | nil, message, code
*/
static int lp_xml_document_verify (lua_State *L) {
  static const char *const names[] = {"element", "certificates", "allow", NULL};
  xmlNodePtr root = check_root(L), element;
  lp_xml_fault fault = {NULL, ""};
  lp_xml_verified verified;
  lp_xml_policy policy;
  lp_xml_scope scope;
  lp_xml_holder *octets;
  const lp_xml_certificate **certificates;
  size_t count;
  int result = -1;
  lp_takes(L, "document:verify", 1);
  lp_xml_check_options(L, 2, "verify", names);
  lua_getfield(L, 2, "allow");
  policy = lp_xml_check_policy(L, -1);
  lua_getfield(L, 2, "certificates");
  certificates = lp_xml_check_certificates(L, -1, &count);
  element = get_element(L, 2, root, &fault);
  if (element == NULL) return lp_xml_push_fault(L, &fault);
  octets = lp_xml_push_holder(L, free);
  if (lp_xml_enter(&scope, &fault) == 0)
    result = lp_xml_verify(element, &policy, certificates, count, &verified, &fault);
  lp_xml_leave(&scope);
  if (result != 0) return lp_xml_push_fault(L, &fault);
  octets->memory = verified.octets;
  lua_pushlstring(L, verified.octets, verified.size);
  lp_xml_empty_holder(octets);
  push_info(L, &verified);
  return 2;
}

/* ------------------------------------------------------------------ decrypting */

/* The keys of the option, in a userdata that is pushed. */
static EVP_PKEY **get_keys (lua_State *L, int index, size_t *count) {
  EVP_PKEY **keys;
  if (!lp_xml_get_field(L, index, "keys", LUA_TTABLE)) luaL_error(L, "xmldsig: 'keys' is missing");
  *count = lua_rawlen(L, -1);
  keys = lua_newuserdata(L, (*count + 1) * sizeof *keys);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(L, -2, (int)i + 1);
    keys[i] = lp_xml_check_key(L, lua_gettop(L));
    lua_pop(L, 1); /* the table keeps it alive */
  }
  return keys;
}

static int allows_cbc (lua_State *L, int index) {
  static const char *const names[] = {"cbc", NULL};
  int allowed = 0;
  if (lp_xml_get_field(L, index, "allow", LUA_TTABLE)) {
    lp_xml_check_options(L, -1, "allow", names);
    allowed = lp_xml_get_flag(L, -1, "cbc", 0);
  }
  lua_pop(L, 1);
  return allowed;
}

/*
** document:decrypt {element =, keys =, allow = {cbc =}} -> text | nil, message, code
** The element is the one that has the EncryptedData.
*/
static int lp_xml_document_decrypt (lua_State *L) {
  static const char *const names[] = {"element", "keys", "allow", NULL};
  xmlNodePtr root = check_root(L), element;
  lp_xml_fault fault = {NULL, ""};
  lp_xml_plaintext plaintext = {NULL, 0};
  lp_xml_scope scope;
  lp_xml_holder *freed;
  EVP_PKEY **keys;
  size_t count;
  int allow_cbc;
  lp_takes(L, "document:decrypt", 1);
  lp_xml_check_options(L, 2, "decrypt", names);
  allow_cbc = allows_cbc(L, 2);
  keys = get_keys(L, 2, &count);
  element = get_element(L, 2, root, &fault);
  if (element == NULL) return lp_xml_push_fault(L, &fault);
  freed = lp_xml_push_holder(L, free);
  if (lp_xml_enter(&scope, &fault) == 0)
    (void)lp_xml_decrypt(element, keys, count, allow_cbc, &plaintext, &fault);
  lp_xml_leave(&scope);
  if (plaintext.bytes == NULL) return lp_xml_push_fault(L, &fault);
  freed->memory = plaintext.bytes;
  freed->size = plaintext.size;
  lua_pushlstring(L, plaintext.bytes, plaintext.size);
  lp_xml_empty_holder(freed);
  return 1;
}

static const luaL_Reg document_methods[] = {
    {"root", lp_xml_document_root},     {"tree", lp_xml_document_tree},
    {"count", lp_xml_document_count},   {"signatures", lp_xml_document_signatures},
    {"verify", lp_xml_document_verify}, {"decrypt", lp_xml_document_decrypt},
    {"close", lp_xml_document_close},   {NULL, NULL}};

static const luaL_Reg document_meta[] = {
    {"__gc", lp_xml_document_close}, {"__close", lp_xml_document_close}, {NULL, NULL}};

void lp_xml_document_open (lua_State *L) {
  lp_new_metatable(L, LP_XML_DOCUMENT_TYPE, document_meta, document_methods);
  lua_pop(L, 1);
}
