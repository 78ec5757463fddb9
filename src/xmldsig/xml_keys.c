/* Certificates and keys; see xml_keys.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <xmlsec/openssl/evp.h>

#include "xml_base64.h"
#include "xml_keys.h"

/* OpenSSL would ask on the terminal. */
static int no_passphrase (char *buffer, int size, int writing, void *data) {
  (void)buffer;
  (void)size;
  (void)writing;
  (void)data;
  return -1;
}

int lp_xml_key_type (const EVP_PKEY *key) {
  char curve[32];
  switch (EVP_PKEY_base_id(key)) {
  case EVP_PKEY_RSA:
    return EVP_PKEY_RSA;
  case EVP_PKEY_EC:
    if (EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
        (strcmp(curve, "prime256v1") == 0 || strcmp(curve, "secp384r1") == 0 ||
         strcmp(curve, "secp521r1") == 0))
      return EVP_PKEY_EC;
    return 0;
  default:
    return 0;
  }
}

/* ------------------------------------------------------------------ certificates */

static X509 *read_der (const unsigned char *bytes, size_t n) {
  const unsigned char *at = bytes;
  X509 *x509 = d2i_X509(NULL, &at, (long)n);
  if (x509 != NULL && at != bytes + n) { /* what stands after it would be ignored */
    X509_free(x509);
    return NULL;
  }
  return x509;
}

static X509 *read_base64 (const char *text, size_t n) {
  unsigned char *bytes = malloc(n + 1);
  X509 *x509 = NULL;
  long length;
  if (bytes == NULL) return NULL;
  length = lp_xml_base64_decode(text, n, bytes);
  if (length > 0) x509 = read_der(bytes, (size_t)length);
  free(bytes);
  return x509;
}

/* Exactly one: a file with several would be ambiguous. */
static X509 *read_pem (const char *text, size_t n, lp_xml_fault *fault) {
  BIO *source = BIO_new_mem_buf(text, (int)n);
  X509 *x509, *another;
  if (source == NULL) return NULL;
  x509 = PEM_read_bio_X509(source, NULL, no_passphrase, NULL);
  another = x509 != NULL ? PEM_read_bio_X509(source, NULL, no_passphrase, NULL) : NULL;
  BIO_free(source);
  if (another != NULL) {
    (void)lp_xml_fail(fault, "bad_certificate", "there is more than one certificate");
    X509_free(another);
    X509_free(x509);
    return NULL;
  }
  return x509;
}

int lp_xml_read_certificate (const char *text, size_t n, lp_xml_certificate *certificate,
                             lp_xml_fault *fault) {
  X509 *x509;
  certificate->x509 = NULL;
  certificate->key = NULL;
  if (n == 0 || n > LP_XML_CERTIFICATE_MAX)
    return lp_xml_fail(fault, "bad_certificate", n == 0 ? "it is empty" : "it is too long");
  if (memmem(text, n, "-----BEGIN ", 11) != NULL)
    x509 = read_pem(text, n, fault);
  else if ((unsigned char)text[0] == 0x30 && n > 1 && (unsigned char)text[1] >= 0x80)
    x509 = read_der((const unsigned char *)text, n);
  else
    x509 = read_base64(text, n);
  if (x509 == NULL)
    return lp_xml_fail(fault, "bad_certificate", "it is not a certificate (PEM, DER or Base64)");
  certificate->x509 = x509;
  certificate->key = X509_get0_pubkey(x509);
  if (certificate->key != NULL && lp_xml_key_type(certificate->key) != 0) return 0;
  lp_xml_free_certificate(certificate);
  return lp_xml_fail(fault, "bad_certificate",
                     "its key is neither RSA nor of the curve P-256, P-384 or P-521");
}

void lp_xml_free_certificate (lp_xml_certificate *certificate) {
  X509_free(certificate->x509);
  certificate->x509 = NULL;
  certificate->key = NULL;
}

/* ------------------------------------------------------------------ private keys */

EVP_PKEY *lp_xml_read_private_key (const char *text, size_t n, lp_xml_fault *fault) {
  BIO *source;
  EVP_PKEY *key = NULL;
  if (n > INT_MAX || (source = BIO_new_mem_buf(text, (int)n)) == NULL) {
    (void)lp_xml_out_of_memory(fault);
    return NULL;
  }
  key = PEM_read_bio_PrivateKey(source, NULL, no_passphrase, NULL);
  BIO_free(source); /* it only read `text` */
  if (key == NULL) {
    (void)lp_xml_fail(fault, "bad_key", "it is not a private key in PEM without a passphrase");
  } else if (lp_xml_key_type(key) == 0) {
    EVP_PKEY_free(key);
    key = NULL;
    (void)lp_xml_fail(fault, "bad_key",
                      "the key is neither RSA nor of the curve P-256, P-384 or P-521");
  }
  return key;
}

/* ------------------------------------------------------------------ using them */

int lp_xml_may_try (const EVP_PKEY *key, const lp_xml_method *method, const lp_xml_policy *policy,
                    lp_xml_tally *tally) {
  if (EVP_PKEY_base_id(key) != method->key_type) return 0;
  if (method->key_type == EVP_PKEY_RSA && EVP_PKEY_bits(key) < policy->min_rsa_bits) {
    tally->small++;
    return 0;
  }
  tally->tried++;
  return 1;
}

int lp_xml_fail_tally (const lp_xml_tally *tally, const lp_xml_method *method,
                       const lp_xml_policy *policy, lp_xml_fault *fault) {
  if (tally->tried == 0 && tally->small > 0)
    return lp_xml_fail(fault, "key_too_small", "the RSA key has fewer than %d bits",
                       policy->min_rsa_bits);
  if (tally->tried == 0)
    return lp_xml_fail(fault, "signature_invalid", "no certificate has a key for %s", method->name);
  return lp_xml_fail(fault, "signature_invalid",
                     "none of the keys made it (%u tried, %u too small to be tried)", tally->tried,
                     tally->small);
}

xmlSecKeyPtr lp_xml_wrap_key (EVP_PKEY *key) {
  xmlSecKeyPtr wrapped = xmlSecKeyCreate();
  xmlSecKeyDataPtr data;
  if (wrapped == NULL || EVP_PKEY_up_ref(key) != 1) {
    if (wrapped != NULL) xmlSecKeyDestroy(wrapped);
    return NULL;
  }
  data = xmlSecOpenSSLEvpKeyAdopt(key);
  if (data == NULL) {
    EVP_PKEY_free(key);
    xmlSecKeyDestroy(wrapped);
    return NULL;
  }
  if (xmlSecKeySetValue(wrapped, data) < 0) {
    xmlSecKeyDataDestroy(data);
    xmlSecKeyDestroy(wrapped);
    return NULL;
  }
  return wrapped;
}
