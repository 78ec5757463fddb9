/* Strict Base64; see xml_base64.h. */
#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "xml_base64.h"

enum { SPACE = -1, PADDING = -2, WRONG = -3 };

static int value_of (char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  if (c == '=') return PADDING;
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? SPACE : WRONG;
}

long lp_xml_base64_decode (const char *text, size_t n, unsigned char *out) {
  unsigned bits = 0; /* those of the last, unfinished group of four characters */
  size_t digits = 0, padding = 0, written = 0;
  if (n > LONG_MAX) return -1;
  for (size_t i = 0; i < n; i++) {
    int value = value_of(text[i]);
    if (value == SPACE) continue;
    if (value == PADDING) {
      padding++;
      continue;
    }
    if (value == WRONG || padding > 0) return -1;
    bits = (bits << 6 | (unsigned)value) & 0xFFFFFF;
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
