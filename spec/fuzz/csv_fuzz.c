/*
** The CSV parser on any bytes: nothing may crash, and however the bytes are cut, the rows, the
** lines and the failure must be the same. The first bytes choose options and cuts.
*/
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_parse.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Everything that can be seen of a parse. */
typedef struct outcome {
  char *text;
  size_t used, size;
} outcome;

static void add (outcome *o, const char *s, size_t n) {
  while (o->used + n > o->size) {
    o->size = o->size ? o->size * 2 : 1024;
    o->text = realloc(o->text, o->size);
    if (o->text == NULL) abort();
  }
  if (n > 0) memcpy(o->text + o->used, s, n);
  o->used += n;
}

static void add_number (outcome *o, size_t number) {
  char text[32];
  int n = snprintf(text, sizeof text, "%zu ", number);
  add(o, text, (size_t)n);
}

static void add_records (outcome *o, const lp_csv *p) {
  for (size_t i = 0; i < p->records_used; i++) {
    const lp_record *record = &p->records[i];
    size_t length = 0;
    if (record->count == 0 || record->line > record->last) abort();
    add_number(o, record->line);
    add_number(o, record->last);
    add_number(o, record->number);
    add_number(o, record->count);
    add_number(o, lp_csv_invalid(p, record));
    for (size_t k = 0; k < record->count; k++) {
      lp_span field = lp_csv_field(p, record, k);
      if (field.n > p->options.max_field) abort();
      length += field.n;
      add_number(o, field.n);
      add(o, field.s, field.n);
    }
    if (length > lp_csv_length(p, record)) abort();
  }
}

/* Parses in pieces whose sizes follow from `cut`; 0: in one. */
static outcome parse (const lp_csv_options *options, const char *s, size_t n, unsigned cut) {
  outcome o = {NULL, 0, 0};
  lp_csv p;
  lp_csv_init(&p, options);
  while (n > 0) {
    size_t piece = n;
    char *copy;
    if (cut != 0) {
      cut = cut * 1103515245u + 12345u;
      piece = (cut >> 16) % 9;
      if (piece > n) piece = n;
    }
    copy = malloc(piece + 1); /* so that a read beyond the piece is seen */
    if (copy == NULL) abort();
    memcpy(copy, s, piece);
    copy = realloc(copy, piece ? piece : 1);
    lp_csv_feed(&p, copy, piece);
    free(copy);
    if (cut == 0 || cut & 0x10000) {
      add_records(&o, &p);
      lp_csv_drop(&p);
    }
    s += piece;
    n -= piece;
  }
  lp_csv_end(&p);
  add_records(&o, &p);
  add_number(&o, p.line);
  if (p.code != NULL) {
    add(&o, p.code, strlen(p.code));
    add(&o, p.message, strlen(p.message));
    add_number(&o, p.bad_line);
  }
  lp_csv_free(&p);
  return o;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  lp_csv_options options = {',', '"', 1, 0, 1 << 20, 10000, 1 << 24, 1};
  outcome whole, pieces;
  unsigned cut;
  if (size < 3) return 0;
  options.strict = data[0] & 1;
  options.trim = (data[0] & 2) != 0;
  if (data[0] & 4) options.delimiter = '\t';
  if (data[0] & 8) options.delimiter = ' ';
  if (data[0] & 16) options.max_field = 1 + data[1] % 32;
  if (data[0] & 32) options.max_fields = 1 + data[1] % 5;
  if (data[0] & 64) options.max_row = 1 + data[1];
  if (data[0] & 128) options.quote = '\'';
  cut = data[2];
  data += 3;
  size -= 3;
  whole = parse(&options, (const char *)data, size, 0);
  for (unsigned i = 1; i <= 3; i++) {
    pieces = parse(&options, (const char *)data, size, cut * 4 + i);
    if (pieces.used != whole.used || memcmp(pieces.text, whole.text, whole.used) != 0) abort();
    free(pieces.text);
  }
  free(whole.text);
  return 0;
}
