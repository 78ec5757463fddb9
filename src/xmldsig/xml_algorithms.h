/*
** The algorithms of signatures that are known, which is all there will be: what is not in this
** table (every HMAC, DSA, MD5, RSA-PSS, ...) is refused by its absence (saml §3.12). SHA-1 is in it
** because it can be allowed.
*/
#ifndef LP_XML_ALGORITHMS_H
#define LP_XML_ALGORITHMS_H

#include <openssl/evp.h>
#include <xmlsec/transforms.h>

#include "xml_library.h"

typedef struct lp_xml_digest {
  const char *name, *uri;
  const EVP_MD *(*evp)(void);
  xmlSecTransformId (*transform)(void);
  size_t size; /* bytes of a digest */
  int is_sha1;
} lp_xml_digest;

typedef struct lp_xml_method {
  const char *name, *uri;
  int key_type; /* EVP_PKEY_RSA or EVP_PKEY_EC */
  const EVP_MD *(*evp)(void);
  xmlSecTransformId (*transform)(void);
  int is_sha1;
} lp_xml_method;

/* What is accepted in a signature. */
typedef struct lp_xml_policy {
  int sha1, ecdsa;
  int min_rsa_bits;
} lp_xml_policy;

extern const lp_xml_policy lp_xml_default_policy;

/* By the URI, or by the short name that stands behind its "#"; NULL when it is unknown. */
const lp_xml_method *lp_xml_find_method (const char *name);
const lp_xml_digest *lp_xml_find_digest (const char *name);

/*
** By the URI alone, for a short name in a message is none, when the policy allows it; NULL with a
** fault else.
*/
const lp_xml_method *lp_xml_allowed_method (const char *name, const lp_xml_policy *policy,
                                            lp_xml_fault *fault);
/* The same for what a program of ours asks for: by the short name too. */
const lp_xml_method *lp_xml_wanted_method (const char *name, const lp_xml_policy *policy,
                                           lp_xml_fault *fault);
const lp_xml_digest *lp_xml_allowed_digest (const char *name, const lp_xml_policy *policy,
                                            lp_xml_fault *fault);

#endif
