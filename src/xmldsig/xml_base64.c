/* Strict Base64; see xml_base64.h. */
#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "xml_base64.h"

enum { WRONG = 0, SPACE = -1, PADDING = -2 };

/* Of each character its digit plus 1; by branches a message would take longer than its signature.
 */
/* clang-format off */
static const signed char values[256] = {
  0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, -1, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
  53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, -2, 0, 0,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
  0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
  42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0, 0, 0, 0, 0,
};
/* clang-format on */

long lp_xml_base64_decode (const char *text, size_t n, unsigned char *out) {
  unsigned bits = 0; /* those of the last, unfinished group of four characters */
  size_t digits = 0, padding = 0, written = 0;
  if (n > LONG_MAX) return -1;
  for (size_t i = 0; i < n; i++) {
    int value = values[(unsigned char)text[i]];
    if (value == SPACE) continue;
    if (value == PADDING) {
      padding++;
      continue;
    }
    if (value == WRONG || padding > 0) return -1;
    bits = (bits << 6 | (unsigned)(value - 1)) & 0xFFFFFF;
    /* of every four characters all but the first end a byte */
    if (digits++ % 4 == 0) continue;
    if (out != NULL) out[written] = (unsigned char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFF);
    written++;
  }
  if ((digits + padding) % 4 != 0 || padding > 2 || digits % 4 == 1) return -1;
  if ((digits % 4 == 2 && (bits & 0xF) != 0) || (digits % 4 == 3 && (bits & 0x3) != 0)) return -1;
  return (long)written;
}

char *lp_xml_base64_encode (const unsigned char *bytes, size_t n) {
  char *text;
  if (n > INT_MAX / 2) return NULL;
  text = malloc((n + 2) / 3 * 4 + 1);
  if (text != NULL) (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
  return text;
}
