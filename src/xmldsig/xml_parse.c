/* Parsing under rules and limits; see xml_parse.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/valid.h>

#include "array.h"
#include "utf8.h"
#include "xml_names.h"
#include "xml_parse.h"

const lp_xml_limits lp_xml_default_limits = {
    .bytes = 1024u * 1024u, .depth = 64, .elements = 20000, .attributes = 100, .namespaces = 256};

/* ------------------------------------------------------------------ before the parser */

static int is_space (char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Is this equals sign one that a quote follows, as those of attributes are? */
static int begins_value (const char *p, const char *end) {
  for (p++; p < end && is_space(*p); p++) {
  }
  return p < end && (*p == '"' || *p == '\'');
}

/*
** libxml2 compares each attribute of an element with all before it, before it tells us of the
** element, and time must be linear in the bytes. No start tag has more attributes than there are
** equals signs before a quote between two "<", since an attribute's value has no "<".
*/
static int check_bytes (const char *text, size_t n, const lp_xml_limits *limits,
                        lp_xml_fault *fault) {
  const char *end = text + n;
  unsigned attributes = 0;
  for (const char *p = text; p < end;) {
    int length = lp_utf8_length(p, end);
    if (length <= 0)
      return lp_xml_fail(fault, "bad_encoding", "byte %zu is not UTF-8", (size_t)(p - text) + 1);
    if (*p == '\0')
      return lp_xml_fail(fault, "bad_encoding", "byte %zu is NUL", (size_t)(p - text) + 1);
    if (*p == '<') attributes = 0;
    if (*p == '=' && begins_value(p, end) && ++attributes > limits->attributes)
      return lp_xml_fail(fault, "xml_too_many", "an element has more than %u attributes",
                         limits->attributes);
    p += length;
  }
  return 0;
}

/* ------------------------------------------------------------------ while it parses */

/* The parser context's _private. */
typedef struct state {
  const lp_xml_limits *limits;
  lp_xml_fault *fault;
  unsigned depth, elements, in_scope;
  unsigned short declared[LP_XML_DEPTH_MAX + 1]; /* namespaces, by depth */
} state;

/* Ends the parsing. A document may come back all the same (saml §7), so the fault decides. */
static void refuse (xmlParserCtxtPtr parser, const char *code, const char *message) {
  state *s = parser->_private;
  (void)lp_xml_fail(s->fault, code, "line %d: %s", xmlSAX2GetLineNumber(parser), message);
  xmlStopParser(parser);
}

static int is_utf8 (const xmlChar *encoding) {
  return encoding == NULL || strcasecmp((const char *)encoding, "UTF-8") == 0 ||
         strcasecmp((const char *)encoding, "US-ASCII") == 0;
}

/* The XML declaration is read at this point. */
static void begin_document (void *context) {
  xmlParserCtxtPtr parser = context;
  xmlSAX2StartDocument(parser);
  if (!is_utf8(parser->encoding) || (parser->input != NULL && !is_utf8(parser->input->encoding)))
    refuse(parser, "bad_encoding", "the declared encoding is not UTF-8");
  else if (parser->version != NULL && strcmp((const char *)parser->version, "1.0") != 0)
    refuse(parser, "bad_xml", "the version of XML is not 1.0");
}

/* Called at <!DOCTYPE, before anything in it is read. */
static void refuse_doctype (void *context, const xmlChar *name, const xmlChar *external,
                            const xmlChar *system) {
  (void)name;
  (void)external;
  (void)system;
  refuse(context, "doctype", "there is a DOCTYPE");
}

static void refuse_instruction (void *context, const xmlChar *target, const xmlChar *data) {
  (void)target;
  (void)data;
  refuse(context, "processing_instruction", "there is a processing instruction");
}

static void begin_element (void *context, const xmlChar *name, const xmlChar *prefix,
                           const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                           int attribute_count, int defaulted, const xmlChar **attributes) {
  xmlParserCtxtPtr parser = context;
  state *s = parser->_private;
  const lp_xml_limits *limits = s->limits;
  if (s->depth >= limits->depth) {
    refuse(parser, "xml_too_deep", "elements are nested too deep");
  } else if (s->elements >= limits->elements) {
    refuse(parser, "xml_too_many", "there are too many elements");
  } else if ((unsigned)attribute_count + (unsigned)namespace_count > limits->attributes) {
    refuse(parser, "xml_too_many", "an element has too many attributes");
  } else if ((unsigned)namespace_count > limits->namespaces - s->in_scope) {
    refuse(parser, "xml_too_many", "there are too many namespaces");
  } else {
    s->depth++;
    s->elements++;
    s->declared[s->depth] = (unsigned short)namespace_count;
    s->in_scope += (unsigned)namespace_count;
    xmlSAX2StartElementNs(parser, name, prefix, uri, namespace_count, namespaces, attribute_count,
                          defaulted, attributes);
  }
}

static void end_element (void *context, const xmlChar *name, const xmlChar *prefix,
                         const xmlChar *uri) {
  xmlParserCtxtPtr parser = context;
  state *s = parser->_private;
  s->in_scope -= s->declared[s->depth];
  s->depth--;
  xmlSAX2EndElementNs(parser, name, prefix, uri);
}

/* Namespace errors, and those of what would be valid, leave a document well-formed; they count too.
 */
#if LIBXML_VERSION >= 21200
static void note_error (void *context, const xmlError *error) {
#else
static void note_error (void *context, xmlErrorPtr error) {
#endif
  xmlParserCtxtPtr parser = context;
  state *s = parser->_private;
  if (error->level < XML_ERR_ERROR) return;
  if (error->code == XML_ERR_NO_MEMORY)
    (void)lp_xml_out_of_memory(s->fault);
  else
    (void)lp_xml_fail(s->fault, "bad_xml", "line %d: %s", error->line,
                      error->message != NULL ? error->message : "error");
}

static void set_handlers (xmlParserCtxtPtr parser, state *s) {
  xmlSAXHandlerPtr sax = parser->sax;
  parser->_private = s;
  sax->startDocument = begin_document;
  sax->internalSubset = refuse_doctype;
  sax->processingInstruction = refuse_instruction;
  sax->comment = NULL;
  sax->startElementNs = begin_element;
  sax->endElementNs = end_element;
  sax->serror = note_error;
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

/* libxml2 takes xml:id for an ID by itself; a second xmlAddID of the same value then does nothing
** (saml §3.7). */
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
  state s = {limits, fault, 0, 0, 0, {0}};
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
  set_handlers(parser, &s);
  (void)xmlParseDocument(parser);
  document = take_document(parser, fault);
  xmlFreeParserCtxt(parser);
  return document;
}
