/*
** csv.decoder: text in other encodings to UTF-8, over iconv. It is fed pieces of any size; where
** they are cut never changes the result.
*/
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "csv_decoder.h"

#define DECODER_TYPE "lastpass.csv.decoder"

/* A closed list: what else iconv knows keeps state or is no encoding of a CSV file. */
typedef struct lp_encoding {
  const char *name;
  const char *iconv; /* NULL: UTF-16 with a byte order mark that says which */
  size_t unit;       /* bytes skipped when they are no character */
} lp_encoding;

static const lp_encoding encodings[] = {
    {"big5", "BIG5", 1},
    {"euc-kr", "EUC-KR", 1},
    {"gb18030", "GB18030", 1},
    {"iso-8859-1", "ISO-8859-1", 1},
    {"iso-8859-15", "ISO-8859-15", 1},
    {"iso-8859-2", "ISO-8859-2", 1},
    {"latin1", "ISO-8859-1", 1},
    {"macintosh", "MACINTOSH", 1},
    {"shift_jis", "SHIFT_JIS", 1},
    {"utf-16", NULL, 2},
    {"utf-16be", "UTF-16BE", 2},
    {"utf-16le", "UTF-16LE", 2},
    {"windows-1250", "CP1250", 1},
    {"windows-1251", "CP1251", 1},
    {"windows-1252", "CP1252", 1},
    {"windows-1253", "CP1253", 1},
    {"windows-1254", "CP1254", 1},
    {"windows-1257", "CP1257", 1},
};

#define ENCODINGS (sizeof encodings / sizeof *encodings)

typedef struct lp_decoder {
  const lp_encoding *encoding;
  iconv_t cd;
  int open; /* cd is valid; for UTF-16 only once the byte order mark has been seen */
  size_t held;
  char rest[16]; /* the beginning of a character that is not all there yet */
} lp_decoder;

#define NO_ICONV ((iconv_t)-1)

static int open_decoder (lp_decoder *d, const char *from) {
  d->cd = iconv_open("UTF-8", from);
  d->open = d->cd != NO_ICONV;
  return d->open;
}

/*
** Converts into b and returns how many bytes at the end are only the beginning of a character.
** What is no character becomes the byte FF, which is never UTF-8: the reader of the rows then
** refuses that one row.
*/
static size_t convert (lp_decoder *d, luaL_Buffer *b, const char *s, size_t n) {
  char *in = (char *)s;
  while (n > 0) {
    char *start = luaL_prepbuffer(b), *out = start;
    size_t left = LUAL_BUFFERSIZE;
    size_t done = iconv(d->cd, &in, &n, &out, &left);
    int why = errno;
    luaL_addsize(b, (size_t)(out - start));
    if (done != (size_t)-1 || why == E2BIG) continue;
    if (why == EINVAL && n < sizeof d->rest) return n;
    if (n < d->encoding->unit) return n;
    luaL_addchar(b, '\xFF');
    in += d->encoding->unit;
    n -= d->encoding->unit;
  }
  return 0;
}

/* UTF-16 begins with a mark of its byte order; 0 when it does not. */
static int open_utf16 (lp_decoder *d, const char *mark) {
  if (memcmp(mark, "\xFF\xFE", 2) == 0) return open_decoder(d, "UTF-16LE");
  if (memcmp(mark, "\xFE\xFF", 2) == 0) return open_decoder(d, "UTF-16BE");
  return 0;
}

/* decoder:feed (bytes) -> UTF-8 | nil, message */
static int lp_decoder_feed (lua_State *L) {
  lp_decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  size_t n, left;
  const char *s = luaL_checklstring(L, 2, &n);
  luaL_Buffer b;
  if (!d->open) {
    while (d->held < 2 && n > 0) d->rest[d->held++] = *s++, n--;
    if (d->held < 2) {
      lua_pushliteral(L, "");
      return 1;
    }
    if (!open_utf16(d, d->rest)) {
      lua_pushnil(L);
      lua_pushliteral(L, "UTF-16 without a byte order mark: say 'utf-16le' or 'utf-16be'");
      return 2;
    }
    d->held = 0;
  }
  luaL_buffinit(L, &b);
  if (d->held > 0) {
    char joined[2 * sizeof d->rest];
    size_t taken = n < sizeof d->rest ? n : sizeof d->rest;
    size_t total = d->held + taken;
    memcpy(joined, d->rest, d->held);
    if (taken > 0) memcpy(joined + d->held, s, taken);
    left = convert(d, &b, joined, total);
    if (left > taken || taken == n) {
      memcpy(d->rest, joined + total - left, left);
      d->held = left;
      luaL_pushresult(&b);
      return 1;
    }
    s += taken - left;
    n -= taken - left;
  }
  left = convert(d, &b, s, n);
  if (left > 0) memcpy(d->rest, s + n - left, left);
  d->held = left;
  luaL_pushresult(&b);
  return 1;
}

/* decoder:finish () -> true | nil, message */
static int lp_decoder_finish (lua_State *L) {
  lp_decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  if (d->held > 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "the file ends in the middle of a character");
    return 2;
  }
  lua_pushboolean(L, 1);
  return 1;
}

static int lp_decoder_collect (lua_State *L) {
  lp_decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  if (d->open) iconv_close(d->cd);
  d->open = 0;
  return 0;
}

static int lp_decoder_tostring (lua_State *L) {
  lp_decoder *d = luaL_checkudata(L, 1, DECODER_TYPE);
  lua_pushfstring(L, DECODER_TYPE ": %s", d->encoding->name);
  return 1;
}

/* csv.decoder (encoding) -> decoder | nil, message; the names are those of csv.encodings. */
int lp_csv_decoder (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lp_decoder *d;
  size_t i = 0;
  while (i < ENCODINGS && strcmp(encodings[i].name, name) != 0) i++;
  if (i == ENCODINGS) {
    lua_pushnil(L);
    lua_pushfstring(L, "unknown encoding '%s'", name);
    return 2;
  }
  d = lua_newuserdata(L, sizeof *d);
  memset(d, 0, sizeof *d);
  d->encoding = &encodings[i];
  luaL_getmetatable(L, DECODER_TYPE);
  lua_setmetatable(L, -2);
  if (encodings[i].iconv != NULL && !open_decoder(d, encodings[i].iconv)) {
    lua_pushnil(L);
    lua_pushfstring(L, "the C library has no conversion from '%s' (%s)", name, strerror(errno));
    return 2;
  }
  return 1;
}

static const luaL_Reg decoder_meta[] = {
    {"__gc", lp_decoder_collect}, {"__tostring", lp_decoder_tostring}, {NULL, NULL}};

static const luaL_Reg decoder_methods[] = {
    {"feed", lp_decoder_feed}, {"finish", lp_decoder_finish}, {NULL, NULL}};

/* The names as a list; called once, so the metatable is made here too. */
void lp_csv_push_encodings (lua_State *L) {
  lp_new_metatable(L, DECODER_TYPE, decoder_meta, decoder_methods);
  lua_pop(L, 1);
  lua_newtable(L);
  for (size_t i = 0; i < ENCODINGS; i++) {
    lua_pushstring(L, encodings[i].name);
    lua_rawseti(L, -2, (int)i + 1);
  }
}
