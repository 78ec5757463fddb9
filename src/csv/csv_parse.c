/*
** CSV over libcsv, without Lua. The parser is fed pieces of any size; where they are cut never
** changes the result.
*/
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bytes.h"
#include "csv_parse.h"
#include "utf8.h"

/* Fields are measured where the file offset is a multiple of this, however the file is cut. */
#define MEASURE 4096

#define BOM "\xEF\xBB\xBF"
#define BOM_LENGTH 3

/* Remembers the first failure; all later input is ignored. */
static void set_failure (lp_csv *p, const char *code, size_t line, const char *format, ...) {
  va_list arguments;
  if (p->code != NULL) return;
  p->code = code;
  p->bad_line = line;
  va_start(arguments, format);
  vsnprintf(p->message, sizeof p->message, format, arguments);
  va_end(arguments);
}

static void out_of_memory (lp_csv *p) {
  set_failure(p, "no_memory", p->line, "memory is exhausted");
}

static void field_too_large (lp_csv *p, const char *hint) {
  set_failure(p, "field_too_large", p->field_line, "field %zu is longer than %zu bytes%s",
              p->ends_used - p->row_first + 1, p->options.max_field, hint);
}

/* libcsv's callback for a field. */
static void take_field (void *text, size_t length, void *data) {
  lp_csv *p = data;
  if (p->code != NULL) return;
  if (length > p->options.max_field) {
    field_too_large(p, "");
  } else if (p->ends_used - p->row_first == p->options.max_fields) {
    set_failure(p, "too_many_fields", p->row_line, "the row has more than %zu fields",
                p->options.max_fields);
  } else if (p->bytes_used - p->row_bytes + length > p->options.max_row) {
    set_failure(p, "row_too_large", p->row_line, "the row is longer than %zu bytes",
                p->options.max_row);
  } else if (LP_RESERVE(p->bytes, p->bytes_used, length, p->bytes_size) != 0 ||
             LP_RESERVE(p->ends, p->ends_used, 1, p->ends_size) != 0) {
    out_of_memory(p);
  } else {
    if (length > 0) memcpy(p->bytes + p->bytes_used, text, length);
    p->bytes_used += length;
    p->ends[p->ends_used++] = p->bytes_used;
    p->field_line = p->line;
  }
}

/* Whether libcsv refuses a misplaced quote of the row to come. */
static void set_strictness (lp_csv *p) {
  int strict = p->options.strict && p->number + 1 >= p->options.strict_from;
  csv_set_opts(&p->lib, CSV_REPALL_NL | (strict ? CSV_STRICT | CSV_STRICT_FINI : 0));
}

/* libcsv's callback for the end of a row; a blank line is a row without fields. */
static void take_row (int terminator, void *data) {
  lp_csv *p = data;
  lp_record *record;
  (void)terminator;
  if (p->code != NULL) return;
  p->row_open = 0;
  p->number++;
  if (p->number + 1 == p->options.strict_from) set_strictness(p);
  if (p->ends_used == p->row_first) return;
  if (LP_RESERVE(p->records, p->records_used, 1, p->records_size) != 0) {
    out_of_memory(p);
    return;
  }
  record = &p->records[p->records_used++];
  record->first = p->row_first;
  record->count = p->ends_used - p->row_first;
  record->line = p->row_line;
  record->last = p->line;
  record->number = p->number;
  p->row_first = p->ends_used;
  p->row_bytes = p->bytes_used;
}

/* Turns libcsv's "parse error" into what is wrong. */
static void quote_failure (lp_csv *p) {
  size_t field = p->ends_used - p->row_first + 1;
  if (csv_error(&p->lib) != CSV_EPARSE) {
    out_of_memory(p);
  } else if (!p->lib.quoted) {
    set_failure(p, "stray_quote", p->line,
                "field %zu has a quote inside but does not begin with one", field);
  } else if (p->field_line == p->line) {
    set_failure(p, "stray_quote", p->line, "field %zu continues after its closing quote", field);
  } else {
    set_failure(p, "stray_quote", p->line,
                "field %zu, which begins on line %zu, continues after its closing quote", field,
                p->field_line);
  }
}

/*
** Feeds libcsv one physical line, or part of one, at a time: so the callbacks know the line,
** which libcsv does not count. libcsv never sees the LF of a CRLF that ends a row.
*/
static void parse_bytes (lp_csv *p, const char *s, size_t n) {
  while (n > 0 && p->code == NULL) {
    size_t most = MEASURE - p->offset % MEASURE, length = 0, parsed;
    int joined = p->after_cr && *s == '\n', ended;
    if (most > n) most = n;
    if (joined && !p->row_open) {
      p->after_cr = 0;
      p->offset++;
      s++;
      n--;
      continue;
    }
    while (length < most && s[length] != '\n' && s[length] != '\r' && s[length] != '\0') length++;
    ended = length < most && s[length] != '\0';
    if (ended) length++;
    if (length == 0) {
      set_failure(p, "nul_byte", p->line, "there is a NUL byte: this is no text, or it is UTF-16");
      return;
    }
    if (!p->row_open) {
      p->row_open = 1;
      p->row_line = p->field_line = p->line;
    }
    parsed = csv_parse(&p->lib, s, length, take_field, take_row, p);
    if (parsed != length) {
      quote_failure(p);
      return;
    }
    if (p->code != NULL) return;
    p->after_cr = ended && s[length - 1] == '\r';
    if (ended && !joined) p->line++;
    p->offset += length;
    s += length;
    n -= length;
    if (p->offset % MEASURE == 0 && p->lib.entry_pos > p->options.max_field)
      field_too_large(p, p->lib.quoted ? " (is its quote never closed?)" : "");
  }
}

/* Drops a UTF-8 byte order mark at the very beginning. */
void lp_csv_feed (lp_csv *p, const char *s, size_t n) {
  while (p->bom < BOM_LENGTH && n > 0) {
    if (*s == BOM[p->bom]) {
      p->bom++;
      s++;
      n--;
    } else {
      size_t held = (size_t)p->bom;
      p->bom = BOM_LENGTH;
      parse_bytes(p, BOM, held);
    }
  }
  parse_bytes(p, s, n);
}

void lp_csv_end (lp_csv *p) {
  if (p->bom < BOM_LENGTH) parse_bytes(p, BOM, (size_t)p->bom);
  if (p->code != NULL) return;
  if (csv_fini(&p->lib, take_field, take_row, p) != 0)
    set_failure(p, "unterminated_quote", p->field_line,
                "the quote of field %zu is never closed: the file ends inside it",
                p->ends_used - p->row_first + 1);
}

/* Length of a space at s (ASCII, or one of Unicode's non-breaking ones), else 0. */
static size_t space_length (const char *s, size_t n) {
  if (*s == ' ' || (*s >= '\t' && *s <= '\r')) return 1;
  if (n >= 2 && memcmp(s, "\xC2\xA0", 2) == 0) return 2;
  if (n < 3) return 0;
  if (memcmp(s, "\xE2\x80\x87", 3) == 0 || memcmp(s, "\xE2\x80\xAF", 3) == 0) return 3;
  return memcmp(s, BOM, 3) == 0 ? 3 : 0;
}

void lp_csv_trim (lp_span *text) {
  size_t k;
  while (text->n > 0 && (k = space_length(text->s, text->n)) > 0) text->s += k, text->n -= k;
  while (text->n > 0) {
    const char *end = text->s + text->n;
    if (space_length(end - 1, 1) == 1)
      k = 1;
    else if (text->n >= 2 && space_length(end - 2, 2) == 2)
      k = 2;
    else if (text->n >= 3 && space_length(end - 3, 3) == 3)
      k = 3;
    else
      return;
    text->n -= k;
  }
}

static int is_utf8 (const char *s, size_t n) {
  const char *end = s + n;
  while (s < end) {
    int length;
    if ((unsigned char)*s < 0x80) {
      s++;
      continue;
    }
    length = lp_utf8_length(s, end);
    if (length <= 0) return 0;
    s += length;
  }
  return 1;
}

lp_span lp_csv_field (const lp_csv *p, const lp_record *record, size_t i) {
  size_t index = record->first + i;
  size_t begin = index > 0 ? p->ends[index - 1] : 0;
  lp_span field = {"", p->ends[index] - begin};
  if (field.n > 0) {
    field.s = p->bytes + begin;
    /* the guard that our own writers put before what looks like a formula (lastpass.text.csv) */
    if (field.n > 1 && field.s[0] == '\'' && memchr("=+-@\t\r\n'", field.s[1], 8) != NULL) {
      field.s++;
      field.n--;
    }
    if (p->options.trim) lp_csv_trim(&field);
  }
  return field;
}

size_t lp_csv_length (const lp_csv *p, const lp_record *record) {
  size_t begin = record->first > 0 ? p->ends[record->first - 1] : 0;
  return p->ends[record->first + record->count - 1] - begin;
}

static int is_ascii (const char *s, size_t n) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) seen |= lp_load64(s + i);
  for (; i < n; i++) seen |= (unsigned char)s[i];
  return (seen & 0x80 * LP_EACH_BYTE) == 0;
}

size_t lp_csv_invalid (const lp_csv *p, const lp_record *record) {
  size_t begin = record->first > 0 ? p->ends[record->first - 1] : 0;
  size_t length = lp_csv_length(p, record);
  if (length == 0 || is_ascii(p->bytes + begin, length)) return 0;
  for (size_t i = 0; i < record->count; i++) {
    size_t end = p->ends[record->first + i];
    if (end > begin && !is_utf8(p->bytes + begin, end - begin)) return i + 1;
    begin = end;
  }
  return 0;
}

/* What is open moves to the front. */
void lp_csv_drop (lp_csv *p) {
  size_t fields = p->ends_used - p->row_first;
  size_t bytes = p->bytes_used - p->row_bytes;
  if (p->records_used == 0) return;
  if (bytes > 0) memmove(p->bytes, p->bytes + p->row_bytes, bytes);
  for (size_t i = 0; i < fields; i++) p->ends[i] = p->ends[p->row_first + i] - p->row_bytes;
  p->ends_used = fields;
  p->bytes_used = bytes;
  p->row_first = p->row_bytes = p->records_used = 0;
}

/* Given to libcsv to keep spaces. */
static int no_space (unsigned char c) {
  (void)c;
  return 0;
}

void lp_csv_init (lp_csv *p, const lp_csv_options *options) {
  memset(p, 0, sizeof *p);
  csv_init(&p->lib, 0);
  csv_set_delim(&p->lib, (unsigned char)options->delimiter);
  csv_set_quote(&p->lib, (unsigned char)options->quote);
  csv_set_blk_size(&p->lib, MEASURE);
  if (!options->trim) csv_set_space_func(&p->lib, no_space);
  p->options = *options;
  p->line = 1;
  set_strictness(p);
}

void lp_csv_free (lp_csv *p) {
  csv_free(&p->lib);
  free(p->bytes);
  free(p->ends);
  free(p->records);
  memset(p, 0, sizeof *p);
}
