/*
** XML as SAML may have it (saml §3.3 to §3.7), read by the one parser and once: UTF-8, no DOCTYPE
** and so no entities, no processing instructions, no xml:id, unique IDs, limits for everything.
** Comments are dropped, so that text is one node, as canonicalisation sees it.
*/
#ifndef LP_XML_PARSE_H
#define LP_XML_PARSE_H

#include <stddef.h>

#include "xml_library.h"

typedef struct lp_xml_limits {
  size_t bytes;
  unsigned depth;      /* of elements, the root is 1; at most LP_XML_DEPTH_MAX */
  unsigned elements;   /* of the document */
  unsigned attributes; /* of one element, declarations of namespaces among them */
  unsigned namespaces; /* declarations in scope anywhere; at most LP_XML_NAMESPACES_MAX */
} lp_xml_limits;

#define LP_XML_DEPTH_MAX 200u /* libxml2 refuses 256 by itself */
#define LP_XML_NAMESPACES_MAX 4096u

extern const lp_xml_limits lp_xml_default_limits;

/* NULL when it is refused; between lp_xml_enter and lp_xml_leave. Freed by xmlFreeDoc. */
xmlDocPtr lp_xml_parse (const char *text, size_t n, const lp_xml_limits *limits,
                        lp_xml_fault *fault);

/* ------------------------------------------------------------------ looking at a document */

/* In document order; NULL after the last element below `root`. */
xmlNodePtr lp_xml_next_element (xmlNodePtr node, const xmlNode *root);

/* Whether it is an element of that name; `ns` NULL: in no namespace. */
int lp_xml_is (const xmlNode *node, const char *ns, const char *name);

/* The value of an attribute; NULL when it has none that is plain text. */
const char *lp_xml_value (const xmlAttr *attribute);

/* The value of an attribute in no namespace; NULL when there is none. */
const char *lp_xml_attribute (const xmlNode *node, const char *name);

/* The text of an element that has nothing but text; NULL when there is anything else. */
const char *lp_xml_text (const xmlNode *node);

/* The only direct child of that name: 0, 1, or 2 for more than one; `*child` is the first. */
int lp_xml_child (const xmlNode *node, const char *ns, const char *name, xmlNodePtr *child);

/* The first child that is an element, and the next one among its siblings. */
xmlNodePtr lp_xml_first_child (const xmlNode *node);
xmlNodePtr lp_xml_next_sibling (const xmlNode *node);

/* Whether what stands between its child elements is white space alone. */
int lp_xml_has_only_elements (const xmlNode *node);

#endif
