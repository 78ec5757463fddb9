/* The table of algorithms; see xml_algorithms.h. */
#include <string.h>

#include <xmlsec/openssl/crypto.h>

#include "xml_algorithms.h"
#include "xml_names.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

static const lp_xml_digest digests[] = {
    {"sha256", LP_NS_ENC "sha256", EVP_sha256, xmlSecOpenSSLTransformSha256GetKlass, 32, 0},
    {"sha384", MORE "sha384", EVP_sha384, xmlSecOpenSSLTransformSha384GetKlass, 48, 0},
    {"sha512", LP_NS_ENC "sha512", EVP_sha512, xmlSecOpenSSLTransformSha512GetKlass, 64, 0},
    {"sha1", LP_NS_DSIG "sha1", EVP_sha1, xmlSecOpenSSLTransformSha1GetKlass, 20, 1},
};

static const lp_xml_method methods[] = {
    {"rsa-sha256", MORE "rsa-sha256", EVP_PKEY_RSA, EVP_sha256,
     xmlSecOpenSSLTransformRsaSha256GetKlass, 0},
    {"rsa-sha384", MORE "rsa-sha384", EVP_PKEY_RSA, EVP_sha384,
     xmlSecOpenSSLTransformRsaSha384GetKlass, 0},
    {"rsa-sha512", MORE "rsa-sha512", EVP_PKEY_RSA, EVP_sha512,
     xmlSecOpenSSLTransformRsaSha512GetKlass, 0},
    {"ecdsa-sha256", MORE "ecdsa-sha256", EVP_PKEY_EC, EVP_sha256,
     xmlSecOpenSSLTransformEcdsaSha256GetKlass, 0},
    {"ecdsa-sha384", MORE "ecdsa-sha384", EVP_PKEY_EC, EVP_sha384,
     xmlSecOpenSSLTransformEcdsaSha384GetKlass, 0},
    {"ecdsa-sha512", MORE "ecdsa-sha512", EVP_PKEY_EC, EVP_sha512,
     xmlSecOpenSSLTransformEcdsaSha512GetKlass, 0},
    {"rsa-sha1", LP_NS_DSIG "rsa-sha1", EVP_PKEY_RSA, EVP_sha1,
     xmlSecOpenSSLTransformRsaSha1GetKlass, 1},
};

const lp_xml_policy lp_xml_default_policy = {0, 1, 2048};

const lp_xml_method *lp_xml_find_method (const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(methods[i].uri, name) == 0 || strcmp(methods[i].name, name) == 0) return &methods[i];
  return NULL;
}

const lp_xml_digest *lp_xml_find_digest (const char *name) {
  for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
    if (strcmp(digests[i].uri, name) == 0 || strcmp(digests[i].name, name) == 0) return &digests[i];
  return NULL;
}

const lp_xml_method *lp_xml_allowed_method (const char *name, const lp_xml_policy *policy,
                                            lp_xml_fault *fault) {
  const lp_xml_method *method = lp_xml_find_method(name);
  if (method != NULL && strcmp(method->uri, name) != 0) method = NULL;
  if (method != NULL && method->is_sha1 && !policy->sha1)
    (void)lp_xml_fail(fault, "sha1_refused", "the signature is of the algorithm %s", method->name);
  else if (method == NULL || (method->key_type == EVP_PKEY_EC && !policy->ecdsa))
    (void)lp_xml_fail(fault, "algorithm_refused", "the signature algorithm '%.100s' is not allowed",
                      name);
  else
    return method;
  return NULL;
}

const lp_xml_method *lp_xml_wanted_method (const char *name, const lp_xml_policy *policy,
                                           lp_xml_fault *fault) {
  const lp_xml_method *method = lp_xml_find_method(name);
  return lp_xml_allowed_method(method != NULL ? method->uri : name, policy, fault);
}

const lp_xml_digest *lp_xml_allowed_digest (const char *name, const lp_xml_policy *policy,
                                            lp_xml_fault *fault) {
  const lp_xml_digest *digest = lp_xml_find_digest(name);
  if (digest != NULL && strcmp(digest->uri, name) != 0) digest = NULL;
  if (digest != NULL && digest->is_sha1 && !policy->sha1)
    (void)lp_xml_fail(fault, "sha1_refused", "the digest is SHA-1");
  else if (digest == NULL)
    (void)lp_xml_fail(fault, "algorithm_refused", "the digest '%.100s' is not allowed", name);
  else
    return digest;
  return NULL;
}
