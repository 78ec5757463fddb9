/* Signatures over octets, and octets encrypted by RSA, by OpenSSL; see xml_octets.h. */
#include <stdlib.h>
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "xml_octets.h"

/* ------------------------------------------------------------------ the two forms of ECDSA */

static size_t width_of (const EVP_PKEY *key) {
  return ((size_t)EVP_PKEY_bits(key) + 7) / 8;
}

/* r and s out of DER; both are allocated by malloc. NULL when it is not DER, or without memory. */
static unsigned char *plain_of (const unsigned char *der, size_t n, size_t width) {
  ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
  unsigned char *plain = pair != NULL ? malloc(2 * width) : NULL;
  if (plain != NULL && (BN_bn2binpad(ECDSA_SIG_get0_r(pair), plain, (int)width) < 0 ||
                        BN_bn2binpad(ECDSA_SIG_get0_s(pair), plain + width, (int)width) < 0)) {
    free(plain);
    plain = NULL;
  }
  ECDSA_SIG_free(pair);
  return plain;
}

/* DER out of r and s; NULL without memory. Freed by OPENSSL_free. */
static unsigned char *der_of (const unsigned char *plain, size_t width, size_t *size) {
  ECDSA_SIG *pair = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(plain, (int)width, NULL), *s = BN_bin2bn(plain + width, (int)width, NULL);
  unsigned char *der = NULL;
  int n;
  if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return NULL;
  }
  n = i2d_ECDSA_SIG(pair, &der); /* r and s are the pair's */
  ECDSA_SIG_free(pair);
  *size = n > 0 ? (size_t)n : 0;
  return der;
}

/* ------------------------------------------------------------------ signing */

unsigned char *lp_xml_sign_octets (EVP_PKEY *key, const lp_xml_method *method, lp_xml_octets octets,
                                   size_t *size, lp_xml_fault *fault) {
  EVP_MD_CTX *context;
  unsigned char *signature, *plain;
  int done;
  if (EVP_PKEY_base_id(key) != method->key_type) {
    (void)lp_xml_fail(fault, "algorithm_refused", "the key does not sign by %s", method->name);
    return NULL;
  }
  *size = (size_t)EVP_PKEY_size(key);
  context = EVP_MD_CTX_new();
  signature = malloc(*size);
  done = context != NULL && signature != NULL &&
         EVP_DigestSignInit(context, NULL, method->evp(), NULL, key) == 1 &&
         EVP_DigestSign(context, signature, size, octets.bytes, octets.size) == 1;
  EVP_MD_CTX_free(context);
  if (done && method->key_type == EVP_PKEY_EC) {
    plain = plain_of(signature, *size, width_of(key));
    free(signature);
    signature = plain;
    *size = 2 * width_of(key);
    done = plain != NULL;
  }
  if (done) return signature;
  free(signature);
  (void)lp_xml_fail(fault, "cannot_sign", "the key does not sign");
  return NULL;
}

/* ------------------------------------------------------------------ verifying */

static int verify_with (EVP_PKEY *key, const lp_xml_method *method, lp_xml_octets octets,
                        lp_xml_octets signature) {
  EVP_MD_CTX *context;
  unsigned char *der = NULL;
  int done;
  if (method->key_type == EVP_PKEY_EC) {
    if (signature.size != 2 * width_of(key)) return 0;
    der = der_of(signature.bytes, width_of(key), &signature.size);
    if (der == NULL) return 0;
    signature.bytes = der;
  }
  context = EVP_MD_CTX_new();
  done = context != NULL && EVP_DigestVerifyInit(context, NULL, method->evp(), NULL, key) == 1 &&
         EVP_DigestVerify(context, signature.bytes, signature.size, octets.bytes, octets.size) == 1;
  EVP_MD_CTX_free(context);
  OPENSSL_free(der);
  return done;
}

long lp_xml_verify_octets (const lp_xml_certificate *const *certificates, size_t count,
                           const lp_xml_method *method, const lp_xml_policy *policy,
                           lp_xml_octets octets, lp_xml_octets signature, lp_xml_fault *fault) {
  lp_xml_tally tally = {0, 0};
  if (count == 0) return lp_xml_fail(fault, "certificates_missing", "there is no certificate");
  for (size_t i = 0; i < count; i++)
    if (lp_xml_may_try(certificates[i]->key, method, policy, &tally) &&
        verify_with(certificates[i]->key, method, octets, signature))
      return (long)i;
  return lp_xml_fail_tally(&tally, method, policy, fault);
}

/* ------------------------------------------------------------------ decrypting */

unsigned char *lp_xml_decrypt_octets (EVP_PKEY *key, lp_xml_octets octets, size_t *size) {
  EVP_PKEY_CTX *context;
  unsigned char *plain;
  int done;
  if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA) return NULL;
  *size = (size_t)EVP_PKEY_size(key);
  context = EVP_PKEY_CTX_new(key, NULL);
  plain = calloc(1, *size);
  done = context != NULL && plain != NULL && EVP_PKEY_decrypt_init(context) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_decrypt(context, plain, size, octets.bytes, octets.size) == 1;
  EVP_PKEY_CTX_free(context);
  if (done) return plain;
  free(plain);
  return NULL;
}
