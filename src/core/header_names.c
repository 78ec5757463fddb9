/*
** Names of a request's headers beside names that must not be spoofed. It is called through LuaJIT's
*ffi,
** with what nginx's Lua module fills in, so that no Lua string is made of a header that nobody asks
*for.
*/
#include <stddef.h>
#include <string.h>

#include "compat.h"

/* As ngx_http_lua_ffi_str_t and ngx_http_lua_ffi_table_elt_t of lua-resty-core. */
typedef struct text {
  int size;
  const unsigned char *bytes;
} text;

typedef struct header {
  text name, value;
} header;

LP_EXPORT int lp_header_names_match (const header *headers, int count, const char *names);

/* One for all spellings of a byte; servers behind take other characters for a hyphen. */
static int canonical (unsigned char byte) {
  if (byte >= 'A' && byte <= 'Z') return byte - 'A' + 'a';
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ? byte : '-';
}

static int is_spelling_of (const text *name, const char *wanted) {
  for (int i = 0; i < name->size; i++)
    if (canonical(name->bytes[i]) != wanted[i]) return 0;
  return 1;
}

/*
** Whether a header's name is a spelling of one of the names: canonical ones, each with its NUL, and
** an empty one at the end.
*/
int lp_header_names_match (const header *headers, int count, const char *names) {
  for (const char *wanted = names; *wanted != '\0'; wanted += strlen(wanted) + 1) {
    int size = (int)strlen(wanted);
    for (int i = 0; i < count; i++)
      if (headers[i].name.size == size && is_spelling_of(&headers[i].name, wanted)) return 1;
  }
  return 0;
}
