/*
** Metadata of a federation: one entity out of it, by streaming, agrees with what the parser
** makes of the whole: the entity is there once in both, and a file is not refused by the one and
** read by the other, but for what the stream does not look at (IDs outside of the entity).
*/
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xml_canonical.h"
#include "xml_entity.h"
#include "xml_names.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define ENTITY "urn:e"

/* The entity of the whole document; NULL when it is not there exactly once. */
static xmlNodePtr find (xmlNodePtr node, int *count) {
  xmlNodePtr found = NULL, inner;
  const char *id = lp_xml_attribute(node, "entityID");
  if (lp_xml_is(node, LP_NS_METADATA, "EntityDescriptor")) {
    if (id == NULL || strcmp(id, ENTITY) != 0) return NULL;
    (*count)++;
    return node;
  }
  if (!lp_xml_is(node, LP_NS_METADATA, "EntitiesDescriptor")) return NULL;
  for (xmlNodePtr c = lp_xml_first_child(node); c != NULL; c = lp_xml_next_sibling(c))
    if ((inner = find(c, count)) != NULL) found = inner;
  return found;
}

static int has_canonical_form (xmlDocPtr document) {
  lp_xml_fault fault = {NULL, ""};
  size_t size = 0;
  xmlChar *bytes = lp_xml_canonical(document, &size, &fault);
  xmlFree(bytes);
  return bytes != NULL;
}

/*
** Both in canonical form. The streamed one has all declarations around it, and a relative address
** among them that nothing uses leaves it, like the whole, without one.
*/
static void compare (xmlNodePtr whole, xmlDocPtr streamed) {
  lp_xml_fault fault = {NULL, ""}, other = {NULL, ""};
  size_t size = 0, size_other = 0;
  xmlDocPtr alone = xmlNewDoc(NULL);
  xmlChar *one, *two;
  xmlNodePtr copy = xmlDocCopyNode(whole, alone, 1);
  if (alone == NULL || copy == NULL) abort();
  (void)xmlDocSetRootElement(alone, copy);
  one = lp_xml_canonical(alone, &size, &fault);
  two = lp_xml_canonical(streamed, &size_other, &other);
  if (one == NULL && two != NULL) abort();
  if (one != NULL && two == NULL && has_canonical_form(whole->doc)) abort();
  if (one != NULL && two != NULL && (size != size_other || memcmp(one, two, size) != 0)) abort();
  xmlFree(one);
  xmlFree(two);
  xmlFreeDoc(alone);
}

static void check_entity (xmlDocPtr whole, const lp_xml_entity *entity, const lp_xml_fault *fault) {
  lp_xml_fault inner = {NULL, ""};
  int count = 0;
  xmlNodePtr node = whole != NULL ? find(xmlDocGetRootElement(whole), &count) : NULL;
  xmlDocPtr streamed;
  if (whole != NULL && (count == 1) != (fault->code == NULL)) abort();
  if (fault->code != NULL) return;
  streamed = lp_xml_parse((const char *)xmlBufferContent(entity->text),
                          (size_t)xmlBufferLength(entity->text), &lp_xml_default_limits, &inner);
  if (streamed != NULL && node != NULL) compare(node, streamed);
  if (streamed == NULL && whole != NULL && strcmp(inner.code, "xml_too_many") != 0) abort();
  if (streamed != NULL) xmlFreeDoc(streamed);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static int file = -1;
  static char path[64];
  lp_xml_fault fault = {NULL, ""}, unread = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_entity entity;
  xmlDocPtr whole;
  if (lp_xml_enter(&scope, &fault) != 0) abort();
  if (file < 0) {
    file = memfd_create("metadata", MFD_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  }
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
  (void)lp_xml_read_entity(path, ENTITY, &lp_xml_default_limits, &entity, &fault);
  whole = lp_xml_parse((const char *)data, size, &lp_xml_default_limits, &unread);
  check_entity(whole, &entity, &fault);
  if (whole != NULL) xmlFreeDoc(whole);
  lp_xml_free_entity(&entity);
  lp_xml_leave(&scope);
  return 0;
}
