/*
** Keyed hashes of people's names: HMAC-SHA-256 by OpenSSL's libcrypto, loaded on first use.
** It is done here and not through luaossl because the key would have to be a Lua string there.
*/
#include <dlfcn.h>
#include <string.h>

#include "events_lua.h"
#include "secret.h"

typedef const void *digest_maker (void);
typedef unsigned char *hmac_maker (const void *digest, const void *key, int key_length,
                                   const unsigned char *bytes, size_t n, unsigned char *out,
                                   unsigned *length);

#define HASH_BYTES 32

/* A function of the library; the copy is how POSIX wants an address made a function. */
#define LOAD(library, name, function)                                                              \
  do {                                                                                             \
    void *address = dlsym(library, name);                                                          \
    memcpy(&(function), &address, sizeof address);                                                 \
  } while (0)

static void *open_library (void) {
  static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return library;
}

/* core.keyed_hash (secret, text) -> 64 hexadecimal digits | nil, message, code */
static int lp_keyed_hash (lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  const lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  size_t n, key_length;
  const char *text = luaL_checklstring(L, 2, &n);
  unsigned char key[LP_SECRET_MAX], hash[64];
  char hex[HASH_BYTES * 2];
  unsigned length = 0;
  digest_maker *sha256 = NULL;
  hmac_maker *hmac = NULL;
  void *library;
  luaL_argcheck(L, secret->number != 0, 1, "the secret was closed");
  library = open_library();
  if (library != NULL) {
    LOAD(library, "EVP_sha256", sha256);
    LOAD(library, "HMAC", hmac);
  }
  if (sha256 == NULL || hmac == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, "OpenSSL's libcrypto is not installed");
    lua_pushliteral(L, "no_libcrypto");
    return 3;
  }
  key_length = lp_secret_copy(secret->number, 0, (char *)key, sizeof key);
  if (hmac(sha256(), key, (int)key_length, (const unsigned char *)text, n, hash, &length) == NULL)
    length = 0;
  explicit_bzero(key, sizeof key);
  if (length != HASH_BYTES) {
    lua_pushnil(L);
    lua_pushliteral(L, "OpenSSL could not make the hash");
    lua_pushliteral(L, "no_libcrypto");
    return 3;
  }
  for (size_t i = 0; i < HASH_BYTES; i++) {
    hex[i * 2] = digits[hash[i] >> 4];
    hex[i * 2 + 1] = digits[hash[i] & 15];
  }
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

static const luaL_Reg keyed_functions[] = {{"keyed_hash", lp_keyed_hash}, {NULL, NULL}};

void lp_events_keyed_open (lua_State *L) {
  luaL_setfuncs(L, keyed_functions, 0);
}
