/*
** The key of an account: the one place that knows which spellings of an address are one account.
** The core (index of the rows, joins, duplicates) and Lua (core.account_key, which lastpass.email
** gives to everybody) both come here.
**
** The key is the address in normalisation form C, its letters in lower case one by one; white space
** at its ends is cut off where people write addresses, not here. No rule of a language makes two
** accounts one: the sharp s is not "ss", a final sigma is not another sigma, a dotted capital I is
** an i with a dot above. Letters are mapped between decomposition and composition, so that the form
** in which an address arrives makes no difference. Of what is not UTF-8, or longer than any address
** (LP_ACCOUNT_BYTES), ASCII letters alone are mapped.
*/
#ifndef LP_ACCOUNT_KEY_H
#define LP_ACCOUNT_KEY_H

#include <utf8proc.h>

#include "bytes.h"

#define LP_ACCOUNT_BYTES 512
/* No character of two or three bytes has more than three or four in form D (U+0390, U+1F82). */
#define LP_ACCOUNT_CODES (LP_ACCOUNT_BYTES * 2)

typedef struct lp_account {
  const char *text; /* the key but for the case of ASCII letters, so that most are not copied */
  size_t n;
  utf8proc_int32_t codes[LP_ACCOUNT_CODES];
} lp_account;

/* In form C, letters in lower case: written into `codes`. The length in bytes, or -1 when there is
** no space or the text is not UTF-8. */
static inline utf8proc_ssize_t lp_fold_into (utf8proc_int32_t *codes, utf8proc_ssize_t capacity,
                                             const char *text, size_t n) {
  const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
  utf8proc_ssize_t count =
      utf8proc_decompose(bytes, (utf8proc_ssize_t)n, codes, capacity,
                         (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE));
  if (count < 0 || count >= capacity) return -1;
  for (utf8proc_ssize_t i = 0; i < count; i++) codes[i] = utf8proc_tolower(codes[i]);
  return utf8proc_reencode(codes, count, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
}

/* `account` must live as long as its text is used, and so must the text given. */
static inline void lp_account_read (lp_account *account, const char *text, size_t n) {
  account->text = text;
  account->n = n;
  if (n <= LP_ACCOUNT_BYTES && !lp_is_ascii(text, n)) {
    utf8proc_ssize_t length = lp_fold_into(account->codes, LP_ACCOUNT_CODES, text, n);
    if (length < 0) return;
    account->text = (const char *)account->codes;
    account->n = (size_t)length;
  }
}

/* The same for all spellings of one account. */
static inline uint32_t lp_account_hash (const char *text, size_t n) {
  lp_account account;
  if (lp_is_ascii(text, n)) return (uint32_t)lp_hash_words(text, n, 1);
  lp_account_read(&account, text, n);
  return (uint32_t)lp_hash_words(account.text, account.n, 1);
}

/* Are both addresses one account? */
static inline int lp_same_account (const char *one, size_t n, const char *other, size_t m) {
  lp_account a, b;
  if (n == m && lp_same_folded(one, other, n)) return 1;
  if (lp_is_ascii(one, n) && lp_is_ascii(other, m)) return 0;
  lp_account_read(&a, one, n);
  lp_account_read(&b, other, m);
  return a.n == b.n && lp_same_folded(a.text, b.text, a.n);
}

#endif
