/*
** The reader of users: the same rows, or the same refusal at the same byte, however the reply is
** cut. Whole, most of it goes the fast way; in small pieces, nothing does. What is taken in between
** or appended page by page must be the same too.
*/
#include <stdio.h>

#include "pieces.h"
#include "reader.h"
#include "utf8.h"

typedef struct directory {
  lp_rows rows;
  lp_reader reader;
  int failed;
  size_t repeated; /* users who were met again after they were handed over */
} directory;

static void check (int good, const char *what) {
  if (good) return;
  fprintf(stderr, "not the same: %s\n", what);
  abort();
}

static int same_text (const lp_rows *a, lp_text x, const lp_rows *b, lp_text y) {
  size_t n, m;
  const char *s, *t;
  if (x == 0 || y == 0) return x == y;
  s = lp_rows_text(a, x, &n);
  t = lp_rows_text(b, y, &m);
  return n == m && memcmp(s, t, n) == 0;
}

static void compare_row (const lp_rows *a, const lp_row *x, const lp_rows *b, const lp_row *y) {
  check(x->id == y->id && x->hash == y->hash && x->flags == y->flags, "id, hash, flags");
  check(same_text(a, x->username, b, y->username), "username");
  check(same_text(a, x->fullname, b, y->fullname), "fullname");
  check(same_text(a, x->duousername, b, y->duousername), "duousername");
  check(same_text(a, x->multifactor, b, y->multifactor), "multifactor");
  check(same_text(a, x->linked, b, y->linked), "linked");
  check(same_text(a, x->attribs, b, y->attribs), "attribs");
  check(x->created == y->created && x->last_pw_change == y->last_pw_change &&
            x->last_login == y->last_login,
        "times");
  check(x->totalscore == y->totalscore && x->legacytotalscore == y->legacytotalscore &&
            x->mpstrength == y->mpstrength,
        "scores");
  check(x->sites == y->sites && x->notes == y->notes && x->formfills == y->formfills &&
            x->applications == y->applications && x->attachments == y->attachments,
        "counts");
  check(x->group_count == y->group_count, "number of groups");
  for (unsigned g = 0; g < x->group_count; g++)
    check(same_text(a, a->groups.texts[a->group_refs[x->groups + g]], b,
                    b->groups.texts[b->group_refs[y->groups + g]]),
          "group");
}

static void compare_segments (const lp_rows *a, const lp_rows *b) {
  check(a->segment_count == b->segment_count, "number of lists of members");
  for (size_t i = 0; i < a->segment_count; i++) {
    const lp_segment *x = &a->segments[i], *y = &b->segments[i];
    lp_text s = x->first, t = y->first;
    check(x->count == y->count, "number of members");
    check(same_text(a, a->groups.texts[x->group], b, b->groups.texts[y->group]), "group name");
    for (uint32_t m = 0; m < x->count; m++) {
      check(same_text(a, s, b, t), "member");
      s = lp_rows_text_after(a, s);
      t = lp_rows_text_after(b, t);
    }
  }
}

static void compare_lists (const lp_rows *a, const lp_rows *b) {
  check(a->groups.count == b->groups.count, "number of group names");
  for (size_t g = 0; g < a->groups.count; g++)
    check(same_text(a, a->groups.texts[g], b, b->groups.texts[g]), "order of group names");
  check(a->invited_count == b->invited_count, "number of invited");
  for (size_t i = 0; i < a->invited_count; i++)
    check(same_text(a, a->invited[i], b, b->invited[i]), "invited");
}

static void compare (const directory *a, const directory *b) {
  const lp_scan *s = &a->reader.scan, *t = &b->reader.scan;
  check(a->failed == b->failed && s->error == t->error, "error");
  if (a->failed) {
    check(lp_scan_position(s) == lp_scan_position(t), "position of the error");
    return;
  }
  check(a->reader.total == b->reader.total && a->reader.count == b->reader.count, "sizes");
  check(a->reader.users_seen == b->reader.users_seen, "users seen");
  check(a->reader.envelope == b->reader.envelope, "envelope");
  check(a->reader.other.size == b->reader.other.size &&
            (a->reader.other.size == 0 ||
             memcmp(a->reader.other.bytes, b->reader.other.bytes, a->reader.other.size) == 0),
        "what else was read");
  check(a->rows.count == b->rows.count, "number of users");
  check(a->rows.odd == b->rows.odd, "odd values");
  for (size_t i = 0; i < a->rows.count; i++)
    compare_row(&a->rows, &a->rows.rows[i], &b->rows, &b->rows.rows[i]);
  compare_lists(&a->rows, &b->rows);
  compare_segments(&a->rows, &b->rows);
}

static void init (directory *d) {
  lp_rows_init(&d->rows);
  lp_reader_init(&d->reader, &d->rows);
  d->failed = 0;
  d->repeated = 0;
}

static void drop (directory *d) {
  lp_reader_free(&d->reader);
  lp_rows_free(&d->rows);
}

/* With `taken`, rows are handed over in between and appended there. */
static void read_reply (directory *d, pieces rest, lp_rows *taken) {
  size_t n = 0;
  char *piece;
  init(d);
  while ((piece = next_piece(&rest, &n)) != NULL) {
    d->failed |= lp_reader_feed(&d->reader, piece, n) != 0;
    free(piece);
    if (taken != NULL && !d->failed && rest.seed % 3 == 0) {
      lp_rows part;
      size_t repeated;
      if (lp_reader_take(&d->reader, &part) == 0) {
        check(lp_rows_append(taken, &part, &repeated) == 0, "append");
        d->repeated += repeated;
        lp_rows_free(&part);
      }
    }
  }
  d->failed |= lp_reader_finish(&d->reader) != 0;
}

/*
** What was handed over in between, and then the rest, is the whole. Who was handed over is not
** known to the reader any more, so that it may miss a repeated id; then it is met in the append.
*/
static void check_taken (const directory *whole, pieces rest) {
  static directory d;
  lp_rows taken;
  size_t repeated;
  lp_rows_init(&taken);
  read_reply(&d, rest, &taken);
  if (!d.failed) {
    check(lp_rows_append(&taken, &d.rows, &repeated) == 0, "last append");
    d.repeated += repeated;
  }
  if (whole->reader.scan.error == LP_SCAN_DUPLICATE) {
    check(d.failed || d.repeated > 0, "a repeated id");
  } else {
    check(d.failed == whole->failed && d.reader.scan.error == whole->reader.scan.error,
          "error when rows are taken");
    check(d.repeated == 0, "nobody twice");
  }
  if (!d.failed && !whole->failed) {
    check(taken.count == whole->rows.count, "number of users taken");
    for (size_t i = 0; i < taken.count; i++)
      compare_row(&taken, &taken.rows[i], &whole->rows, &whole->rows.rows[i]);
    check(taken.invited_count == whole->rows.invited_count, "invited taken");
    compare_segments(&taken, &whole->rows);
  }
  drop(&d);
  lp_rows_free(&taken);
}

/* Everybody is found, whatever the case; a page that is appended twice brings nobody. */
static void check_index (directory *d) {
  size_t repeated;
  lp_rows twice;
  check(lp_rows_index(&d->rows) == 0, "index");
  for (size_t i = 0; i < d->rows.count; i++) {
    size_t n;
    const char *name = lp_rows_text(&d->rows, d->rows.rows[i].username, &n);
    char *upper = malloc(n + 1);
    long row;
    for (size_t at = 0; at < n; at++)
      upper[at] = name[at] >= 'a' && name[at] <= 'z' ? (char)(name[at] - 0x20) : name[at];
    row = lp_rows_find(&d->rows, upper, n);
    check(row >= 0 && (size_t)row <= i, "find");
    check(lp_rows_find(&d->rows, name, n) == row, "find in another case");
    free(upper);
  }
  lp_rows_init(&twice);
  check(lp_rows_append(&twice, &d->rows, &repeated) == 0 && repeated == 0, "first append");
  check(lp_rows_append(&twice, &d->rows, &repeated) == 0 && repeated == d->rows.count,
        "second append");
  check(twice.count == d->rows.count, "users appended twice");
  lp_rows_free(&twice);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static const size_t longest[] = {1, 40, 300};
  static directory whole, cut;
  uint32_t seed;
  const char *text;
  if (!take_seed(&data, &size, &seed)) return 0;
  text = (const char *)data;
  read_reply(&whole, pieces_of(text, size, 0, seed), NULL);
  for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
    read_reply(&cut, pieces_of(text, size, longest[i], seed), NULL);
    compare(&whole, &cut);
    drop(&cut);
  }
  check_taken(&whole, pieces_of(text, size, 64, seed));
  if (!whole.failed) check_index(&whole);
  drop(&whole);
  return 0;
}
