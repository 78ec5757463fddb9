/* Encrypting; see xml_encryption.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmlenc.h>

#include "registers.h"
#include "xml_base64.h"
#include "xml_encryption.h"
#include "xml_names.h"

static const xmlChar *chars (const char *text) {
  return (const xmlChar *)text;
}

static xmlNodePtr add (xmlNodePtr parent, const char *name) {
  return parent != NULL ? xmlNewChild(parent, parent->ns, chars(name), NULL) : NULL;
}

/* A child in another namespace, which it declares by that prefix. */
static xmlNodePtr add_in (xmlNodePtr parent, const char *ns, const char *prefix, const char *name) {
  xmlNodePtr node = parent != NULL ? xmlNewDocNode(parent->doc, NULL, chars(name), NULL) : NULL;
  if (node == NULL) return NULL;
  node->ns = xmlNewNs(node, chars(ns), chars(prefix));
  if (node->ns != NULL && xmlAddChild(parent, node) != NULL) return node;
  xmlFreeNode(node);
  return NULL;
}

static int set_algorithm (xmlNodePtr node, const char *algorithm) {
  return node != NULL && xmlNewProp(node, chars("Algorithm"), chars(algorithm)) != NULL ? 0 : -1;
}

/* The session key, encrypted for the certificate, as Base64; NULL without memory. */
static char *wrap (const lp_xml_certificate *certificate, const lp_xml_oaep *oaep,
                   const unsigned char *session, size_t size) {
  EVP_PKEY_CTX *context = lp_xml_oaep_context(certificate->key, oaep, EVP_PKEY_encrypt_init);
  size_t n = (size_t)EVP_PKEY_size(certificate->key);
  unsigned char *bytes = malloc(n);
  char *text = NULL;
  if (context != NULL && bytes != NULL && EVP_PKEY_encrypt(context, bytes, &n, session, size) == 1)
    text = lp_xml_base64_encode(bytes, n);
  free(bytes);
  EVP_PKEY_CTX_free(context);
  return text;
}

/* KeyInfo with the EncryptedKey, before the CipherData, as the schema has it. */
static int add_key (xmlNodePtr data, xmlNodePtr cipher_data, const lp_xml_certificate *certificate,
                    const lp_xml_transport *transport, const unsigned char *session, size_t size) {
  const lp_xml_oaep oaep = {transport->has_mgf ? EVP_sha256() : EVP_sha1(),
                            transport->has_mgf ? EVP_sha256() : EVP_sha1()};
  char *wrapped = wrap(certificate, &oaep, session, size);
  xmlNodePtr info = add_in(data, LP_NS_DSIG, "ds", "KeyInfo");
  xmlNodePtr key = info != NULL ? xmlNewChild(info, data->ns, chars("EncryptedKey"), NULL) : NULL;
  xmlNodePtr method = add(key, "EncryptionMethod"), value;
  int done = wrapped != NULL && set_algorithm(method, transport->uri) == 0 &&
             set_algorithm(info != NULL && method != NULL
                               ? xmlNewChild(method, info->ns, chars("DigestMethod"), NULL)
                               : NULL,
                           transport->has_mgf ? LP_NS_ENC "sha256" : LP_NS_DSIG "sha1") == 0;
  if (done && transport->has_mgf)
    done =
        set_algorithm(add_in(method, LP_NS_ENC11, "xenc11", "MGF"), LP_NS_ENC11 "mgf1sha256") == 0;
  value = done ? add(add(key, "CipherData"), "CipherValue") : NULL;
  if (value != NULL) xmlNodeAddContent(value, chars(wrapped));
  free(wrapped);
  return value != NULL && xmlAddPrevSibling(cipher_data, info) != NULL ? 0 : -1;
}

static int encipher (xmlNodePtr data, const char *bytes, size_t n, const lp_xml_cipher *cipher,
                     const unsigned char *session) {
  xmlSecEncCtx context;
  int result = -1;
  if (xmlSecEncCtxInitialize(&context, NULL) < 0) return -1;
  context.encKey =
      xmlSecKeyReadMemory(xmlSecOpenSSLKeyDataAesId, session, (xmlSecSize)cipher->key_size);
  if (context.encKey != NULL &&
      xmlSecEncCtxBinaryEncrypt(&context, data, (const xmlSecByte *)bytes, (xmlSecSize)n) >= 0)
    result = 0;
  xmlSecEncCtxFinalize(&context);
  return result;
}

static int fill (xmlDocPtr document, const char *bytes, size_t n,
                 const lp_xml_certificate *certificate, const lp_xml_cipher *cipher,
                 const lp_xml_transport *transport) {
  unsigned char session[LP_XML_SESSION_KEY_MAX];
  xmlNodePtr data = xmlNewDocNode(document, NULL, chars("EncryptedData"), NULL), cipher_data;
  int result = -1;
  if (data == NULL) return -1;
  (void)xmlDocSetRootElement(document, data);
  data->ns = xmlNewNs(data, chars(LP_NS_ENC), chars("xenc"));
  if (data->ns == NULL || xmlNewProp(data, chars("Type"), chars(LP_NS_ENC "Element")) == NULL ||
      set_algorithm(add(data, "EncryptionMethod"), cipher->uri) != 0)
    return -1;
  cipher_data = add(data, "CipherData");
  /* the key is added afterwards: libxmlsec1 would take a KeyInfo for a template */
  if (add(cipher_data, "CipherValue") != NULL &&
      RAND_priv_bytes(session, (int)cipher->key_size) == 1 &&
      encipher(data, bytes, n, cipher, session) == 0)
    result = add_key(data, cipher_data, certificate, transport, session, cipher->key_size);
  explicit_bzero(session, sizeof session);
  lp_forget_registers();
  return result;
}

xmlDocPtr lp_xml_encrypt (const char *bytes, size_t n, const lp_xml_certificate *certificate,
                          const lp_xml_cipher *cipher, const lp_xml_transport *transport,
                          lp_xml_fault *fault) {
  xmlDocPtr document;
  if (EVP_PKEY_base_id(certificate->key) != EVP_PKEY_RSA) {
    (void)lp_xml_fail(fault, "bad_certificate", "only an RSA key encrypts");
    return NULL;
  }
  if (n == 0 || n > INT_MAX) {
    (void)lp_xml_fail(fault, "message_too_large", "%zu bytes cannot be encrypted", n);
    return NULL;
  }
  document = xmlNewDoc(NULL);
  if (document != NULL && fill(document, bytes, n, certificate, cipher, transport) == 0)
    return document;
  if (document != NULL) xmlFreeDoc(document);
  (void)lp_xml_fail(fault, "cannot_encrypt", "it cannot be encrypted for this certificate");
  return NULL;
}
