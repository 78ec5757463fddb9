/* Addresses as nearly all are; for any other, lastpass.email has the last word. */
#ifndef LP_PLAIN_EMAIL_H
#define LP_PLAIN_EMAIL_H

#include <stddef.h>

#define LP_PLAIN_EMAIL_MAX 254 /* bytes */

static inline int lp_is_word (unsigned char c) {
  return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10 || c == '-';
}

static inline int lp_is_plain_email (const char *text, size_t n) {
  size_t at = 0;
  char before = '.'; /* neither a dot nor an @ may begin, end or follow another */
  if (n == 0 || n > LP_PLAIN_EMAIL_MAX) return 0;
  for (size_t i = 0; i < n; i++) {
    char c = text[i];
    if (c == '.' || c == '@') {
      if (before == '.' || before == '@') return 0;
      if (c == '@' && at > 0) return 0;
      if (c == '@') at = i;
    } else if (!lp_is_word((unsigned char)c) && (at > 0 || (c != '_' && c != '\'' && c != '+'))) {
      return 0;
    }
    before = c;
  }
  return at > 0 && before != '.' && before != '@';
}

#endif
