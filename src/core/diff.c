/* The comparison; diff.h describes it. Every step is linear but for sorting the groups' names. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "diff.h"

/* What is known of a row. */
enum {
  IS_TAKEN = 1,     /* somebody desired is this user */
  IS_DUPLICATE = 2, /* another row has the same address */
  IS_CLAIMED = 4,   /* somebody who is another user has this address */
  IS_NAMED = 8      /* a change names it already */
};

#define MANY_GROUPS 32 /* from here on a user's groups are not looked through one by one */

void lp_diff_free (lp_diff *d) {
  free(d->of_desired);
  free(d->of_rows);
  free(d->names);
  free(d->managed);
  free(d->stamps);
  free(d->sizes);
  free(d->others);
  free(d->other_table);
  free(d->pairs);
  free(d->extra_first);
  free(d->extras);
  free(d->users);
  free(d->state);
  free(d->next_duplicate);
  free(d->changes);
  free(d->lists);
  memset(d, 0, sizeof *d);
}

int lp_diff_holds (const lp_diff *d) {
  return !d->desired->closed && d->desired->version == d->version &&
         d->rows->count == d->row_count && d->rows->arena.size == d->arena_size;
}

/* ------------------------------------------------------------------ groups of both sides */

typedef struct group_name {
  const char *text;
  size_t length;
  uint32_t from; /* as in lp_diff.names */
} group_name;

static int compare_names (const char *a, size_t n, const char *b, size_t m) {
  int order = memcmp(a, b, n < m ? n : m);
  return order != 0 ? order : (n > m) - (n < m);
}

static int compare_group_names (const void *a, const void *b) {
  const group_name *x = a, *y = b;
  return compare_names(x->text, x->length, y->text, y->length);
}

static void list_names (const lp_rows *rows, uint32_t from, group_name *out) {
  for (uint32_t g = 0; g < rows->groups.count; g++) {
    out[g].text = lp_rows_text(rows, rows->groups.texts[g], &out[g].length);
    out[g].from = from + g;
  }
}

static int unite_groups (lp_diff *d) {
  const lp_rows *ours = &d->desired->store, *theirs = d->rows;
  size_t mine = ours->groups.count, all = mine + theirs->groups.count;
  group_name *list = malloc((all + 1) * sizeof *list);
  d->of_desired = malloc((mine + 1) * sizeof *d->of_desired);
  d->of_rows = malloc((theirs->groups.count + 1) * sizeof *d->of_rows);
  d->names = malloc((all + 1) * sizeof *d->names);
  d->managed = calloc(all + 1, 1);
  d->stamps = calloc(all + 1, sizeof *d->stamps);
  d->sizes = calloc(all + 1, sizeof *d->sizes);
  if (list == NULL || d->of_desired == NULL || d->of_rows == NULL || d->names == NULL ||
      d->managed == NULL || d->stamps == NULL || d->sizes == NULL) {
    free(list);
    return -1;
  }
  list_names(ours, 0, list);
  list_names(theirs, (uint32_t)mine, list + mine);
  qsort(list, all, sizeof *list, compare_group_names);
  for (size_t i = 0; i < all; i++) {
    int is_new = i == 0 || compare_group_names(&list[i - 1], &list[i]) != 0;
    uint32_t number = (uint32_t)(d->group_count += (size_t)is_new) - 1;
    if (is_new) d->names[number] = list[i].from;
    if (list[i].from < mine) {
      d->of_desired[list[i].from] = number;
      d->managed[number] = 1;
    } else {
      d->of_rows[list[i].from - mine] = number;
    }
  }
  free(list);
  return 0;
}

const char *lp_diff_group_name (const lp_diff *d, uint32_t group, size_t *n) {
  const lp_rows *ours = &d->desired->store;
  uint32_t from = d->names[group];
  if (from < ours->groups.count) return lp_rows_text(ours, ours->groups.texts[from], n);
  return lp_rows_text(d->rows, d->rows->groups.texts[from - ours->groups.count], n);
}

long lp_diff_find_group (const lp_diff *d, const char *name, size_t n) {
  long group = lp_rows_find_group(&d->desired->store, name, n);
  if (group >= 0) return (long)d->of_desired[group];
  group = lp_rows_find_group(d->rows, name, n);
  return group < 0 ? -1 : (long)d->of_rows[group];
}

/* ------------------------------------------------------------------ addresses */

#define AT_ONCE 16

typedef struct address {
  const char *text;
  size_t length;
  uint32_t hash;
} address;

/*
** Rows of up to AT_ONCE addresses, LP_NOBODY for none. Whatever a look-up touches is fetched for
** all of them before the next thing is: the directory is larger than the caches.
*/
static void find_rows (const lp_rows *r, const address *list, size_t n, uint32_t *rows) {
  size_t mask = r->index_size - 1;
  for (size_t i = 0; i < n; i++) __builtin_prefetch(&r->index[list[i].hash & mask]);
  for (size_t i = 0; i < n; i++) {
    uint32_t row = r->index[list[i].hash & mask];
    if (row != 0) __builtin_prefetch(&r->rows[row - 1].hash);
  }
  for (size_t i = 0; i < n; i++) {
    uint32_t row = r->index[list[i].hash & mask];
    if (row != 0) __builtin_prefetch(r->arena.bytes + r->rows[row - 1].username);
  }
  for (size_t i = 0; i < n; i++) {
    const uint32_t *keys = r->rows == NULL ? NULL : &r->rows->hash;
    size_t slot = lp_folded_slot(r, r->index, r->index_size, keys, sizeof *r->rows, list[i].hash,
                                 list[i].text, list[i].length);
    rows[i] = r->index[slot] == 0 ? LP_NOBODY : r->index[slot] - 1;
  }
}

static size_t other_slot (const lp_diff *d, const address *who) {
  const uint32_t *keys = d->others == NULL ? NULL : &d->others->hash;
  return lp_folded_slot(d->rows, d->other_table, d->other_table_size, keys, sizeof *d->others,
                        who->hash, who->text, who->length);
}

static uint32_t find_other (const lp_diff *d, const address *who) {
  if (d->other_table_size == 0) return LP_NOBODY;
  return d->other_table[other_slot(d, who)] - 1; /* 0 becomes LP_NOBODY */
}

static int grow_other_table (lp_diff *d) {
  size_t size = d->other_table_size == 0 ? 64 : d->other_table_size * 2;
  uint32_t *table;
  if ((d->other_count + 1) * 2 <= d->other_table_size) return 0;
  if ((table = calloc(size, sizeof *table)) == NULL) return -1;
  for (size_t i = 0; i < d->other_count; i++) {
    size_t slot = d->others[i].hash & (size - 1);
    while (table[slot] != 0) slot = (slot + 1) & (size - 1);
    table[slot] = (uint32_t)i + 1;
  }
  free(d->other_table);
  d->other_table = table;
  d->other_table_size = size;
  return 0;
}

/* The member without a row that has this address, made if there is none; LP_NOBODY without memory.
 */
static uint32_t name_other (lp_diff *d, const address *who, lp_text email) {
  lp_member *other;
  uint32_t known = find_other(d, who);
  if (known != LP_NOBODY) return known;
  if (d->row_count + d->other_count >= LP_NOBODY - 1 ||
      LP_RESERVE(d->others, d->other_count, 1, d->other_capacity) != 0 || grow_other_table(d) != 0)
    return LP_NOBODY;
  other = &d->others[d->other_count];
  other->hash = who->hash;
  other->email = email;
  other->invited = other->desired = 0;
  d->other_table[other_slot(d, who)] = (uint32_t)d->other_count + 1;
  return (uint32_t)d->other_count++;
}

static address address_of (const lp_rows *texts, lp_text at) {
  address who;
  who.text = lp_rows_text(texts, at, &who.length);
  who.hash = lp_account_hash(who.text, who.length);
  return who;
}

/* Those of the invited who have no row, in their order. */
static int list_invited (lp_diff *d) {
  const lp_rows *r = d->rows;
  for (size_t i = 0; i < r->invited_count; i++) {
    address who = address_of(r, r->invited[i]);
    uint32_t row, other;
    find_rows(r, &who, 1, &row);
    if (row != LP_NOBODY) continue;
    if ((other = name_other(d, &who, r->invited[i])) == LP_NOBODY) return -1;
    d->others[other].invited = 1;
  }
  return 0;
}

/* ------------------------------------------------------------------ lists of members */

static int says_itself (const lp_rows *r, const lp_row *row, uint32_t group) {
  if (row->group_count > MANY_GROUPS) return 0; /* then twice, which does no harm */
  for (uint32_t i = 0; i < row->group_count; i++)
    if (r->group_refs[row->groups + i] == group) return 1;
  return 0;
}

static int add_pair (lp_diff *d, size_t who, uint32_t group) {
  if (LP_RESERVE(d->pairs, d->pair_count, 1, d->pair_capacity) != 0) return -1;
  d->pairs[d->pair_count++] = (uint64_t)who << 32 | d->of_rows[group];
  return 0;
}

/* Some members of a list: what their users do not say themselves is written down. */
static int note_members (lp_diff *d, const address *list, const lp_text *emails, size_t n,
                         uint32_t group) {
  uint32_t rows[AT_ONCE], other;
  find_rows(d->rows, list, n, rows);
  for (size_t i = 0; i < n; i++) {
    if (rows[i] == LP_NOBODY) {
      other = name_other(d, &list[i], emails[i]);
      if (other == LP_NOBODY || add_pair(d, d->row_count + other, group) != 0) return -1;
    } else if (!says_itself(d->rows, &d->rows->rows[rows[i]], group)) {
      if (add_pair(d, rows[i], group) != 0) return -1;
    }
  }
  return 0;
}

static int read_members (lp_diff *d) {
  address list[AT_ONCE];
  lp_text emails[AT_ONCE];
  for (size_t s = 0; s < d->rows->segment_count; s++) {
    const lp_segment *segment = &d->rows->segments[s];
    lp_text at = segment->first;
    for (uint32_t done = 0; done < segment->count;) {
      size_t n = 0;
      for (; n < AT_ONCE && done < segment->count; n++, done++) {
        emails[n] = at;
        list[n] = address_of(d->rows, at);
        at = (lp_text)(list[n].text + list[n].length - d->rows->arena.bytes);
      }
      if (note_members(d, list, emails, n, segment->group) != 0) return -1;
    }
  }
  return 0;
}

/* Sorts the pairs by who they are about. */
static int sort_pairs (lp_diff *d) {
  size_t people = d->row_count + d->other_count;
  uint32_t *first;
  if (d->pair_count == 0) return 0;
  if (d->pair_count >= UINT32_MAX) return -1;
  d->extra_first = first = calloc(people + 2, sizeof *first);
  d->extras = malloc(d->pair_count * sizeof *d->extras);
  if (first == NULL || d->extras == NULL) return -1;
  for (size_t i = 0; i < d->pair_count; i++) first[(d->pairs[i] >> 32) + 2]++;
  for (size_t who = 2; who < people + 2; who++) first[who] += first[who - 1];
  for (size_t i = 0; i < d->pair_count; i++)
    d->extras[first[(d->pairs[i] >> 32) + 1]++] = (uint32_t)d->pairs[i];
  free(d->pairs);
  d->pairs = NULL;
  d->pair_capacity = 0;
  return 0;
}

/* ------------------------------------------------------------------ who is who */

static int link_duplicates (lp_diff *d) {
  uint32_t *last;
  if (d->rows->duplicates == 0) return 0;
  d->next_duplicate = calloc(d->row_count, sizeof *d->next_duplicate);
  last = malloc(d->row_count * sizeof *last);
  if (d->next_duplicate == NULL || last == NULL) {
    free(last);
    return -1;
  }
  for (size_t i = 0; i < d->row_count; i++) {
    address who = address_of(d->rows, d->rows->rows[i].username);
    uint32_t first;
    find_rows(d->rows, &who, 1, &first);
    if (first != i) {
      d->next_duplicate[last[first]] = (uint32_t)i;
      d->state[i] |= IS_DUPLICATE;
      d->state[first] |= IS_DUPLICATE;
    }
    last[first] = (uint32_t)i;
  }
  free(last);
  return 0;
}

/* The one of several rows with an address that has it to the letter; LP_NOBODY when it is taken,
** or when that is not one. */
static uint32_t exact_duplicate (const lp_diff *d, const address *who, uint32_t first) {
  uint32_t exact = LP_NOBODY, row = first;
  int found = 0;
  do {
    size_t n;
    const char *text = lp_rows_text(d->rows, d->rows->rows[row].username, &n);
    if (n == who->length && lp_same_bytes(text, who->text, n)) {
      exact = row;
      found++;
    }
    row = d->next_duplicate[row];
  } while (row != 0);
  return found == 1 && !(d->state[exact] & IS_TAKEN) ? exact : LP_NOBODY;
}

static lp_change *add_change (lp_diff *d) {
  lp_change *change;
  if (d->count >= LP_NOBODY - 1 || LP_RESERVE(d->changes, d->count, 1, d->capacity) != 0)
    return NULL;
  change = &d->changes[d->count];
  memset(change, 0, sizeof *change);
  change->desired = change->user = change->other = LP_NOBODY;
  return change;
}

static void keep_change (lp_diff *d, const lp_change *change) {
  for (int i = 0; i < LP_CHANGE_COUNT; i++)
    if (change->bits >> i & 1) d->totals[i]++;
  d->totals[LP_CHANGE_JOIN_AT] += change->bits & LP_CHANGE_JOIN ? change->join - 1 : 0;
  d->totals[LP_CHANGE_LEAVE_AT] += change->bits & LP_CHANGE_LEAVE ? change->leave - 1 : 0;
  d->count++;
}

/* ------------------------------------------------------------------ one person */

static int add_to_list (lp_diff *d, uint32_t group) {
  if (d->list_count >= UINT32_MAX || LP_RESERVE(d->lists, d->list_count, 1, d->list_capacity) != 0)
    return -1;
  d->lists[d->list_count++] = group;
  return 0;
}

static int compare_numbers (const void *a, const void *b) {
  const uint32_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void sort_list (lp_diff *d, uint32_t first, uint32_t count) {
  if (count > 1) qsort(d->lists + first, count, sizeof *d->lists, compare_numbers);
}

/* Calls for each group that a row, and somebody by the lists of members, is in; perhaps twice. */
#define EACH_MEMBERSHIP(d, row, who, group, body)                                                  \
  do {                                                                                             \
    if ((row) != NULL)                                                                             \
      for (uint32_t ref_ = 0; ref_ < (row)->group_count; ref_++) {                                 \
        uint32_t group = (d)->of_rows[(d)->rows->group_refs[(row)->groups + ref_]];                \
        body                                                                                       \
      }                                                                                            \
    if ((d)->extra_first != NULL && (who) != LP_NOBODY)                                            \
      for (uint32_t at_ = (d)->extra_first[who]; at_ < (d)->extra_first[(who) + 1]; at_++) {       \
        uint32_t group = (d)->extras[at_];                                                         \
        body                                                                                       \
      }                                                                                            \
  } while (0)

/*
** The managed groups to join and to leave. A group's stamp says what is known of it: desired,
** desired and there, or there and to be left. `row` and `who` say what is there.
*/
static int compare_groups (lp_diff *d, lp_change *change, const lp_row *row, uint32_t who) {
  uint64_t is_desired = d->stamp + 1, is_met = d->stamp + 2, is_left = d->stamp + 3;
  const uint32_t *desired;
  uint32_t count;
  if (!lp_desired_person(d->desired, change->desired)->groups_managed) return 0;
  count = lp_desired_groups(d->desired, change->desired, &desired);
  d->stamp += 3;
  change->groups = (uint32_t)d->list_count;
  for (uint32_t i = 0; i < count; i++) d->stamps[d->of_desired[desired[i]]] = is_desired;
  EACH_MEMBERSHIP(d, row, who, group, {
    if (d->stamps[group] == is_desired) d->stamps[group] = is_met;
  });
  for (uint32_t i = 0; i < count; i++) {
    uint32_t group = d->of_desired[desired[i]];
    if (!d->managed[group] || d->stamps[group] != is_desired) continue;
    if (add_to_list(d, group) != 0) return -1;
    change->join++;
  }
  EACH_MEMBERSHIP(d, row, who, group, {
    if (!d->managed[group] || d->stamps[group] >= is_met) continue;
    d->stamps[group] = is_left;
    if (add_to_list(d, group) != 0) return -1;
    change->leave++;
  });
  sort_list(d, change->groups, change->join);
  sort_list(d, change->groups + change->join, change->leave);
  return 0;
}

static void set_group_bits (lp_change *change) {
  if (change->join > 0) change->bits |= LP_CHANGE_JOIN;
  if (change->leave > 0) change->bits |= LP_CHANGE_LEAVE;
}

static int same_name (const lp_diff *d, const lp_person *person, const lp_row *row) {
  size_t n, m = 0;
  const char *ours = lp_rows_text(&d->desired->store, person->fullname, &n), *theirs = "";
  if (row->fullname != 0) theirs = lp_rows_text(d->rows, row->fullname, &m);
  return n == m && lp_same_bytes(ours, theirs, n);
}

static int compare_user (lp_diff *d, lp_change *change) {
  const lp_person *person = lp_desired_person(d->desired, change->desired);
  const lp_row *row = &d->rows->rows[change->user];
  int disabled = (row->flags & LP_FLAG_DISABLED) != 0;
  if (person->active == LP_ACTIVE_NO) {
    if (!disabled) change->bits = LP_CHANGE_DISABLE;
    return 0;
  }
  if (person->active == LP_ACTIVE_YES && disabled) change->bits |= LP_CHANGE_ENABLE;
  if (person->fullname != 0 && !same_name(d, person, row)) change->bits |= LP_CHANGE_NAME;
  if (compare_groups(d, change, row, change->user) != 0) return -1;
  set_group_bits(change);
  return 0;
}

/* Somebody desired who has no row. */
static int compare_other (lp_diff *d, lp_change *change, uint32_t other) {
  const lp_person *person = lp_desired_person(d->desired, change->desired);
  int invited = other != LP_NOBODY && d->others[other].invited;
  if (other != LP_NOBODY) d->others[other].desired = 1;
  if (!invited) {
    if (person->active == LP_ACTIVE_NO) return 0;
    change->bits = LP_CHANGE_CREATE;
    return compare_groups(d, change, NULL, LP_NOBODY);
  }
  change->other = other;
  if (person->active == LP_ACTIVE_NO) {
    change->bits = LP_CHANGE_UNINVITE;
    return 0;
  }
  if (compare_groups(d, change, NULL, (uint32_t)d->row_count + other) != 0) return -1;
  set_group_bits(change);
  return 0;
}

/* Finds the user of a person that no pair has named; a change of its own when that is a guess. */
static void resolve_user (lp_diff *d, lp_change *change, const address *who, uint32_t row) {
  uint32_t user = row;
  if (row == LP_NOBODY) return;
  if (d->state[row] & IS_DUPLICATE)
    user = exact_duplicate(d, who, row);
  else if (d->state[row] & IS_TAKEN)
    user = LP_NOBODY;
  if (user == LP_NOBODY) {
    change->bits = LP_CHANGE_DUPLICATE;
    change->user = row;
    d->state[row] |= IS_NAMED;
    return;
  }
  d->state[user] |= IS_TAKEN;
  change->user = user;
}

/* `row` has the address of this person, or nobody has. */
static int compare_person (lp_diff *d, uint32_t desired, const address *who, uint32_t row) {
  lp_change *change = add_change(d);
  size_t lists = d->list_count;
  int answer;
  if (change == NULL) return -1;
  change->desired = desired;
  if (d->users[desired] != LP_NOBODY) {
    uint32_t other = row == LP_NOBODY ? find_other(d, who) : LP_NOBODY;
    change->user = d->users[desired];
    if (row != LP_NOBODY) d->state[row] |= IS_CLAIMED;
    if (other != LP_NOBODY) d->others[other].desired = 1;
  } else {
    resolve_user(d, change, who, row);
  }
  if (change->bits & LP_CHANGE_DUPLICATE)
    answer = 0;
  else if (change->user != LP_NOBODY)
    answer = compare_user(d, change);
  else
    answer = compare_other(d, change, find_other(d, who));
  if (answer != 0) return -1;
  if (change->bits == 0) {
    d->unchanged++;
    d->list_count = lists;
    return 0;
  }
  keep_change(d, change);
  return 0;
}

static int compare_desired (lp_diff *d) {
  address list[AT_ONCE];
  uint32_t rows[AT_ONCE];
  for (size_t done = 0; done < d->desired->count; done += AT_ONCE) {
    size_t n = d->desired->count - done < AT_ONCE ? d->desired->count - done : AT_ONCE;
    for (size_t i = 0; i < n; i++) {
      const lp_person *person = lp_desired_person(d->desired, (uint32_t)(done + i));
      list[i].text = lp_rows_text(&d->desired->store, person->email, &list[i].length);
      list[i].hash = person->hash;
    }
    find_rows(d->rows, list, n, rows);
    for (size_t i = 0; i < n; i++)
      if (compare_person(d, (uint32_t)(done + i), &list[i], rows[i]) != 0) return -1;
  }
  return 0;
}

/* ------------------------------------------------------------------ who is left over */

static int list_left_over (lp_diff *d) {
  lp_change *change;
  for (size_t i = 0; i < d->row_count; i++) {
    int duplicate = d->state[i] & (IS_DUPLICATE | IS_CLAIMED);
    if (d->state[i] & (IS_TAKEN | IS_NAMED)) continue;
    if ((change = add_change(d)) == NULL) return -1;
    change->user = (uint32_t)i;
    change->bits = duplicate ? LP_CHANGE_DUPLICATE : LP_CHANGE_MISSING;
    keep_change(d, change);
  }
  for (size_t i = 0; i < d->other_count; i++) {
    if (!d->others[i].invited || d->others[i].desired) continue;
    if ((change = add_change(d)) == NULL) return -1;
    change->other = (uint32_t)i;
    change->bits = LP_CHANGE_MISSING_INVITED;
    keep_change(d, change);
  }
  return 0;
}

/* Adds one to, or takes it from, the size of every group that somebody is in. */
static void count_memberships (lp_diff *d, const lp_row *row, uint32_t who, int by) {
  uint64_t stamp = ++d->stamp;
  EACH_MEMBERSHIP(d, row, who, group, {
    if (d->stamps[group] == stamp) continue;
    d->stamps[group] = stamp;
    d->sizes[group] += (size_t)by;
  });
}

static void count_members (lp_diff *d) {
  for (size_t i = 0; i < d->row_count; i++) count_memberships(d, &d->rows->rows[i], (uint32_t)i, 1);
  for (size_t i = 0; i < d->other_count; i++)
    count_memberships(d, NULL, (uint32_t)(d->row_count + i), 1);
  for (size_t i = 0; i < d->count; i++) {
    const lp_change *change = &d->changes[i];
    const uint32_t *groups = d->lists == NULL ? NULL : d->lists + change->groups;
    for (uint32_t g = 0; g < change->join; g++) d->sizes[groups[g]]++;
    for (uint32_t g = 0; g < change->leave; g++) d->sizes[groups[change->join + g]]--;
    if (change->bits & LP_CHANGE_UNINVITE)
      count_memberships(d, NULL, (uint32_t)d->row_count + change->other, -1);
  }
}

/* ------------------------------------------------------------------ all of it */

int lp_diff_begin (lp_diff *d, lp_desired *desired, lp_rows *rows) {
  memset(d, 0, sizeof *d);
  d->desired = desired;
  d->rows = rows;
  if (lp_rows_index(rows) != 0) return -1;
  d->version = desired->version;
  d->row_count = rows->count;
  d->arena_size = rows->arena.size;
  d->users = malloc((desired->count + 1) * sizeof *d->users);
  d->state = calloc(rows->count + 1, 1);
  if (d->users == NULL || d->state == NULL) return -1;
  memset(d->users, 0xFF, (desired->count + 1) * sizeof *d->users);
  return unite_groups(d);
}

int lp_diff_match (lp_diff *d, uint32_t desired, uint32_t row) {
  if (d->users[desired] != LP_NOBODY || d->state[row] & IS_TAKEN) return 1;
  d->users[desired] = row;
  d->state[row] |= IS_TAKEN;
  return 0;
}

int lp_diff_run (lp_diff *d) {
  if (list_invited(d) != 0 || read_members(d) != 0 || sort_pairs(d) != 0 ||
      link_duplicates(d) != 0 || compare_desired(d) != 0 || list_left_over(d) != 0)
    return -1;
  count_members(d);
  return 0;
}
