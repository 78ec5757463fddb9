/*
** easy URL CA BODY CALLS: calls one after the other on one kept connection of bare libcurl, the
*least
** that any client built on it can need. Prints "seconds N". The options are those that a careful
** program sets, and those that make libcurl fast: no CAPATH, so that the bundle is read once.
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
  fprintf(stderr, "easy: %s\n", what);
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

int main (int argc, char **argv) {
  struct curl_slist *headers = NULL;
  double begin;
  CURL *easy;
  if (argc != 5) fail("usage: easy URL CA BODY CALLS");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  headers = curl_slist_append(headers, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Accept: application/json");
  headers = curl_slist_append(headers, "User-Agent: easy");
  easy = new_call(argv[1], argv[2], argv[3], headers);
  call_in_turn(easy, WARM_CALLS);
  begin = now();
  call_in_turn(easy, strtol(argv[4], NULL, 10));
  printf("seconds %.6f\n", now() - begin);
  curl_easy_cleanup(easy);
  curl_slist_free_all(headers);
  curl_global_cleanup();
  return 0;
}
