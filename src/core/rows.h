/*
** Users in memory: one fixed row each, all their texts in one arena, group names once. Built by
** the reader of pages, looked into by the snapshot that Lua sees. No Lua in here.
*/
#ifndef LP_ROWS_H
#define LP_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "account_key.h"
#include "blocks.h"
#include "bytes.h"

/* Fresh memory costs more time than reading the bytes that fill it, so a row is kept small. */
#define LP_NO_TIME UINT32_MAX /* absent, empty or unreadable */
#define LP_NO_SCORE INT32_MIN
#define LP_SCORE_UNIT 10000    /* scores have a few decimals: 83.2 is kept as 832000 */
#define LP_NO_COUNT UINT16_MAX /* null: somebody who never logged in */
#define LP_NO_STRENGTH UINT8_MAX

enum {
  LP_FLAG_DISABLED = 1,
  LP_FLAG_ADMIN = 2,
  LP_FLAG_NEVER_LOGGED_IN = 4,
  LP_FLAG_RESET_REQUIRED = 8,
  LP_FLAG_HAS_KEYS = 16,
  LP_FLAG_KEYS_KNOWN = 32, /* hasSharingKeys was there */
  LP_FLAG_INVITED = 64     /* in the list of invited addresses too */
};

/* An offset into the arena, 0 for none. */
typedef uint32_t lp_text;

typedef struct lp_row {
  uint64_t id;
  uint32_t hash; /* of the folded user name, which is right behind it: see lp_folded_slot */
  lp_text username, fullname, duousername, multifactor, linked, attribs;
  uint32_t created, last_pw_change, last_login; /* civil seconds in the account's zone (§3) */
  int32_t totalscore, legacytotalscore;
  uint32_t groups; /* first of a run of `group_refs` */
  uint16_t group_count;
  uint16_t sites, notes, formfills, applications, attachments;
  uint16_t flags;
  uint8_t mpstrength;
} lp_row;

/* Names stored once: group names. A slot of the table holds the upper half of the name's hash and,
** below it, number + 1; 0 is a free slot. */
typedef struct lp_names {
  lp_text *texts;
  size_t count;
  lp_extent extent;
  uint64_t *table;
  size_t table_size;
} lp_names;

/* One list of members as a reply gave it; several pages may each bring a part (§4.8). */
typedef struct lp_segment {
  uint32_t group;
  uint32_t count;
  lp_text first; /* the members' texts stand one behind the other in the arena */
} lp_segment;

typedef struct lp_rows {
  lp_row *rows;
  size_t count;
  lp_extent rows_extent;
  lp_buffer arena;
  uint32_t *group_refs;
  size_t group_ref_count;
  lp_extent group_refs_extent;
  lp_names groups;
  lp_segment *segments;
  size_t segment_count;
  lp_extent segments_extent;
  lp_text *invited;
  size_t invited_count;
  lp_extent invited_extent;
  size_t last_list; /* where the list of the page that was appended last begins in `invited` */
  uint32_t *index;  /* e-mail index: row + 1, open addressing; made by lp_rows_index */
  size_t index_size;
  lp_extent index_extent;
  size_t indexed_rows, indexed_invited; /* what the index knows of */
  size_t duplicates;                    /* rows with the address of a row before them */
  uint64_t *ids;                        /* set of ids, made when they come out of order */
  size_t id_table_size, id_count;
  lp_extent ids_extent;
  uint64_t last_id;
  size_t taken; /* rows that were handed over before these */
  size_t odd;   /* values that were not of the documented form */
} lp_rows;

void lp_rows_init (lp_rows *r);
void lp_rows_free (lp_rows *r);
size_t lp_rows_memory (const lp_rows *r);

/* All of these answer 0, or -1 without memory (or beyond 4 GiB of text or 2^30 rows). */
int lp_rows_add_text (lp_rows *r, const char *bytes, size_t n, lp_text *out);
int lp_rows_add_row (lp_rows *r, const lp_row *row);
int lp_rows_add_group_ref (lp_rows *r, uint32_t group);
int lp_rows_add_segment (lp_rows *r, uint32_t group, lp_text first, uint32_t count);
int lp_rows_add_invited (lp_rows *r, lp_text text);
int lp_rows_name_group (lp_rows *r, const char *name, size_t n, uint32_t *out);

/* Space for so many bytes of texts (six more for each), new names of groups and group_refs: adding
** them does not fail then. */
int lp_rows_reserve (lp_rows *r, size_t texts, size_t names, size_t refs);

/* 1 when the id is new, 0 when it was there, -1 without memory. */
int lp_rows_note_id (lp_rows *r, uint64_t id);

/* Adds what `from` has; users whose id is here already are left out, `repeated` counts them. */
/* Without memory nothing is added. */
int lp_rows_append (lp_rows *r, const lp_rows *from, size_t *repeated);

/* Makes the e-mail index unless it is there and knows of everything. */
int lp_rows_index (lp_rows *r);
/* Row of the address, or -1. Case is folded for ASCII letters. */
long lp_rows_find (const lp_rows *r, const char *address, size_t n);
/* Number of the group, or -1. */
long lp_rows_find_group (const lp_rows *r, const char *name, size_t n);

/* The text behind this one. */
lp_text lp_rows_text_after (const lp_rows *r, lp_text at);

#define LP_LONG_TEXT 0xFFu /* a length byte of this value: four bytes of length follow */

static inline const char *lp_rows_text (const lp_rows *r, lp_text at, size_t *n) {
  const char *text = r->arena.bytes + at;
  uint32_t length = (unsigned char)*text++;
  if (length == LP_LONG_TEXT) {
    memcpy(&length, text, sizeof length);
    text += sizeof length;
  }
  *n = length;
  return text;
}

/*
** The slot of an address in a table of numbers (+ 1, 0 for a free slot) of items that have a
** hash and, right behind it, a string: where it is or where it would go. `keys` is the hash of the
** first item, `width` the bytes of an item.
*/
static inline size_t lp_folded_slot (const lp_rows *texts, const uint32_t *table, size_t size,
                                     const uint32_t *keys, size_t width, uint32_t hash,
                                     const char *address, size_t n) {
  size_t mask = size - 1, i = hash & mask;
  for (; table[i] != 0; i = (i + 1) & mask) {
    const uint32_t *key = keys + (table[i] - 1) * (width / sizeof *keys);
    size_t length;
    const char *text;
    if (key[0] != hash) continue;
    text = lp_rows_text(texts, key[1], &length);
    if (lp_same_account(text, length, address, n)) break;
  }
  return i;
}

static inline uint64_t lp_name_hash (const char *name, size_t n) {
  return lp_hash_words(name, n, 0);
}

/* The slot of a name in the table: where it is or where it would go. There must be a table. */
static inline size_t lp_rows_name_slot (const lp_rows *r, const char *name, size_t n,
                                        uint64_t hash) {
  const lp_names *names = &r->groups;
  size_t mask = names->table_size - 1, i = (size_t)hash & mask;
  for (; names->table[i] != 0; i = (i + 1) & mask) {
    size_t length;
    const char *text;
    if (((names->table[i] ^ hash) >> 32) != 0) continue;
    text = lp_rows_text(r, names->texts[(uint32_t)names->table[i] - 1], &length);
    if (length == n && lp_same_bytes(text, name, n)) break;
  }
  return i;
}

#endif
