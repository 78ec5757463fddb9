/*
** Pages of SCIM users: what is taken is JSON to the letter, every user of it has an address and
** attributes that are JSON, and pages one behind the other are all their users.
*/
#include <stdio.h>

#include "pieces.h"
#include "scim_page.h"

static void check (int good, const char *what) {
  if (good) return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

/* Is it strict JSON without a key that comes twice? */
static int is_json (const char *text, size_t n) {
  static lp_keys keys;
  lp_token token = {NULL, 0, 0};
  lp_scan s;
  lp_kind kind;
  int depth = 0;
  lp_scan_init(&s);
  lp_keys_init(&keys);
  check(lp_scan_feed(&s, text, n) == 0, "feed");
  lp_scan_finish(&s);
  kind = lp_keys_follow(&keys, &s, lp_scan_next(&s, &token), &token, &depth);
  if (kind > LP_MORE) kind = lp_scan_next(&s, &token);
  lp_keys_free(&keys);
  lp_scan_free(&s);
  return kind == LP_END;
}

static int all_good (lp_scim_page *page, const lp_token *id) {
  check(id->length > 0 && !id->escaped && page->reader->row.username != 0, "a user");
  return 0;
}

static void check_rows (const lp_rows *rows) {
  for (size_t i = 0; i < rows->count; i++) {
    size_t n;
    const char *json;
    lp_rows_text(rows, rows->rows[i].username, &n);
    check(n > 0, "username");
    json = lp_rows_text(rows, rows->rows[i].attribs, &n);
    check(is_json(json, n), "attributes");
    for (unsigned g = 0; g < rows->rows[i].group_count; g++)
      check(rows->group_refs[rows->rows[i].groups + g] < rows->groups.count, "group");
  }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static lp_reader reader;
  lp_scim_page page;
  lp_rows rows, all;
  char *text = malloc(size > 0 ? size : 1); /* just as long as it is */
  if (text == NULL) return 0;
  memcpy(text, data, size);
  lp_rows_init(&rows);
  lp_rows_init(&all);
  lp_reader_init(&reader, &rows);
  lp_scim_page_init(&page, &reader);
  page.on_user = all_good;
  if (lp_scim_page_read(&page, text, size) == 0) {
    size_t count = rows.count;
    check(is_json(text, size), "a page");
    check_rows(&rows);
    check(lp_scim_append(&all, &rows) == 0 && lp_scim_append(&all, &rows) == 0, "append");
    lp_scim_number(&all);
    check(all.count == 2 * count, "number of users");
    check_rows(&all);
  }
  lp_scim_page_free(&page);
  lp_reader_free(&reader);
  lp_rows_free(&rows);
  lp_rows_free(&all);
  free(text);
  return 0;
}
