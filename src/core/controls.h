/*
** Which characters must not reach a terminal or a line as they are: those that draw nothing and
** change what is around them. The one list: tables, messages, `tostring`, and every format of
** events.
*/
#ifndef LP_CONTROLS_H
#define LP_CONTROLS_H

#include <stddef.h>
#include <stdint.h>

#include "utf8.h"

/*
** C0, DEL and C1 (0x9B begins terminal commands), line separators, marks and overrides of
** direction, blanks without width, tags. The joiners 200C and 200D stay: languages and emoji need
** them.
*/
static inline int lp_is_control (uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) return 1;
  if (code < 0x61C) return 0;
  return code == 0x61C || code == 0x180E || code == 0x200B || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE007F);
}

/* The character as JSON escapes it, whatever it is: six bytes or, beyond FFFF, twelve. */
static inline char *lp_json_escape (char *out, uint32_t code) {
  static const char digits[] = "0123456789abcdef";
  uint32_t units[2] = {code, 0};
  if (code >= 0x10000) {
    units[0] = 0xD7C0 + (code >> 10);
    units[1] = 0xDC00 | (code & 0x3FF);
  }
  for (int i = 0; i < (code >= 0x10000 ? 2 : 1); i++) {
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) *out++ = digits[units[i] >> shift & 15];
  }
  return out;
}

/* Bytes of the character at p, its code in *code; 1 and UINT32_MAX for a byte of none. */
static inline size_t lp_character (const char *p, const char *end, uint32_t *code) {
  int length = lp_utf8_length(p, end);
  *code = length > 0 ? lp_utf8_code(p, length) : UINT32_MAX;
  return length > 0 ? (size_t)length : 1;
}

#endif
