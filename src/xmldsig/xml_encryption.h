/*
** Encrypted elements (saml §3.18): AES in an EncryptedData, its key by RSA-OAEP in an EncryptedKey.
** The key is unwrapped by OpenSSL and the text deciphered by libxmlsec1, which thus never looks for
** a key by itself.
*/
#ifndef LP_XML_ENCRYPTION_H
#define LP_XML_ENCRYPTION_H

#include "xml_keys.h"

#define LP_XML_SESSION_KEY_MAX 32u /* bytes */

typedef struct lp_xml_cipher {
  const char *name, *uri;
  xmlSecTransformId (*transform)(void);
  size_t key_size; /* bytes */
  int is_cbc;
} lp_xml_cipher;

typedef struct lp_xml_transport {
  const char *name, *uri;
  int has_mgf; /* names the hash of its mask; else that is SHA-1 (xmlenc-core1 §5.5.2) */
} lp_xml_transport;

/* By URI or by the short name after its "#"; NULL when it is unknown. */
const lp_xml_cipher *lp_xml_find_cipher (const char *name);
const lp_xml_transport *lp_xml_find_transport (const char *name);

/* What RSA-OAEP is done with. */
typedef struct lp_xml_oaep {
  const EVP_MD *digest, *mask;
} lp_xml_oaep;

/* A context that encrypts or decrypts a session key; NULL without memory, or without an RSA key. */
EVP_PKEY_CTX *lp_xml_oaep_context (EVP_PKEY *key, const lp_xml_oaep *oaep,
                                   int (*init)(EVP_PKEY_CTX *context));

typedef struct lp_xml_plaintext {
  char *bytes; /* freed by lp_xml_free_plaintext, which wipes */
  size_t size;
} lp_xml_plaintext;

/*
** Decrypts the EncryptedData that `element` has, with the first of the keys that fits. -1 with the
** fault encryption_refused for the name of an algorithm, and else always with the same one, so that
** nobody learns what went wrong. Between lp_xml_enter and lp_xml_leave.
*/
int lp_xml_decrypt (xmlNodePtr element, EVP_PKEY *const *keys, size_t count, int allow_cbc,
                    lp_xml_plaintext *plaintext, lp_xml_fault *fault);
void lp_xml_free_plaintext (lp_xml_plaintext *plaintext);

/* A document whose root is the EncryptedData of these bytes; NULL with a fault. */
xmlDocPtr lp_xml_encrypt (const char *bytes, size_t n, const lp_xml_certificate *certificate,
                          const lp_xml_cipher *cipher, const lp_xml_transport *transport,
                          lp_xml_fault *fault);

#endif
