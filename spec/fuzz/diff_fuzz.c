/*
** The comparison: any directory the reader accepts beside any people that are desired. Nothing may
** crash; nobody may be named twice, nobody may be forgotten, and no membership may be joined that
** is there already or left that is not.
*/
#include <stdio.h>

#include "diff.h"
#include "pieces.h"
#include "reader.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void check (int good, const char *what) {
  if (good) return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

/* What is desired comes first, as lines of fields parted by tabs; a zero byte ends it. */
typedef struct input {
  const char *at, *end;
} input;

static lp_slice next_field (input *in) {
  lp_slice field = {in->at, 0};
  while (in->at < in->end && *in->at != '\t' && *in->at != '\n') in->at++;
  field.length = (size_t)(in->at - field.bytes);
  if (in->at < in->end && *in->at == '\t') in->at++;
  return field;
}

/* flags, address, name, groups… */
static void read_person (lp_desired *w, input *in) {
  lp_slice groups[8], flags = next_field(in);
  char bits = flags.length > 0 ? *flags.bytes : 0;
  lp_declared person = {{NULL, 0}, {NULL, 0}, NULL, 0, 0, 0, LP_ACTIVE_UNMANAGED, 1};
  size_t count = 0, before = w->count;
  lp_people_answer answer;
  uint32_t row = 0;
  person.email = next_field(in);
  person.fullname = next_field(in);
  while (in->at < in->end && *in->at != '\n' && count < 8) groups[count++] = next_field(in);
  while (in->at < in->end && *in->at != '\n') in->at++;
  if (in->at < in->end) in->at++;
  if (bits & 1) person.fullname.bytes = NULL, person.fullname.length = 0;
  if (bits & 2) person.groups = groups, person.group_count = count;
  person.active = (lp_active)((bits >> 2 & 3) % 3);
  answer = lp_desired_add(w, &person, &row);
  check(answer == (person.email.length == 0 ? LP_PEOPLE_UNUSUAL : answer), "empty address");
  check(w->count == before + (answer == LP_PEOPLE_ADDED), "people are counted");
  if (person.email.length > 0)
    check(lp_desired_find(w, person.email.bytes, person.email.length) == (long)row, "found again");
  if (answer == LP_PEOPLE_REPEATED && count > 0) {
    if (bits & 16)
      lp_desired_set_groups(w, row, groups, count);
    else
      lp_desired_add_groups(w, row, groups, count);
  }
}

static void read_desired (lp_desired *w, const char *text, size_t n) {
  input in = {text, text + n};
  while (in.at < in.end) read_person(w, &in);
}

/* Is somebody a member, by either list? */
static int is_member (const lp_diff *d, uint32_t user, uint32_t other, uint32_t group) {
  const lp_rows *r = d->rows;
  if (user != LP_NOBODY) {
    const lp_row *row = &r->rows[user];
    for (uint32_t g = 0; g < row->group_count; g++)
      if (d->of_rows[r->group_refs[row->groups + g]] == group) return 1;
  }
  for (size_t s = 0; s < r->segment_count; s++) {
    lp_text at = r->segments[s].first;
    if (d->of_rows[r->segments[s].group] != group) continue;
    for (uint32_t m = 0; m < r->segments[s].count; m++, at = lp_rows_text_after(r, at)) {
      size_t n, length;
      const char *text = lp_rows_text(r, at, &n), *email;
      if (user != LP_NOBODY && lp_rows_find(r, text, n) == (long)user) return 1;
      if (other == LP_NOBODY) continue;
      email = lp_rows_text(r, d->others[other].email, &length);
      if (lp_same_account(email, length, text, n)) return 1;
    }
  }
  return 0;
}

static int is_desired_in (const lp_diff *d, uint32_t desired, uint32_t group) {
  const uint32_t *groups;
  uint32_t count = lp_desired_groups(d->desired, desired, &groups);
  for (uint32_t g = 0; g < count; g++)
    if (d->of_desired[groups[g]] == group) return 1;
  return 0;
}

static void check_groups (const lp_diff *d, const lp_change *change) {
  const uint32_t *groups = d->lists == NULL ? NULL : d->lists + change->groups;
  for (uint32_t g = 0; g < change->join + change->leave; g++) {
    int joins = g < change->join;
    check(groups[g] < d->group_count && d->managed[groups[g]], "a managed group");
    check(g == 0 || g == change->join || groups[g - 1] < groups[g], "groups in order, each once");
    check(is_desired_in(d, change->desired, groups[g]) == joins, "joins what is desired");
    check(is_member(d, change->user, change->other, groups[g]) == !joins, "leaves what is there");
  }
}

/* Every desired row at most once and in order, every user at most once but as a duplicate. */
static void check_changes (const lp_diff *d) {
  unsigned char *named = calloc(d->row_count + 1, 1);
  uint32_t last = 0;
  size_t about_desired = 0, duplicates = 0;
  int left_over = 0;
  if (named == NULL) abort();
  for (size_t i = 0; i < d->count; i++) {
    const lp_change *change = &d->changes[i];
    check(change->bits != 0, "a change");
    if (change->desired != LP_NOBODY) {
      check(!left_over && (about_desired == 0 || change->desired > last), "desired in order");
      last = change->desired;
      about_desired++;
    } else {
      left_over = 1;
    }
    if (change->user != LP_NOBODY) {
      int duplicate = (change->bits & LP_CHANGE_DUPLICATE) != 0;
      duplicates += (size_t)duplicate;
      check(duplicate || !(named[change->user] & 2), "a user once");
      named[change->user] |= duplicate ? 1 : 2;
    }
    check(change->bits & LP_CHANGE_CREATE ? change->user == LP_NOBODY : 1, "creates nobody twice");
    check_groups(d, change);
  }
  check(about_desired + d->unchanged == d->desired->count, "everybody desired");
  check(duplicates == d->totals[LP_CHANGE_DUPLICATE_AT], "duplicates");
  for (size_t i = 0; i < d->row_count; i++) {
    size_t n;
    const char *email = lp_rows_text(d->rows, d->rows->rows[i].username, &n);
    check(named[i] || (d->state[i] != 0), "everybody there");
    if (lp_desired_find(d->desired, email, n) >= 0)
      for (size_t c = 0; c < d->count; c++)
        check(d->changes[c].user != i || !(d->changes[c].bits & LP_CHANGE_MISSING),
              "who is desired is not missing");
  }
  free(named);
}

static void check_sizes (const lp_diff *d) {
  for (size_t g = 0; g < d->group_count; g++) {
    size_t n;
    const char *name = lp_diff_group_name(d, (uint32_t)g, &n);
    check(lp_diff_find_group(d, name, n) == (long)g, "a group by its name");
    check(d->sizes[g] <= d->row_count + d->other_count + d->desired->count, "members");
  }
}

static void compare (lp_desired *w, lp_rows *rows, uint32_t seed) {
  lp_diff d;
  check(lp_diff_begin(&d, w, rows) == 0, "begin");
  if (seed & 1 && w->count > 0 && rows->count > 0) {
    uint32_t desired = (uint32_t)(seed % w->count), row = (uint32_t)(seed / 7 % rows->count);
    check(lp_diff_match(&d, desired, row) == 0, "match");
    check(lp_diff_match(&d, desired, row) == 1, "match twice");
  }
  if (seed & 2)
    for (size_t g = 0; g < d.group_count; g++) d.managed[g] = (seed >> g % 20 & 4) != 0;
  check(lp_diff_run(&d) == 0, "run");
  check(lp_diff_holds(&d), "holds");
  check_changes(&d);
  check_sizes(&d);
  lp_diff_free(&d);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  lp_desired desired;
  lp_rows rows;
  lp_reader reader;
  uint32_t seed;
  const char *text, *end;
  size_t n;
  if (!take_seed(&data, &size, &seed)) return 0;
  text = (const char *)data;
  end = memchr(text, 0, size);
  n = end == NULL ? 0 : (size_t)(end - text);
  lp_desired_init(&desired);
  read_desired(&desired, text, n);
  lp_rows_init(&rows);
  lp_reader_init(&reader, &rows);
  if (end != NULL) text += n + 1, size -= n + 1;
  if (lp_reader_feed(&reader, text, size) == 0 && lp_reader_finish(&reader) == 0)
    compare(&desired, &rows, seed);
  lp_reader_free(&reader);
  lp_rows_free(&rows);
  lp_desired_close(&desired);
  return 0;
}
