/*
** One entity out of a file of metadata of any size (saml §4): the file is read once from its
** beginning to its end, and only that entity is kept. The rules are those of xml_parse.h but for
** IDs, which are looked at when the entity is parsed.
*/
#ifndef LP_XML_ENTITY_H
#define LP_XML_ENTITY_H

#include "xml_parse.h"

typedef struct lp_xml_entity {
  xmlBufferPtr text; /* with the declarations of namespaces that were in scope */
  /* of what is around it, from the outside; where it has one */
  char *valid_until[LP_XML_DEPTH_MAX];
  unsigned count;
} lp_xml_entity;

/* How large one entity may be. */
#define LP_XML_ENTITY_MAX (16u * 1024u * 1024u)

/*
** `limits->bytes` is for the file, `elements` for the entity, the others for both. 0 or -1; the
** entity is to be freed in both cases. Between lp_xml_enter and lp_xml_leave.
*/
int lp_xml_read_entity (const char *path, const char *entity_id, const lp_xml_limits *limits,
                        lp_xml_entity *entity, lp_xml_fault *fault);
void lp_xml_free_entity (lp_xml_entity *entity);

#endif
