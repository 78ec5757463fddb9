/* Canonicalisation by libxml2; see xml_canonical.h. */
#include <libxml/c14n.h>

#include "xml_canonical.h"

xmlChar *lp_xml_canonical (xmlDocPtr document, size_t *size, lp_xml_fault *fault) {
  xmlChar *bytes = NULL;
  int n = xmlC14NDocDumpMemory(document, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &bytes);
  if (n >= 0 && bytes != NULL) {
    *size = (size_t)n;
    return bytes;
  }
  xmlFree(bytes);
  (void)lp_xml_fail(fault, "canonicalisation", "the document has no canonical form");
  return NULL;
}
