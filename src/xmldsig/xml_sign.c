/* Making signatures; see xml_sign.h. */
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/valid.h>
#include <xmlsec/xmldsig.h>

#include "xml_base64.h"
#include "xml_names.h"
#include "xml_parse.h"
#include "xml_sign.h"

static const xmlChar *chars (const char *text) {
  return (const xmlChar *)text;
}

/* A child in the namespace of its parent; NULL without memory, or without a parent. */
static xmlNodePtr add (xmlNodePtr parent, const char *name) {
  return parent != NULL ? xmlNewChild(parent, parent->ns, chars(name), NULL) : NULL;
}

static xmlNodePtr add_method (xmlNodePtr parent, const char *name, const char *algorithm) {
  xmlNodePtr node = add(parent, name);
  return node != NULL && xmlNewProp(node, chars("Algorithm"), chars(algorithm)) != NULL ? node
                                                                                        : NULL;
}

static int add_reference (xmlNodePtr signed_info, const char *id, const char *digest) {
  xmlNodePtr reference = add(signed_info, "Reference"), transforms = add(reference, "Transforms");
  size_t size = strlen(id) + 2;
  char *uri = malloc(size);
  int done = 0;
  if (uri != NULL && transforms != NULL) {
    uri[0] = '#';
    memcpy(uri + 1, id, size - 1);
    done = xmlNewProp(reference, chars("URI"), chars(uri)) != NULL &&
           add_method(transforms, "Transform", LP_ENVELOPED) != NULL &&
           add_method(transforms, "Transform", LP_EXC_C14N) != NULL &&
           add_method(reference, "DigestMethod", digest) != NULL &&
           add(reference, "DigestValue") != NULL;
  }
  free(uri);
  return done ? 0 : -1;
}

static int add_certificate (xmlNodePtr signature, X509 *x509, lp_xml_fault *fault) {
  xmlNodePtr data = add(add(signature, "KeyInfo"), "X509Data");
  unsigned char *bytes = NULL;
  int n = i2d_X509(x509, &bytes), done;
  char *text = n > 0 ? lp_xml_base64_encode(bytes, (size_t)n) : NULL;
  done = data != NULL && text != NULL &&
         xmlNewTextChild(data, data->ns, chars("X509Certificate"), chars(text)) != NULL;
  free(text);
  OPENSSL_free(bytes);
  return done ? 0 : lp_xml_out_of_memory(fault);
}

/* The digest that goes with a signature: the same hash. */
static const char *digest_uri (const lp_xml_method *method) {
  return lp_xml_find_digest(strchr(method->name, '-') + 1)->uri;
}

/* A signature without its values, not yet in the document; NULL without memory. */
static xmlNodePtr make_template (xmlDocPtr document, const lp_xml_signing *signing) {
  xmlNodePtr node = xmlNewDocNode(document, NULL, chars("Signature"), NULL), signed_info;
  if (node == NULL) return NULL;
  node->ns = xmlNewNs(node, chars(LP_NS_DSIG), chars("ds"));
  if (node->ns != NULL) {
    signed_info = add(node, "SignedInfo");
    if (add_method(signed_info, "CanonicalizationMethod", LP_EXC_C14N) != NULL &&
        add_method(signed_info, "SignatureMethod", signing->method->uri) != NULL &&
        add_reference(signed_info, signing->id, digest_uri(signing->method)) == 0 &&
        add(node, "SignatureValue") != NULL)
      return node;
  }
  xmlFreeNode(node);
  return NULL;
}

static xmlNodePtr find_element (xmlDocPtr document, const char *id, xmlAttrPtr *attribute) {
  xmlNodePtr root = xmlDocGetRootElement(document);
  for (xmlNodePtr n = root; n != NULL; n = lp_xml_next_element(n, root))
    for (xmlAttrPtr a = n->properties; a != NULL; a = a->next)
      if (a->ns == NULL && strcmp((const char *)a->name, "ID") == 0 &&
          strcmp(lp_xml_value(a), id) == 0) {
        *attribute = a;
        return n;
      }
  return NULL;
}

static int place (xmlNodePtr element, xmlNodePtr node, const lp_xml_signing *signing,
                  lp_xml_fault *fault) {
  xmlNodePtr after = NULL, placed;
  if (signing->after_name != NULL &&
      lp_xml_child(element, signing->after_ns, signing->after_name, &after) != 1)
    return lp_xml_fail(fault, "element_missing", "%s has not exactly one %s", element->name,
                       signing->after_name);
  if (after != NULL)
    placed = xmlAddNextSibling(after, node);
  else if (element->children != NULL)
    placed = xmlAddPrevSibling(element->children, node);
  else
    placed = xmlAddChild(element, node);
  return placed != NULL ? 0 : lp_xml_out_of_memory(fault);
}

static int fill_in (xmlNodePtr node, EVP_PKEY *key, lp_xml_fault *fault) {
  xmlSecDSigCtx context;
  int done = -1;
  if (xmlSecDSigCtxInitialize(&context, NULL) < 0) return lp_xml_out_of_memory(fault);
  context.flags = XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
  context.enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  context.signKey = lp_xml_wrap_key(key);
  if (context.signKey == NULL)
    (void)lp_xml_out_of_memory(fault);
  else if (xmlSecDSigCtxSign(&context, node) < 0 || context.status != xmlSecDSigStatusSucceeded)
    (void)lp_xml_fail(fault, "canonicalisation",
                      "it cannot be signed: the element has no canonical form, or the key does not "
                      "sign");
  else
    done = 0;
  xmlSecDSigCtxFinalize(&context);
  return done;
}

int lp_xml_sign (xmlDocPtr document, const lp_xml_signing *signing, lp_xml_fault *fault) {
  xmlAttrPtr id = NULL;
  xmlNodePtr element = find_element(document, signing->id, &id), node, present;
  int result;
  if (element == NULL)
    return lp_xml_fail(fault, "element_missing", "no element has the ID '%s'", signing->id);
  if (lp_xml_child(element, LP_NS_DSIG, "Signature", &present) != 0)
    return lp_xml_fail(fault, "signature_shape", "%s has a signature already", element->name);
  if (EVP_PKEY_base_id(signing->key) != signing->method->key_type)
    return lp_xml_fail(fault, "algorithm_refused", "the key does not sign by %s",
                       signing->method->name);
  if (signing->certificate != NULL && EVP_PKEY_eq(signing->key, signing->certificate->key) != 1)
    return lp_xml_fail(fault, "bad_certificate", "the certificate is of another key");
  node = make_template(document, signing);
  if (node == NULL) return lp_xml_out_of_memory(fault);
  if (place(element, node, signing, fault) != 0) {
    xmlFreeNode(node);
    return -1;
  }
  if (xmlAddID(NULL, document, chars(signing->id), id) == NULL)
    return lp_xml_fail(fault, "duplicate_id", "the ID cannot be registered");
  result = fill_in(node, signing->key, fault);
  (void)xmlRemoveID(document, id);
  /* KeyInfo is not signed; libxmlsec1 would fill in what stands there while it signs */
  if (result == 0 && signing->certificate != NULL)
    result = add_certificate(node, signing->certificate->x509, fault);
  return result;
}

xmlBufferPtr lp_xml_write (xmlDocPtr document) {
  xmlBufferPtr buffer = xmlBufferCreate();
  if (buffer != NULL && xmlNodeDump(buffer, document, xmlDocGetRootElement(document), 0, 0) < 0) {
    xmlBufferFree(buffer);
    return NULL;
  }
  return buffer;
}
