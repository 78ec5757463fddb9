/* Verification by libxmlsec1 of a signature whose shape is known; see xml_verify.h. */
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/valid.h>
#include <xmlsec/xmldsig.h>

#include "xml_parse.h"
#include "xml_verify.h"

/* What libxmlsec1 may do is what the shape says, and nothing else. */
static int restrict_to (xmlSecDSigCtxPtr context, const lp_xml_signature *signature) {
  context->flags = XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS |
                   XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES |
                   XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK; /* looks the ID up, without XPointer */
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  return xmlSecDSigCtxEnableSignatureTransform(context, xmlSecTransformExclC14NId) >= 0 &&
                 xmlSecDSigCtxEnableSignatureTransform(context, signature->method->transform()) >=
                     0 &&
                 xmlSecDSigCtxEnableReferenceTransform(context, xmlSecTransformEnvelopedId) >= 0 &&
                 xmlSecDSigCtxEnableReferenceTransform(context, xmlSecTransformExclC14NId) >= 0 &&
                 xmlSecDSigCtxEnableReferenceTransform(context, signature->digest->transform()) >= 0
             ? 0
             : -1;
}

/* The bytes that were digested (saml §3.14), of the only reference. */
static int take_octets (xmlSecDSigCtxPtr context, lp_xml_verified *verified, lp_xml_fault *fault) {
  xmlSecDSigReferenceCtxPtr reference;
  xmlSecBufferPtr buffer;
  const xmlSecByte *bytes;
  size_t size;
  if (xmlSecPtrListGetSize(&context->signedInfoReferences) != 1 ||
      (reference = xmlSecPtrListGetItem(&context->signedInfoReferences, 0)) == NULL ||
      reference->status != xmlSecDSigStatusSucceeded ||
      (buffer = xmlSecDSigReferenceCtxGetPreDigestBuffer(reference)) == NULL)
    return lp_xml_fail(fault, "signature_shape", "not exactly one reference was verified");
  bytes = xmlSecBufferGetData(buffer);
  size = xmlSecBufferGetSize(buffer);
  if (bytes == NULL || size == 0)
    return lp_xml_fail(fault, "canonicalisation", "nothing was digested");
  verified->octets = malloc(size);
  if (verified->octets == NULL) return lp_xml_out_of_memory(fault);
  memcpy(verified->octets, bytes, size);
  verified->size = size;
  return 0;
}

enum outcome { VERIFIED, WRONG_KEY, REFUSED };

static enum outcome try_key (const lp_xml_signature *signature, EVP_PKEY *key,
                             lp_xml_verified *verified, lp_xml_fault *fault) {
  xmlSecDSigCtx context;
  enum outcome outcome = REFUSED;
  const xmlSecDSigReferenceCtx *reference;
  int done;
  if (xmlSecDSigCtxInitialize(&context, NULL) < 0) {
    (void)lp_xml_out_of_memory(fault);
    return REFUSED;
  }
  context.signKey = lp_xml_wrap_key(key);
  if (context.signKey == NULL || restrict_to(&context, signature) != 0) {
    (void)lp_xml_out_of_memory(fault);
    xmlSecDSigCtxFinalize(&context);
    return REFUSED;
  }
  done = xmlSecDSigCtxVerify(&context, signature->node);
  reference = xmlSecPtrListGetSize(&context.signedInfoReferences) > 0
                  ? xmlSecPtrListGetItem(&context.signedInfoReferences, 0)
                  : NULL;
  if (done < 0 && (reference == NULL || reference->status != xmlSecDSigStatusSucceeded))
    (void)lp_xml_fail(fault, "canonicalisation", "the signed element has no canonical form");
  else if (reference != NULL && reference->status == xmlSecDSigStatusInvalid)
    (void)lp_xml_fail(fault, "signature_invalid",
                      "the digest does not fit: the element was changed after it was signed");
  else if (done < 0 || context.status != xmlSecDSigStatusSucceeded)
    outcome = WRONG_KEY;
  else if (take_octets(&context, verified, fault) == 0)
    outcome = VERIFIED;
  xmlSecDSigCtxFinalize(&context);
  return outcome;
}

static int try_keys (const lp_xml_signature *signature, const lp_xml_policy *policy,
                     const lp_xml_certificate *const *certificates, size_t count,
                     lp_xml_verified *verified, lp_xml_fault *fault) {
  lp_xml_tally tally = {0, 0};
  for (size_t i = 0; i < count; i++) {
    EVP_PKEY *key = certificates[i]->key;
    enum outcome outcome;
    if (!lp_xml_may_try(key, signature->method, policy, &tally)) continue;
    outcome = try_key(signature, key, verified, fault);
    verified->certificate = i;
    if (outcome == VERIFIED) return 0;
    if (outcome == REFUSED) return -1;
  }
  return lp_xml_fail_tally(&tally, signature->method, policy, fault);
}

int lp_xml_verify (xmlNodePtr element, const lp_xml_policy *policy,
                   const lp_xml_certificate *const *certificates, size_t count,
                   lp_xml_verified *verified, lp_xml_fault *fault) {
  lp_xml_signature signature;
  int result;
  memset(verified, 0, sizeof *verified);
  if (lp_xml_read_signature(element, policy, &signature, fault) != 0) return -1;
  if (count == 0) return lp_xml_fail(fault, "certificates_missing", "there is no certificate");
  /* the only ID of the document meanwhile; a value that is taken gives NULL (saml §3.7) */
  if (xmlAddID(NULL, element->doc, (const xmlChar *)lp_xml_value(signature.id), signature.id) ==
      NULL)
    return lp_xml_fail(fault, "duplicate_id", "the ID cannot be registered");
  result = try_keys(&signature, policy, certificates, count, verified, fault);
  (void)xmlRemoveID(element->doc, signature.id);
  verified->method = signature.method;
  verified->digest = signature.digest;
  return result;
}
