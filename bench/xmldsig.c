/*
** Responses with two RSA-2048 signatures, N times; seconds of the processor as "spent".
**   xmldsig verify N   parsed, both verified
**   xmldsig bare N     parsed, and two RSA verifications by OpenSSL alone
**   xmldsig whole N    parsed, both verified, the octets parsed again
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

/* Parsed, both verified; for `whole` the octets are parsed again, as who reads them must. */
static void run (const made *m, long count, int is_whole) {
  xmlBufferPtr text = make_message(m);
  double begin = now();
  for (long i = 0; i < count; i++) {
    xmlDocPtr document = parse((const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text));
    lp_xml_verified one = verify(xmlDocGetRootElement(document), m);
    lp_xml_verified other = verify(assertion_of(document), m);
    if (is_whole) xmlFreeDoc(parse(other.octets, other.size));
    free(one.octets);
    free(other.octets);
    xmlFreeDoc(document);
  }
  printf("spent %.6f\n", now() - begin);
  xmlBufferFree(text);
}

static void verify_bare (EVP_PKEY *key, const unsigned char *octets, size_t n,
                         const unsigned char *signature, size_t size) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
      EVP_DigestVerify(context, signature, size, octets, n) != 1)
    abort();
  EVP_MD_CTX_free(context);
}

/* The same message parsed, and for each signature one of the same key over octets as long as a
** SignedInfo. */
static void run_bare (const made *m, long count) {
  unsigned char octets[600], signature[256];
  size_t size = sizeof signature;
  xmlBufferPtr text = make_message(m);
  double begin;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  memset(octets, 'x', sizeof octets);
  if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, m->key) != 1 ||
      EVP_DigestSign(context, signature, &size, octets, sizeof octets) != 1)
    abort();
  EVP_MD_CTX_free(context);
  begin = now();
  for (long i = 0; i < count; i++) {
    xmlFreeDoc(parse((const char *)xmlBufferContent(text), (size_t)xmlBufferLength(text)));
    for (int k = 0; k < 2; k++)
      verify_bare(m->certificate.key, octets, sizeof octets, signature, size);
  }
  printf("spent %.6f\n", now() - begin);
  xmlBufferFree(text);
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
    run(&m, count, strcmp(argv[1], "whole") == 0);
  lp_xml_free_certificate(&m.certificate);
  EVP_PKEY_free(m.key);
  lp_xml_leave(&scope);
  return 0;
}
