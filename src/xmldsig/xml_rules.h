/*
** The rules of parsing (xml_parse.h) as libxml2's handlers, for a tree and for a file that is
** streamed.
*/
#ifndef LP_XML_RULES_H
#define LP_XML_RULES_H

#include <libxml/parser.h>

#include "xml_parse.h"

/* What the handlers need; the parser context's _private points to it. */
typedef struct lp_xml_rules {
  const lp_xml_limits *limits;
  lp_xml_fault *fault;
  unsigned depth, elements, in_scope;
  unsigned short declared[LP_XML_DEPTH_MAX + 1]; /* namespaces, by depth */
} lp_xml_rules;

/*
** Sets the handlers for the document's beginning, DOCTYPE, processing instructions, comments and
** errors. Those of elements call enter and leave. Afterwards the fault decides: a document may come
** back all the same (saml §7).
*/
void lp_xml_set_rules (xmlParserCtxtPtr parser, lp_xml_rules *rules);

/* Ends the parsing. */
void lp_xml_refuse (xmlParserCtxtPtr parser, const char *code, const char *message);

/* -1: it is refused. `counts`: whether it is one of the elements that are limited. */
int lp_xml_enter_element (xmlParserCtxtPtr parser, int attributes, int namespaces, int counts);
void lp_xml_leave_element (xmlParserCtxtPtr parser);

/*
** libxml2 compares each attribute of an element with all before it, before it tells us of the
** element, and time must be linear in the bytes. No start tag has more attributes than there are
** equals signs before a quote between two "<", since an attribute's value has no "<". The bytes may
** come in pieces: 0, or -1 when there are more than `most`.
*/
typedef struct lp_xml_equals {
  unsigned count;
  int is_open; /* an equals sign was the last that was not white space */
} lp_xml_equals;

int lp_xml_count_equals (lp_xml_equals *equals, const char *text, size_t n, unsigned most);

#endif
