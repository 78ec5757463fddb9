/* Exclusive canonicalisation without comments (xml-exc-c14n). */
#ifndef LP_XML_CANONICAL_H
#define LP_XML_CANONICAL_H

#include "xml_library.h"

/* The whole document; NULL with a fault. The bytes are freed by xmlFree. */
xmlChar *lp_xml_canonical (xmlDocPtr document, size_t *size, lp_xml_fault *fault);

#endif
