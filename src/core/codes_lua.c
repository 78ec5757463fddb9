/*
** One-time codes (RFC 4226), their HMAC by OpenSSL's libcrypto. They are made here and not in Lua,
** so that a key can stay in locked memory, and so that comparing takes the same time whichever of
** the codes is right.
*/
#include <stdint.h>
#include <string.h>

#include "codes_lua.h"
#include "libcrypto.h"
#include "secret.h"

#define MOST_DIGITS 8
#define MOST_CODES 1000
#define MOST_COUNTER 9007199254740992.0 /* integers that a double has */

typedef struct code_key {
  char bytes[LP_SECRET_MAX]; /* of a secret, to be wiped */
  const char *at;
  size_t length;
  const void *digest;
} code_key;

static int no_crypto (lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, LP_NO_LIBCRYPTO ", or may not use this digest");
  lua_pushliteral(L, "no_libcrypto");
  return 3;
}

static const void *check_digest (lua_State *L, int index, const lp_libcrypto *crypto) {
  static const char *const names[] = {"SHA1", "SHA256", "SHA512", NULL};
  int at = luaL_checkoption(L, index, "SHA1", names);
  if (crypto == NULL) return NULL;
  return at == 0 ? crypto->sha1 : at == 1 ? crypto->sha256 : crypto->sha512;
}

/* The key at this place of the stack: a secret, which is copied, or a string. Raises before there
** is anything to wipe. */
static void take_key (lua_State *L, int index, code_key *key) {
  const lp_secret *secret = luaL_testudata(L, index, LP_SECRET_TYPE);
  if (secret == NULL) {
    key->at = luaL_checklstring(L, index, &key->length);
    luaL_argcheck(L, key->length <= LP_SECRET_MAX, index, "the key is too long");
    return;
  }
  luaL_argcheck(L, secret->number != 0, index, "the secret was closed");
  key->length = lp_secret_copy(secret->number, 0, key->bytes, sizeof key->bytes);
  key->at = key->bytes;
}

static uint64_t check_counter (lua_State *L, int index) {
  lua_Number number = luaL_checknumber(L, index);
  luaL_argcheck(L, number >= 0 && number <= MOST_COUNTER && number == (lua_Number)(uint64_t)number,
                index, "a counter is an integer from 0 to 2^53");
  return (uint64_t)number;
}

/* An HMAC with this key, which it needs no longer then; NULL when it cannot be. */
static void *begin_hmac (code_key *key) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  void *hmac = crypto->hmac_new();
  int begun =
      hmac != NULL && crypto->hmac_begin(hmac, key->at, (int)key->length, key->digest, NULL) == 1;
  if (key->at == key->bytes) explicit_bzero(key->bytes, key->length);
  if (begun) return hmac;
  crypto->hmac_free(hmac);
  return NULL;
}

/* The digits of one counter (RFC 4226, section 5.3); 0 when the HMAC could not be made. */
static int make_code (void *hmac, uint64_t counter, size_t digits, char *out) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  unsigned char bytes[8], hash[64];
  unsigned length = 0;
  uint32_t number;
  size_t offset;
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(counter >> (56 - 8 * i));
  if (crypto->hmac_begin(hmac, NULL, 0, NULL, NULL) != 1 ||
      crypto->hmac_update(hmac, bytes, sizeof bytes) != 1 ||
      crypto->hmac_finish(hmac, hash, &length) != 1 || length < 20)
    return 0;
  offset = hash[length - 1] & 15;
  number = (uint32_t)(hash[offset] & 127) << 24 | (uint32_t)hash[offset + 1] << 16 |
           (uint32_t)hash[offset + 2] << 8 | hash[offset + 3];
  for (size_t i = digits; i-- > 0; number /= 10) out[i] = (char)('0' + number % 10);
  explicit_bzero(hash, sizeof hash);
  return 1;
}

/* core.code (key, counter, digits, algorithm) -> the code | nil, message, code */
static int lp_code (lua_State *L) {
  char code[MOST_DIGITS];
  code_key key;
  uint64_t counter = check_counter(L, 2);
  lua_Integer digits = luaL_checkinteger(L, 3);
  void *hmac;
  int made;
  key.digest = check_digest(L, 4, lp_libcrypto_get());
  luaL_argcheck(L, digits >= 6 && digits <= MOST_DIGITS, 3, "a code has 6 to 8 digits");
  if (key.digest == NULL) return no_crypto(L);
  take_key(L, 1, &key);
  if ((hmac = begin_hmac(&key)) == NULL) return no_crypto(L);
  made = make_code(hmac, counter, (size_t)digits, code);
  lp_libcrypto_get()->hmac_free(hmac);
  if (!made) return no_crypto(L);
  lua_pushlstring(L, code, (size_t)digits);
  return 1;
}

/*
** core.match_code (key, code, first, count, algorithm) -> the greatest counter, from `first` on,
** whose code this is | false | nil, message, code
** All are made and compared to their end. The greatest, because then no later window has a counter
** that the code could be used for again.
*/
static int lp_match_code (lua_State *L) {
  size_t digits;
  const char *code = luaL_checklstring(L, 2, &digits);
  uint64_t first = check_counter(L, 3), found = 0;
  lua_Integer count = luaL_checkinteger(L, 4);
  int made = 1;
  void *hmac;
  code_key key;
  key.digest = check_digest(L, 5, lp_libcrypto_get());
  luaL_argcheck(L, digits >= 6 && digits <= MOST_DIGITS, 2, "a code has 6 to 8 digits");
  luaL_argcheck(L, count >= 1 && count <= MOST_CODES, 4, "1 to 1000 counters");
  if (key.digest == NULL) return no_crypto(L);
  take_key(L, 1, &key);
  if ((hmac = begin_hmac(&key)) == NULL) return no_crypto(L);
  for (uint64_t i = 0; i < (uint64_t)count && made; i++) {
    char candidate[MOST_DIGITS];
    uint64_t difference = 0, is_same;
    made = make_code(hmac, first + i, digits, candidate);
    for (size_t at = 0; at < digits; at++)
      difference |= (unsigned char)candidate[at] ^ (unsigned char)code[at];
    is_same = (uint64_t)0 - ((difference - 1) >> 63); /* all ones, or 0 */
    found = (found & ~is_same) | ((i + 1) & is_same);
  }
  lp_libcrypto_get()->hmac_free(hmac);
  if (!made) return no_crypto(L);
  if (found == 0)
    lua_pushboolean(L, 0);
  else
    lp_push_whole(L, (double)(first + found - 1));
  return 1;
}

/* core.code_key (key) -> 32 hexadecimal digits that name it and do not reveal it | nil, message,
** code */
static int lp_code_key (lua_State *L) {
  static const char purpose[] = "lastpass: the name of a key of one-time codes";
  static const char digits[] = "0123456789abcdef";
  const lp_libcrypto *crypto = lp_libcrypto_get();
  unsigned char hash[64];
  unsigned length = 0;
  char hex[32];
  void *hmac;
  code_key key;
  if (crypto == NULL) return no_crypto(L);
  key.digest = crypto->sha256;
  take_key(L, 1, &key);
  if ((hmac = begin_hmac(&key)) == NULL) return no_crypto(L);
  if (crypto->hmac_update(hmac, (const unsigned char *)purpose, sizeof purpose - 1) != 1 ||
      crypto->hmac_finish(hmac, hash, &length) != 1)
    length = 0;
  crypto->hmac_free(hmac);
  if (length != LP_SHA256_BYTES) return no_crypto(L);
  for (size_t i = 0; i < sizeof hex / 2; i++) {
    hex[i * 2] = digits[hash[i] >> 4];
    hex[i * 2 + 1] = digits[hash[i] & 15];
  }
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

static const luaL_Reg code_functions[] = {
    {"code", lp_code}, {"match_code", lp_match_code}, {"code_key", lp_code_key}, {NULL, NULL}};

void lp_codes_open (lua_State *L) {
  luaL_setfuncs(L, code_functions, 0);
}
