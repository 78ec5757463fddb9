/*
** SHA-256, and HMACs of people's names: HMAC-SHA-256 by OpenSSL's libcrypto.
** It is done here and not through luaossl because the key would have to be a Lua string there; and
*luaossl
** looks the digest up for each text, which takes longer than a short one.
*/
#include <stdlib.h>
#include <string.h>

#include "events_lua.h"
#include "libcrypto.h"
#include "secret.h"

static void push_hex (lua_State *L, const unsigned char *hash) {
  static const char digits[] = "0123456789abcdef";
  char hex[LP_SHA256_BYTES * 2];
  for (size_t i = 0; i < LP_SHA256_BYTES; i++) {
    hex[i * 2] = digits[hash[i] >> 4];
    hex[i * 2 + 1] = digits[hash[i] & 15];
  }
  lua_pushlstring(L, hex, sizeof hex);
}

/* core.sha256 (text) -> 64 hexadecimal digits | nil */
static int lp_sha256 (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  unsigned char hash[64];
  unsigned length = 0;
  const lp_libcrypto *crypto = lp_libcrypto_get();
  void *context = crypto != NULL ? crypto->new_context() : NULL;
  if (context == NULL) return 0;
  if (crypto->begin(context, crypto->sha256, NULL) != 1 || crypto->update(context, text, n) != 1 ||
      crypto->finish(context, hash, &length) != 1)
    length = 0;
  crypto->free_context(context);
  if (length != LP_SHA256_BYTES) return 0;
  push_hex(L, hash);
  return 1;
}

/* core.hmac (secret, text) -> 64 hexadecimal digits | nil, message, code */
static int lp_hmac (lua_State *L) {
  const lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  size_t n, key_length;
  const char *text = luaL_checklstring(L, 2, &n);
  unsigned char key[LP_SECRET_MAX], hash[64];
  unsigned length = 0;
  const lp_libcrypto *crypto = lp_libcrypto_get();
  luaL_argcheck(L, secret->number != 0, 1, "the secret was closed");
  if (crypto == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, LP_NO_LIBCRYPTO);
    lua_pushliteral(L, "no_libcrypto");
    return 3;
  }
  key_length = lp_secret_copy(secret->number, 0, (char *)key, sizeof key);
  if (crypto->hmac(crypto->sha256, key, (int)key_length, (const unsigned char *)text, n, hash,
                   &length) == NULL)
    length = 0;
  explicit_bzero(key, sizeof key);
  if (length != LP_SHA256_BYTES) {
    lua_pushnil(L);
    lua_pushliteral(L, "OpenSSL could not make the hash");
    lua_pushliteral(L, "no_libcrypto");
    return 3;
  }
  push_hex(L, hash);
  return 1;
}

/*
** core.hmac_events (events, secret): their identifiers become HMACs too: who knows all else
** of an event could try names with a hash that has no key
*/
static int lp_hmac_events (lua_State *L) {
  lp_events *rows = lp_events_check(L, 1);
  const lp_secret *secret = luaL_checkudata(L, 2, LP_SECRET_TYPE);
  const lp_libcrypto *crypto;
  size_t key_length;
  unsigned char key[LP_SECRET_MAX], hash[64];
  unsigned length = LP_SHA256_BYTES;
  luaL_argcheck(L, secret->number != 0, 2, "the secret was closed");
  lp_events_need_identity(L, rows);
  crypto = lp_libcrypto_get();
  if (rows->hmacs == NULL) rows->hmacs = malloc(rows->count * sizeof *rows->hmacs + 1);
  if (rows->hmacs == NULL) return luaL_error(L, "out of memory");
  key_length = lp_secret_copy(secret->number, 0, (char *)key, sizeof key);
  for (size_t i = 0; i < rows->count && length == LP_SHA256_BYTES; i++) {
    if (crypto->hmac(crypto->sha256, key, (int)key_length, rows->rows[i].digest,
                     sizeof rows->rows[i].digest, hash, &length) == NULL)
      length = 0;
    memcpy(rows->hmacs[i], hash, sizeof rows->hmacs[i]);
  }
  explicit_bzero(key, sizeof key);
  if (length != LP_SHA256_BYTES) return luaL_error(L, "OpenSSL could not make the hash");
  return 0;
}

static const luaL_Reg hmac_functions[] = {
    {"sha256", lp_sha256}, {"hmac", lp_hmac}, {"hmac_events", lp_hmac_events}, {NULL, NULL}};

void lp_events_hmac_open (lua_State *L) {
  luaL_setfuncs(L, hmac_functions, 0);
}
