/*
** lastpass.unicode: texts that look the same and are written in other bytes (libutf8proc). Loaded
** only when a text is met that is not ASCII.
*/
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "address.h"
#include "bytes.h"
#include "compat.h"

/* Letter by letter: full case folding would make one of "ss" and the sharp s, which are two names.
 */
static utf8proc_int32_t lower (utf8proc_int32_t code, void *data) {
  (void)data;
  return utf8proc_tolower(code);
}

/* Pushes the text in normalisation form C, its letters mapped before; nil, message when it is not
** UTF-8. */
static int push_mapped (lua_State *L, const char *text, size_t n, utf8proc_custom_func letters) {
  utf8proc_uint8_t *mapped = NULL;
  utf8proc_ssize_t length =
      utf8proc_map_custom((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &mapped,
                          (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE), letters, NULL);
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
  return push_mapped(L, text, n, lower);
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

/*
** unicode.key (text) -> the key of an account: trimmed, composed, its letters in lower case. Of
*what
** is not UTF-8 only the ASCII letters are.
*/
static int lp_unicode_key (lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  luaL_Buffer key;
  text = lp_trim(text, &n);
  if (push_mapped(L, text, n, lower) == 1) return 1;
  luaL_buffinit(L, &key);
  for (size_t i = 0; i < n; i++) luaL_addchar(&key, (char)lp_fold_byte((unsigned char)text[i]));
  luaL_pushresult(&key);
  return 1;
}

static const luaL_Reg unicode_functions[] = {{"key", lp_unicode_key},
                                             {"compose", lp_unicode_compose},
                                             {"fold", lp_unicode_fold},
                                             {"same", lp_unicode_same},
                                             {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_unicode (lua_State *L) {
  luaL_newlib(L, unicode_functions);
  return 1;
}
