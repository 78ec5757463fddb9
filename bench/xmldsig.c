/*
** Responses with two RSA-2048 signatures.
**   xmldsig verify N   the time of the two verifications alone, after parsing, N times
*("signatures")
**   xmldsig bare N     what OpenSSL needs for the same two RSA verifications, N times
*("signatures")
**   xmldsig whole N    parsed, both verified, the octets parsed again, N times ("whole")
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xml_made.h"
#include "xml_parse.h"
#include "xml_sign.h"
#include "xml_verify.h"

#define ATTRIBUTE                                                                                  \
  "<a:Attribute Name='groups'><a:AttributeValue>a group of the company</a:AttributeValue>"         \
  "</a:Attribute>"

static const char response[] =
    "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' ID='_r' Version='2.0'>"
    "<p:Status><p:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></p:Status>"
    "<a:Assertion xmlns:a='urn:oasis:names:tc:SAML:2.0:assertion' ID='_a' Version='2.0'>"
    "<a:Issuer>https://idp.example</a:Issuer><a:Subject><a:NameID>ann@example.com</a:NameID>"
    "</a:Subject><a:AttributeStatement>" ATTRIBUTE ATTRIBUTE ATTRIBUTE ATTRIBUTE ATTRIBUTE
    "</a:AttributeStatement></a:Assertion></p:Response>";

/* Of the processor, whatever else the machine does. */
static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static xmlDocPtr parse (const char *text, size_t n) {
  lp_xml_fault fault = {NULL, ""};
  xmlDocPtr document = lp_xml_parse(text, n, &lp_xml_default_limits, &fault);
  if (document == NULL) abort();
  return document;
}

static xmlBufferPtr make_message (const made *m) {
  static const char *const ids[] = {"_a", "_r"};
  xmlDocPtr document = parse(response, sizeof response - 1);
  xmlBufferPtr text;
  for (int i = 0; i < 2; i++) {
    lp_xml_fault fault = {NULL, ""};
    lp_xml_signing signing = {
        m->key, &m->certificate, ids[i], NULL, NULL, lp_xml_find_method("rsa-sha256")};
    if (lp_xml_sign(document, &signing, &fault) != 0) abort();
  }
  text = lp_xml_write(document);
  xmlFreeDoc(document);
  return text;
}

static lp_xml_verified verify (xmlNodePtr element, const made *m) {
  const lp_xml_certificate *certificates[] = {&m->certificate};
  lp_xml_fault fault = {NULL, ""};
  lp_xml_verified verified;
  if (lp_xml_verify(element, &lp_xml_default_policy, certificates, 1, &verified, &fault) != 0)
    abort();
  return verified;
}

static xmlNodePtr assertion_of (xmlDocPtr document) {
  xmlNodePtr child = lp_xml_first_child(xmlDocGetRootElement(document)), next;
  while ((next = lp_xml_next_sibling(child)) != NULL) child = next;
  return child;
}

static void run (const char *name, const made *m, long count) {
  xmlBufferPtr text = make_message(m);
  int is_whole = strcmp(name, "whole") == 0;
  double spent = 0;
  for (long i = 0; i < count; i++) {
    double begin = now(), end;
    xmlDocPtr document = parse((const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text));
    lp_xml_verified one, other;
    if (!is_whole) begin = now();
    one = verify(xmlDocGetRootElement(document), m);
    other = verify(assertion_of(document), m);
    end = now();
    if (is_whole) {
      xmlFreeDoc(parse(other.octets, other.size));
      xmlFreeDoc(document);
      document = NULL;
    }
    free(one.octets);
    free(other.octets);
    spent += (is_whole ? now() : end) - begin;
    if (document != NULL) xmlFreeDoc(document);
  }
  printf("%s %.6f\n", is_whole ? "whole" : "signatures", spent);
  fprintf(stderr, "%d bytes, %.1f us each\n", xmlBufferLength(text), spent * 1e6 / (double)count);
  xmlBufferFree(text);
}

/* The same key, and octets as long as a SignedInfo. */
static void run_bare (const made *m, long count) {
  unsigned char octets[600], signature[256];
  size_t size = sizeof signature;
  double begin;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  memset(octets, 'x', sizeof octets);
  if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, m->key) != 1 ||
      EVP_DigestSign(context, signature, &size, octets, sizeof octets) != 1)
    abort();
  EVP_MD_CTX_free(context);
  begin = now();
  for (long i = 0; i < 2 * count; i++) {
    context = EVP_MD_CTX_new();
    if (context == NULL ||
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, m->certificate.key) != 1 ||
        EVP_DigestVerify(context, signature, size, octets, sizeof octets) != 1)
      abort();
    EVP_MD_CTX_free(context);
  }
  printf("signatures %.6f\n", now() - begin);
}

int main (int argc, char **argv) {
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  made m;
  long count = argc == 3 ? atol(argv[2]) : 0;
  if (count < 1 || lp_xml_enter(&scope, &fault) != 0) return 2;
  make_key(&m);
  if (strcmp(argv[1], "bare") == 0)
    run_bare(&m, count);
  else
    run(argv[1], &m, count);
  lp_xml_free_certificate(&m.certificate);
  EVP_PKEY_free(m.key);
  lp_xml_leave(&scope);
  return 0;
}
