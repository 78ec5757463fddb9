/*
** A response with two signatures, verified by four threads at once, a thousand times each, under
** ThreadSanitizer (make tsan): each thread parses, verifies both, reads the octets again, and
** now and then decrypts, signs and is refused. What the threads share is a key and a
** certificate, and in the first moment the libraries' beginning.
*/
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml_encryption.h"
#include "xml_made.h"
#include "xml_parse.h"
#include "xml_sign.h"
#include "xml_verify.h"

enum { THREADS = 4, ROUNDS = 1000 };

#define FILLING "<a:Value>a value of some length</a:Value>"

static const char response[] =
    "<p:Response xmlns:p='urn:p' ID='_r'><a:Assertion xmlns:a='urn:a' ID='_a'>" FILLING FILLING
        FILLING FILLING FILLING FILLING "</a:Assertion></p:Response>";

static made identity;
static char *message; /* signed twice */

static void need (int condition, const char *what, const lp_xml_fault *fault) {
  if (condition) return;
  fprintf(stderr, "threads: %s: %s\n", what, fault->code != NULL ? fault->message : "");
  abort();
}

static xmlDocPtr parse (const char *text, size_t n) {
  lp_xml_fault fault = {NULL, ""};
  xmlDocPtr document = lp_xml_parse(text, n, &lp_xml_default_limits, &fault);
  need(document != NULL, "parse", &fault);
  return document;
}

static void sign (xmlDocPtr document, const char *id) {
  lp_xml_fault fault = {NULL, ""};
  lp_xml_signing signing = {identity.key, NULL, id, NULL, NULL, lp_xml_find_method("rsa-sha256")};
  need(lp_xml_sign(document, &signing, &fault) == 0, "sign", &fault);
}

static char *sign_both (void) {
  xmlDocPtr document = parse(response, sizeof response - 1);
  xmlBufferPtr text;
  char *copy;
  sign(document, "_a");
  sign(document, "_r");
  text = lp_xml_write(document);
  copy = text != NULL ? strdup((const char *)xmlBufferContent(text)) : NULL;
  xmlBufferFree(text);
  xmlFreeDoc(document);
  return copy;
}

static void verify (xmlNodePtr element) {
  const lp_xml_certificate *certificates[] = {&identity.certificate};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_verified verified;
  need(lp_xml_verify(element, &lp_xml_default_policy, certificates, 1, &verified, &fault) == 0,
       "verify", &fault);
  xmlFreeDoc(parse(verified.octets, verified.size));
  free(verified.octets);
}

static void be_refused (void) {
  lp_xml_fault fault = {NULL, ""};
  static const char text[] = "<!DOCTYPE a><a/>";
  need(lp_xml_parse(text, sizeof text - 1, &lp_xml_default_limits, &fault) == NULL, "refuse",
       &fault);
}

static void decrypt (void) {
  EVP_PKEY *keys[] = {identity.key};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_plaintext plaintext;
  xmlDocPtr document =
      lp_xml_encrypt("<a/>", 4, &identity.certificate, lp_xml_find_cipher("aes256-gcm"),
                     lp_xml_find_transport("rsa-oaep-mgf1p"), &fault);
  xmlNodePtr around, data;
  need(document != NULL, "encrypt", &fault);
  around = xmlNewDocNode(document, NULL, (const xmlChar *)"a", NULL);
  data = xmlDocGetRootElement(document);
  xmlUnlinkNode(data);
  (void)xmlAddChild(around, data);
  (void)xmlDocSetRootElement(document, around);
  need(lp_xml_decrypt(around, keys, 1, 0, &plaintext, &fault) == 0, "decrypt", &fault);
  lp_xml_free_plaintext(&plaintext);
  xmlFreeDoc(document);
}

static void *run (void *unused) {
  lp_xml_fault fault = {NULL, ""};
  for (int i = 0; i < ROUNDS; i++) {
    lp_xml_scope scope;
    xmlDocPtr document;
    need(lp_xml_enter(&scope, &fault) == 0, "enter", &fault);
    document = parse(message, strlen(message));
    verify(xmlDocGetRootElement(document));
    verify(lp_xml_next_sibling(lp_xml_first_child(xmlDocGetRootElement(document))));
    xmlFreeDoc(document);
    if (i % 50 == 0) be_refused();
    if (i % 50 == 1) decrypt();
    if (i % 50 == 2) free(sign_both());
    lp_xml_leave(&scope);
  }
  return unused;
}

int main (void) {
  pthread_t threads[THREADS];
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  need(lp_xml_enter(&scope, &fault) == 0, "enter", &fault);
  make_key(&identity);
  message = sign_both();
  lp_xml_leave(&scope);
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, run, NULL) != 0) abort();
  for (int i = 0; i < THREADS; i++) (void)pthread_join(threads[i], NULL);
  free(message);
  lp_xml_free_certificate(&identity.certificate);
  EVP_PKEY_free(identity.key);
  printf("%d threads, %d verifications of two signatures each\n", THREADS, ROUNDS);
  return 0;
}
