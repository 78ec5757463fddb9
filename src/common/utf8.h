#ifndef LP_UTF8_H
#define LP_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
** Length of the well-formed UTF-8 sequence at p (RFC 3629: no overlong form, no surrogate,
** nothing above 10FFFF); 0 when it is cut by `end`, -1 when it is wrong. p must be before end.
*/
static inline int lp_utf8_length (const char *p, const char *end) {
  const unsigned char *u = (const unsigned char *)p;
  unsigned char low = 0x80, high = 0xBF;
  int length;
  if (u[0] < 0x80) return 1;
  if (u[0] >= 0xC2 && u[0] <= 0xDF)
    length = 2;
  else if (u[0] >= 0xE0 && u[0] <= 0xEF)
    length = 3;
  else if (u[0] >= 0xF0 && u[0] <= 0xF4)
    length = 4;
  else
    return -1;
  if (u[0] == 0xE0)
    low = 0xA0;
  else if (u[0] == 0xED)
    high = 0x9F;
  else if (u[0] == 0xF0)
    low = 0x90;
  else if (u[0] == 0xF4)
    high = 0x8F;
  for (int i = 1; i < length; i++) {
    if (p + i >= end) return 0;
    if (u[i] < low || u[i] > high) return -1;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

/* The character of a well-formed sequence. */
static inline uint32_t lp_utf8_code (const char *p, int length) {
  const unsigned char *u = (const unsigned char *)p;
  switch (length) {
  case 1:
    return u[0];
  case 2:
    return (uint32_t)(u[0] & 0x1F) << 6 | (u[1] & 0x3F);
  case 3:
    return (uint32_t)(u[0] & 0x0F) << 12 | (uint32_t)(u[1] & 0x3F) << 6 | (u[2] & 0x3F);
  default:
    return (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3F) << 12 |
           (uint32_t)(u[2] & 0x3F) << 6 | (u[3] & 0x3F);
  }
}

#endif
