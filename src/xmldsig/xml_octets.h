/*
** Signatures over octets that are not XML, as the Redirect binding has them (saml §6), and octets
** that were encrypted for an RSA key, as LastPass MFA answers (mfa §2.2).
*/
#ifndef LP_XML_OCTETS_H
#define LP_XML_OCTETS_H

#include "xml_algorithms.h"
#include "xml_keys.h"

typedef struct lp_xml_octets {
  const unsigned char *bytes;
  size_t size;
} lp_xml_octets;

/*
** NULL with a fault; freed by free. ECDSA gives r and s at the width of the curve (RFC 4051
** §3.4.1), as in XML, and not OpenSSL's DER.
*/
unsigned char *lp_xml_sign_octets (EVP_PKEY *key, const lp_xml_method *method, lp_xml_octets octets,
                                   size_t *size, lp_xml_fault *fault);

/* The index of the certificate whose key made it, or -1 with a fault. */
long lp_xml_verify_octets (const lp_xml_certificate *const *certificates, size_t count,
                           const lp_xml_method *method, const lp_xml_policy *policy,
                           lp_xml_octets octets, lp_xml_octets signature, lp_xml_fault *fault);

/*
** RSA with the padding of PKCS #1 v1.5. What was encrypted is at most as long as the key; freed by
** free. NULL when it was not encrypted for this key, for whatever reason: the padding is an oracle
** for whoever can tell reasons apart.
*/
unsigned char *lp_xml_decrypt_octets (EVP_PKEY *key, lp_xml_octets octets, size_t *size);

#endif
