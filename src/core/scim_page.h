/*
** A page of users of a SCIM server (a ListResponse), read into rows as a reply of getuserdata is.
** It takes what servers usually write and nothing else: whoever calls it reads a page that was not
** taken by the general way, which alone decides what is acceptable. Nothing is read otherwise here
** than there.
*/
#ifndef LP_SCIM_PAGE_H
#define LP_SCIM_PAGE_H

#include "reader.h"

/* What is known of a group of the page by its number in the rows. */
typedef struct lp_scim_group {
  const char *value; /* the id of the group that last had this name */
  size_t length;
  uint32_t user; /* the last user who is in it, counted from 1 */
} lp_scim_group;

typedef struct lp_scim_page lp_scim_page;
struct lp_scim_page {
  lp_reader *reader; /* fresh; its rows are filled, with the id 0 where it is no small number */
  int64_t total;     /* -1 when the page does not say */
  lp_token cursor;   /* the next one, or no text */
  lp_scim_group *groups;
  size_t group_capacity;
  lp_buffer enterprise; /* members of the enterprise attributes, as JSON with a comma before each */
  lp_buffer plain;
  /* Both answer 0, or -1 when the page cannot be taken; `id` and `value` have no escapes. */
  int (*on_user)(lp_scim_page *page, const lp_token *id); /* before the row is complete */
  int (*on_group)(lp_scim_page *page, const lp_token *value, uint32_t group);
  void *context;
};

void lp_scim_page_init (lp_scim_page *page, lp_reader *reader);
void lp_scim_page_free (lp_scim_page *page);

/* The whole text of a page. 0, or -1 when it is not as usual: the rows are of no use then. The
** tokens of the page point into the text. */
int lp_scim_page_read (lp_scim_page *page, const char *text, size_t n);

/* The user who is being read is in this group; once, however often it is said. */
int lp_scim_page_join (lp_scim_page *page, uint32_t group);

/* Adds the rows of a page, whose ids may be anything. 0, or -1 without memory. */
int lp_scim_append (lp_rows *rows, lp_rows *page);
/* Gives the rows their numbers: their ids, or, when one of those is none, 1, 2, 3... */
void lp_scim_number (lp_rows *rows);

#endif
