/* What an event is known by: LastPass gives its events no identifier (enterprise-api §4.11). */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "libcrypto.h"

static char *put_number (char *out, size_t value) {
  char digits[24];
  size_t n = sizeof digits;
  do digits[--n] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  memcpy(out, digits + n, sizeof digits - n);
  return out + sizeof digits - n;
}

#define MOST_NUMBERS 160 /* bytes of a date and of the lengths */

int lp_event_identity (const lp_events *e, const lp_event *row, lp_identity *identity) {
  lp_buffer *out = &identity->text;
  size_t n, action_length, total = MOST_NUMBERS;
  const char *action = lp_event_action(e, row->action, &action_length);
  char *at;
  total += action_length;
  for (unsigned field = 0; field < LP_EVENT_TEXTS; field++) total += row->texts[field].length;
  out->size = 0;
  if (lp_buffer_reserve(out, total) != 0) return -1;
  at = out->bytes;
  if (row->civil != LP_NO_TIME) at = lp_moment_text(&identity->last, at, row->civil, ' ');
  for (unsigned field = 0; field < LP_EVENT_TEXTS; field++) {
    const char *text = lp_event_text(e, row, field, &n);
    *at++ = ' ';
    at = put_number(at, n);
    *at++ = ':';
    memcpy(at, text, n);
    at += n;
  }
  memcpy(at, action, action_length);
  out->size = (size_t)(at + action_length - out->bytes);
  return 0;
}

static int digest_rows (lp_events *e, const lp_libcrypto *crypto, void *context,
                        lp_identity *identity) {
  unsigned char hash[64];
  unsigned length = 0;
  for (size_t i = 0; i < e->count; i++) {
    lp_event *row = &e->rows[i];
    if (lp_event_identity(e, row, identity) != 0) return -1;
    if (!crypto->begin(context, crypto->sha256, NULL) ||
        !crypto->update(context, identity->text.bytes, identity->text.size) ||
        !crypto->finish(context, hash, &length))
      return -1;
    memcpy(row->digest, hash, sizeof row->digest);
  }
  return 0;
}

/* A writer of events cannot choose where they come to lie in the table: the digest says it. */
static int count_rows (lp_events *e) {
  size_t size = 64;
  uint32_t *slots;
  while (size < e->count * 2) size *= 2;
  slots = calloc(size, sizeof *slots); /* row + 1: the latest of its digest so far */
  if (slots == NULL) return -1;
  for (size_t i = e->count; i-- > 0;) {
    lp_event *row = &e->rows[i];
    uint64_t hash;
    size_t at;
    memcpy(&hash, row->digest, sizeof hash);
    for (at = (size_t)hash & (size - 1); slots[at] != 0; at = (at + 1) & (size - 1))
      if (memcmp(e->rows[slots[at] - 1].digest, row->digest, sizeof row->digest) == 0) break;
    row->ordinal = slots[at] == 0 ? 1 : e->rows[slots[at] - 1].ordinal + 1;
    slots[at] = (uint32_t)i + 1;
  }
  free(slots);
  return 0;
}

int lp_events_identify (lp_events *e) {
  const lp_libcrypto *crypto = lp_libcrypto_get();
  lp_identity identity = {0};
  void *context;
  int failed;
  if (crypto == NULL) return -2;
  identity.last.day = INT64_MIN;
  context = crypto->new_context();
  if (context == NULL) return -1;
  failed = digest_rows(e, crypto, context, &identity) != 0 || count_rows(e) != 0;
  crypto->free_context(context);
  lp_buffer_free(&identity.text);
  if (failed) return -1;
  e->identified = e->count;
  return 0;
}
