/*
** lastpass.csv: CSV bytes to rows, over libcsv, and a decoder over iconv for files that are not
** UTF-8. Both are fed pieces of any size; where the pieces are cut never changes the result.
**
** libcsv calls back for each field and each row. The callbacks only copy into C buffers that the
** parser owns; Lua values are made after csv_parse has returned, so nothing can jump out of it.
*/
#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "compat.h"
#include "utf8.h"

#define PARSER_TYPE "lastpass.csv.parser"
#define DECODER_TYPE "lastpass.csv.decoder"

/* Fields are measured where the file offset is a multiple of this, however the file is cut. */
#define MEASURE 4096

#define BOM "\xEF\xBB\xBF"
#define BOM_LENGTH 3

typedef struct lp_record {
  size_t first; /* index of the first field in `ends` */
  size_t count;
  size_t line, last; /* physical lines it starts and ends on */
  size_t number;     /* records before it, blank lines included, plus one */
} lp_record;

typedef struct lp_parser {
  struct csv_parser csv;
  int trim, utf8, finished;
  size_t max_field, max_fields, max_row;

  char *bytes; /* the fields end to end */
  size_t bytes_used, bytes_size;
  size_t *ends; /* where each field ends in `bytes` */
  size_t ends_used, ends_size;
  lp_record *records;
  size_t records_used, records_size;

  int bom;        /* bytes of a byte order mark seen so far; BOM_LENGTH: past it */
  int row_open;   /* bytes were read since the last end of a row */
  int after_cr;   /* the last byte was CR: LF now belongs to the same line end */
  size_t offset;  /* bytes parsed */
  size_t line;    /* physical line of the next byte */
  size_t number;  /* records ended, blank lines included */
  size_t row_line, row_first, row_bytes; /* of the open row: line, first field, first byte */
  size_t field_line;                     /* line the open field starts on */

  const char *code; /* stable name of the failure, NULL while there is none */
  size_t bad_line;
  char message[160];
} lp_parser;

/* Remembers the first failure; all later input is ignored. */
static void set_failure (lp_parser *p, const char *code, size_t line, const char *format, ...) {
  va_list arguments;
  if (p->code != NULL) return;
  p->code = code;
  p->bad_line = line;
  va_start (arguments, format);
  vsnprintf (p->message, sizeof p->message, format, arguments);
  va_end (arguments);
}

/* Room for `more` further elements; 0 when memory is out. */
static int reserve (void **data, size_t *size, size_t used, size_t more, size_t width) {
  size_t wanted = *size ? *size : 64;
  void *grown;
  if (more > SIZE_MAX / 2 / width - used) return 0;
  while (wanted < used + more) wanted *= 2;
  if (wanted == *size) return 1;
  grown = realloc (*data, wanted * width);
  if (grown == NULL) return 0;
  *data = grown;
  *size = wanted;
  return 1;
}

#define RESERVE(p, name, more)                                                                     \
  reserve ((void **) &(p)->name, &(p)->name##_size, (p)->name##_used, more, sizeof *(p)->name)

static void out_of_memory (lp_parser *p) {
  set_failure (p, "no_memory", p->line, "memory is exhausted");
}

/* What is said of a field that is too long, whether it has ended or not. */
static void field_too_large (lp_parser *p) {
  set_failure (p, "field_too_large", p->field_line, "field %zu is longer than %zu bytes%s",
               p->ends_used - p->row_first + 1, p->max_field,
               p->csv.quoted ? " (is its quote never closed?)" : "");
}

/* libcsv's callback for a field. */
static void take_field (void *text, size_t length, void *data) {
  lp_parser *p = data;
  if (p->code != NULL) return;
  if (length > p->max_field) {
    field_too_large (p);
  } else if (p->ends_used - p->row_first == p->max_fields) {
    set_failure (p, "too_many_fields", p->row_line, "the row has more than %zu fields",
                 p->max_fields);
  } else if (p->bytes_used - p->row_bytes + length > p->max_row) {
    set_failure (p, "row_too_large", p->row_line, "the row is longer than %zu bytes", p->max_row);
  } else if (!RESERVE (p, bytes, length) || !RESERVE (p, ends, 1)) {
    out_of_memory (p);
  } else {
    if (length > 0) memcpy (p->bytes + p->bytes_used, text, length);
    p->bytes_used += length;
    p->ends[p->ends_used++] = p->bytes_used;
    p->field_line = p->line;
  }
}

/* libcsv's callback for the end of a row; a blank line is a row without fields. */
static void take_row (int terminator, void *data) {
  lp_parser *p = data;
  lp_record *record;
  (void) terminator;
  if (p->code != NULL) return;
  p->row_open = 0;
  p->number++;
  if (p->ends_used == p->row_first) return;
  if (!RESERVE (p, records, 1)) {
    out_of_memory (p);
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
static void quote_failure (lp_parser *p) {
  size_t field = p->ends_used - p->row_first + 1;
  if (csv_error (&p->csv) != CSV_EPARSE) {
    out_of_memory (p);
  } else if (!p->csv.quoted) {
    set_failure (p, "stray_quote", p->line, "field %zu has a quote inside but does not begin with one",
                 field);
  } else if (p->field_line == p->line) {
    set_failure (p, "stray_quote", p->line, "field %zu goes on after its closing quote", field);
  } else {
    set_failure (p, "stray_quote", p->line,
                 "field %zu, which begins on line %zu, goes on after its closing quote", field,
                 p->field_line);
  }
}

/*
** Feeds libcsv one physical line, or part of one, at a time: so the callbacks know the line,
** which libcsv does not count. libcsv never sees the LF of a CRLF that ends a row.
*/
static void parse_bytes (lp_parser *p, const char *s, size_t n) {
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
      set_failure (p, "nul_byte", p->line, "there is a NUL byte: this is no text, or it is UTF-16");
      return;
    }
    if (!p->row_open) {
      p->row_open = 1;
      p->row_line = p->field_line = p->line;
    }
    parsed = csv_parse (&p->csv, s, length, take_field, take_row, p);
    if (parsed != length) {
      quote_failure (p);
      return;
    }
    p->after_cr = ended && s[length - 1] == '\r';
    if (ended && !joined) p->line++;
    p->offset += length;
    s += length;
    n -= length;
    if (p->offset % MEASURE == 0 && p->csv.entry_pos > p->max_field) field_too_large (p);
  }
}

/* Drops a UTF-8 byte order mark at the very beginning. */
static void parse_input (lp_parser *p, const char *s, size_t n) {
  while (p->bom < BOM_LENGTH && n > 0) {
    if (*s == BOM[p->bom]) {
      p->bom++;
      s++;
      n--;
    } else {
      size_t held = (size_t) p->bom;
      p->bom = BOM_LENGTH;
      parse_bytes (p, BOM, held);
    }
  }
  parse_bytes (p, s, n);
}

static void parse_end (lp_parser *p) {
  if (p->bom < BOM_LENGTH) parse_bytes (p, BOM, (size_t) p->bom);
  if (p->code != NULL) return;
  if (csv_fini (&p->csv, take_field, take_row, p) != 0)
    set_failure (p, "unterminated_quote", p->field_line,
                 "the quote of field %zu is never closed: the file ends inside it",
                 p->ends_used - p->row_first + 1);
}

/* Length of a space at s (ASCII, or one of Unicode's non-breaking ones), else 0. */
static size_t space_length (const char *s, size_t n) {
  if (*s == ' ' || (*s >= '\t' && *s <= '\r')) return 1;
  if (n >= 2 && memcmp (s, "\xC2\xA0", 2) == 0) return 2;
  if (n < 3) return 0;
  if (memcmp (s, "\xE2\x80\x87", 3) == 0 || memcmp (s, "\xE2\x80\xAF", 3) == 0) return 3;
  return memcmp (s, BOM, 3) == 0 ? 3 : 0;
}

static void trim_field (const char **s, size_t *n) {
  size_t k;
  while (*n > 0 && (k = space_length (*s, *n)) > 0) *s += k, *n -= k;
  while (*n > 0) {
    const char *end = *s + *n;
    if (space_length (end - 1, 1) == 1) k = 1;
    else if (*n >= 2 && space_length (end - 2, 2) == 2) k = 2;
    else if (*n >= 3 && space_length (end - 3, 3) == 3) k = 3;
    else return;
    *n -= k;
  }
}

static int is_utf8 (const char *s, size_t n) {
  const char *end = s + n;
  while (s < end) {
    int length;
    if ((unsigned char) *s < 0x80) {
      s++;
      continue;
    }
    length = lp_utf8_length (s, end);
    if (length <= 0) return 0;
    s += length;
  }
  return 1;
}

/* Pushes one row; the names of its extra fields lie on the stack from `names` on. */
static void push_record (lua_State *L, const lp_parser *p, const lp_record *record, int names) {
  size_t begin = record->first ? p->ends[record->first - 1] : 0;
  size_t invalid = 0;
  lua_createtable (L, (int) record->count, 2);
  for (size_t i = 0; i < record->count; i++) {
    size_t end = p->ends[record->first + i];
    const char *s = p->bytes + begin;
    size_t n = end - begin;
    begin = end;
    if (p->utf8 && invalid == 0 && !is_utf8 (s, n)) invalid = i + 1;
    if (p->trim && n > 0) trim_field (&s, &n);
    lua_pushlstring (L, n > 0 ? s : "", n);
    lua_rawseti (L, -2, (int) i + 1);
  }
  lua_pushvalue (L, names);
  lua_pushinteger (L, (lua_Integer) record->line);
  lua_rawset (L, -3);
  lua_pushvalue (L, names + 1);
  lua_pushinteger (L, (lua_Integer) record->number);
  lua_rawset (L, -3);
  if (record->last != record->line) {
    lua_pushinteger (L, (lua_Integer) record->last);
    lua_setfield (L, -2, "last");
  }
  if (invalid > 0) {
    lua_pushinteger (L, (lua_Integer) invalid);
    lua_setfield (L, -2, "invalid");
  }
}

/* Forgets the rows that have been pushed and moves what is open to the front. */
static void drop_records (lp_parser *p) {
  size_t fields = p->ends_used - p->row_first;
  size_t bytes = p->bytes_used - p->row_bytes;
  if (p->records_used == 0) return;
  if (bytes > 0) memmove (p->bytes, p->bytes + p->row_bytes, bytes);
  for (size_t i = 0; i < fields; i++) p->ends[i] = p->ends[p->row_first + i] - p->row_bytes;
  p->ends_used = fields;
  p->bytes_used = bytes;
  p->row_first = p->row_bytes = p->records_used = 0;
}

static void push_records (lua_State *L, lp_parser *p) {
  int names;
  lua_pushliteral (L, "line");
  lua_pushliteral (L, "number");
  names = lua_gettop (L) - 1;
  lua_createtable (L, (int) p->records_used, 0);
  for (size_t i = 0; i < p->records_used; i++) {
    push_record (L, p, &p->records[i], names);
    lua_rawseti (L, -2, (int) i + 1);
  }
  drop_records (p);
}

/* rows, or nil, message, line, code, rows that were complete before the failure. */
static int push_result (lua_State *L, lp_parser *p) {
  push_records (L, p);
  if (p->code == NULL) return 1;
  lua_pushnil (L);
  lua_pushstring (L, p->message);
  lua_pushinteger (L, (lua_Integer) p->bad_line);
  lua_pushstring (L, p->code);
  lua_pushvalue (L, -5);
  return 5;
}

/* parser:feed (bytes) */
static int lp_parser_feed (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  size_t n;
  const char *s = luaL_checklstring (L, 2, &n);
  if (p->finished) return luaL_error (L, "csv parser: fed after its end");
  parse_input (p, s, n);
  return push_result (L, p);
}

/* parser:finish () */
static int lp_parser_finish (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  if (!p->finished) parse_end (p);
  p->finished = 1;
  return push_result (L, p);
}

/* parser:line () -> physical line of the next byte */
static int lp_parser_line (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  lua_pushinteger (L, (lua_Integer) p->line);
  return 1;
}

static int lp_parser_collect (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  csv_free (&p->csv);
  free (p->bytes);
  free (p->ends);
  free (p->records);
  memset (p, 0, sizeof *p);
  p->finished = 1;
  return 0;
}

static int lp_parser_tostring (lua_State *L) {
  lp_parser *p = luaL_checkudata (L, 1, PARSER_TYPE);
  lua_pushfstring (L, PARSER_TYPE ": line %d", (int) p->line);
  return 1;
}

/* Given to libcsv to keep spaces. */
static int no_space (unsigned char c) {
  (void) c;
  return 0;
}

/* A one-byte option such as the delimiter; UTF-8 bytes and line ends cannot be one. */
static unsigned char character_option (lua_State *L, const char *name, char usual) {
  size_t n;
  const char *s;
  unsigned char c;
  lua_getfield (L, 1, name);
  if (lua_isnil (L, -1)) {
    c = (unsigned char) usual;
  } else {
    s = lua_type (L, -1) == LUA_TSTRING ? lua_tolstring (L, -1, &n) : NULL;
    c = s != NULL && n == 1 ? (unsigned char) *s : 0;
    if (c == 0 || c > 126 || c == '\n' || c == '\r')
      luaL_error (L, "csv.parser: '%s' must be one ASCII character, no line end", name);
  }
  lua_pop (L, 1);
  return c;
}

static int boolean_option (lua_State *L, const char *name, int usual) {
  int value;
  lua_getfield (L, 1, name);
  if (!lua_isnil (L, -1) && !lua_isboolean (L, -1))
    luaL_error (L, "csv.parser: '%s' must be true or false", name);
  value = lua_isnil (L, -1) ? usual : lua_toboolean (L, -1);
  lua_pop (L, 1);
  return value;
}

static size_t limit_option (lua_State *L, const char *name, size_t usual) {
  lua_Number value;
  lua_getfield (L, 1, name);
  if (lua_isnil (L, -1)) {
    lua_pop (L, 1);
    return usual;
  }
  value = lua_type (L, -1) == LUA_TNUMBER ? lua_tonumber (L, -1) : 0;
  if (!(value >= 1 && value <= 1073741824))
    luaL_error (L, "csv.parser: '%s' must be a number from 1 to 2^30", name);
  lua_pop (L, 1);
  return (size_t) value;
}

static void check_option_names (lua_State *L) {
  static const char *const known[] = {"delimiter", "quote",     "strict",     "trim",
                                      "utf8",      "max_field", "max_fields", "max_row"};
  lua_pushnil (L);
  while (lua_next (L, 1)) {
    size_t i = 0, count = sizeof known / sizeof *known;
    lua_pop (L, 1);
    if (lua_type (L, -1) == LUA_TSTRING)
      while (i < count && strcmp (known[i], lua_tostring (L, -1)) != 0) i++;
    else
      i = count;
    if (i == count)
      luaL_error (L, "csv.parser: unknown option '%s'",
                  lua_type (L, -1) == LUA_TSTRING ? lua_tostring (L, -1) : luaL_typename (L, -1));
  }
}

/*
** csv.parser {delimiter = ",", quote = '"', strict = true, trim = false, utf8 = true,
**             max_field = 2^20, max_fields = 10000, max_row = 2^24}
*/
static int lp_csv_parser (lua_State *L) {
  lp_parser *p;
  lp_parser options;
  int strict;
  memset (&options, 0, sizeof options);
  if (lua_isnoneornil (L, 1)) {
    lua_settop (L, 0);
    lua_newtable (L);
  }
  luaL_checktype (L, 1, LUA_TTABLE);
  check_option_names (L);
  strict = boolean_option (L, "strict", 1);
  csv_init (&options.csv, CSV_REPALL_NL | (strict ? CSV_STRICT | CSV_STRICT_FINI : 0));
  csv_set_delim (&options.csv, character_option (L, "delimiter", ','));
  csv_set_quote (&options.csv, character_option (L, "quote", '"'));
  if (csv_get_delim (&options.csv) == csv_get_quote (&options.csv))
    return luaL_error (L, "csv.parser: 'delimiter' and 'quote' must differ");
  csv_set_blk_size (&options.csv, MEASURE);
  options.trim = boolean_option (L, "trim", 0);
  if (!options.trim) csv_set_space_func (&options.csv, no_space);
  options.utf8 = boolean_option (L, "utf8", 1);
  options.max_field = limit_option (L, "max_field", (size_t) 1 << 20);
  options.max_fields = limit_option (L, "max_fields", 10000);
  options.max_row = limit_option (L, "max_row", (size_t) 1 << 24);
  options.line = 1;
  p = lua_newuserdata (L, sizeof *p);
  *p = options;
  luaL_getmetatable (L, PARSER_TYPE);
  lua_setmetatable (L, -2);
  return 1;
}

typedef struct lp_encoding {
  const char *name;
  const char *iconv; /* NULL: UTF-16 with a byte order mark that says which */
  size_t unit;       /* bytes skipped when they are no character */
} lp_encoding;

static const lp_encoding encodings[] = {
    {"big5", "BIG5", 1},
    {"euc-kr", "EUC-KR", 1},
    {"gb18030", "GB18030", 1},
    {"iso-8859-1", "ISO-8859-1", 1},
    {"iso-8859-15", "ISO-8859-15", 1},
    {"iso-8859-2", "ISO-8859-2", 1},
    {"latin1", "ISO-8859-1", 1},
    {"macintosh", "MACINTOSH", 1},
    {"shift_jis", "SHIFT_JIS", 1},
    {"utf-16", NULL, 2},
    {"utf-16be", "UTF-16BE", 2},
    {"utf-16le", "UTF-16LE", 2},
    {"windows-1250", "CP1250", 1},
    {"windows-1251", "CP1251", 1},
    {"windows-1252", "CP1252", 1},
    {"windows-1253", "CP1253", 1},
    {"windows-1254", "CP1254", 1},
    {"windows-1257", "CP1257", 1},
};

#define ENCODINGS (sizeof encodings / sizeof *encodings)

typedef struct lp_decoder {
  const lp_encoding *encoding;
  iconv_t cd;
  int open; /* cd is valid; for UTF-16 only once the byte order mark has been seen */
  size_t held;
  char rest[16]; /* the beginning of a character that is not all there yet */
} lp_decoder;

#define NO_ICONV ((iconv_t) -1)

static int open_decoder (lp_decoder *d, const char *from) {
  d->cd = iconv_open ("UTF-8", from);
  d->open = d->cd != NO_ICONV;
  return d->open;
}

/*
** Converts into b and returns how many bytes at the end are only the beginning of a character.
** What is no character becomes the byte FF, which is never UTF-8: the reader of the rows then
** refuses that one row.
*/
static size_t convert (lp_decoder *d, luaL_Buffer *b, const char *s, size_t n) {
  char *in = (char *) s;
  while (n > 0) {
    char *room = luaL_prepbuffer (b), *out = room;
    size_t left = LUAL_BUFFERSIZE;
    size_t done = iconv (d->cd, &in, &n, &out, &left);
    int why = errno;
    luaL_addsize (b, (size_t) (out - room));
    if (done != (size_t) -1 || why == E2BIG) continue;
    if (why == EINVAL && n < sizeof d->rest) return n;
    if (n < d->encoding->unit) return n;
    luaL_addchar (b, '\xFF');
    in += d->encoding->unit;
    n -= d->encoding->unit;
  }
  return 0;
}

/* UTF-16 begins with a mark that tells its byte order; 0 when it does not. */
static int open_utf16 (lp_decoder *d, const char *mark) {
  if (memcmp (mark, "\xFF\xFE", 2) == 0) return open_decoder (d, "UTF-16LE");
  if (memcmp (mark, "\xFE\xFF", 2) == 0) return open_decoder (d, "UTF-16BE");
  return 0;
}

/* decoder:feed (bytes) -> UTF-8 | nil, message */
static int lp_decoder_feed (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  size_t n, left;
  const char *s = luaL_checklstring (L, 2, &n);
  luaL_Buffer b;
  if (!d->open) {
    while (d->held < 2 && n > 0) d->rest[d->held++] = *s++, n--;
    if (d->held < 2) {
      lua_pushliteral (L, "");
      return 1;
    }
    if (!open_utf16 (d, d->rest)) {
      lua_pushnil (L);
      lua_pushliteral (L, "UTF-16 without a byte order mark: say 'utf-16le' or 'utf-16be'");
      return 2;
    }
    d->held = 0;
  }
  luaL_buffinit (L, &b);
  if (d->held > 0) {
    char joined[2 * sizeof d->rest];
    size_t taken = n < sizeof d->rest ? n : sizeof d->rest;
    size_t total = d->held + taken;
    memcpy (joined, d->rest, d->held);
    if (taken > 0) memcpy (joined + d->held, s, taken);
    left = convert (d, &b, joined, total);
    if (left > taken || taken == n) {
      memcpy (d->rest, joined + total - left, left);
      d->held = left;
      luaL_pushresult (&b);
      return 1;
    }
    s += taken - left;
    n -= taken - left;
  }
  left = convert (d, &b, s, n);
  if (left > 0) memcpy (d->rest, s + n - left, left);
  d->held = left;
  luaL_pushresult (&b);
  return 1;
}

/* decoder:finish () -> true | nil, message */
static int lp_decoder_finish (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  if (d->held > 0) {
    lua_pushnil (L);
    lua_pushliteral (L, "the file ends in the middle of a character");
    return 2;
  }
  lua_pushboolean (L, 1);
  return 1;
}

static int lp_decoder_collect (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  if (d->open) iconv_close (d->cd);
  d->open = 0;
  return 0;
}

static int lp_decoder_tostring (lua_State *L) {
  lp_decoder *d = luaL_checkudata (L, 1, DECODER_TYPE);
  lua_pushfstring (L, DECODER_TYPE ": %s", d->encoding->name);
  return 1;
}

/* csv.decoder (encoding) -> decoder | nil, message; the names are those of csv.encodings. */
static int lp_csv_decoder (lua_State *L) {
  const char *name = luaL_checkstring (L, 1);
  lp_decoder *d;
  size_t i = 0;
  while (i < ENCODINGS && strcmp (encodings[i].name, name) != 0) i++;
  if (i == ENCODINGS) {
    lua_pushnil (L);
    lua_pushfstring (L, "unknown encoding '%s'", name);
    return 2;
  }
  d = lua_newuserdata (L, sizeof *d);
  memset (d, 0, sizeof *d);
  d->encoding = &encodings[i];
  luaL_getmetatable (L, DECODER_TYPE);
  lua_setmetatable (L, -2);
  if (encodings[i].iconv != NULL && !open_decoder (d, encodings[i].iconv)) {
    lua_pushnil (L);
    lua_pushfstring (L, "the C library has no conversion from '%s' (%s)", name, strerror (errno));
    return 2;
  }
  return 1;
}

static const luaL_Reg parser_meta[] = {
    {"__gc", lp_parser_collect}, {"__tostring", lp_parser_tostring}, {NULL, NULL}};

static const luaL_Reg parser_methods[] = {{"feed", lp_parser_feed},
                                          {"finish", lp_parser_finish},
                                          {"line", lp_parser_line},
                                          {NULL, NULL}};

static const luaL_Reg decoder_meta[] = {
    {"__gc", lp_decoder_collect}, {"__tostring", lp_decoder_tostring}, {NULL, NULL}};

static const luaL_Reg decoder_methods[] = {
    {"feed", lp_decoder_feed}, {"finish", lp_decoder_finish}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"parser", lp_csv_parser}, {"decoder", lp_csv_decoder}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_csv (lua_State *L);

LP_EXPORT int luaopen_lastpass_csv (lua_State *L) {
  lp_new_metatable (L, PARSER_TYPE, parser_meta, parser_methods);
  lp_new_metatable (L, DECODER_TYPE, decoder_meta, decoder_methods);
  luaL_newlib (L, functions);
  lua_newtable (L);
  for (size_t i = 0; i < ENCODINGS; i++) {
    lua_pushstring (L, encodings[i].name);
    lua_rawseti (L, -2, (int) i + 1);
  }
  lua_setfield (L, -2, "encodings");
  return 1;
}
