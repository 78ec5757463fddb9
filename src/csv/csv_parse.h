#ifndef LP_CSV_PARSE_H
#define LP_CSV_PARSE_H

#include <stddef.h>

#include <csv.h>

/* A row: fields `first` to `first + count - 1` of the parser. */
typedef struct lp_record {
  size_t first, count;
  size_t line, last; /* physical lines it starts and ends on */
  size_t number;     /* records before it, blank lines included, plus one */
} lp_record;

typedef struct lp_span {
  const char *s;
  size_t n;
} lp_span;

/* Parameters of lp_csv_init. */
typedef struct lp_csv_options {
  char delimiter, quote;
  int strict; /* a misplaced quote is a failure */
  int trim;   /* cut spaces off both ends of a field */
  size_t max_field, max_fields, max_row;
  size_t strict_from; /* in rows before that one, blank ones counted, quotes may be anywhere */
} lp_csv_options;

/* A parser: bytes in, records out. Nothing in it knows Lua. */
typedef struct lp_csv {
  struct csv_parser lib;
  lp_csv_options options;

  char *bytes; /* the fields end to end */
  size_t bytes_used, bytes_size;
  size_t *ends; /* where each field ends in `bytes` */
  size_t ends_used, ends_size;
  lp_record *records; /* complete rows */
  size_t records_used, records_size;

  int bom;       /* bytes of a byte order mark seen so far; 3: past it */
  int row_open;  /* bytes were read since the last end of a row */
  int after_cr;  /* the last byte was CR: LF now belongs to the same line end */
  size_t offset; /* bytes parsed */
  size_t line;   /* physical line of the next byte */
  size_t number; /* records ended, blank lines included */
  size_t row_line, row_first, row_bytes; /* of the open row: line, first field, first byte */
  size_t field_line;                     /* line the open field starts on */

  const char *code; /* stable name of the failure, NULL while there is none */
  size_t bad_line;
  char message[160];
} lp_csv;

void lp_csv_init (lp_csv *p, const lp_csv_options *options);
void lp_csv_free (lp_csv *p);

/* Parses a piece, or the end of the file. After a failure input is ignored. */
void lp_csv_feed (lp_csv *p, const char *s, size_t n);
void lp_csv_end (lp_csv *p);

/* Forgets the complete rows, so that the next piece can use their space. */
void lp_csv_drop (lp_csv *p);

/* Field i (from 0) of a record, trimmed if the options say so. Valid until the next piece. */
lp_span lp_csv_field (const lp_csv *p, const lp_record *record, size_t i);

/* Cuts the spaces off both ends, those of Unicode that do not break lines included. */
void lp_csv_trim (lp_span *text);

/* Bytes of all fields of a record together. */
size_t lp_csv_length (const lp_csv *p, const lp_record *record);

/* The first field that is not UTF-8, counted from 1; 0 when there is none. */
size_t lp_csv_invalid (const lp_csv *p, const lp_record *record);

#endif
