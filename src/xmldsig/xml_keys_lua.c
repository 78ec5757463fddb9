/* Certificates and private keys as Lua sees them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "body.h"
#include "registers.h"
#include "secret.h"
#include "xml_base64.h"
#include "xmldsig_lua.h"

/* ------------------------------------------------------------------ certificates */

/* xmldsig.certificate (text) -> certificate | nil, message, code */
int lp_xml_certificate_new (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  lp_xml_certificate *certificate;
  int result = -1;
  lp_xml_takes(L, "xmldsig.certificate", 1);
  certificate = lua_newuserdata(L, sizeof *certificate);
  certificate->x509 = NULL;
  luaL_getmetatable(L, LP_XML_CERTIFICATE_TYPE);
  lua_setmetatable(L, -2);
  if (lp_xml_enter(&scope, &fault) == 0)
    result = lp_xml_read_certificate(text, n, certificate, &fault);
  lp_xml_leave(&scope);
  return result == 0 ? 1 : lp_xml_push_fault(L, &fault);
}

const lp_xml_certificate *lp_xml_check_certificate (lua_State *L, int index) {
  const lp_xml_certificate *certificate = luaL_checkudata(L, index, LP_XML_CERTIFICATE_TYPE);
  luaL_argcheck(L, certificate->x509 != NULL, index, "the certificate is closed");
  return certificate;
}

static int lp_xml_certificate_close (lua_State *L) {
  lp_xml_free_certificate(luaL_checkudata(L, 1, LP_XML_CERTIFICATE_TYPE));
  return 0;
}

static void set_string (lua_State *L, const char *name, const char *text, size_t n) {
  lua_pushlstring(L, text, n);
  lua_setfield(L, -2, name);
}

static void free_bio (void *bio) {
  BIO_free(bio);
}

/* A name as RFC 2253 writes it, in UTF-8. */
static void set_name (lua_State *L, const char *field, const X509_NAME *name) {
  lp_xml_holder *bytes = lp_xml_push_holder(L, free_bio);
  BIO *out = bytes->memory = BIO_new(BIO_s_mem());
  char *text = NULL;
  long n = 0;
  if (out != NULL &&
      X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
    n = BIO_get_mem_data(out, &text);
  lua_pushlstring(L, n > 0 ? text : "", n > 0 ? (size_t)n : 0);
  lua_remove(L, -2);
  lua_setfield(L, -2, field);
}

static void set_hex (lua_State *L, const char *field, const unsigned char *bytes, size_t n) {
  static const char digits[] = "0123456789abcdef";
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n; i++) {
    luaL_addchar(&b, digits[bytes[i] >> 4]);
    luaL_addchar(&b, digits[bytes[i] & 0xF]);
  }
  luaL_pushresult(&b);
  lua_setfield(L, -2, field);
}

static void set_digest (lua_State *L, const char *field, const X509 *x509, const EVP_MD *md) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (X509_digest(x509, md, bytes, &n) == 1) set_hex(L, field, bytes, n);
}

/*
** Hexadecimal, as certificates are talked about; the number is positive and has at most 20 bytes
** (RFC 5280 §4.1.2.2), but some have more.
*/
static void set_serial (lua_State *L, X509 *x509) {
  const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
  set_hex(L, "serial", ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

/* Seconds since 1970; nothing when it is not a time. */
static void set_time (lua_State *L, const char *field, const ASN1_TIME *time) {
  struct tm parts;
  if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) return;
  lua_pushinteger(L, (lua_Integer)timegm(&parts));
  lua_setfield(L, -2, field);
}

static void set_key (lua_State *L, const EVP_PKEY *key) {
  lua_pushstring(L, lp_xml_key_type(key) == EVP_PKEY_RSA ? "rsa" : "ec");
  lua_setfield(L, -2, "key");
  lua_pushinteger(L, EVP_PKEY_bits(key));
  lua_setfield(L, -2, "bits");
}

static void free_openssl (void *memory) {
  OPENSSL_free(memory);
}

/* The certificate itself: `base64` in one line, `pem` in lines of 64 characters. */
static void set_bytes (lua_State *L, X509 *x509) {
  lp_xml_holder *der = lp_xml_push_holder(L, free_openssl), *text = lp_xml_push_holder(L, free);
  unsigned char *bytes = NULL;
  int n = i2d_X509(x509, &bytes);
  luaL_Buffer b;
  size_t length;
  der->memory = bytes;
  if (n > 0) text->memory = lp_xml_base64_encode(bytes, (size_t)n);
  if (text->memory == NULL) luaL_error(L, "out of memory");
  length = strlen(text->memory);
  lua_pushvalue(L, -3); /* above what is freed */
  set_string(L, "base64", text->memory, length);
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "-----BEGIN CERTIFICATE-----\n");
  for (size_t at = 0; at < length; at += 64) {
    luaL_addlstring(&b, (const char *)text->memory + at, length - at < 64 ? length - at : 64);
    luaL_addchar(&b, '\n');
  }
  luaL_addstring(&b, "-----END CERTIFICATE-----\n");
  luaL_pushresult(&b);
  lua_setfield(L, -2, "pem");
  lua_pop(L, 3);
}

/*
** certificate:fields () -> {subject =, issuer =, serial =, not_before =, not_after =, sha256 =,
** sha1 =, key =, bits =, base64 =, pem =}
*/
static int lp_xml_certificate_fields (lua_State *L) {
  const lp_xml_certificate *certificate = lp_xml_check_certificate(L, 1);
  X509 *x509 = certificate->x509;
  lp_takes(L, "certificate:fields", 0);
  lua_createtable(L, 0, 12);
  set_name(L, "subject", X509_get_subject_name(x509));
  set_name(L, "issuer", X509_get_issuer_name(x509));
  set_serial(L, x509);
  set_time(L, "not_before", X509_get0_notBefore(x509));
  set_time(L, "not_after", X509_get0_notAfter(x509));
  set_digest(L, "sha256", x509, EVP_sha256());
  set_digest(L, "sha1", x509, EVP_sha1());
  set_key(L, certificate->key);
  set_bytes(L, x509);
  return 1;
}

/* ------------------------------------------------------------------ private keys */

typedef struct private_key {
  EVP_PKEY *key; /* NULL when it is closed */
} private_key;

/* The secret's bytes as core gives them to other modules (body.h); left on the stack. */
static const lp_body *push_body (lua_State *L, int index) {
  luaL_checkudata(L, index, LP_SECRET_TYPE);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "lastpass.core");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "secret_body");
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
  return luaL_testudata(L, -1, LP_BODY_TYPE); /* NULL: the secret is closed */
}

/* Reads the key out of memory that is locked and wiped afterwards. */
static EVP_PKEY *read_key (const lp_body *body, lp_xml_fault *fault) {
  size_t size = LP_SECRET_MAX + 1, n;
  EVP_PKEY *key;
  char *text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text == MAP_FAILED) {
    (void)lp_xml_out_of_memory(fault);
    return NULL;
  }
  if (mlock(text, size) != 0 || madvise(text, size, MADV_DONTDUMP) != 0) {
    munmap(text, size);
    (void)lp_xml_fail(fault, "no_locked_memory", "cannot lock memory for a private key");
    return NULL;
  }
  n = body->copy(body, body->head, text, LP_SECRET_MAX);
  key = lp_xml_read_private_key(text, n, fault);
  explicit_bzero(text, size);
  lp_forget_registers();
  munmap(text, size);
  return key;
}

/* xmldsig.private_key (secret) -> key | nil, message, code */
int lp_xml_private_key_new (lua_State *L) {
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  const lp_body *body;
  private_key *key;
  lp_xml_takes(L, "xmldsig.private_key", 1);
  body = push_body(L, 1);
  luaL_argcheck(L, body != NULL, 1, "the secret is closed");
  key = lua_newuserdata(L, sizeof *key);
  key->key = NULL;
  luaL_getmetatable(L, LP_XML_KEY_TYPE);
  lua_setmetatable(L, -2);
  if (lp_xml_enter(&scope, &fault) == 0) key->key = read_key(body, &fault);
  lp_xml_leave(&scope);
  return key->key != NULL ? 1 : lp_xml_push_fault(L, &fault);
}

EVP_PKEY *lp_xml_check_key (lua_State *L, int index) {
  private_key *key = luaL_checkudata(L, index, LP_XML_KEY_TYPE);
  luaL_argcheck(L, key->key != NULL, index, "the key is closed");
  return key->key;
}

static int lp_xml_key_close (lua_State *L) {
  private_key *key = luaL_checkudata(L, 1, LP_XML_KEY_TYPE);
  EVP_PKEY_free(key->key);
  key->key = NULL;
  return 0;
}

/* key:fields () -> {key = "rsa" or "ec", bits =} */
static int lp_xml_key_fields (lua_State *L) {
  const EVP_PKEY *key = lp_xml_check_key(L, 1);
  lp_takes(L, "key:fields", 0);
  lua_createtable(L, 0, 2);
  set_key(L, key);
  return 1;
}

/* key:matches (certificate) -> whether the certificate is of this key */
static int lp_xml_key_matches (lua_State *L) {
  EVP_PKEY *key = lp_xml_check_key(L, 1);
  const lp_xml_certificate *certificate = lp_xml_check_certificate(L, 2);
  lp_xml_fault fault = {NULL, ""};
  lp_xml_scope scope;
  int same;
  lp_takes(L, "key:matches", 1);
  (void)lp_xml_enter(&scope, &fault);
  same = EVP_PKEY_eq(key, certificate->key) == 1;
  lp_xml_leave(&scope);
  lua_pushboolean(L, same);
  return 1;
}

static const luaL_Reg certificate_methods[] = {
    {"fields", lp_xml_certificate_fields}, {"close", lp_xml_certificate_close}, {NULL, NULL}};
static const luaL_Reg certificate_meta[] = {
    {"__gc", lp_xml_certificate_close}, {"__close", lp_xml_certificate_close}, {NULL, NULL}};

static const luaL_Reg key_methods[] = {{"fields", lp_xml_key_fields},
                                       {"matches", lp_xml_key_matches},
                                       {"close", lp_xml_key_close},
                                       {NULL, NULL}};
static const luaL_Reg key_meta[] = {
    {"__gc", lp_xml_key_close}, {"__close", lp_xml_key_close}, {NULL, NULL}};

void lp_xml_keys_open (lua_State *L) {
  lp_new_metatable(L, LP_XML_CERTIFICATE_TYPE, certificate_meta, certificate_methods);
  lua_pop(L, 1);
  lp_new_metatable(L, LP_XML_KEY_TYPE, key_meta, key_methods);
  lua_pop(L, 1);
}
