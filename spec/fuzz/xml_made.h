/* A key, its certificate and a context that is never left, for programs that try src/xmldsig. */
#ifndef XML_MADE_H
#define XML_MADE_H

#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "xml_keys.h"

typedef struct made {
  EVP_PKEY *key;
  lp_xml_certificate certificate;
} made;

static inline void make_key (made *m) {
  lp_xml_fault fault = {NULL, ""};
  unsigned char *der = NULL;
  int n;
  X509 *x509 = X509_new();
  m->key = EVP_RSA_gen(2048);
  if (x509 == NULL || m->key == NULL || X509_set_version(x509, X509_VERSION_3) != 1 ||
      ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) != 1 ||
      X509_gmtime_adj(X509_getm_notBefore(x509), 0) == NULL ||
      X509_gmtime_adj(X509_getm_notAfter(x509), 86400) == NULL ||
      X509_set_pubkey(x509, m->key) != 1 || X509_sign(x509, m->key, EVP_sha256()) == 0)
    abort();
  n = i2d_X509(x509, &der);
  X509_free(x509);
  if (n <= 0 || lp_xml_read_certificate((const char *)der, (size_t)n, &m->certificate, &fault) != 0)
    abort();
  OPENSSL_free(der);
}

#endif
