/*
** libxml2 and libxmlsec1, made ready once for the process and never shut down, since the host may
** use them too; what a call of ours says about its failure; silence while it runs.
*/
#ifndef LP_XML_LIBRARY_H
#define LP_XML_LIBRARY_H

#include <libxml/tree.h>
#include <libxml/xmlerror.h>

/*
** Why something was refused: `code` is one of the codes that lastpass.saml.checks knows, or NULL.
*/
typedef struct lp_xml_fault {
  const char *code;
  char message[256]; /* one line of UTF-8 without control characters */
} lp_xml_fault;

/*
** Fills in the fault, unless there is one already; always -1. What `format` is given may come from
** a document: control characters are replaced, what is too long is cut.
*/
int lp_xml_fail (lp_xml_fault *fault, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int lp_xml_out_of_memory (lp_xml_fault *fault);

/*
** Between enter and leave the libraries print nothing on behalf of this thread: libxml2's handler,
** which is the thread's own, is put aside, and what stands in OpenSSL's queue afterwards is what
** stood there before. Both calls may be nested. enter makes the libraries ready when nobody has: 0
** or -1.
*/
typedef struct lp_xml_scope {
  xmlStructuredErrorFunc handler;
  void *context;
} lp_xml_scope;

int lp_xml_enter (lp_xml_scope *scope, lp_xml_fault *fault);
void lp_xml_leave (const lp_xml_scope *scope);

#endif
