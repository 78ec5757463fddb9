/* Decrypting; see xml_encryption.h. */
#include <stdlib.h>
#include <string.h>

#include <xmlsec/buffer.h>
#include <xmlsec/keysdata.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmlenc.h>

#include "registers.h"
#include "xml_base64.h"
#include "xml_encryption.h"
#include "xml_names.h"
#include "xml_parse.h"

/* For how many recipients one text may be encrypted: each is tried with each key. */
enum { KEYS_MAX = 8 };

typedef struct wrapped_key {
  const char *text; /* Base64 */
  lp_xml_oaep oaep;
} wrapped_key;

typedef struct encrypted {
  xmlNodePtr data;
  const lp_xml_cipher *cipher;
  wrapped_key keys[KEYS_MAX];
  unsigned count;
} encrypted;

static int fail_alike (lp_xml_fault *fault) {
  return lp_xml_fail(fault, "decryption_failed", "it cannot be decrypted");
}

static int refuse (lp_xml_fault *fault, const char *name) {
  return lp_xml_fail(fault, "encryption_refused", "the algorithm '%.100s' is not allowed", name);
}

/* ------------------------------------------------------------------ the shape */

static const char *algorithm_of (const xmlNode *node) {
  const char *name = lp_xml_attribute(node, "Algorithm");
  return name != NULL ? name : "";
}

/* The text of the CipherValue; NULL when the cipher text stands elsewhere. */
static const char *cipher_value (const xmlNode *node) {
  xmlNodePtr data, value;
  if (lp_xml_child(node, LP_NS_ENC, "CipherData", &data) != 1 ||
      lp_xml_child(data, LP_NS_ENC, "CipherValue", &value) != 1 ||
      lp_xml_next_sibling(value) != NULL || lp_xml_first_child(data) != value)
    return NULL;
  return lp_xml_text(value);
}

static const struct hash {
  const char *digest, *mask;
  const EVP_MD *(*evp)(void);
} hashes[] = {
    {LP_NS_DSIG "sha1", LP_NS_ENC11 "mgf1sha1", EVP_sha1},
    {LP_NS_ENC "sha256", LP_NS_ENC11 "mgf1sha256", EVP_sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", LP_NS_ENC11 "mgf1sha384", EVP_sha384},
    {LP_NS_ENC "sha512", LP_NS_ENC11 "mgf1sha512", EVP_sha512},
};

/*
** SHA-1 when there is no name; NULL when it is unknown. In OAEP no collision of a hash does harm.
*/
static const EVP_MD *hash_of (const xmlNode *node, int is_mask) {
  if (node == NULL) return EVP_sha1();
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
    if (strcmp(algorithm_of(node), is_mask ? hashes[i].mask : hashes[i].digest) == 0)
      return hashes[i].evp();
  return NULL;
}

/* An EncryptionMethod of an EncryptedKey: RSA-OAEP, a hash, a hash of its mask, and no label. */
static int read_oaep (const xmlNode *method, lp_xml_oaep *oaep, lp_xml_fault *fault) {
  const lp_xml_transport *transport = lp_xml_find_transport(algorithm_of(method));
  xmlNodePtr digest, mask;
  int digests = lp_xml_child(method, LP_NS_DSIG, "DigestMethod", &digest);
  int masks = lp_xml_child(method, LP_NS_ENC11, "MGF", &mask), children = 0;
  /* a short name is ours, and no URI */
  if (transport == NULL || strcmp(transport->uri, algorithm_of(method)) != 0)
    return refuse(fault, algorithm_of(method));
  for (xmlNodePtr c = lp_xml_first_child(method); c != NULL; c = lp_xml_next_sibling(c)) children++;
  if (digests > 1 || masks > transport->has_mgf || children != digests + masks)
    return fail_alike(fault);
  oaep->digest = hash_of(digest, 0);
  oaep->mask = hash_of(mask, 1);
  if (oaep->digest == NULL) return refuse(fault, algorithm_of(digest));
  return oaep->mask != NULL ? 0 : refuse(fault, algorithm_of(mask));
}

/* Takes the EncryptedKeys among the children of a node. */
static int read_keys (const xmlNode *node, encrypted *e, lp_xml_fault *fault) {
  for (xmlNodePtr c = lp_xml_first_child(node); c != NULL; c = lp_xml_next_sibling(c)) {
    wrapped_key *key = &e->keys[e->count];
    xmlNodePtr method;
    if (!lp_xml_is(c, LP_NS_ENC, "EncryptedKey")) continue;
    if (e->count == KEYS_MAX || lp_xml_child(c, LP_NS_ENC, "EncryptionMethod", &method) != 1)
      return fail_alike(fault);
    if (read_oaep(method, &key->oaep, fault) != 0) return -1;
    key->text = cipher_value(c);
    if (key->text == NULL) return fail_alike(fault);
    e->count++;
  }
  return 0;
}

/*
** EncryptedKeys stand in the KeyInfo of the EncryptedData, or after it; nothing else is looked up.
*/
static int read_encrypted (xmlNodePtr element, encrypted *e, int allow_cbc, lp_xml_fault *fault) {
  xmlNodePtr method, info;
  const char *type;
  e->count = 0;
  if (lp_xml_child(element, LP_NS_ENC, "EncryptedData", &e->data) != 1 ||
      lp_xml_child(e->data, LP_NS_ENC, "EncryptionMethod", &method) != 1 ||
      lp_xml_child(e->data, LP_NS_DSIG, "KeyInfo", &info) > 1)
    return fail_alike(fault);
  e->cipher = lp_xml_find_cipher(algorithm_of(method));
  if (e->cipher == NULL || strcmp(e->cipher->uri, algorithm_of(method)) != 0 ||
      (e->cipher->is_cbc && !allow_cbc))
    return refuse(fault, algorithm_of(method));
  type = lp_xml_attribute(e->data, "Type");
  if ((type != NULL && strcmp(type, LP_NS_ENC "Element") != 0) ||
      lp_xml_first_child(method) != NULL || cipher_value(e->data) == NULL)
    return fail_alike(fault);
  if (info != NULL && read_keys(info, e, fault) != 0) return -1;
  return read_keys(element, e, fault);
}

/* ------------------------------------------------------------------ the session key */

/* Its bytes, `size` of them, written to `out`: 0, or -1 when this key does not open it. */
static int unwrap (const wrapped_key *wrapped, EVP_PKEY *key, unsigned char *out, size_t size) {
  EVP_PKEY_CTX *context = lp_xml_oaep_context(key, &wrapped->oaep, EVP_PKEY_decrypt_init);
  size_t length = strlen(wrapped->text), room = (size_t)EVP_PKEY_size(key), n = room;
  unsigned char *bytes = malloc(length + 1), *opened = malloc(room);
  long count = bytes != NULL ? lp_xml_base64_decode(wrapped->text, length, bytes) : -1;
  int result = -1;
  if (context != NULL && opened != NULL && count > 0 &&
      EVP_PKEY_decrypt(context, opened, &n, bytes, (size_t)count) == 1 && n == size) {
    memcpy(out, opened, size);
    result = 0;
  }
  if (opened != NULL) explicit_bzero(opened, room);
  free(opened);
  free(bytes);
  EVP_PKEY_CTX_free(context);
  return result;
}

/* ------------------------------------------------------------------ the text */

static int decipher (const encrypted *e, const unsigned char *session,
                     lp_xml_plaintext *plaintext) {
  xmlSecEncCtx context;
  xmlSecBufferPtr buffer = NULL;
  int result = -1;
  if (xmlSecEncCtxInitialize(&context, NULL) < 0) return -1;
  context.encKey =
      xmlSecKeyReadMemory(xmlSecOpenSSLKeyDataAesId, session, (xmlSecSize)e->cipher->key_size);
  if (context.encKey != NULL && xmlSecPtrListAdd(&context.transformCtx.enabledTransforms,
                                                 (xmlSecPtr)(uintptr_t)e->cipher->transform()) >= 0)
    buffer = xmlSecEncCtxDecryptToBuffer(&context, e->data);
  if (buffer != NULL && xmlSecBufferGetData(buffer) != NULL) {
    plaintext->size = xmlSecBufferGetSize(buffer);
    plaintext->bytes = malloc(plaintext->size + 1);
    if (plaintext->bytes != NULL) {
      memcpy(plaintext->bytes, xmlSecBufferGetData(buffer), plaintext->size);
      result = 0;
    }
  }
  xmlSecEncCtxFinalize(&context); /* wipes its buffers */
  return result;
}

void lp_xml_free_plaintext (lp_xml_plaintext *plaintext) {
  if (plaintext->bytes != NULL) explicit_bzero(plaintext->bytes, plaintext->size);
  free(plaintext->bytes);
  plaintext->bytes = NULL;
  plaintext->size = 0;
}

int lp_xml_decrypt (xmlNodePtr element, EVP_PKEY *const *keys, size_t count, int allow_cbc,
                    lp_xml_plaintext *plaintext, lp_xml_fault *fault) {
  unsigned char session[LP_XML_SESSION_KEY_MAX];
  encrypted e;
  int result = -1;
  plaintext->bytes = NULL;
  plaintext->size = 0;
  if (read_encrypted(element, &e, allow_cbc, fault) != 0) return -1;
  for (unsigned i = 0; i < e.count && result != 0; i++)
    for (size_t k = 0; k < count && result != 0; k++)
      if (unwrap(&e.keys[i], keys[k], session, e.cipher->key_size) == 0)
        result = decipher(&e, session, plaintext);
  explicit_bzero(session, sizeof session);
  lp_forget_registers();
  return result == 0 ? 0 : fail_alike(fault);
}
