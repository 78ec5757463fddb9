/*
** What RADIUS makes of a shared secret and of passwords (RFC 2865 §3, §5.2; RFC 2869 §5.14), with
** OpenSSL's libcrypto. It is done here and not through luaossl because the secret would have to
** be a Lua string there. Bytes of secrets are on the stack for that moment, then wiped.
*/
#include <stdio.h>
#include <string.h>

#include "libcrypto.h"
#include "registers.h"
#include "secret.h"
#include "secret_digest.h"

#define MD5_BYTES 16
#define PASSWORD_MAX 128 /* RFC 2865 §5.2 */
#define PARTS_MAX 8

static int fail (lua_State *L, const char *message, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

static int fail_md5 (lua_State *L, const lp_libcrypto *crypto) {
  return fail(L,
              crypto == NULL ? LP_NO_LIBCRYPTO
                             : "OpenSSL gives no MD5, without which there is no RADIUS",
              crypto == NULL ? "no_libcrypto" : "no_md5");
}

/* A libcrypto that has MD5 (in FIPS mode it has none), or NULL. */
static const lp_libcrypto *with_md5 (const lp_libcrypto *crypto) {
  return crypto != NULL && crypto->md5 != NULL ? crypto : NULL;
}

/* Raises unless the argument is a string or an open secret. */
static void check_part (lua_State *L, int index) {
  const lp_secret *secret;
  if (lua_type(L, index) == LUA_TSTRING) return;
  secret = luaL_checkudata(L, index, LP_SECRET_TYPE);
  luaL_argcheck(L, secret->number != 0, index, "the secret was closed");
}

static void check_parts (lua_State *L, int first) {
  luaL_argcheck(L, lua_gettop(L) >= first && lua_gettop(L) < first + PARTS_MAX, first,
                "from 1 to 8 parts are taken");
  for (int i = first; i <= lua_gettop(L); i++) check_part(L, i);
}

static int update_part (lua_State *L, int index, const lp_libcrypto *crypto, void *context) {
  char bytes[LP_SECRET_MAX];
  const lp_secret *secret;
  size_t n;
  int ok;
  if (lua_type(L, index) == LUA_TSTRING) {
    const char *text = lua_tolstring(L, index, &n);
    return crypto->update(context, text, n);
  }
  secret = lua_touserdata(L, index);
  n = lp_secret_copy(secret->number, 0, bytes, sizeof bytes);
  ok = crypto->update(context, bytes, n);
  explicit_bzero(bytes, sizeof bytes);
  return ok;
}

/*
** core.md5 (part, ...) -> 16 bytes | nil, message, code
** The digest of strings and secrets in a row.
*/
static int lp_md5 (lua_State *L) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  unsigned char digest[64];
  unsigned length = 0;
  void *context;
  int ok;
  check_parts(L, 1);
  if (with_md5(crypto) == NULL) return fail_md5(L, crypto);
  context = crypto->new_context();
  if (context == NULL) return luaL_error(L, "out of memory");
  ok = crypto->begin(context, crypto->md5, NULL);
  for (int i = 1; ok && i <= lua_gettop(L); i++) ok = update_part(L, i, crypto, context);
  ok = ok && crypto->finish(context, digest, &length) && length == MD5_BYTES;
  crypto->free_context(context);
  lp_forget_registers();
  if (!ok) return fail_md5(L, crypto);
  lua_pushlstring(L, (const char *)digest, MD5_BYTES);
  return 1;
}

/* core.hmac_md5 (secret, text) -> 16 bytes | nil, message, code */
static int lp_hmac_md5 (lua_State *L) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  const lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  unsigned char key[LP_SECRET_MAX], digest[64], *made;
  unsigned length = 0;
  size_t n, key_length;
  const char *text = luaL_checklstring(L, 2, &n);
  check_part(L, 1);
  if (with_md5(crypto) == NULL) return fail_md5(L, crypto);
  key_length = lp_secret_copy(secret->number, 0, (char *)key, sizeof key);
  made = crypto->hmac(crypto->md5, key, (int)key_length, (const unsigned char *)text, n, digest,
                      &length);
  explicit_bzero(key, sizeof key);
  lp_forget_registers();
  if (made == NULL || length != MD5_BYTES) return fail_md5(L, crypto);
  lua_pushlstring(L, (const char *)digest, MD5_BYTES);
  return 1;
}

/* The parts in one buffer; their length, which is more than `most` when they do not fit. */
static size_t join_parts (lua_State *L, int first, char *out, size_t most) {
  size_t length = 0;
  for (int i = first; i <= lua_gettop(L); i++) {
    const lp_secret *secret = lua_touserdata(L, i);
    size_t n;
    const char *text = secret == NULL ? lua_tolstring(L, i, &n) : NULL;
    if (secret != NULL) n = lp_secret_length(secret->number);
    if (n > most - length) return most + 1;
    if (text != NULL)
      memcpy(out + length, text, n);
    else
      (void)lp_secret_copy(secret->number, 0, out + length, n);
    length += n;
  }
  return length;
}

/* c(1) = p(1) xor MD5(S + RA), c(i) = p(i) xor MD5(S + c(i-1)) (RFC 2865 §5.2). */
static int hide (const lp_libcrypto *crypto, const lp_secret *secret, const unsigned char *before,
                 unsigned char *bytes, size_t n) {
  char key[LP_SECRET_MAX];
  size_t key_length = lp_secret_copy(secret->number, 0, key, sizeof key);
  void *context = crypto->new_context();
  int ok = context != NULL;
  for (size_t at = 0; ok && at < n; at += MD5_BYTES) {
    unsigned char mask[64];
    unsigned length = 0;
    ok = crypto->begin(context, crypto->md5, NULL) && crypto->update(context, key, key_length) &&
         crypto->update(context, before, MD5_BYTES) && crypto->finish(context, mask, &length) &&
         length == MD5_BYTES;
    for (size_t i = 0; i < MD5_BYTES; i++) bytes[at + i] ^= mask[i];
    before = bytes + at;
    explicit_bzero(mask, sizeof mask);
  }
  explicit_bzero(key, sizeof key);
  if (context != NULL) crypto->free_context(context);
  lp_forget_registers();
  return ok;
}

/*
** core.radius_hide (secret, authenticator, part, ...) -> the value of User-Password
** | nil, message, code ("empty_password", "password_too_long", "password_has_nul")
** The password is made of strings and secrets in a row.
*/
static int lp_radius_hide (lua_State *L) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  const lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  size_t n, length;
  const char *authenticator = luaL_checklstring(L, 2, &n);
  unsigned char bytes[PASSWORD_MAX] = {0};
  check_part(L, 1);
  luaL_argcheck(L, n == MD5_BYTES, 2, "an authenticator has 16 bytes");
  check_parts(L, 3);
  if (with_md5(crypto) == NULL) return fail_md5(L, crypto);
  length = join_parts(L, 3, (char *)bytes, sizeof bytes);
  if (length == 0) return fail(L, "the password is empty", "empty_password");
  if (length > sizeof bytes || memchr(bytes, 0, length) != NULL) {
    explicit_bzero(bytes, sizeof bytes);
    if (length > sizeof bytes)
      return fail(L, "RADIUS takes passwords of 128 bytes at most", "password_too_long");
    return fail(L, "RADIUS takes no password with a byte of zero", "password_has_nul");
  }
  length = (length + MD5_BYTES - 1) / MD5_BYTES * MD5_BYTES;
  if (!hide(crypto, secret, (const unsigned char *)authenticator, bytes, length)) {
    explicit_bzero(bytes, sizeof bytes);
    return fail_md5(L, crypto);
  }
  lua_pushlstring(L, (const char *)bytes, length);
  return 1;
}

static const luaL_Reg digest_functions[] = {
    {"md5", lp_md5}, {"hmac_md5", lp_hmac_md5}, {"radius_hide", lp_radius_hide}, {NULL, NULL}};

void lp_secret_digest_open (lua_State *L) {
  luaL_setfuncs(L, digest_functions, 0);
}
