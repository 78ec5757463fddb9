/* The rules of parsing; see xml_rules.h. */
#include <string.h>
#include <strings.h>

#include <libxml/SAX2.h>

#include "xml_rules.h"

int lp_xml_count_equals (lp_xml_equals *equals, const char *text, size_t n, unsigned most) {
  for (const char *p = text, *end = text + n; p < end; p++) {
    switch (*p) {
    case '<':
      equals->count = 0;
      equals->is_open = 0;
      break;
    case '=':
      equals->is_open = 1;
      break;
    case '"':
    case '\'':
      if (equals->is_open && ++equals->count > most) return -1;
      equals->is_open = 0;
      break;
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      break;
    default:
      equals->is_open = 0;
    }
  }
  return 0;
}

void lp_xml_refuse (xmlParserCtxtPtr parser, const char *code, const char *message) {
  lp_xml_rules *rules = parser->_private;
  (void)lp_xml_fail(rules->fault, code, "line %d: %s", xmlSAX2GetLineNumber(parser), message);
  xmlStopParser(parser);
}

int lp_xml_enter_element (xmlParserCtxtPtr parser, int attributes, int namespaces, int counts) {
  lp_xml_rules *rules = parser->_private;
  const lp_xml_limits *limits = rules->limits;
  if (rules->depth >= limits->depth) {
    lp_xml_refuse(parser, "xml_too_deep", "elements are nested too deep");
  } else if (counts && rules->elements >= limits->elements) {
    lp_xml_refuse(parser, "xml_too_many", "there are too many elements");
  } else if ((unsigned)attributes + (unsigned)namespaces > limits->attributes) {
    lp_xml_refuse(parser, "xml_too_many", "an element has too many attributes");
  } else if ((unsigned)namespaces > limits->namespaces - rules->in_scope) {
    lp_xml_refuse(parser, "xml_too_many", "there are too many namespaces");
  } else {
    rules->depth++;
    rules->elements += counts != 0;
    rules->declared[rules->depth] = (unsigned short)namespaces;
    rules->in_scope += (unsigned)namespaces;
    return 0;
  }
  return -1;
}

void lp_xml_leave_element (xmlParserCtxtPtr parser) {
  lp_xml_rules *rules = parser->_private;
  rules->in_scope -= rules->declared[rules->depth];
  rules->depth--;
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
    lp_xml_refuse(parser, "bad_encoding", "the declared encoding is not UTF-8");
  else if (parser->version != NULL && strcmp((const char *)parser->version, "1.0") != 0)
    lp_xml_refuse(parser, "bad_xml", "the version of XML is not 1.0");
}

/* Called at <!DOCTYPE, before anything in it is read. */
static void refuse_doctype (void *context, const xmlChar *name, const xmlChar *external,
                            const xmlChar *system) {
  (void)name;
  (void)external;
  (void)system;
  lp_xml_refuse(context, "doctype", "there is a DOCTYPE");
}

static void refuse_instruction (void *context, const xmlChar *target, const xmlChar *data) {
  (void)target;
  (void)data;
  lp_xml_refuse(context, "processing_instruction", "there is a processing instruction");
}

/*
** Namespace errors, and those of what would be valid, leave a document well-formed; they count too.
*/
#if LIBXML_VERSION >= 21200
static void note_error (void *context, const xmlError *error) {
#else
static void note_error (void *context, xmlErrorPtr error) {
#endif
  xmlParserCtxtPtr parser = context;
  lp_xml_rules *rules = parser->_private;
  if (error->level < XML_ERR_ERROR) return;
  if (error->code == XML_ERR_NO_MEMORY)
    (void)lp_xml_out_of_memory(rules->fault);
  else
    (void)lp_xml_fail(rules->fault, "bad_xml", "line %d: %s", error->line,
                      error->message != NULL ? error->message : "error");
}

void lp_xml_set_rules (xmlParserCtxtPtr parser, lp_xml_rules *rules) {
  xmlSAXHandlerPtr sax = parser->sax;
  parser->_private = rules;
  sax->startDocument = begin_document;
  sax->internalSubset = refuse_doctype;
  sax->processingInstruction = refuse_instruction;
  sax->comment = NULL;
  sax->serror = note_error;
}
