/* Whether an element is signed by one of the pinned keys, and the octets that were signed. */
#ifndef LP_XML_VERIFY_H
#define LP_XML_VERIFY_H

#include "xml_keys.h"
#include "xml_signature.h"

typedef struct lp_xml_verified {
  char *octets; /* the canonical bytes of the element without its signature; freed by free */
  size_t size;
  size_t certificate; /* which one's key it was, from 0 */
  const lp_xml_method *method;
  const lp_xml_digest *digest;
} lp_xml_verified;

/*
** Verifies the signature that is a direct child of `element` under rules 9 to 16 of saml §3. The
** keys are those of the certificates given, tried one after the other; what the signature's KeyInfo
** says is not looked at. 0 with all of `*verified`, or -1. One thread at a time for one document:
** the element's ID is registered with the document meanwhile. Between lp_xml_enter and
** lp_xml_leave.
*/
int lp_xml_verify (xmlNodePtr element, const lp_xml_policy *policy,
                   const lp_xml_certificate *const *certificates, size_t count,
                   lp_xml_verified *verified, lp_xml_fault *fault);

#endif
