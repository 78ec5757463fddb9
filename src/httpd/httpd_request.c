/*
** A request of lastpass.httpd in HTTP: who may connect, the body as it comes in, and the answer,
** at once or after a while.
*/
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "httpd.h"

/* ---- who may connect ---- */

static int lp_address_is_loopback (const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *four = (const void *)address;
    return (ntohl(four->sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family == AF_INET6) {
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six)) return six->s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(six);
  }
  return 0;
}

enum MHD_Result lp_peer_accept (void *argument, const struct sockaddr *peer, socklen_t size) {
  const lp_server *server = argument;
  (void)size;
  return server->open_to_network || lp_address_is_loopback(peer) ? MHD_YES : MHD_NO;
}

/* ---- one request, in HTTP ---- */

/* A reply that needs no Lua. */
static void lp_reply_plain (lp_request *request, unsigned int status, const char *text) {
  request->status = status;
  request->drop = 0;
  request->delay = 0;
  request->response =
      MHD_create_response_from_buffer(strlen(text), (void *)(size_t)text, MHD_RESPMEM_MUST_COPY);
  if (request->response != NULL)
    MHD_add_response_header(request->response, "Content-Type", "application/json");
}

static enum MHD_Result lp_reply_send (lp_request *request) {
  if (request->drop || request->response == NULL) return MHD_NO;
  return MHD_queue_response(request->connection, request->status, request->response);
}

/* The whole request is here, or it is tried again: asks Lua, then answers at once or goes to sleep.
 */
static enum MHD_Result lp_request_answer (lp_request *request) {
  lp_server *server = request->server;
  lua_State *S = server->state;
  if (request->phase == LP_TOO_LARGE && !server->answers_too_large) {
    lp_reply_plain(request, 413, "{\"error\":\"the request is larger than the server accepts\"}");
    return lp_reply_send(request);
  }
  lua_rawgeti(S, LUA_REGISTRYINDEX, server->serve_ref);
  lua_pushlightuserdata(S, request);
  if (lua_pcall(S, 1, 0, 0) != 0) {
    lp_state_complain(S);
    if (request->response != NULL) MHD_destroy_response(request->response);
    lp_wait_free(request);
    lp_reply_plain(request, 500, "{\"error\":\"the server's handler failed\"}");
  }
  if (request->has_wait || request->delay > 0) {
    request->phase = request->has_wait ? LP_WAITING : LP_DELAYED;
    return lp_connection_sleep(request) ? MHD_YES : MHD_NO;
  }
  return lp_reply_send(request);
}

/* Keeps bytes of the request; what is beyond the limit is read and forgotten. */
static int lp_request_append (lp_request *request, const char *bytes, size_t count) {
  if (request->phase == LP_TOO_LARGE) return 1;
  if (count > request->server->max_body - request->length) {
    free(request->body);
    request->body = NULL;
    request->length = request->capacity = 0;
    request->phase = LP_TOO_LARGE;
    return 1;
  }
  if (LP_RESERVE(request->body, request->length, count, request->capacity) != 0) return 0;
  memcpy(request->body + request->length, bytes, count);
  request->length += count;
  return 1;
}

/* The first of a request, before libmicrohttpd takes its target apart. */
void *lp_request_begin (void *argument, const char *target, struct MHD_Connection *connection) {
  lp_request *request = calloc(1, sizeof *request);
  (void)argument;
  (void)connection;
  if (request != NULL) request->target = strdup(target);
  return request;
}

/*
** Entry point of libmicrohttpd: first with the head, then with pieces of the body, then with its
** end, and once more when a sleeping connection has been woken.
*/
enum MHD_Result lp_request_handle (void *argument, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_size, void **kept) {
  lp_server *server = argument;
  lp_request *request = *kept;
  (void)version;
  if (request == NULL || request->target == NULL) return MHD_NO;
  if (request->connection == NULL) {
    request->server = server;
    request->connection = connection;
    request->method = method;
    request->path = url;
    const char *declared =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    if (declared != NULL && strtoull(declared, NULL, 10) > server->max_body) {
      request->phase = LP_TOO_LARGE;
      return lp_request_answer(request);
    }
    return MHD_YES;
  }
  if (request->phase == LP_DELAYED || request->phase == LP_WAITING) {
    if (lp_server_is_stopping(server)) return MHD_NO;
    return request->phase == LP_WAITING ? lp_request_answer(request) : lp_reply_send(request);
  }
  if (*upload_size > 0) {
    int ok = lp_request_append(request, upload, *upload_size);
    *upload_size = 0;
    return ok ? MHD_YES : MHD_NO;
  }
  return lp_request_answer(request);
}

void lp_request_free (void *argument, struct MHD_Connection *connection, void **kept,
                      enum MHD_RequestTerminationCode code) {
  lp_request *request = *kept;
  (void)argument;
  (void)connection;
  (void)code;
  if (request == NULL) return;
  if (request->response != NULL) MHD_destroy_response(request->response);
  lp_wait_free(request);
  free(request->body);
  free(request->target);
  free(request);
  *kept = NULL;
}
