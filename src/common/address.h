/*
** The one check of e-mail addresses: trimmed, and what is wrong with one. The Lua side, the
** sources and the requests all come here.
*/
#ifndef LP_ADDRESS_H
#define LP_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plain_email.h"
#include "utf8.h"

typedef struct lp_range {
  uint32_t first, last;
} lp_range;

/* White space (Unicode's White_Space beyond ASCII), and the byte order mark, which files begin
 * with. */
static const lp_range lp_spaces[] = {{0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                     {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                                     {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};

/* C1 controls, the spaces above, and Unicode's Default_Ignorable_Code_Point. */
static const lp_range lp_invisible[] = {
    {0x80, 0xA0},       {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},     {0x115F, 0x1160},
    {0x1680, 0x1680},   {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F},   {0x2028, 0x202F},
    {0x205F, 0x206F},   {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

static inline int lp_is_among (uint32_t code, const lp_range *list, size_t count) {
  for (size_t i = 0; i < count && code >= list[i].first; i++)
    if (code <= list[i].last) return 1;
  return 0;
}

#define LP_IS_AMONG(code, list) lp_is_among(code, list, sizeof(list) / sizeof *(list))

static inline int lp_is_ascii_space (char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Bytes of the white space at the beginning; 0 when there is none. */
static inline size_t lp_leading_space (const char *text, size_t n) {
  int length;
  if (n == 0) return 0;
  if (lp_is_ascii_space(text[0])) return 1;
  length = (unsigned char)text[0] < 0x80 ? 0 : lp_utf8_length(text, text + n);
  return length > 1 && LP_IS_AMONG(lp_utf8_code(text, length), lp_spaces) ? (size_t)length : 0;
}

static inline size_t lp_trailing_space (const char *text, size_t n) {
  size_t back = 1;
  if (n == 0) return 0;
  if (lp_is_ascii_space(text[n - 1])) return 1;
  while (back < n && back < 4 && ((unsigned char)text[n - back] & 0xC0) == 0x80) back++;
  return lp_leading_space(text + n - back, back) == back ? back : 0;
}

/* Cuts white space off both ends, that of Unicode and the byte order mark included. */
static inline const char *lp_trim (const char *text, size_t *n) {
  size_t space;
  while ((space = lp_leading_space(text, *n)) > 0) text += space, *n -= space;
  while ((space = lp_trailing_space(text, *n)) > 0) *n -= space;
  return text;
}

/*
** What keeps a string from being sent as an address, whatever its form: control characters, spaces,
** characters that cannot be seen, bytes that are not UTF-8. A server may cut such a string short or
** compare it as another address than we do. NULL when there is nothing.
*/
static inline const char *lp_unsendable (const char *text, size_t n) {
  const char *fault = NULL;
  for (size_t i = 0; i < n;) {
    unsigned char c = (unsigned char)text[i];
    int length = lp_utf8_length(text + i, text + n);
    if (length <= 0) return "it is not valid UTF-8";
    if (c < 0x80 && lp_is_ascii_space((char)c)) {
      if (fault == NULL) fault = "it has a space";
    } else if (c < 0x20 || c == 0x7F) {
      fault = "it has a control character";
    } else if (c >= 0x80 && LP_IS_AMONG(lp_utf8_code(text + i, length), lp_invisible)) {
      if (fault == NULL) fault = "it has a character that cannot be seen";
    }
    i += (size_t)length;
  }
  return fault;
}

static inline const char *lp_address_part_fault (const char *part, size_t n, int is_domain) {
  if (n == 0) return is_domain ? "nothing after the @" : "nothing before the @";
  if (part[0] == '.' || part[n - 1] == '.')
    return is_domain ? "a dot at the edge of the part after the @"
                     : "a dot at the edge of the part before the @";
  for (size_t i = 1; i < n; i++)
    if (part[i] == '.' && part[i - 1] == '.') return "two dots in a row";
  return NULL;
}

static inline char lp_address_stray_in (const char *text, size_t n, const char *strays) {
  for (size_t i = 0; i < n; i++)
    if (text[i] != '\0' && strchr(strays, text[i]) != NULL) return text[i];
  return 0;
}

/* What is wrong with a trimmed address (RFC 5321, without quoted local parts and literals); NULL
** when nothing is. `stray` is set to the character that cannot be in an address, else to 0. */
static inline const char *lp_address_fault (const char *text, size_t n, char *stray) {
  const char *at, *fault;
  size_t before;
  *stray = 0;
  if (lp_is_plain_email(text, n)) return NULL;
  if (n == 0) return "it is empty";
  if (n > LP_PLAIN_EMAIL_MAX) return "it is longer than 254 bytes"; /* RFC 5321 4.5.3.1.3 */
  fault = lp_unsendable(text, n);
  if (fault != NULL) return fault;
  at = memchr(text, '@', n);
  if (at == NULL) return "it has no @";
  before = (size_t)(at - text);
  if (memchr(at + 1, '@', n - before - 1) != NULL) return "it has more than one @";
  *stray = lp_address_stray_in(text, n, "[]()<>,;:\\\"");
  if (*stray == 0)
    *stray = lp_address_stray_in(at + 1, n - before - 1, "!#$%&'*+,/:;<=>?[\\]^`{|}~");
  if (*stray != 0) return "'%s' cannot be in an address";
  fault = lp_address_part_fault(text, before, 0);
  return fault != NULL ? fault : lp_address_part_fault(at + 1, n - before - 1, 1);
}

#endif
