/* The algorithms of encryption; see xml_encryption.h. */
#include <string.h>

#include <openssl/rsa.h>
#include <xmlsec/openssl/crypto.h>

#include "xml_encryption.h"
#include "xml_names.h"

static const lp_xml_cipher ciphers[] = {
    {"aes128-gcm", LP_NS_ENC11 "aes128-gcm", xmlSecOpenSSLTransformAes128GcmGetKlass, 16, 0},
    {"aes192-gcm", LP_NS_ENC11 "aes192-gcm", xmlSecOpenSSLTransformAes192GcmGetKlass, 24, 0},
    {"aes256-gcm", LP_NS_ENC11 "aes256-gcm", xmlSecOpenSSLTransformAes256GcmGetKlass, 32, 0},
    {"aes128-cbc", LP_NS_ENC "aes128-cbc", xmlSecOpenSSLTransformAes128CbcGetKlass, 16, 1},
    {"aes192-cbc", LP_NS_ENC "aes192-cbc", xmlSecOpenSSLTransformAes192CbcGetKlass, 24, 1},
    {"aes256-cbc", LP_NS_ENC "aes256-cbc", xmlSecOpenSSLTransformAes256CbcGetKlass, 32, 1},
};

static const lp_xml_transport transports[] = {
    {"rsa-oaep-mgf1p", LP_NS_ENC "rsa-oaep-mgf1p", 0},
    {"rsa-oaep", LP_NS_ENC11 "rsa-oaep", 1},
};

const lp_xml_cipher *lp_xml_find_cipher (const char *name) {
  for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
    if (strcmp(ciphers[i].uri, name) == 0 || strcmp(ciphers[i].name, name) == 0) return &ciphers[i];
  return NULL;
}

const lp_xml_transport *lp_xml_find_transport (const char *name) {
  for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
    if (strcmp(transports[i].uri, name) == 0 || strcmp(transports[i].name, name) == 0)
      return &transports[i];
  return NULL;
}

EVP_PKEY_CTX *lp_xml_oaep_context (EVP_PKEY *key, const lp_xml_oaep *oaep,
                                   int (*init)(EVP_PKEY_CTX *context)) {
  EVP_PKEY_CTX *context;
  if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA) return NULL;
  context = EVP_PKEY_CTX_new(key, NULL);
  if (context != NULL && init(context) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_oaep_md(context, oaep->digest) == 1 &&
      EVP_PKEY_CTX_set_rsa_mgf1_md(context, oaep->mask) == 1)
    return context;
  EVP_PKEY_CTX_free(context);
  return NULL;
}
