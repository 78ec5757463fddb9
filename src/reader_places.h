/* What the two halves of the reader of users share: reader.c takes any token anywhere, reader_fast.c
** takes what is written as the server usually writes it. */
#ifndef LP_READER_PLACES_H
#define LP_READER_PLACES_H

#include "reader.h"

/* Where in the reply the next token is. */
enum {
  AT_START,
  AT_MARKUP,        /* not JSON: the bytes are kept */
  AT_TOP,           /* keys of the reply */
  AT_TOP_VALUE,     /* the value of such a key */
  AT_USERS,         /* ids */
  AT_USER_BEGIN,    /* the { of a user */
  AT_USER,          /* keys of a user */
  AT_FIELD,         /* the value of a known field */
  AT_USER_GROUPS,   /* inside a user's list of groups */
  AT_ATTRIBS,       /* inside attribs, which is kept as it is */
  AT_SKIP_FIELD,    /* inside an unknown field of a user */
  AT_GROUPS,        /* names of groups */
  AT_GROUP_BEGIN,   /* the [ of a group */
  AT_GROUP,         /* inside a group's list of members */
  AT_INVITED,       /* inside the list of invited addresses */
  AT_ENVELOPE,      /* inside status, error, errors or message */
  AT_SKIP_TOP,      /* inside an unknown key of the reply */
  AT_EMPTY,         /* inside [] where a map could be */
  AT_END
};

enum { TOP_USERS, TOP_GROUPS, TOP_INVITED, TOP_TOTAL, TOP_COUNT, TOP_ENVELOPE, TOP_OTHER };

#define FIELDS(X)                                                                                  \
  X (username) X (fullname) X (mpstrength) X (created) X (last_pw_change) X (last_login)           \
  X (neverloggedin) X (disabled) X (admin) X (password_reset_required) X (totalscore)              \
  X (legacytotalscore) X (hasSharingKeys) X (duousername) X (multifactor) X (linked) X (sites)     \
  X (notes) X (formfills) X (applications) X (attachments) X (groups) X (attribs)

enum {
#define X(name) F_##name,
  FIELDS (X)
#undef X
  F_unknown
};

typedef struct lp_field_name {
  const char *name;
  size_t length;
} lp_field_name;

extern const lp_field_name lp_field_names[];

/* 0, or -1 with the scanner's error set. */
int lp_reader_begin_user (lp_reader *r, const lp_token *key);
int lp_reader_end_user (lp_reader *r);
int lp_reader_keep_text (lp_reader *r, const lp_token *t, lp_text *out);
/* The same, but a text that is equal to `like` is not kept twice. */
int lp_reader_keep_repeated (lp_reader *r, const lp_token *t, lp_text like, lp_text *out);
int lp_reader_user_group (lp_reader *r, const lp_token *t);

/* Read as far as everything is as usual, and stop before what is not. */
void lp_reader_hurry_users (lp_reader *r);
void lp_reader_hurry_members (lp_reader *r);

static inline int lp_two_digits (const char *p) {
  unsigned a = (unsigned) (p[0] - '0'), b = (unsigned) (p[1] - '0');
  return a > 9 || b > 9 ? -1000000 : (int) (a * 10 + b);
}

/* "YYYY-MM-DD HH:MM:SS" as civil seconds (§3); LP_NO_TIME when it is anything else or outside 1970 to 2105. */
static inline uint32_t lp_read_time (const char *p, size_t n) {
  static const short days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  static const char days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year, month, day, hour, minute, second, leap;
  int64_t days;
  if (n != 19 || p[4] != '-' || p[7] != '-' || p[10] != ' ' ||
      p[13] != ':' || p[16] != ':')
    return LP_NO_TIME;
  year = lp_two_digits (p) * 100 + lp_two_digits (p + 2);
  month = lp_two_digits (p + 5);
  day = lp_two_digits (p + 8);
  hour = lp_two_digits (p + 11);
  minute = lp_two_digits (p + 14);
  second = lp_two_digits (p + 17);
  if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59)
    return LP_NO_TIME;
  leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day > days_in[month - 1] + (leap && month == 2)) return LP_NO_TIME;
  days = (int64_t) (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 +
         days_before[month - 1] + (leap && month > 2) + day - 1 - 719162;
  return (uint32_t) (days * 86400 + hour * 3600 + minute * 60 + second);
}

#endif
