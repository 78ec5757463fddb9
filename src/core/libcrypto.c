#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "libcrypto.h"

static lp_libcrypto loaded;
static int is_complete;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A function of the library; the copy is how POSIX wants an address made a function. */
#define LOAD(library, name, function)                                                              \
  do {                                                                                             \
    void *address = dlsym(library, name);                                                          \
    memcpy(&(function), &address, sizeof address);                                                 \
  } while (0)

/* A digest of OpenSSL 3, else that of earlier versions. */
static const void *digest_of (void *library, const char *name, const char *function) {
  const void *(*fetch)(void *context, const char *algorithm, const char *properties) = NULL;
  const void *(*get)(void) = NULL;
  const void *digest = NULL;
  LOAD(library, "EVP_MD_fetch", fetch);
  if (fetch != NULL) return fetch(NULL, name, NULL);
  LOAD(library, function, get);
  if (get != NULL) digest = get();
  return digest;
}

static void load (void) {
  static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL) return;
  loaded.md5 = digest_of(library, "MD5", "EVP_md5");
  loaded.sha1 = digest_of(library, "SHA1", "EVP_sha1");
  loaded.sha256 = digest_of(library, "SHA256", "EVP_sha256");
  loaded.sha512 = digest_of(library, "SHA512", "EVP_sha512");
  LOAD(library, "EVP_MD_CTX_new", loaded.new_context);
  LOAD(library, "EVP_MD_CTX_free", loaded.free_context);
  LOAD(library, "EVP_DigestInit_ex", loaded.begin);
  LOAD(library, "EVP_DigestUpdate", loaded.update);
  LOAD(library, "EVP_DigestFinal_ex", loaded.finish);
  LOAD(library, "HMAC", loaded.hmac);
  LOAD(library, "HMAC_CTX_new", loaded.hmac_new);
  LOAD(library, "HMAC_CTX_free", loaded.hmac_free);
  LOAD(library, "HMAC_Init_ex", loaded.hmac_begin);
  LOAD(library, "HMAC_Update", loaded.hmac_update);
  LOAD(library, "HMAC_Final", loaded.hmac_finish);
  is_complete = loaded.sha256 != NULL && loaded.new_context != NULL &&
                loaded.free_context != NULL && loaded.begin != NULL && loaded.update != NULL &&
                loaded.finish != NULL && loaded.hmac != NULL && loaded.hmac_new != NULL &&
                loaded.hmac_free != NULL && loaded.hmac_begin != NULL &&
                loaded.hmac_update != NULL && loaded.hmac_finish != NULL;
}

const lp_libcrypto *lp_libcrypto_get (void) {
  return pthread_once(&once, load) == 0 && is_complete ? &loaded : NULL;
}
