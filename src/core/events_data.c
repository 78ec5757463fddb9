/*
** Whom and what an event is about, read from its Data (enterprise-api §8.2). Items and folders
** may have the word that stands between them in their names; what says where it is one is in
** `find_cut`.
*/
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "events.h"

typedef struct part {
  const char *at, *end;
} part;

typedef struct reading {
  lp_target_taker take;
  void *context;
  int ended;
} reading;

#define WORD(text) (text), (sizeof(text) - 1)

static int is_part (part p, const char *word, size_t n) {
  return (size_t)(p.end - p.at) == n && memcmp(p.at, word, n) == 0;
}

static int begins (part p, const char *word, size_t n) {
  return (size_t)(p.end - p.at) >= n && memcmp(p.at, word, n) == 0;
}

static part trim (part p) {
  while (p.at < p.end && *p.at == ' ') p.at++;
  while (p.end > p.at && p.end[-1] == ' ') p.end--;
  return p;
}

static const char *find (part p, const char *word, size_t n) {
  for (; (size_t)(p.end - p.at) >= n; p.at++) {
    p.at = memchr(p.at, word[0], (size_t)(p.end - p.at) - n + 1);
    if (p.at == NULL) return NULL;
    if (memcmp(p.at, word, n) == 0) return p.at;
  }
  return NULL;
}

static const char *find_last (part p, const char *word, size_t n) {
  size_t left = (size_t)(p.end - p.at);
  if (left < n) return NULL;
  for (left -= n;; left--) {
    if (memcmp(p.at + left, word, n) == 0) return p.at + left;
    if (left == 0) return NULL;
  }
}

static int has_at_sign (part p) {
  return p.at < p.end && memchr(p.at, '@', (size_t)(p.end - p.at)) != NULL;
}

static void add (reading *r, unsigned kind, part p) {
  lp_target target = {p.at, (size_t)(p.end - p.at), kind};
  if (target.length > 0 && !r->ended) r->ended = r->take(r->context, &target);
}

static void add_list (reading *r, unsigned kind, part p) {
  while (p.at <= p.end && !r->ended) {
    const char *comma = p.at < p.end ? memchr(p.at, ',', (size_t)(p.end - p.at)) : NULL;
    part one = {p.at, comma == NULL ? p.end : comma};
    add(r, kind, trim(one));
    p.at = one.end + 1;
  }
}

/* A folder that is gone is named like this. */
static void add_folder (reading *r, part p) {
  if (!is_part(p, WORD("INVALID SHARED FOLDER"))) add(r, LP_TARGET_folder, p);
}

/* Texts in single quotes: up to two of them; how many there are, 0 for another form. */
static int quoted (part p, part *parts) {
  int count = 0;
  while (p.at < p.end && *p.at == '\'') {
    const char *stop = p.at + 1;
    for (;; stop++) {
      stop = stop < p.end ? memchr(stop, '\'', (size_t)(p.end - stop)) : NULL;
      if (stop == NULL) return 0;
      if (stop + 1 == p.end || (p.end - stop > 2 && stop[1] == ' ' && stop[2] == '\'')) break;
    }
    if (count < 2) {
      parts[count].at = p.at + 1;
      parts[count].end = stop;
    }
    count++;
    p.at = stop + 2;
  }
  return p.at > p.end ? count : 0;
}

/* "49, VID: 50" behind "VID: ": where the numbers end; p.at when there are none. */
static const char *end_of_numbers (part p) {
  const char *at = p.at, *end = p.at;
  while (at < p.end && *at >= '0' && *at <= '9') {
    part rest;
    while (at < p.end && *at >= '0' && *at <= '9') at++;
    end = at;
    if (at == p.end || *at != ',') break;
    rest.at = at + 1;
    rest.end = p.end;
    while (rest.at < rest.end && *rest.at == ' ') rest.at++;
    if (!begins(rest, WORD("VID: "))) break;
    at = rest.at + 5;
  }
  return end;
}

/* Sites have no blanks in them, but a dot: "example.com", "a.example, b.example". */
static int is_sites (part p) {
  while (p.at <= p.end) {
    const char *comma = p.at < p.end ? memchr(p.at, ',', (size_t)(p.end - p.at)) : NULL;
    part one = {p.at, comma == NULL ? p.end : comma};
    one = trim(one);
    if (find(one, WORD(" ")) != NULL || find(one, WORD(".")) == NULL) return 0;
    if (comma == NULL) return 1;
    p.at = comma + 1;
  }
  return 0;
}

/*
** Where " from " or " to " stands between an item and its folder, which both may have the word in
** their names: NULL when it does not stand there, or `any` is not set and nothing but the word
** says so.
*/
static const char *find_cut (part p, const char *word, size_t n, int any) {
  const char *at;
  if (begins(p, WORD("VID: "))) {
    part numbers = {p.at + 5, p.end};
    at = end_of_numbers(numbers);
    if (at > numbers.at && (size_t)(p.end - at) >= n && memcmp(at, word, n) == 0) return at;
    if (at == p.end) return NULL;
  }
  /* LastPass puts "Shared-" before the names of folders */
  for (part rest = p; (at = find_last(rest, word, n)) != NULL; rest.end = at + n - 1) {
    part folder = {at + n, p.end};
    if (begins(folder, WORD("Shared-")) || begins(folder, WORD("Shared "))) return at;
  }
  at = find(p, word, n);
  if (at != NULL) {
    part before = {p.at, at};
    if (is_sites(before)) return at;
  }
  return any ? find_last(p, word, n) : NULL;
}

static void add_items (reading *r, part p) {
  part numbers = {p.at + 5, p.end};
  if (begins(p, WORD("VID: ")) && end_of_numbers(numbers) == p.end)
    add_list(r, LP_TARGET_item, p);
  else
    add(r, LP_TARGET_item, trim(p));
}

static void item_and_folder (reading *r, part p, const char *word, size_t n) {
  const char *at = find_cut(p, word, n, 1);
  part item = {p.at, at == NULL ? p.end : at};
  add_items(r, item);
  if (at != NULL) {
    part folder = {at + n, p.end};
    add_folder(r, trim(folder));
  }
}

/* The word also counts at the very beginning without its first blank: the item may be empty. */
static void move (reading *r, part p, const char *word, size_t n) {
  if (begins(p, word + 1, n - 1)) {
    part folder = {p.at + n - 1, p.end};
    add_folder(r, trim(folder));
  } else {
    item_and_folder(r, p, word, n);
  }
}

static void read_user (reading *r, part p) {
  if (has_at_sign(p)) add(r, LP_TARGET_user, trim(p));
}

/* `any`: the sites are of a folder in any case */
static void read_sites (reading *r, part p, int any) {
  const char *at;
  part sites = p;
  if (begins(p, WORD("VID: "))) {
    item_and_folder(r, p, WORD(" from "));
    return;
  }
  at = find_cut(p, WORD(" from "), any);
  if (at != NULL) sites.end = at;
  add_list(r, LP_TARGET_site, sites);
  if (at != NULL) {
    part folder = {at + 6, p.end};
    add_folder(r, trim(folder));
  }
}

/* The parenthesis that closes the one before p; NULL when none does. */
static const char *find_close (part p) {
  int depth = 1;
  for (; p.at < p.end; p.at++) {
    depth += (*p.at == '(') - (*p.at == ')');
    if (depth == 0) return p.at;
  }
  return NULL;
}

/* Secure Note (name) from folder, with parentheses in names as well */
static void read_note (reading *r, part p) {
  part name = {p.at + 13, p.end}, rest = {p.end, p.end};
  const char *close = NULL;
  if (begins(p, WORD("Secure Note ("))) {
    close = find_close(name);
    if (close != NULL) rest.at = close + 1;
    if (close == NULL || (rest.at < rest.end && !begins(rest, WORD(" from ")))) {
      close = find_last(name, WORD(")"));
      rest.at = close == NULL ? p.end : close + 1;
    }
  }
  if (close == NULL) {
    item_and_folder(r, p, WORD(" from "));
    return;
  }
  name.end = close;
  add(r, LP_TARGET_item, name);
  if (begins(rest, WORD(" from "))) {
    rest.at += 6;
    add_folder(r, trim(rest));
  }
}

static part name_of (part p) {
  part parts[2];
  return quoted(p, parts) > 0 ? parts[0] : trim(p);
}

/* 'first' 'second', or one text without quotes */
static void read_pair (reading *r, part p, unsigned first, unsigned second) {
  part parts[2];
  int count = quoted(p, parts);
  part name = count > 0 ? parts[0] : trim(p);
  if (first == LP_TARGET_folder)
    add_folder(r, name);
  else
    add(r, first, name);
  if (count < 2) return;
  if (second == LP_TARGET_folder)
    add_folder(r, parts[1]);
  else
    add(r, second, parts[1]);
}

/* Shared A ann@acme.com */
static void read_folder_user_words (reading *r, part p) {
  const char *at = find_last(p, WORD(" "));
  part user = {at == NULL ? p.end : at + 1, p.end};
  if (has_at_sign(user)) {
    part folder = {p.at, at};
    add_folder(r, trim(folder));
    add(r, LP_TARGET_user, user);
  } else {
    add_folder(r, trim(p));
  }
}

/* 'Finance' to 'Money' */
static void read_group_rename (reading *r, part p) {
  const char *at = find(p, WORD("' to '"));
  if (at != NULL && *p.at == '\'' && p.end[-1] == '\'' && p.end - at > 6) {
    part before = {p.at + 1, at}, after = {at + 6, p.end - 1};
    if (before.at > before.end) before.at = before.end;
    add(r, LP_TARGET_group, before);
    add(r, LP_TARGET_group, after);
  } else {
    add(r, LP_TARGET_group, name_of(p));
  }
}

/* ann@acme.com - Finance */
static void read_user_group (reading *r, part p) {
  const char *at = find(p, WORD(" - "));
  if (at != NULL) {
    part user = {p.at, at}, group = {at + 3, p.end};
    add(r, LP_TARGET_user, trim(user));
    add(r, LP_TARGET_group, trim(group));
  } else {
    read_pair(r, p, LP_TARGET_group, LP_TARGET_user);
  }
}

/* ann@acme.com-Shared-Finance: the account that stands for a shared folder */
static void read_shared_account (reading *r, part p) {
  const char *at = find(p, WORD("-Shared-"));
  if (at != NULL) {
    part user = {p.at, at}, folder = {at + 1, p.end};
    add(r, LP_TARGET_user, user);
    add_folder(r, folder);
  } else {
    read_user(r, p);
  }
}

void lp_data_targets (unsigned form, const char *text, size_t n, lp_target_taker take,
                      void *context) {
  reading r = {take, context, 0};
  part p = {text, text + n};
  if (n == 0 || is_part(p, WORD("Initiated by API"))) return;
  switch (form) {
  case LP_DATA_user: /* ann@acme.com */
    read_user(&r, p);
    break;
  case LP_DATA_users: /* ann@acme.com,bob@acme.com */
    if (has_at_sign(p)) add_list(&r, LP_TARGET_user, p);
    break;
  case LP_DATA_site: /* example.com */
    add(&r, LP_TARGET_site, trim(p));
    break;
  case LP_DATA_login: /* a site, an item of the vault, or the program that logged in to LastPass
                         itself */
    if (begins(p, WORD("LastPass via "))) break;
    /* fall through */
  case LP_DATA_sites: /* newer: VID: 123 from Folder; older: example.com,example.org */
    read_sites(&r, p, 0);
    break;
  case LP_DATA_folder_sites: /* example.com from Shared Folder 1 */
    read_sites(&r, p, 1);
    break;
  case LP_DATA_item: /* thing from Shared-A */
    item_and_folder(&r, p, WORD(" from "));
    break;
  case LP_DATA_note:
    read_note(&r, p);
    break;
  case LP_DATA_policy: /* Length of master password New value: 14 */ {
    const char *at = find(p, WORD(" New value:"));
    if (at != NULL) p.end = at;
    add(&r, LP_TARGET_policy, trim(p));
    break;
  }
  case LP_DATA_group: /* 'Finance', or without quotes */
    add(&r, LP_TARGET_group, name_of(p));
    break;
  case LP_DATA_folder: /* Shared-A */
    add_folder(&r, name_of(p));
    break;
  case LP_DATA_folder_user: /* 'Shared-A' 'ann@acme.com' … */
    read_pair(&r, p, LP_TARGET_folder, LP_TARGET_user);
    break;
  case LP_DATA_folder_user_words:
    read_folder_user_words(&r, p);
    break;
  case LP_DATA_folder_rename: /* 'Shared-A' 'Shared-B' */
    read_pair(&r, p, LP_TARGET_folder, LP_TARGET_folder);
    break;
  case LP_DATA_group_rename:
    read_group_rename(&r, p);
    break;
  case LP_DATA_group_user: /* 'Finance' 'ann@acme.com' */
    read_pair(&r, p, LP_TARGET_group, LP_TARGET_user);
    break;
  case LP_DATA_user_group:
    read_user_group(&r, p);
    break;
  case LP_DATA_move_to: /* example.com to Shared-A */
    move(&r, p, WORD(" to "));
    break;
  case LP_DATA_move_from: /* example.com from Shared-A */
    move(&r, p, WORD(" from "));
    break;
  case LP_DATA_shared_account:
    read_shared_account(&r, p);
    break;
  default:
    break;
  }
}

/* ------------------------------------------------------------------ secrets */

static int is_hex (unsigned char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static int is_blank_or_quote (unsigned char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == '"' || c == '\'';
}

/* Does the text before `end` end in the name of a secret? (The names of lastpass.export.redact.) */
static int ends_in_name (const char *text, size_t end) {
  static const char *const names[] = {"password", "passwd",        "passphrase", "passcode",
                                      "pwd",      "secret",        "token",      "hash",
                                      "key",      "authorization", "otp",        "pin"};
  unsigned char last;
  while (end > 0 && is_blank_or_quote((unsigned char)text[end - 1])) end--;
  if (end == 0) return 0;
  last = lp_fold_byte((unsigned char)text[end - 1]);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t n = strlen(names[i]);
    if ((unsigned char)names[i][n - 1] == last && n <= end &&
        lp_same_folded(text + end - n, names[i], n))
      return 1;
  }
  return 0;
}

/* A mark (: = _) that may stand in or before a secret. */
static int is_suspect_at (const char *text, size_t n, size_t i) {
  if (text[i] == '_') return i >= 5 && memcmp(text + i - 5, "lpkey", 5) == 0;
  if (text[i] == ':' && n - i > 3 && text[i + 1] == '/' && text[i + 2] == '/' &&
      memchr(text + i + 3, '@', n - i - 3) != NULL)
    return 1;
  return ends_in_name(text, i);
}

static int has_long_hex (const char *text, size_t n) {
  for (size_t at = 31; at < n; at += 32) {
    size_t from = at, to = at;
    if (!is_hex((unsigned char)text[at])) continue;
    while (from > 0 && at - from < 32 && is_hex((unsigned char)text[from - 1])) from--;
    while (to < n && to - at < 32 && is_hex((unsigned char)text[to])) to++;
    if (to - from >= 32) return 1;
  }
  return 0;
}

/*
** lastpass.export.redact decides; this only says when it need not be asked, and is never wrong
** then: a secret is a run of 32 hexadecimal digits (one of them stands at one of every 32
*positions),
** or has a certain mark in or before it.
*/
int lp_data_is_suspect (const char *text, size_t n) {
  size_t i = 0;
  if (has_long_hex(text, n)) return 1;
#ifdef __SSE2__
  for (; i + 16 <= n; i += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_'))));
    unsigned found = (unsigned)_mm_movemask_epi8(marks);
    for (; found != 0; found &= found - 1)
      if (is_suspect_at(text, n, i + (unsigned)__builtin_ctz(found))) return 1;
  }
#endif
  for (; i < n; i++)
    if ((text[i] == ':' || text[i] == '=' || text[i] == '_') && is_suspect_at(text, n, i)) return 1;
  return 0;
}
