/*
** An endpoint: one address with everything that is the same for all requests to it. It keeps idle
** libcurl handles with their options set, so that a request only sets what is its own.
*/
#ifndef LP_HTTP_ENDPOINT_H
#define LP_HTTP_ENDPOINT_H

#include <stddef.h>

#include <curl/curl.h>

#include "compat.h"

#define LP_ENDPOINT_TYPE "lastpass.curl.endpoint"
#define LP_UPLOAD_BUFFER 16384L /* libcurl takes one for every request, wiped: not its 64 KiB */

typedef struct lp_handle lp_handle;
struct lp_handle {
  CURL *easy;
  char *body; /* what goes out, in memory that no core file has; wiped after each request */
  size_t body_capacity;
  struct curl_slist secret_header; /* its line stands after the body */
  lp_handle *next;
};

typedef struct lp_endpoint lp_endpoint;

/* The endpoint at that index of the stack; raises when it is none. */
lp_endpoint *lp_endpoint_check (lua_State *L, int index);

/* A handle that is ready but for the request's own options; NULL without memory. */
lp_handle *lp_endpoint_take (lp_endpoint *e);
/* Gives it back, `used` bytes from the start of its body wiped. */
void lp_endpoint_give (lp_endpoint *e, lp_handle *h, size_t used);

/* Space for a body of n bytes; -1 without memory. */
int lp_handle_reserve (lp_handle *h, size_t n);

/* What the next request of the handle sends: n bytes of its body, or none at all; and the line of a
** header that no other request has, or NULL. Either stays where it is until the end. */
void lp_endpoint_set_body (lp_endpoint *e, lp_handle *h, int has_body, size_t n, char *header);

/* Adds `endpoint` to the table on the top of the stack. */
void lp_endpoint_open (lua_State *L);

#endif
