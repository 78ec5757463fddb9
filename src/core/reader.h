/*
** The reply to getuserdata (enterprise-api §4.8), read into rows while its bytes arrive.
** What is not a directory (a refusal, markup, a status) is kept as it came, up to a limit, so that
** it can be classified like any other reply.
*/
#ifndef LP_READER_H
#define LP_READER_H

#include "rows.h"
#include "scan.h"

#define LP_REFUSAL_MAX 65536 /* bytes kept of a reply that is no directory */

typedef struct lp_reader {
  lp_scan scan;
  lp_keys keys;
  lp_rows *rows;
  lp_row row;           /* the user being read */
  lp_buffer other;      /* the envelope keys, or a reply that is no JSON object */
  lp_buffer scratch;    /* an unescaped key */
  int64_t total, count; /* as the reply says, -1 when it does not */
  uint32_t seen;        /* fields of this user met */
  uint32_t group;       /* the group whose members are being read */
  uint32_t member_count;
  lp_text first_member;
  lp_text last_multifactor; /* most users have the same */
  int depth;                /* inside a value that is passed over or copied */
  int copy_comma;           /* inside a copied value: does the next item need a comma? */
  unsigned char in_map;     /* inside a list that came as an object with numbers for keys (§2) */
  unsigned char position, field, top, started, ended, users_seen, envelope;
  unsigned char users_only; /* pass over Groups: for reading row by row */
  unsigned char order[32];  /* the fields in the order of the last user */
  unsigned char order_length, order_at;
} lp_reader;

void lp_reader_init (lp_reader *r, lp_rows *rows);
void lp_reader_free (lp_reader *r);

/* 0, or -1: scan.error says why. */
int lp_reader_feed (lp_reader *r, const char *bytes, size_t n);
/*
** Moves the finished rows to `out` (empty before) and continues with none; -1 without memory, 1
** when the reply is just now at a position where that cannot be done.
*/
int lp_reader_take (lp_reader *r, lp_rows *out);
/* The end of the reply: -1 when it came too early or no directory was seen. */
int lp_reader_finish (lp_reader *r);
/* What is being read, in words for an error: "user 12, 'disabled'"; "" where nothing has begun. */
void lp_reader_describe (const lp_reader *r, char *out, size_t size);

#endif
