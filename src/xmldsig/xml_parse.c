/* Parsing under rules and limits; see xml_parse.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/valid.h>

#include "array.h"
#include "utf8.h"
#include "xml_names.h"
#include "xml_parse.h"
#include "xml_rules.h"

const lp_xml_limits lp_xml_default_limits = {
    .bytes = 1024u * 1024u, .depth = 64, .elements = 20000, .attributes = 100, .namespaces = 256};

/* ------------------------------------------------------------------ before the parser */

static int is_space (char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Before the parser converts anything: what is not UTF-8 is not read in another way either. */
static int check_bytes (const char *text, size_t n, const lp_xml_limits *limits,
                        lp_xml_fault *fault) {
  const char *end = text + n;
  lp_xml_equals equals = {0, 0};
  for (const char *p = text; p < end;) {
    int length = lp_utf8_length(p, end);
    if (length <= 0)
      return lp_xml_fail(fault, "bad_encoding", "byte %zu is not UTF-8", (size_t)(p - text) + 1);
    if (*p == '\0')
      return lp_xml_fail(fault, "bad_encoding", "byte %zu is NUL", (size_t)(p - text) + 1);
    p += length;
  }
  if (lp_xml_count_equals(&equals, text, n, limits->attributes) != 0)
    return lp_xml_fail(fault, "xml_too_many", "an element has more than %u attributes",
                       limits->attributes);
  return 0;
}

/* ------------------------------------------------------------------ while it parses */

static void begin_element (void *context, const xmlChar *name, const xmlChar *prefix,
                           const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                           int attribute_count, int defaulted, const xmlChar **attributes) {
  if (lp_xml_enter_element(context, attribute_count, namespace_count, 1) == 0)
    xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces, attribute_count,
                          defaulted, attributes);
}

static void end_element (void *context, const xmlChar *name, const xmlChar *prefix,
                         const xmlChar *uri) {
  lp_xml_leave_element(context);
  xmlSAX2EndElementNs(context, name, prefix, uri);
}

/* ------------------------------------------------------------------ looking at a document */

xmlNodePtr lp_xml_first_child (const xmlNode *node) {
  xmlNodePtr child = node->children;
  while (child != NULL && child->type != XML_ELEMENT_NODE) child = child->next;
  return child;
}

xmlNodePtr lp_xml_next_sibling (const xmlNode *node) {
  xmlNodePtr next = node->next;
  while (next != NULL && next->type != XML_ELEMENT_NODE) next = next->next;
  return next;
}

xmlNodePtr lp_xml_next_element (xmlNodePtr node, const xmlNode *root) {
  xmlNodePtr next = lp_xml_first_child(node);
  while (next == NULL && node != root) {
    next = lp_xml_next_sibling(node);
    node = node->parent;
  }
  return next;
}

int lp_xml_is (const xmlNode *node, const char *ns, const char *name) {
  if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0) return 0;
  if (node->ns == NULL || ns == NULL) return node->ns == NULL && ns == NULL;
  return strcmp((const char *)node->ns->href, ns) == 0;
}

const char *lp_xml_value (const xmlAttr *attribute) {
  const xmlNode *text = attribute->children;
  if (text == NULL) return "";
  if (text->type != XML_TEXT_NODE || text->next != NULL || text->content == NULL) return NULL;
  return (const char *)text->content;
}

const char *lp_xml_attribute (const xmlNode *node, const char *name) {
  for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
    if (a->ns == NULL && strcmp((const char *)a->name, name) == 0) return lp_xml_value(a);
  return NULL;
}

const char *lp_xml_text (const xmlNode *node) {
  const xmlNode *text = node->children;
  if (text == NULL) return "";
  if (text->type != XML_TEXT_NODE || text->next != NULL || text->content == NULL) return NULL;
  return (const char *)text->content;
}

int lp_xml_child (const xmlNode *node, const char *ns, const char *name, xmlNodePtr *child) {
  int count = 0;
  *child = NULL;
  for (xmlNodePtr c = lp_xml_first_child(node); c != NULL; c = lp_xml_next_sibling(c)) {
    if (!lp_xml_is(c, ns, name)) continue;
    if (++count > 1) return 2;
    *child = c;
  }
  return count;
}

int lp_xml_has_only_elements (const xmlNode *node) {
  for (const xmlNode *c = node->children; c != NULL; c = c->next) {
    if (c->type == XML_ELEMENT_NODE) continue;
    if (c->type != XML_TEXT_NODE) return 0;
    for (const char *p = (const char *)c->content; p != NULL && *p != '\0'; p++)
      if (!is_space(*p)) return 0;
  }
  return 1;
}

/* ------------------------------------------------------------------ after the parser */

static const char *const id_names[] = {"ID", "Id", "id", "AssertionID"};

static int is_id (const xmlAttr *attribute) {
  for (size_t i = 0; attribute->ns == NULL && i < sizeof id_names / sizeof *id_names; i++)
    if (strcmp((const char *)attribute->name, id_names[i]) == 0) return 1;
  return 0;
}

static int is_xml_id (const xmlAttr *attribute) {
  return attribute->ns != NULL && strcmp((const char *)attribute->name, "id") == 0 &&
         strcmp((const char *)attribute->ns->href, LP_NS_XML) == 0;
}

typedef struct id_list {
  const char **items;
  size_t count, capacity;
} id_list;

/*
** libxml2 takes xml:id for an ID by itself; a second xmlAddID of the same value then does nothing
** (saml §3.7).
*/
static int collect_ids (xmlNodePtr root, id_list *ids, lp_xml_fault *fault) {
  for (xmlNodePtr node = root; node != NULL; node = lp_xml_next_element(node, root))
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
      const char *value = lp_xml_value(a);
      if (value == NULL)
        return lp_xml_fail(fault, "bad_xml", "line %ld: an attribute is not plain text",
                           xmlGetLineNo(node));
      if (is_xml_id(a))
        return lp_xml_fail(fault, "xml_id", "line %ld: there is an attribute xml:id",
                           xmlGetLineNo(node));
      if (!is_id(a)) continue;
      if (xmlValidateNCName((const xmlChar *)value, 0) != 0)
        return lp_xml_fail(fault, "bad_id", "line %ld: '%s' is not an XML name", xmlGetLineNo(node),
                           value);
      if (LP_RESERVE(ids->items, ids->count, 1u, ids->capacity) != 0)
        return lp_xml_out_of_memory(fault);
      ids->items[ids->count++] = value;
    }
  return 0;
}

static int compare_ids (const void *one, const void *other) {
  return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static int check_attributes (xmlDocPtr document, lp_xml_fault *fault) {
  id_list ids = {NULL, 0, 0};
  int result = collect_ids(xmlDocGetRootElement(document), &ids, fault);
  if (result == 0 && ids.count > 1) {
    qsort(ids.items, ids.count, sizeof *ids.items, compare_ids);
    for (size_t i = 1; i < ids.count && result == 0; i++)
      if (strcmp(ids.items[i - 1], ids.items[i]) == 0)
        result = lp_xml_fail(fault, "duplicate_id", "two elements have the ID '%s'", ids.items[i]);
  }
  free(ids.items);
  return result;
}

/* ------------------------------------------------------------------ all of it */

/* The document of a parser that has ended, when there is nothing against it. */
static xmlDocPtr take_document (xmlParserCtxtPtr parser, lp_xml_fault *fault) {
  xmlDocPtr document = parser->myDoc;
  parser->myDoc = NULL;
  if (fault->code == NULL && (!parser->wellFormed || !parser->nsWellFormed))
    (void)lp_xml_fail(fault, "bad_xml", "it is not well-formed");
  if (fault->code == NULL && (document == NULL || xmlDocGetRootElement(document) == NULL))
    (void)lp_xml_fail(fault, "bad_xml", "there is no root element");
  if (fault->code == NULL && check_attributes(document, fault) == 0) return document;
  if (document != NULL) xmlFreeDoc(document);
  return NULL;
}

xmlDocPtr lp_xml_parse (const char *text, size_t n, const lp_xml_limits *limits,
                        lp_xml_fault *fault) {
  lp_xml_rules rules = {limits, fault, 0, 0, 0, {0}};
  xmlParserCtxtPtr parser;
  xmlDocPtr document;
  if (n > limits->bytes || n > INT_MAX) {
    (void)lp_xml_fail(fault, "message_too_large", "%zu bytes; the limit is %zu", n, limits->bytes);
    return NULL;
  }
  if (n == 0) {
    (void)lp_xml_fail(fault, "bad_xml", "it is empty");
    return NULL;
  }
  if (check_bytes(text, n, limits, fault) != 0) return NULL;
  parser = xmlCreateMemoryParserCtxt(text, (int)n);
  if (parser == NULL) {
    (void)lp_xml_out_of_memory(fault);
    return NULL;
  }
  (void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOCDATA);
  lp_xml_set_rules(parser, &rules);
  parser->sax->startElementNs = begin_element;
  parser->sax->endElementNs = end_element;
  (void)xmlParseDocument(parser);
  document = take_document(parser, fault);
  xmlFreeParserCtxt(parser);
  return document;
}
