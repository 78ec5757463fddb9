/*
** What the parts of the reader of users share: reader.c takes any token anywhere, reader_values.c
** the values of fields, reader_fast.c what is written as the service usually writes it.
*/
#ifndef LP_READER_INTERNAL_H
#define LP_READER_INTERNAL_H

#include "reader.h"

/* Where in the reply the next token is. */
enum {
  AT_START,
  AT_MARKUP,      /* not JSON: the bytes are kept */
  AT_TOP,         /* keys of the reply */
  AT_TOP_VALUE,   /* the value of such a key */
  AT_USERS,       /* ids */
  AT_USER_BEGIN,  /* the { of a user */
  AT_USER,        /* keys of a user */
  AT_FIELD,       /* the value of a known field */
  AT_USER_GROUPS, /* inside a user's list of groups */
  AT_ATTRIBS,     /* inside attribs, which is kept as it is */
  AT_SKIP_FIELD,  /* inside an unknown field of a user */
  AT_GROUPS,      /* names of groups */
  AT_GROUP_BEGIN, /* the [ of a group */
  AT_GROUP,       /* inside a group's list of members */
  AT_INVITED,     /* inside the list of invited addresses */
  AT_ENVELOPE,    /* inside status, error, errors or message */
  AT_SKIP_TOP,    /* inside an unknown key of the reply */
  AT_EMPTY,       /* inside [] where a map could be */
  AT_END
};

enum { TOP_USERS, TOP_GROUPS, TOP_INVITED, TOP_TOTAL, TOP_COUNT, TOP_ENVELOPE, TOP_OTHER };

/* In the order in which the service writes them; clang-format would make stairs of it. */
/* clang-format off */
#define FIELDS(X)                                                                                  \
  X(username) X(fullname) X(mpstrength) X(created) X(last_pw_change) X(last_login)                 \
  X(neverloggedin) X(disabled) X(admin) X(password_reset_required) X(totalscore)                   \
  X(legacytotalscore) X(hasSharingKeys) X(duousername) X(multifactor) X(linked) X(sites)           \
  X(notes) X(formfills) X(applications) X(attachments) X(groups) X(attribs)
/* clang-format on */

enum {
#define X(name) F_##name,
  FIELDS(X)
#undef X
      F_unknown
};

#define LP_ID_DIGITS 18 /* the longest id of a user */

typedef struct lp_field_name {
  const char *name;
  size_t length;
} lp_field_name;

extern const lp_field_name lp_field_names[];

int lp_reader_refuse (lp_reader *r, lp_scan_error error); /* gives -1 */
/* 0, or -1 with the scanner's error set. */
int lp_reader_begin_user (lp_reader *r, uint64_t id);
int lp_reader_end_user (lp_reader *r);
int lp_reader_keep_text (lp_reader *r, const lp_token *t, lp_text *out);
/* The same, but a string that is equal to `like` is not kept twice. */
int lp_reader_keep_repeated (lp_reader *r, const lp_token *t, lp_text like, lp_text *out);
int lp_reader_user_group (lp_reader *r, const lp_token *t);
/* The value of the field `r->field`. */
int lp_reader_take_field (lp_reader *r, lp_kind kind, const lp_token *t);
/* A number or its digits in quotes, in units of 1/unit; -1, and counted as odd, when it is neither
** (nor null, nor ""). */
int64_t lp_reader_take_number (lp_reader *r, int unit, int64_t highest, lp_kind kind,
                               const lp_token *t);

/* Read as far as everything is as usual, and stop before what is not. */
void lp_reader_fast_users (lp_reader *r);
void lp_reader_fast_members (lp_reader *r);

/* "YYYY-MM-DD HH:MM:SS" as civil seconds (§3); LP_NO_TIME when it is anything else or outside 1970
** to 2105. 19 bytes are read. */
uint32_t lp_read_time (const char *p);

#endif
