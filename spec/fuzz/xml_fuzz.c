/*
** XML of a stranger: parsed, looked at, verified, decrypted. Then it is signed and encrypted
** here, if it has an ID, and both must come back: the octets that were signed are in canonical
** form, and what was decrypted is what was encrypted. Whatever is refused has a code and one
** line of text.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "xml_canonical.h"
#include "xml_encryption.h"
#include "xml_made.h"
#include "xml_parse.h"
#include "xml_sign.h"
#include "xml_verify.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const lp_xml_policy all = {1, 1, 512};

static made identity;

static void check_fault (const lp_xml_fault *fault) {
  if (fault->code == NULL || fault->message[0] == '\0') abort();
  for (const char *p = fault->message; *p != '\0'; p++)
    if ((unsigned char)*p < ' ') abort();
}

/* Nobody can have signed it by our key: what verifies was signed here. */
static int try_verify (xmlNodePtr element, lp_xml_verified *verified) {
  const lp_xml_certificate *certificates[] = {&identity.certificate};
  lp_xml_fault fault = {NULL, ""};
  int result = lp_xml_verify(element, &all, certificates, 1, verified, &fault);
  if (result != 0) check_fault(&fault);
  return result;
}

static void try_decrypt (xmlNodePtr element) {
  EVP_PKEY *keys[] = {identity.key};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_plaintext plaintext;
  if (lp_xml_decrypt(element, keys, 1, 1, &plaintext, &fault) == 0)
    lp_xml_free_plaintext(&plaintext);
  else
    check_fault(&fault);
}

static xmlDocPtr parse (const char *text, size_t n) {
  lp_xml_fault fault = {NULL, ""};
  xmlDocPtr document = lp_xml_parse(text, n, &lp_xml_default_limits, &fault);
  if (document == NULL) check_fault(&fault);
  return document;
}

/* The octets are what they are in canonical form, so that whoever parses them reads what was
 * signed. */
static void check_octets (const lp_xml_verified *verified) {
  lp_xml_fault fault = {NULL, ""};
  size_t size = 0;
  xmlDocPtr document = parse(verified->octets, verified->size);
  xmlChar *canonical;
  if (document == NULL) abort();
  canonical = lp_xml_canonical(document, &size, &fault);
  if (canonical == NULL || size != verified->size || memcmp(canonical, verified->octets, size) != 0)
    abort();
  xmlFree(canonical);
  xmlFreeDoc(document);
}

static void check_signed (xmlDocPtr document) {
  xmlBufferPtr text = lp_xml_write(document);
  lp_xml_verified verified;
  xmlDocPtr again;
  if (text == NULL) abort();
  again = parse((const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text));
  /* it may have become larger or deeper than the limits */
  if (again != NULL && try_verify(xmlDocGetRootElement(again), &verified) == 0) {
    check_octets(&verified);
    free(verified.octets);
  }
  if (again != NULL) xmlFreeDoc(again);
  xmlBufferFree(text);
}

static void try_sign (xmlDocPtr document) {
  const char *id = lp_xml_attribute(xmlDocGetRootElement(document), "ID");
  lp_xml_signing signing = {identity.key, &identity.certificate, id, NULL, NULL, NULL};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_verified verified;
  if (id == NULL) return;
  signing.method = lp_xml_find_method("rsa-sha256");
  if (lp_xml_sign(document, &signing, &fault) != 0) {
    check_fault(&fault);
    return;
  }
  if (try_verify(xmlDocGetRootElement(document), &verified) != 0) abort();
  check_octets(&verified);
  free(verified.octets);
  check_signed(document);
}

static void try_encrypt (const char *text, size_t n) {
  EVP_PKEY *keys[] = {identity.key};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_plaintext plaintext;
  xmlDocPtr document =
      lp_xml_encrypt(text, n, &identity.certificate, lp_xml_find_cipher("aes128-gcm"),
                     lp_xml_find_transport(n % 2 == 0 ? "rsa-oaep" : "rsa-oaep-mgf1p"), &fault);
  xmlNodePtr around, data;
  if (document == NULL) abort();
  around = xmlNewDocNode(document, NULL, (const xmlChar *)"around", NULL);
  if (around == NULL) abort();
  data = xmlDocGetRootElement(document);
  xmlUnlinkNode(data);
  (void)xmlAddChild(around, data);
  (void)xmlDocSetRootElement(document, around);
  if (lp_xml_decrypt(around, keys, 1, 0, &plaintext, &fault) != 0 || plaintext.size != n ||
      memcmp(plaintext.bytes, text, n) != 0)
    abort();
  lp_xml_free_plaintext(&plaintext);
  xmlFreeDoc(document);
}

static void try_document (xmlDocPtr document) {
  xmlNodePtr root = xmlDocGetRootElement(document);
  lp_xml_verified verified;
  for (xmlNodePtr n = root; n != NULL; n = lp_xml_next_element(n, root)) {
    if (try_verify(n, &verified) == 0) abort();
    try_decrypt(n);
  }
  try_sign(document);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_certificate certificate;
  xmlDocPtr document;
  if (lp_xml_enter(&scope, &fault) != 0) abort();
  if (identity.key == NULL) make_key(&identity);
  document = parse(text, size);
  if (document != NULL) {
    try_document(document);
    xmlFreeDoc(document);
    if (size % 8 == 0) try_encrypt(text, size);
  }
  if (size < 4096 && lp_xml_read_certificate(text, size, &certificate, &fault) == 0)
    lp_xml_free_certificate(&certificate);
  lp_xml_leave(&scope);
  if (ERR_peek_error() != 0) abort();
  return 0;
}
