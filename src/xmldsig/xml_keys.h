/* Certificates, as containers of a public key (saml §3.13), and private keys, both of OpenSSL. */
#ifndef LP_XML_KEYS_H
#define LP_XML_KEYS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <xmlsec/keys.h>

#include "xml_algorithms.h"

#define LP_XML_CERTIFICATE_MAX 65536u /* bytes of one, in whatever form */

typedef struct lp_xml_certificate {
  X509 *x509;
  EVP_PKEY *key; /* the certificate's, not counted */
} lp_xml_certificate;

/* One certificate as PEM, DER or Base64 of DER: 0 or -1. */
int lp_xml_read_certificate (const char *text, size_t n, lp_xml_certificate *certificate,
                             lp_xml_fault *fault);
void lp_xml_free_certificate (lp_xml_certificate *certificate);

/*
** A private key as PEM, without a passphrase; NULL with a fault. Freed by EVP_PKEY_free, which
** wipes.
*/
EVP_PKEY *lp_xml_read_private_key (const char *text, size_t n, lp_xml_fault *fault);

/*
** Whether it is RSA (EVP_PKEY_RSA) or of one of the three NIST curves (EVP_PKEY_EC); 0 for others.
*/
int lp_xml_key_type (const EVP_PKEY *key);

/* Which of several keys are tried: those of the method's type that are large enough. */
typedef struct lp_xml_tally {
  unsigned tried, small;
} lp_xml_tally;

int lp_xml_may_try (const EVP_PKEY *key, const lp_xml_method *method, const lp_xml_policy *policy,
                    lp_xml_tally *tally);
/* None of them made the signature: -1. */
int lp_xml_fail_tally (const lp_xml_tally *tally, const lp_xml_method *method,
                       const lp_xml_policy *policy, lp_xml_fault *fault);

/* A key for libxmlsec1, which has a reference to the same; NULL without memory. */
xmlSecKeyPtr lp_xml_wrap_key (EVP_PKEY *key);

#endif
