/*
** OpenSSL's libcrypto, loaded on first use: what hashes asks for it here, and all else works
** without it.
*/
#ifndef LP_LIBCRYPTO_H
#define LP_LIBCRYPTO_H

#include <stddef.h>

typedef struct lp_libcrypto {
  /* each an EVP_MD, fetched once: looking it up for each hash takes longer than hashing */
  const void *md5;  /* NULL where a policy forbids it, as does FIPS */
  const void *sha1; /* NULL where a policy forbids it */
  const void *sha256;
  const void *sha512;
  void *(*new_context)(void);
  void (*free_context)(void *context);
  int (*begin)(void *context, const void *digest, void *engine);
  int (*update)(void *context, const void *bytes, size_t n);
  int (*finish)(void *context, unsigned char *out, unsigned *length);
  unsigned char *(*hmac)(const void *digest, const void *key, int key_length,
                         const unsigned char *bytes, size_t n, unsigned char *out,
                         unsigned *length);
  /* the same in steps: with a key of NULL it begins anew with the one from before */
  void *(*hmac_new)(void);
  void (*hmac_free)(void *context);
  int (*hmac_begin)(void *context, const void *key, int key_length, const void *digest,
                    void *engine);
  int (*hmac_update)(void *context, const unsigned char *bytes, size_t n);
  int (*hmac_finish)(void *context, unsigned char *out, unsigned *length);
} lp_libcrypto;

#define LP_SHA256_BYTES 32
#define LP_NO_LIBCRYPTO "OpenSSL's libcrypto is not installed"

/* NULL when it is not installed. Any thread may ask. */
const lp_libcrypto *lp_libcrypto_get (void);

#endif
