/* The shape of a signature; see xml_signature.h. */
#include <string.h>

#include "xml_base64.h"
#include "xml_names.h"
#include "xml_parse.h"
#include "xml_signature.h"

/*
** Of a list of InclusiveNamespaces: canonicalisation looks for each prefix at each element, in all
** declarations around it, and does so before anybody knows who signed.
*/
enum { PREFIX_LIST_MAX = 512, LOOKUPS_MAX = 100000 };

static int misshapen (lp_xml_fault *fault, const xmlNode *node, const char *what) {
  return lp_xml_fail(fault, "signature_shape", "line %ld: %s: %s", xmlGetLineNo(node), node->name,
                     what);
}

/*
** Whether a node has no attributes in no namespace but these (`other` may be NULL), and none in
** any.
*/
static int has_only_attributes (const xmlNode *node, const char *one, const char *other) {
  for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
    const char *name = (const char *)a->name;
    if (a->ns != NULL) return 0;
    if ((one == NULL || strcmp(name, one) != 0) && (other == NULL || strcmp(name, other) != 0))
      return 0;
  }
  return 1;
}

/*
** Takes the element children of a node, which must be the `count` names of xmldsig in that order;
** the last `optional` of them may be missing. What else is there makes the shape wrong.
*/
static int take_children (const xmlNode *node, const char *const *names, int count, int optional,
                          xmlNodePtr *children, lp_xml_fault *fault) {
  xmlNodePtr child = lp_xml_first_child(node);
  if (!lp_xml_has_only_elements(node)) return misshapen(fault, node, "there is text in it");
  for (int i = 0; i < count; i++) {
    children[i] = NULL;
    if (child != NULL && lp_xml_is(child, LP_NS_DSIG, names[i])) {
      children[i] = child;
      child = lp_xml_next_sibling(child);
    } else if (i < count - optional) {
      return misshapen(fault, node, "an element is missing, or another one is in its place");
    }
  }
  return child == NULL ? 0 : misshapen(fault, node, "there are further elements in it");
}

/* The Algorithm of an element that has nothing else. */
static const char *bare_algorithm (const xmlNode *node, lp_xml_fault *fault) {
  const char *name = lp_xml_attribute(node, "Algorithm");
  if (name == NULL || !has_only_attributes(node, "Algorithm", NULL)) {
    (void)misshapen(fault, node, "it needs an Algorithm and no other attribute");
  } else if (lp_xml_first_child(node) != NULL || !lp_xml_has_only_elements(node)) {
    (void)misshapen(fault, node, "it has a parameter");
  } else {
    return name;
  }
  return NULL;
}

/* libxmlsec1 takes what stands between two spaces for one, even if that is nothing. */
static size_t count_prefixes (const char *list) {
  size_t count = 1;
  for (; *list != '\0'; list++) count += *list == ' ';
  return count;
}

static size_t count_elements (xmlNodePtr root) {
  size_t count = 0;
  for (xmlNodePtr n = root; n != NULL; n = lp_xml_next_element(n, root)) count++;
  return count;
}

/*
** Exclusive canonicalisation, without comments, of `element`; it may have a list of prefixes that
** are treated as inclusive canonicalisation treats all (saml §3.11).
*/
static int check_exclusive (const xmlNode *node, xmlNodePtr element, lp_xml_fault *fault) {
  const char *name = lp_xml_attribute(node, "Algorithm"), *prefixes;
  xmlNodePtr parameter = lp_xml_first_child(node);
  if (name == NULL || strcmp(name, LP_EXC_C14N) != 0)
    return lp_xml_fail(fault, "transform_refused", "'%.100s' is not exclusive canonicalisation",
                       name != NULL ? name : "");
  if (!has_only_attributes(node, "Algorithm", NULL) || !lp_xml_has_only_elements(node))
    return misshapen(fault, node, "it has another attribute, or text");
  if (parameter == NULL) return 0;
  prefixes = lp_xml_attribute(parameter, "PrefixList");
  if (!lp_xml_is(parameter, LP_EXC_C14N, "InclusiveNamespaces") || prefixes == NULL ||
      !has_only_attributes(parameter, "PrefixList", NULL) || parameter->children != NULL ||
      lp_xml_next_sibling(parameter) != NULL)
    return misshapen(fault, node, "its parameter is not InclusiveNamespaces with a PrefixList");
  if (strlen(prefixes) > PREFIX_LIST_MAX ||
      count_prefixes(prefixes) * count_elements(element) > LOOKUPS_MAX)
    return misshapen(fault, node, "its list of prefixes is too long");
  return 0;
}

/* What it is comes first: XPath and XSLT have parameters and are refused by their names. */
static int check_enveloped (const xmlNode *node, lp_xml_fault *fault) {
  const char *name = lp_xml_attribute(node, "Algorithm");
  if (name != NULL && strcmp(name, LP_ENVELOPED) != 0)
    return lp_xml_fail(fault, "transform_refused", "'%.100s' is not enveloped-signature", name);
  return bare_algorithm(node, fault) != NULL ? 0 : -1;
}

static int check_transforms (const xmlNode *node, xmlNodePtr element, lp_xml_fault *fault) {
  xmlNodePtr first = lp_xml_first_child(node), second;
  second = first != NULL ? lp_xml_next_sibling(first) : NULL;
  if (!lp_xml_has_only_elements(node) || !has_only_attributes(node, NULL, NULL))
    return misshapen(fault, node, "there is text or an attribute");
  if (second == NULL || lp_xml_next_sibling(second) != NULL ||
      !lp_xml_is(first, LP_NS_DSIG, "Transform") || !lp_xml_is(second, LP_NS_DSIG, "Transform"))
    return lp_xml_fail(fault, "transform_refused",
                       "there are other transforms than the two of SAML");
  return check_enveloped(first, fault) == 0 ? check_exclusive(second, element, fault) : -1;
}

/* `size`: how many bytes there must be, 0 for any number. */
static int check_base64 (const xmlNode *node, size_t size, lp_xml_fault *fault) {
  const char *text = lp_xml_text(node);
  long length = text != NULL ? lp_xml_base64_decode(text, strlen(text), NULL) : -1;
  if (length <= 0 || (size != 0 && (size_t)length != size))
    return lp_xml_fail(fault, "signature_values", "line %ld: %s: it is not Base64 of that length",
                       xmlGetLineNo(node), node->name);
  return 0;
}

static xmlAttrPtr id_of (xmlNodePtr element) {
  for (xmlAttrPtr a = element->properties; a != NULL; a = a->next)
    if (a->ns == NULL && strcmp((const char *)a->name, "ID") == 0) return a;
  return NULL;
}

/* One Reference, to the signature's own parent, whose ID nobody else has: parsing saw to that. */
static int check_reference (const xmlNode *node, lp_xml_signature *signature,
                            const lp_xml_policy *policy, lp_xml_fault *fault) {
  static const char *const names[] = {"Transforms", "DigestMethod", "DigestValue"};
  xmlNodePtr children[3];
  const char *uri = lp_xml_attribute(node, "URI"), *id, *name;
  if (signature->id == NULL)
    return lp_xml_fail(fault, "reference_uri", "the signed element has no ID");
  id = lp_xml_value(signature->id);
  if (uri == NULL || uri[0] != '#' || id == NULL || strcmp(uri + 1, id) != 0)
    return lp_xml_fail(fault, "reference_uri",
                       "the reference is '%.60s', not to the ID of its parent",
                       uri != NULL ? uri : "");
  if (!has_only_attributes(node, "URI", "Id")) return misshapen(fault, node, "it has a Type");
  if (take_children(node, names, 3, 0, children, fault) != 0 ||
      check_transforms(children[0], signature->id->parent, fault) != 0)
    return -1;
  name = bare_algorithm(children[1], fault);
  signature->digest = name != NULL ? lp_xml_allowed_digest(name, policy, fault) : NULL;
  if (signature->digest == NULL) return -1;
  if (!has_only_attributes(children[2], NULL, NULL))
    return misshapen(fault, children[2], "it has an attribute");
  return check_base64(children[2], signature->digest->size, fault);
}

static int check_signed_info (xmlNodePtr node, lp_xml_signature *signature,
                              const lp_xml_policy *policy, lp_xml_fault *fault) {
  static const char *const names[] = {"CanonicalizationMethod", "SignatureMethod", "Reference"};
  xmlNodePtr children[3];
  const char *name;
  if (!has_only_attributes(node, "Id", NULL)) return misshapen(fault, node, "it has an attribute");
  if (take_children(node, names, 3, 0, children, fault) != 0 ||
      check_exclusive(children[0], node, fault) != 0)
    return -1;
  name = bare_algorithm(children[1], fault);
  signature->method = name != NULL ? lp_xml_allowed_method(name, policy, fault) : NULL;
  return signature->method != NULL ? check_reference(children[2], signature, policy, fault) : -1;
}

int lp_xml_read_signature (xmlNodePtr element, const lp_xml_policy *policy,
                           lp_xml_signature *signature, lp_xml_fault *fault) {
  static const char *const names[] = {"SignedInfo", "SignatureValue", "KeyInfo"};
  xmlNodePtr children[3];
  int count = lp_xml_child(element, LP_NS_DSIG, "Signature", &signature->node);
  signature->id = id_of(element);
  if (count == 0)
    return lp_xml_fail(fault, "signature_missing", "%s has no signature", element->name);
  if (count > 1)
    return lp_xml_fail(fault, "signature_shape", "%s has more than one signature", element->name);
  if (!has_only_attributes(signature->node, "Id", NULL))
    return misshapen(fault, signature->node, "it has an attribute");
  if (take_children(signature->node, names, 3, 1, children, fault) != 0 ||
      check_signed_info(children[0], signature, policy, fault) != 0)
    return -1;
  if (!has_only_attributes(children[1], "Id", NULL))
    return misshapen(fault, children[1], "it has an attribute");
  return check_base64(children[1], 0, fault);
}
