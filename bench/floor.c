/*
** floor: what bare libcurl needs for the same work, the least that any client built on it can need.
**
**   floor easy URL CA BODY CALLS              one call after the other on one kept connection
**   floor multi URL CA BODY CALLS IN_FLIGHT   so many under way at once
**   floor discard URL CA BODY WARM            one reply thrown away; WARM is called before, so that
**                                             the connection stands
**
** Prints "seconds N". The options are those that a careful program sets, and those that make
** libcurl fast: no CAPATH, so that the bundle is read once.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#define WARM_CALLS 50

typedef struct reply {
  char *bytes;
  size_t size, capacity;
} reply;

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail (const char *what) {
  fprintf(stderr, "floor: %s\n", what);
  exit(1);
}

static size_t keep (char *bytes, size_t size, size_t count, void *data) {
  reply *r = data;
  size_t n = size * count;
  if (r->size + n > r->capacity) {
    r->capacity = (r->size + n) * 2;
    r->bytes = realloc(r->bytes, r->capacity);
    if (r->bytes == NULL) fail("out of memory");
  }
  memcpy(r->bytes + r->size, bytes, n);
  r->size += n;
  return n;
}

static size_t discard (char *bytes, size_t size, size_t count, void *data) {
  (void)bytes;
  *(size_t *)data += size * count;
  return size * count;
}

static CURL *new_call (const char *url, const char *ca, const char *body,
                       struct curl_slist *headers) {
  CURL *easy = curl_easy_init();
  if (easy == NULL) fail("no handle");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
  return easy;
}

static void check (CURL *easy, CURLcode code) {
  long status = 0;
  if (code != CURLE_OK) fail(curl_easy_strerror(code));
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) fail("the server did not answer 200");
}

static void call_in_turn (CURL *easy, long calls) {
  reply r = {NULL, 0, 0};
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &r);
  while (calls-- > 0) {
    r.size = 0;
    check(easy, curl_easy_perform(easy));
  }
  free(r.bytes);
}

static double run_easy (CURL *easy, long calls) {
  double begin;
  call_in_turn(easy, WARM_CALLS);
  begin = now();
  call_in_turn(easy, calls);
  return now() - begin;
}

static double run_discard (CURL *easy, const char *url, const char *warm) {
  size_t received = 0;
  double begin;
  curl_easy_setopt(easy, CURLOPT_URL, warm);
  call_in_turn(easy, 1);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &received);
  begin = now();
  check(easy, curl_easy_perform(easy));
  if (received == 0) fail("nothing was received");
  return now() - begin;
}

static double run_multi (const char *url, const char *ca, const char *body,
                         struct curl_slist *headers, long calls, long in_flight) {
  CURLM *multi = curl_multi_init();
  CURL **handles = calloc((size_t)in_flight, sizeof *handles);
  reply *replies = calloc((size_t)in_flight, sizeof *replies);
  long started = 0, ended = 0;
  double begin;
  if (multi == NULL || handles == NULL || replies == NULL) fail("out of memory");
  begin = now();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
  for (; started < in_flight && started < calls; started++) {
    CURL *easy = handles[started] = new_call(url, ca, body, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &replies[started]);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &replies[started]);
    curl_multi_add_handle(multi, easy);
  }
  while (ended < calls) {
    int running, queued;
    CURLMsg *message;
    curl_multi_perform(multi, &running);
    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
      CURL *easy = message->easy_handle;
      reply *r = NULL;
      check(easy, message->data.result);
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)(void *)&r);
      r->size = 0;
      ended++;
      curl_multi_remove_handle(multi, easy);
      if (started < calls) {
        started++;
        curl_multi_add_handle(multi, easy);
      }
    }
    if (ended < calls) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  begin = now() - begin;
  for (long i = 0; i < in_flight; i++) {
    curl_easy_cleanup(handles[i]);
    free(replies[i].bytes);
  }
  curl_multi_cleanup(multi);
  free(handles);
  free(replies);
  return begin;
}

int main (int argc, char **argv) {
  struct curl_slist *headers = NULL;
  double took;
  CURL *easy;
  if (argc < 6) fail("usage: floor easy|multi|discard URL CA BODY …");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  headers = curl_slist_append(headers, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Accept: application/json");
  headers = curl_slist_append(headers, "User-Agent: floor");
  if (strcmp(argv[1], "multi") == 0) {
    long in_flight = argc > 6 ? strtol(argv[6], NULL, 10) : 1;
    took = run_multi(argv[2], argv[3], argv[4], headers, strtol(argv[5], NULL, 10), in_flight);
  } else {
    easy = new_call(argv[2], argv[3], argv[4], headers);
    took = strcmp(argv[1], "discard") == 0 ? run_discard(easy, argv[2], argv[5])
                                           : run_easy(easy, strtol(argv[5], NULL, 10));
    curl_easy_cleanup(easy);
  }
  curl_slist_free_all(headers);
  curl_global_cleanup();
  printf("seconds %.6f\n", took);
  return 0;
}
