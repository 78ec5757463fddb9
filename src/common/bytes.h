/*
** Bytes taken eight at a time: loads that need no alignment, comparison and hashing. All loads
** stay within the n bytes given; a tail is read with a load that overlaps the one before.
*/
#ifndef LP_BYTES_H
#define LP_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LP_EACH_BYTE UINT64_C(0x0101010101010101)

static inline uint64_t lp_load64 (const char *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

static inline uint32_t lp_load32 (const char *p) {
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

/* The two halves of a 128-bit product, folded into one. */
static inline uint64_t lp_mix (uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
  uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), high = (a >> 32) * (b >> 32);
  uint64_t one = (a >> 32) * (b & UINT32_MAX), other = (a & UINT32_MAX) * (b >> 32);
  uint64_t middle = (low >> 32) + (one & UINT32_MAX) + (other & UINT32_MAX);
  high += (one >> 32) + (other >> 32) + (middle >> 32);
  return (middle << 32 | (low & UINT32_MAX)) ^ high;
#endif
}

/* Both cases of an ASCII letter become one (and some other bytes too, which does no harm to a
 * hash). */
#define LP_FOLDED(word) ((word) | 0x20 * LP_EACH_BYTE)

/* With `fold` (a constant where it is used) the case of ASCII letters makes no difference. Without
** the key nobody can look for texts with the same hash. */
static inline uint64_t lp_hash_with_key (const char *p, size_t n, int fold, uint64_t hash_key) {
  const uint64_t first = UINT64_C(0xA0761D6478BD642F);
  const uint64_t second = UINT64_C(0xE7037ED1A0B428DB) ^ hash_key;
  uint64_t seed = first ^ n, a = 0, b = 0;
  if (n >= 8) {
    size_t left = n;
    for (; left > 16; left -= 16, p += 16) {
      a = lp_load64(p);
      b = lp_load64(p + 8);
      if (fold) a = LP_FOLDED(a), b = LP_FOLDED(b);
      seed = lp_mix(a ^ second, b ^ seed);
    }
    /* the last eight to sixteen bytes */
    a = lp_load64(left >= 8 ? p : p + left - 8);
    b = lp_load64(p + left - 8);
  } else if (n >= 4) {
    a = lp_load32(p);
    b = lp_load32(p + n - 4);
  } else if (n > 0) {
    a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
        (unsigned char)p[n - 1];
  }
  if (fold) a = LP_FOLDED(a), b = LP_FOLDED(b);
  return lp_mix(first ^ n, lp_mix(a ^ second, b ^ seed));
}

static inline uint64_t lp_hash_words (const char *p, size_t n, int fold) {
  return lp_hash_with_key(p, n, fold, 0);
}

static inline int lp_same_bytes (const char *a, const char *b, size_t n) {
  if (n < 8) return memcmp(a, b, n) == 0;
  for (size_t i = 0; i + 8 < n; i += 8)
    if (lp_load64(a + i) != lp_load64(b + i)) return 0;
  return lp_load64(a + n - 8) == lp_load64(b + n - 8);
}

static inline int lp_is_ascii (const char *p, size_t n) {
  uint64_t all = 0;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) all |= lp_load64(p + i);
  for (; i < n; i++) all |= (unsigned char)p[i];
  return (all & 0x80 * LP_EACH_BYTE) == 0;
}

static inline unsigned char lp_fold_byte (unsigned char c) {
  return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* The same but for the case of ASCII letters? */
static inline int lp_same_folded (const char *a, const char *b, size_t n) {
  if (lp_same_bytes(a, b, n)) return 1;
  for (size_t i = 0; i < n; i++)
    if (lp_fold_byte((unsigned char)a[i]) != lp_fold_byte((unsigned char)b[i])) return 0;
  return 1;
}

#endif
