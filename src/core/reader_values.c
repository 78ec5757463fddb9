/* Values of a user's fields, as the service writes them or once wrote them (enterprise-api §4.8).
 */
#include <string.h>

#include "reader_internal.h"

/* Two digits, or a number that no part of a time may have. */
static int two_digits (const char *p) {
  unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');
  return a > 9 || b > 9 ? -10000 : (int)(a * 10 + b);
}

uint32_t lp_read_time (const char *p) {
  static const short days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  static const char days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = two_digits(p) * 100 + two_digits(p + 2), month = two_digits(p + 5);
  int day = two_digits(p + 8), hour = two_digits(p + 11), minute = two_digits(p + 14);
  int second = two_digits(p + 17), leap, days;
  if (p[4] != '-' || p[7] != '-' || p[10] != ' ' || p[13] != ':' || p[16] != ':') return LP_NO_TIME;
  if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 59)
    return LP_NO_TIME;
  leap = year % 4 == 0 && year != 2100;
  if (day > days_in[month - 1] + (leap && month == 2)) return LP_NO_TIME;
  days = (year - 1970) * 365 + (year - 1969) / 4 - (year > 2100) + days_before[month - 1] +
         (leap && month > 2) + day - 1;
  return (uint32_t)days * 86400 + (uint32_t)(hour * 3600 + minute * 60 + second);
}

static void take_time (lp_reader *r, uint32_t *out, lp_kind kind, const lp_token *t) {
  if (kind == LP_STRING && t->length == 19) *out = lp_read_time(t->text);
  if (*out == LP_NO_TIME && kind != LP_NULL && !(kind == LP_STRING && t->length == 0))
    r->rows->odd++;
}

static int token_is (const lp_token *t, const char *word) {
  return t->length == strlen(word) && memcmp(t->text, word, t->length) == 0;
}

/* true, 1, "1", "true" and their opposites all occur (§4.8). -1: none of them. */
static int truth (lp_kind kind, const lp_token *t) {
  if (kind == LP_TRUE) return 1;
  if (kind == LP_FALSE || kind == LP_NULL) return 0;
  if (kind == LP_NUMBER || kind == LP_STRING) {
    if (token_is(t, "1") || token_is(t, "true")) return 1;
    if (token_is(t, "0") || token_is(t, "false") || t->length == 0) return 0;
  }
  return -1;
}

/*
** A flag that decides who loses access must be readable, and neither null nor "" says anything;
** the other flags are only counted as odd.
*/
static int take_flag (lp_reader *r, unsigned flag, lp_kind kind, const lp_token *t) {
  int value = truth(kind, t);
  if (flag == LP_FLAG_DISABLED || flag == LP_FLAG_ADMIN) {
    int is_empty = kind == LP_NULL || (kind == LP_STRING && t->length == 0);
    if (value < 0 || is_empty) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  }
  if (value < 0) r->rows->odd++;
  if (value > 0) r->row.flags |= (uint16_t)flag;
  return 0;
}

/*
** The value of decimal digits (with a point and an exponent, if they are there) in units of
** 1/unit; -1 when it is something else, is negative or above `highest`. Not strtod: that one reads
** more than we want, and follows the locale. Fourteen digits are enough for all that is kept.
*/
static int64_t read_decimal (const char *p, size_t n, int unit, int64_t highest) {
  const char *end = p + n, *digits;
  int64_t value = 0, power = 1;
  int exponent = 0, given = 0, minus, negative = 0, inexact = 0, point = 0;
  minus = p < end && *p == '-';
  if (minus) p++;
  for (digits = p; p < end && (*p == '.' || (*p >= '0' && *p <= '9')); p++) {
    if (*p == '.') {
      if (point++ > 0 || p == digits || p + 1 == end || p[1] < '0' || p[1] > '9') return -1;
    } else if (value < INT64_C(10000000000000)) {
      value = value * 10 + (*p - '0');
      exponent -= point;
    } else {
      inexact |= *p != '0';
      exponent += 1 - point;
    }
  }
  if (p == digits) return -1;
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
      if (given < 10000) given = given * 10 + (*p - '0');
    if (p == digits) return -1;
    exponent += negative ? -given : given;
  }
  if (p != end) return -1;
  if (value == 0) return 0;
  if (minus) return -1;
  value *= unit;
  for (; exponent > 0; exponent--) {
    if (value > highest) return -1;
    value *= 10;
  }
  for (; exponent < 0 && power < INT64_C(1000000000000000000); exponent++) power *= 10;
  if (unit == 1 && (inexact || exponent < 0 || value % power != 0)) return -1;
  value = exponent < 0 ? 0 : (value + power / 2) / power;
  return value <= highest ? value : -1;
}

int64_t lp_reader_take_number (lp_reader *r, int unit, int64_t highest, lp_kind kind,
                               const lp_token *t) {
  int64_t value = -1;
  if (kind == LP_NULL || (kind == LP_STRING && t->length == 0)) return -1;
  if (kind == LP_NUMBER || kind == LP_STRING)
    value = read_decimal(t->text, t->length, unit, highest);
  if (value < 0) r->rows->odd++;
  return value;
}

/* More than 65,534 entries in one vault are not believed: the count is unknown then. */
static uint16_t take_count (lp_reader *r, lp_kind kind, const lp_token *t) {
  int64_t count = lp_reader_take_number(r, 1, LP_NO_COUNT - 1, kind, t);
  return count < 0 ? LP_NO_COUNT : (uint16_t)count;
}

static int32_t take_score (lp_reader *r, lp_kind kind, const lp_token *t) {
  int64_t score = lp_reader_take_number(r, LP_SCORE_UNIT, INT32_MAX, kind, t);
  return score < 0 ? LP_NO_SCORE : (int32_t)score;
}

static int take_optional_text (lp_reader *r, lp_text *out, lp_kind kind, const lp_token *t) {
  if (kind == LP_NULL || kind == LP_FALSE) return 0;
  if (kind != LP_STRING && kind != LP_NUMBER) return lp_reader_refuse(r, LP_SCAN_SHAPE);
  return lp_reader_keep_text(r, t, out);
}

int lp_reader_keep_repeated (lp_reader *r, const lp_token *t, lp_text like, lp_text *out) {
  if (like != 0 && !t->escaped) {
    size_t n;
    const char *text = lp_rows_text(r->rows, like, &n);
    if (n == t->length && memcmp(text, t->text, n) == 0) {
      *out = like;
      return 0;
    }
  }
  return lp_reader_keep_text(r, t, out);
}

static int take_repeated_text (lp_reader *r, lp_text *out, lp_text like, lp_kind kind,
                               const lp_token *t) {
  if (kind == LP_STRING) return lp_reader_keep_repeated(r, t, like, out);
  return take_optional_text(r, out, kind, t);
}

int lp_reader_take_field (lp_reader *r, lp_kind kind, const lp_token *t) {
  lp_row *row = &r->row;
  switch (r->field) {
  case F_username:
    if (kind != LP_STRING || t->length == 0) return lp_reader_refuse(r, LP_SCAN_SHAPE);
    return lp_reader_keep_text(r, t, &row->username);
  case F_fullname:
    return take_optional_text(r, &row->fullname, kind, t);
  case F_duousername:
    return take_repeated_text(r, &row->duousername, row->username, kind, t);
  case F_multifactor:
    if (take_repeated_text(r, &row->multifactor, r->last_multifactor, kind, t) != 0) return -1;
    if (row->multifactor != 0) r->last_multifactor = row->multifactor;
    return 0;
  case F_linked:
    return take_optional_text(r, &row->linked, kind, t);
  case F_created:
    take_time(r, &row->created, kind, t);
    return 0;
  case F_last_pw_change:
    take_time(r, &row->last_pw_change, kind, t);
    return 0;
  case F_last_login:
    take_time(r, &row->last_login, kind, t);
    return 0;
  case F_neverloggedin:
    return take_flag(r, LP_FLAG_NEVER_LOGGED_IN, kind, t);
  case F_disabled:
    return take_flag(r, LP_FLAG_DISABLED, kind, t);
  case F_admin:
    return take_flag(r, LP_FLAG_ADMIN, kind, t);
  case F_password_reset_required:
    return take_flag(r, LP_FLAG_RESET_REQUIRED, kind, t);
  case F_hasSharingKeys:
    row->flags |= LP_FLAG_KEYS_KNOWN;
    return take_flag(r, LP_FLAG_HAS_KEYS, kind, t);
  case F_totalscore:
    row->totalscore = take_score(r, kind, t);
    return 0;
  case F_legacytotalscore:
    row->legacytotalscore = take_score(r, kind, t);
    return 0;
  case F_mpstrength: {
    int64_t strength = lp_reader_take_number(r, 1, LP_NO_STRENGTH - 1, kind, t);
    row->mpstrength = strength < 0 ? LP_NO_STRENGTH : (uint8_t)strength;
    return 0;
  }
  case F_sites:
    row->sites = take_count(r, kind, t);
    return 0;
  case F_notes:
    row->notes = take_count(r, kind, t);
    return 0;
  case F_formfills:
    row->formfills = take_count(r, kind, t);
    return 0;
  case F_applications:
    row->applications = take_count(r, kind, t);
    return 0;
  case F_attachments:
    row->attachments = take_count(r, kind, t);
    return 0;
  default:
    return 0;
  }
}
