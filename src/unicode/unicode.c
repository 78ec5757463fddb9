/*
** lastpass.unicode: texts that look the same and are written in other bytes (libutf8proc). Loaded
** only when a string is met that is not ASCII.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "account_key.h"
#include "address.h"
#include "bytes.h"
#include "compat.h"
#include "confusables.h"

/* Pushes the text in normalisation form C, each character mapped before; nil, message for
** what is not UTF-8. */
static int push_mapped (lua_State *L, const char *text, size_t n, utf8proc_custom_func map) {
  utf8proc_uint8_t *mapped = NULL;
  utf8proc_ssize_t length =
      utf8proc_map_custom((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &mapped,
                          (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE), map, NULL);
  if (length < 0) {
    lua_pushnil(L);
    lua_pushstring(L, utf8proc_errmsg(length));
    return 2;
  }
  /* should memory be out now, these bytes are lost with the state */
  lua_pushlstring(L, (const char *)mapped, (size_t)length);
  free(mapped);
  return 1;
}

/* unicode.compose (text) -> the text in normalisation form C | nil, message */
static int lp_unicode_compose (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  return push_mapped(L, text, n, NULL);
}

/* unicode.fold (text) -> the text composed, its letters in lower case | nil, message */
static int lp_unicode_fold (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  size_t capacity = n * 2 + 16; /* see LP_ACCOUNT_CODES */
  utf8proc_int32_t *codes = lua_newuserdata(L, capacity * sizeof *codes);
  utf8proc_ssize_t length = lp_fold_into(codes, (utf8proc_ssize_t)capacity, text, n);
  if (length < 0) {
    lua_pushnil(L);
    lua_pushstring(L, utf8proc_errmsg(UTF8PROC_ERROR_INVALIDUTF8));
    return 2;
  }
  lua_pushlstring(L, (const char *)codes, (size_t)length);
  return 1;
}

/* unicode.same (one, other) -> whether both are the same text in normalisation form C */
static int lp_unicode_same (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  int both;
  both = push_mapped(L, text, n, NULL) == 1;
  text = luaL_checklstring(L, 2, &n);
  both = push_mapped(L, text, n, NULL) == 1 && both;
  lua_pushboolean(L, both && lua_rawequal(L, -1, -2));
  return 1;
}

/* ------------------------------------------------------------------ columns of a terminal */

/*
** As terminals have it: libutf8proc's width, but a control character, which is not shown as such,
** counts one, and so does a vowel sign with a width of its own (category Mc); vowels and finals of
** Hangul syllables stand within their initial.
*/
static int width_of (utf8proc_int32_t code) {
  const utf8proc_property_t *property = utf8proc_get_property(code);
  if (property->category == UTF8PROC_CATEGORY_CC || property->category == UTF8PROC_CATEGORY_MC)
    return 1;
  if (property->boundclass == UTF8PROC_BOUNDCLASS_V ||
      property->boundclass == UTF8PROC_BOUNDCLASS_T)
    return 0;
  return utf8proc_charwidth(code);
}

/* Counts columns until there are no more than `most`; gives the bytes that fit. A byte that is not
** UTF-8 counts one. */
static size_t fit (const char *text, size_t n, lua_Integer most, lua_Integer *columns) {
  size_t i = 0;
  *columns = 0;
  while (i < n) {
    int length = lp_utf8_length(text + i, text + n);
    int width = length <= 0 ? 1 : width_of((utf8proc_int32_t)lp_utf8_code(text + i, length));
    if (width > most - *columns) break;
    *columns += width;
    i += length <= 0 ? 1 : (size_t)length;
  }
  return i;
}

/* unicode.width (text) -> columns */
static int lp_unicode_width (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer columns;
  fit(text, n, (lua_Integer)n * 2, &columns);
  lua_pushinteger(L, columns);
  return 1;
}

/* unicode.head (text, columns) -> the longest start that fits, with its combining marks */
static int lp_unicode_head (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer columns;
  lua_pushlstring(L, text, fit(text, n, luaL_checkinteger(L, 2), &columns));
  return 1;
}

/* ------------------------------------------------------------------ what looks the same */

/* The character of ASCII that this one looks like, or itself. */
static utf8proc_int32_t looks_like (utf8proc_int32_t code) {
  size_t low = 0, high = sizeof lp_confusables / sizeof *lp_confusables;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (lp_confusables[middle].code < (uint32_t)code)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < sizeof lp_confusables / sizeof *lp_confusables &&
      lp_confusables[low].code == (uint32_t)code)
    return lp_confusables[low].looks_like;
  return LP_IS_AMONG((uint32_t)code, lp_spaces) || code == 0x2800 ? ' ' : code;
}

static utf8proc_int32_t shape (utf8proc_int32_t code, void *data) {
  (void)data;
  return looks_like(code);
}

static utf8proc_int32_t small_shape (utf8proc_int32_t code, void *data) {
  (void)data;
  return utf8proc_tolower(looks_like(code));
}

/* Appends one label of a domain, decoded when it is one of RFC 3492 (section 6.2); as it is when it
** cannot be. */
static void add_label (luaL_Buffer *out, const char *label, size_t n) {
  enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, LABEL_MAX = 63 };
  utf8proc_int32_t codes[LABEL_MAX];
  utf8proc_uint8_t bytes[4];
  size_t count = 0, at = 4, last = 4;
  uint32_t code = 128, i = 0, bias = 72;
  if (n <= 4 || n > LABEL_MAX || !lp_same_folded(label, "xn--", 4)) goto as_it_is;
  for (size_t k = 4; k < n; k++)
    if (label[k] == '-') last = k;
  for (; at < last; at++) codes[count++] = lp_fold_byte((unsigned char)label[at]);
  if (last > 4) at = last + 1;
  while (at < n) {
    uint32_t before = i, weight = 1, points = (uint32_t)count + 1, delta, k;
    for (k = BASE;; k += BASE) {
      unsigned char c = at < n ? lp_fold_byte((unsigned char)label[at++]) : 0;
      uint32_t digit = c >= 'a' && c <= 'z'   ? (uint32_t)(c - 'a')
                       : c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26
                                              : (uint32_t)BASE;
      uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
      if (digit >= BASE || digit > (UINT32_MAX - i) / weight) goto as_it_is;
      i += digit * weight;
      if (digit < t) break;
      if (weight > UINT32_MAX / (BASE - t)) goto as_it_is;
      weight *= BASE - t;
    }
    delta = before == 0 ? i / DAMP : (i - before) / 2;
    delta += delta / points;
    for (k = 0; delta > (BASE - TMIN) * TMAX / 2; k += BASE) delta /= BASE - TMIN;
    bias = k + (BASE - TMIN + 1) * delta / (delta + SKEW);
    code += i / points;
    i %= points;
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || count == LABEL_MAX) goto as_it_is;
    memmove(codes + i + 1, codes + i, (count - i) * sizeof *codes);
    codes[i++] = (utf8proc_int32_t)code;
    count++;
  }
  for (size_t k = 0; k < count; k++)
    luaL_addlstring(out, (const char *)bytes, (size_t)utf8proc_encode_char(codes[k], bytes));
  return;
as_it_is:
  luaL_addlstring(out, label, n);
}

/* Pushes the text with the labels of its domain decoded. */
static void push_decoded (lua_State *L, const char *text, size_t n) {
  luaL_Buffer out;
  const char *end = text + n, *at = memchr(text, '@', n);
  luaL_buffinit(L, &out);
  if (at == NULL) {
    luaL_addlstring(&out, text, n);
  } else {
    luaL_addlstring(&out, text, (size_t)(at + 1 - text));
    for (const char *label = at + 1; label <= end;) {
      const char *dot = memchr(label, '.', (size_t)(end - label));
      const char *until = dot == NULL ? end : dot;
      add_label(&out, label, (size_t)(until - label));
      if (dot != NULL) luaL_addchar(&out, '.');
      label = until + 1;
    }
  }
  luaL_pushresult(&out);
}

/* Pushes the text in lower case, with single spaces between words and without what spreadsheets put
** before a string and what ends a sentence. */
static int push_tidy (lua_State *L, const char *text, size_t n) {
  luaL_Buffer out;
  while (n > 0 && strchr(" '\"", text[0]) != NULL) text++, n--;
  while (n > 0 && strchr(" '\".", text[n - 1]) != NULL) n--;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n; i++) {
    char c = (char)lp_fold_byte((unsigned char)text[i]);
    if (c >= '\t' && c <= '\r') c = ' ';
    if (c != ' ' || text[i - 1] != ' ') luaL_addchar(&out, c);
  }
  luaL_pushresult(&out);
  return 1;
}

/*
** unicode.skeleton (text) -> what a reader sees of an address or a name | nil, message
** Two texts with one skeleton look the same: in normalisation form KC without what cannot be seen,
*in
** lower case, letters of other scripts as the Latin ones that they look like, domains decoded.
*/
static int lp_unicode_skeleton (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  utf8proc_uint8_t *shapes = NULL;
  utf8proc_ssize_t length;
  int is_plain = 1;
  lua_settop(L, 1);
  for (size_t i = 0; i < n && is_plain; i++)
    is_plain = (unsigned char)text[i] < 0x80 && (unsigned char)text[i] >= 0x20 &&
               !(text[i] == '-' && i + 1 < n && text[i + 1] == '-');
  if (is_plain) return push_tidy(L, text, n);
  push_decoded(L, text, n);
  text = lua_tolstring(L, -1, &n);
  length =
      utf8proc_map_custom((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &shapes,
                          (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                              UTF8PROC_COMPAT | UTF8PROC_IGNORE | UTF8PROC_STRIPCC),
                          shape, NULL);
  if (length < 0) {
    lua_pushnil(L);
    lua_pushstring(L, utf8proc_errmsg(length));
    return 2;
  }
  lua_pushlstring(L, (const char *)shapes, (size_t)length);
  free(shapes);
  text = lua_tolstring(L, -1, &n);
  if (push_mapped(L, text, n, small_shape) != 1) return 2;
  text = lua_tolstring(L, -1, &n);
  return push_tidy(L, text, n);
}

/* Would a reader take it for a letter, a digit or a dot of ASCII? Latin-1 has none such. */
static int is_mistakable (utf8proc_int32_t code) {
  utf8proc_int32_t like = looks_like(code), parts[4];
  int boundary = 0;
  if (code < 0x100) return 0;
  if (like == code &&
      utf8proc_decompose_char(code, parts, 4, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary) == 1)
    like = parts[0];
  return like < 0x80 && (like == '.' || lp_is_word((unsigned char)like)) && like != '-';
}

/* Does a string have this sequence of bytes? */
static int has (const char *text, size_t n, const char *bytes, size_t length) {
  for (size_t i = 0; i + length <= n; i++)
    if (memcmp(text + i, bytes, length) == 0) return 1;
  return 0;
}

/*
** unicode.shown (text [, other]) -> the text with escapes, "\u{2024}", for what cannot be seen and
** for letters of other scripts within words of Latin ones. With another text: for every character
** beyond ASCII that the other one does not have.
*/
static int lp_unicode_shown (lua_State *L) {
  size_t n, other_length = 0;
  const char *text = luaL_checklstring(L, 1, &n),
             *other = luaL_optlstring(L, 2, NULL, &other_length);
  luaL_Buffer out;
  int is_latin = 0;
  luaL_buffinit(L, &out);
  for (size_t i = 0; i < n;) {
    int length = lp_utf8_length(text + i, text + n);
    uint32_t code;
    int escape;
    if (length <= 0) {
      luaL_addchar(&out, text[i++]); /* not UTF-8: who prints it takes care */
      continue;
    }
    if (i == 0 || text[i - 1] == ' ') {
      is_latin = 0;
      for (size_t k = i; k < n && text[k] != ' ' && !is_latin; k++)
        is_latin = (unsigned char)(lp_fold_byte((unsigned char)text[k]) - 'a') < 26;
    }
    code = lp_utf8_code(text + i, length);
    escape = length > 1 && (LP_IS_AMONG(code, lp_invisible) ||
                            (other != NULL ? !has(other, other_length, text + i, (size_t)length)
                                           : is_latin && is_mistakable((utf8proc_int32_t)code)));
    if (escape) {
      char written[16];
      snprintf(written, sizeof written, "\\u{%x}", (unsigned)code);
      luaL_addstring(&out, written);
    } else {
      luaL_addlstring(&out, text + i, (size_t)length);
    }
    i += (size_t)length;
  }
  luaL_pushresult(&out);
  return 1;
}

static const luaL_Reg unicode_functions[] = {
    {"width", lp_unicode_width},       {"head", lp_unicode_head},
    {"skeleton", lp_unicode_skeleton}, {"shown", lp_unicode_shown},
    {"compose", lp_unicode_compose},   {"fold", lp_unicode_fold},
    {"same", lp_unicode_same},         {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_unicode (lua_State *L) {
  luaL_newlib(L, unicode_functions);
  return 1;
}
