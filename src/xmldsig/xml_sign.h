/* Enveloped signatures as SAML prescribes them, made by libxmlsec1. */
#ifndef LP_XML_SIGN_H
#define LP_XML_SIGN_H

#include "xml_keys.h"
#include "xml_signature.h"

typedef struct lp_xml_signing {
  EVP_PKEY *key;
  const lp_xml_certificate *certificate; /* goes into KeyInfo; NULL for none */
  const char *id;                        /* the ID of the element to be signed */
  const char *after_ns,
      *after_name; /* the child that the signature follows; NULL: it is the first */
  const lp_xml_method *method;
} lp_xml_signing;

/* Signs in place: 0 or -1. Between lp_xml_enter and lp_xml_leave. */
int lp_xml_sign (xmlDocPtr document, const lp_xml_signing *signing, lp_xml_fault *fault);

/*
** The root element as text, without an XML declaration; NULL without memory. Freed by
** xmlBufferFree.
*/
xmlBufferPtr lp_xml_write (xmlDocPtr document);

#endif
