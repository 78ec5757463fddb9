/*
** The shape of a signature (saml §3.10 to §3.12, §3.16), by fixed paths of children: what
** libxmlsec1 will do is known before it is asked.
*/
#ifndef LP_XML_SIGNATURE_H
#define LP_XML_SIGNATURE_H

#include "xml_algorithms.h"

typedef struct lp_xml_signature {
  xmlNodePtr node;
  xmlAttrPtr id; /* of the signed element, which is the signature's parent */
  const lp_xml_method *method;
  const lp_xml_digest *digest;
} lp_xml_signature;

/*
** The one signature that is a direct child of `element`, when it is of that element and of the form
** that SAML prescribes, with algorithms that the policy allows: 0 or -1.
*/
int lp_xml_read_signature (xmlNodePtr element, const lp_xml_policy *policy,
                           lp_xml_signature *signature, lp_xml_fault *fault);

#endif
