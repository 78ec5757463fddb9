/* The libraries' beginning, and their silence; see xml_library.h. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxml/parser.h>
#include <openssl/err.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmlsec.h>

#include "utf8.h"
#include "xml_library.h"

/* ------------------------------------------------------------------ failures */

/* What cannot stand in one line of UTF-8 becomes a question mark; a character that was cut goes. */
static void tidy (char *text) {
  char *end = text + strlen(text), *to = text;
  for (const char *from = text; from < end;) {
    int length = lp_utf8_length(from, end);
    if (length <= 0) {
      *to++ = '?';
      from++;
    } else if ((unsigned char)*from < ' ' || *from == 0x7F) {
      *to++ = ' ';
      from++;
    } else {
      for (; length > 0; length--) *to++ = *from++;
    }
  }
  while (to > text && (to[-1] == ' ' || to[-1] == '?')) to--;
  *to = '\0';
}

int lp_xml_fail (lp_xml_fault *fault, const char *code, const char *format, ...) {
  va_list arguments;
  if (fault->code != NULL) return -1;
  fault->code = code;
  va_start(arguments, format);
  (void)vsnprintf(fault->message, sizeof fault->message, format, arguments);
  va_end(arguments);
  tidy(fault->message);
  return -1;
}

int lp_xml_out_of_memory (lp_xml_fault *fault) {
  return lp_xml_fail(fault, "out_of_memory", "out of memory");
}

/* ------------------------------------------------------------------ beginning */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_ready;

/*
** xmlSecInit changes two things of the process that are the host's: libxml2's loader of external
** entities, which is put back (our documents have no entities), and the seed of rand(), which goes
** on from where it was. Where the host has made xmlsec ready, its way to report errors stays as it
** is; else it reports none, which only concerns the callback that xmlsec brings, not one that is
** set later.
*/
static void make_ready (void) {
  xmlExternalEntityLoader loader;
  unsigned seed;
  xmlInitParser();
  if (xmlSecPtrListIsValid(xmlSecTransformIdsGet())) {
    is_ready = 1;
    return;
  }
  loader = xmlGetExternalEntityLoader();
  seed = (unsigned)rand();
  is_ready = xmlSecInit() == 0 && xmlSecCheckVersion() == 1 && xmlSecCryptoAppInit(NULL) == 0 &&
             xmlSecCryptoInit() == 0;
  xmlSecErrorsDefaultCallbackEnableOutput(0);
  xmlSetExternalEntityLoader(loader);
  srand(seed);
}

/* libxml2 changed the type of the error's pointer to a constant one in 2.12. */
#if LIBXML_VERSION >= 21200
static void say_nothing (void *context, const xmlError *error) {
#else
static void say_nothing (void *context, xmlErrorPtr error) {
#endif
  (void)context;
  (void)error;
}

int lp_xml_enter (lp_xml_scope *scope, lp_xml_fault *fault) {
  (void)pthread_once(&once, make_ready);
  scope->handler = xmlStructuredError;
  scope->context = xmlStructuredErrorContext;
  xmlSetStructuredErrorFunc(NULL, say_nothing);
  (void)ERR_set_mark();
  return is_ready ? 0 : lp_xml_fail(fault, "library", "libxmlsec1 cannot be made ready");
}

void lp_xml_leave (const lp_xml_scope *scope) {
  (void)ERR_pop_to_mark();
  xmlSetStructuredErrorFunc(scope->context, scope->handler);
}
