/* Reading one entity; see xml_entity.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "array.h"
#include "xml_entity.h"
#include "xml_names.h"
#include "xml_rules.h"
#include "xml_sign.h"

/* A declaration in scope; both strings are the parser's dictionary's. */
typedef struct declaration {
  const xmlChar *prefix, *uri;
} declaration;

/* Of an EntitiesDescriptor around the place where we are. */
typedef struct group {
  unsigned declarations; /* how many there were outside of it */
  char *valid_until;
} group;

typedef struct reading {
  lp_xml_rules rules; /* the first, so that the handlers that are shared find it */
  int file;
  size_t read; /* bytes of the file */
  lp_xml_equals equals;
  const char *entity_id;
  lp_xml_entity *entity;
  group groups[LP_XML_DEPTH_MAX];
  unsigned group_count; /* the groups are the outermost elements */
  declaration *declarations;
  size_t declaration_count, declaration_capacity;
  unsigned depth;    /* of elements */
  unsigned captured; /* the depth of the entity that is kept, 0 outside of it */
  size_t kept;       /* bytes of its text and attributes */
} reading;

/* ------------------------------------------------------------------ the file */

static int read_file (void *context, char *buffer, int length) {
  reading *r = context;
  ssize_t n;
  do n = read(r->file, buffer, (size_t)length);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return lp_xml_fail(r->rules.fault, "unreadable", "it cannot be read: %s", strerror(errno));
  /* what libxml2 would take for another encoding than UTF-8 by its first bytes */
  if ((n > 0 && r->read == 0 && strchr("< \t\r\n\xEF", buffer[0]) == NULL) ||
      memchr(buffer, '\0', (size_t)n) != NULL)
    return lp_xml_fail(r->rules.fault, "bad_encoding", "it is not UTF-8");
  r->read += (size_t)n;
  if (r->read > r->rules.limits->bytes)
    return lp_xml_fail(r->rules.fault, "message_too_large", "it has more than %zu bytes",
                       r->rules.limits->bytes);
  if (lp_xml_count_equals(&r->equals, buffer, (size_t)n, r->rules.limits->attributes) != 0)
    return lp_xml_fail(r->rules.fault, "xml_too_many", "an element has too many attributes");
  return (int)n;
}

static int open_file (const char *path, lp_xml_fault *fault) {
  struct stat info;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return lp_xml_fail(fault, "unreadable", "it cannot be opened: %s", strerror(errno));
  if (fstat(file, &info) == 0 && S_ISREG(info.st_mode)) return file;
  close(file);
  return lp_xml_fail(fault, "unreadable", "it is not a file");
}

/* ------------------------------------------------------------------ elements */

/* As libxml2 hands them out: name, prefix, namespace, first byte of the value, the one after it. */
typedef const xmlChar *attribute[5];

/*
** Without entities libxml2 has replaced everything in a value but the ampersand, which it writes as
** "&#38;" for the next reader.
*/
static int has_value (const xmlChar *from, const xmlChar *to, const char *text) {
  static const char ampersand[] = "&#38;";
  for (; *text != '\0'; text++) {
    if (from >= to || (char)*from != *text) return 0;
    if (*text == '&') {
      if ((size_t)(to - from) < sizeof ampersand - 1 ||
          memcmp(from, ampersand, sizeof ampersand - 1) != 0)
        return 0;
      from += sizeof ampersand - 1;
    } else {
      from++;
    }
  }
  return from == to;
}

static const attribute *find_attribute (const attribute *attributes, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (attributes[i][2] == NULL && strcmp((const char *)attributes[i][0], name) == 0)
      return &attributes[i];
  return NULL;
}

static int is_metadata (const xmlChar *uri, const xmlChar *name, const char *wanted) {
  return uri != NULL && strcmp((const char *)uri, LP_NS_METADATA) == 0 &&
         strcmp((const char *)name, wanted) == 0;
}

static void fail_memory (xmlParserCtxtPtr parser, reading *r) {
  (void)lp_xml_out_of_memory(r->rules.fault);
  xmlStopParser(parser);
}

static void enter_group (xmlParserCtxtPtr parser, reading *r, int namespace_count,
                         const xmlChar **namespaces, const attribute *attributes, int count) {
  group *g = &r->groups[r->group_count++];
  const attribute *until = find_attribute(attributes, count, "validUntil");
  g->declarations = (unsigned)r->declaration_count;
  g->valid_until = NULL;
  if (LP_RESERVE(r->declarations, r->declaration_count, (size_t)namespace_count,
                 r->declaration_capacity) != 0) {
    fail_memory(parser, r);
    return;
  }
  for (int i = 0; i < namespace_count; i++) {
    r->declarations[r->declaration_count].prefix = namespaces[2 * i];
    r->declarations[r->declaration_count++].uri = namespaces[2 * i + 1];
  }
  if (until == NULL) return;
  g->valid_until = strndup((const char *)(*until)[3], (size_t)((*until)[4] - (*until)[3]));
  if (g->valid_until == NULL) fail_memory(parser, r);
}

static void leave_group (reading *r) {
  group *g = &r->groups[--r->group_count];
  r->declaration_count = g->declarations;
  free(g->valid_until);
  g->valid_until = NULL;
}

static int is_declared (const xmlChar **namespaces, int count, const xmlChar *prefix) {
  for (int i = 0; i < count; i++)
    if (xmlStrEqual(namespaces[2 * i], prefix)) return 1;
  return 0;
}

/* The declarations of an element and, after them, those around it that hold in it; their number. */
static int join_declarations (const reading *r, const xmlChar **own, int own_count,
                              const xmlChar **all) {
  int count = own_count;
  if (own_count > 0) memcpy(all, own, 2 * (size_t)own_count * sizeof *all);
  for (size_t i = r->declaration_count; i > 0; i--) { /* from the inside */
    const declaration *d = &r->declarations[i - 1];
    if (is_declared(all, count, d->prefix)) continue;
    all[2 * count] = d->prefix;
    all[2 * count + 1] = d->uri;
    count++;
  }
  return count;
}

static void keep_characters (void *context, const xmlChar *text, int length) {
  xmlParserCtxtPtr parser = context;
  reading *r = parser->_private;
  r->kept += (size_t)length;
  if (r->kept > LP_XML_ENTITY_MAX)
    lp_xml_refuse(parser, "message_too_large", "the entity is too large");
  else
    xmlSAX2Characters(parser, text, length);
}

/* libxml2 asks whether text is white space alone only when the two differ. */
static void set_characters (xmlParserCtxtPtr parser, charactersSAXFunc function) {
  parser->sax->characters = function;
  parser->sax->ignorableWhitespace = function;
}

static void begin_entity (xmlParserCtxtPtr parser, reading *r, const xmlChar *name,
                          const xmlChar *prefix, const xmlChar *uri, int namespace_count,
                          const xmlChar **namespaces, int attribute_count,
                          const xmlChar **attributes) {
  const xmlChar **all;
  int count;
  if (xmlDocGetRootElement(parser->myDoc) != NULL) {
    lp_xml_refuse(parser, "metadata_duplicate", "the entity is there twice");
    return;
  }
  all = malloc(2 * ((size_t)namespace_count + r->declaration_count + 1) * sizeof *all);
  if (all == NULL) {
    fail_memory(parser, r);
    return;
  }
  count = join_declarations(r, namespaces, namespace_count, all);
  for (unsigned i = 0; i < r->group_count; i++)
    if (r->groups[i].valid_until != NULL) {
      r->entity->valid_until[r->entity->count] = strdup(r->groups[i].valid_until);
      if (r->entity->valid_until[r->entity->count++] == NULL) fail_memory(parser, r);
    }
  r->captured = r->depth;
  set_characters(parser, keep_characters);
  xmlSAX2StartElementNs(parser, name, prefix, uri, count, all, attribute_count, 0, attributes);
  free(all);
}

static void begin_element (void *context, const xmlChar *name, const xmlChar *prefix,
                           const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                           int attribute_count, int defaulted, const xmlChar **attributes) {
  xmlParserCtxtPtr parser = context;
  reading *r = parser->_private;
  const attribute *list = (const attribute *)(const void *)attributes, *id;
  if (lp_xml_enter_element(parser, attribute_count, namespace_count, r->captured != 0) != 0) return;
  r->depth++;
  if (r->captured != 0) {
    for (int i = 0; i < attribute_count; i++) r->kept += (size_t)(list[i][4] - list[i][3]);
    xmlSAX2StartElementNs(parser, name, prefix, uri, namespace_count, namespaces, attribute_count,
                          defaulted, attributes);
  } else if (r->depth == r->group_count + 1 && is_metadata(uri, name, "EntitiesDescriptor")) {
    enter_group(parser, r, namespace_count, namespaces, list, attribute_count);
  } else if (r->depth == r->group_count + 1 && is_metadata(uri, name, "EntityDescriptor")) {
    id = find_attribute(list, attribute_count, "entityID");
    if (id != NULL && has_value((*id)[3], (*id)[4], r->entity_id))
      begin_entity(parser, r, name, prefix, uri, namespace_count, namespaces, attribute_count,
                   attributes);
  } else if (r->depth == 1) {
    lp_xml_refuse(parser, "metadata_kind", "the root element is not that of metadata");
  }
}

static void end_element (void *context, const xmlChar *name, const xmlChar *prefix,
                         const xmlChar *uri) {
  xmlParserCtxtPtr parser = context;
  reading *r = parser->_private;
  if (r->captured != 0)
    xmlSAX2EndElementNs(parser, name, prefix, uri);
  else if (r->depth == r->group_count)
    leave_group(r);
  if (r->depth == r->captured) {
    r->captured = 0;
    set_characters(parser, NULL);
  }
  r->depth--;
  lp_xml_leave_element(parser);
}

/* ------------------------------------------------------------------ all of it */

static void take_entity (xmlParserCtxtPtr parser, reading *r) {
  lp_xml_fault *fault = r->rules.fault;
  if (fault->code == NULL && (!parser->wellFormed || !parser->nsWellFormed))
    (void)lp_xml_fail(fault, "bad_xml", "it is not well-formed");
  if (fault->code != NULL) return;
  if (parser->myDoc == NULL || xmlDocGetRootElement(parser->myDoc) == NULL)
    (void)lp_xml_fail(fault, "metadata_entity", "it has no entity '%.150s'", r->entity_id);
  else if ((r->entity->text = lp_xml_write(parser->myDoc)) == NULL)
    (void)lp_xml_out_of_memory(fault);
}

static void parse_file (reading *r) {
  xmlParserCtxtPtr parser =
      xmlCreateIOParserCtxt(NULL, NULL, read_file, NULL, r, XML_CHAR_ENCODING_NONE);
  if (parser == NULL) {
    (void)lp_xml_fail(r->rules.fault, "bad_xml", "it is empty");
    return;
  }
  (void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOCDATA);
  lp_xml_set_rules(parser, &r->rules);
  parser->sax->startElementNs = begin_element;
  parser->sax->endElementNs = end_element;
  set_characters(parser, NULL);
  (void)xmlParseDocument(parser);
  take_entity(parser, r);
  if (parser->myDoc != NULL) xmlFreeDoc(parser->myDoc);
  parser->myDoc = NULL;
  xmlFreeParserCtxt(parser);
}

int lp_xml_read_entity (const char *path, const char *entity_id, const lp_xml_limits *limits,
                        lp_xml_entity *entity, lp_xml_fault *fault) {
  reading *r = calloc(1, sizeof *r);
  memset(entity, 0, sizeof *entity);
  if (r == NULL) return lp_xml_out_of_memory(fault);
  r->rules.limits = limits;
  r->rules.fault = fault;
  r->entity_id = entity_id;
  r->entity = entity;
  r->file = open_file(path, fault);
  if (r->file >= 0) {
    parse_file(r);
    close(r->file);
  }
  while (r->group_count > 0) leave_group(r); /* where it ended early */
  free(r->declarations);
  free(r);
  return fault->code == NULL ? 0 : -1;
}

void lp_xml_free_entity (lp_xml_entity *entity) {
  if (entity->text != NULL) xmlBufferFree(entity->text);
  for (unsigned i = 0; i < entity->count; i++) free(entity->valid_until[i]);
  memset(entity, 0, sizeof *entity);
}
