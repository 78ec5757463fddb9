/*
** Events as text: a format is a program of few instructions, decided once, that runs for every
** event. No Lua in here, and nothing that depends on the format.
*/
#ifndef LP_EVENTS_WRITE_H
#define LP_EVENTS_WRITE_H

#include "events.h"

/* How a string is written so that it cannot be taken for what stands around it. */
#define LP_ENCODINGS(X)                                                                            \
  X(json)       /* inside a JSON string; control characters become \u escapes */                   \
  X(csv)        /* inside the quotes of RFC 4180, guarded against spreadsheets */                  \
  X(csv_raw)    /* inside the quotes of RFC 4180, as it is */                                      \
  X(cef)        /* a value of CEF's extension */                                                   \
  X(cef_header) /* a field of CEF's header */                                                      \
  X(leef)       /* a value of LEEF, separated by tabs */                                           \
  X(sd)         /* a parameter's value in the structured data of RFC 5424 */                       \
  X(line)       /* one line: control characters become blanks */

enum {
#define X(name) LP_ENCODING_##name,
  LP_ENCODINGS(X)
#undef X
      LP_ENCODING_COUNT
};

/* What can be written of an event; the first target of each kind counts as well. */
#define LP_WRITE_FIELDS(X)                                                                         \
  X(username) X(address) X(data) X(local_time) X(label) X(event_id) LP_TARGET_KINDS(X)

enum {
#define X(name) LP_FIELD_##name,
  LP_WRITE_FIELDS(X)
#undef X
      LP_FIELD_COUNT
};

#define LP_WRITE_TIMES(X) X(iso) X(iso_milliseconds) X(seconds) X(milliseconds)

enum {
#define X(name) LP_TIME_##name,
  LP_WRITE_TIMES(X)
#undef X
      LP_TIME_COUNT
};

/* Conditions: a field that is not empty, or one of these. */
#define LP_WRITE_CONDITIONS(X) X(time) X(ambiguous) X(email) X(ip) X(targets)

enum {
  LP_CONDITION_FIRST = LP_FIELD_COUNT - 1,
#define X(name) LP_CONDITION_##name,
  LP_WRITE_CONDITIONS(X)
#undef X
      LP_CONDITION_END
};

typedef enum lp_instruction_code {
  LP_DO_LITERAL, /* a: where, b: how long */
  LP_DO_SLOT,    /* a: which of the action's own literals */
  LP_DO_TEXT,    /* a: field, b: encoding */
  LP_DO_TIME,    /* a: form */
  LP_DO_UNLESS,  /* a: condition, b: go on there when it does not hold */
  LP_DO_GO,      /* b: go on there */
  LP_DO_TARGETS  /* a: which list */
} lp_instruction_code;

typedef struct lp_instruction {
  uint32_t code, a, b;
} lp_instruction;

/* A list of targets: what stands before a value of each kind (kinds without are left out). */
typedef struct lp_target_list {
  lp_span before[LP_TARGET_KIND_COUNT], after, between;
  unsigned encoding, kinds; /* bits */
} lp_target_list;

typedef struct lp_program {
  lp_instruction *code;
  size_t count, capacity;
  size_t literals; /* bytes of all its literals */
  size_t texts;    /* instructions that write texts */
} lp_program;

/* What is known of one action's name. */
typedef struct lp_write_action {
  uint32_t program, form;
  uint32_t slots; /* the first of its literals in `slots` */
  uint64_t count; /* events written */
} lp_write_action;

typedef struct lp_mapping {
  lp_buffer literals;
  lp_program *programs;
  size_t program_count;
  lp_target_list *lists;
  size_t list_count;
  lp_rows names; /* of actions: its group names */
  lp_write_action *actions;
  size_t action_count, action_capacity;
  lp_span *slots;
  size_t slot_total, slot_capacity;
  size_t slot_count;  /* for each action */
  size_t longest;     /* bytes of the longest literals of one action, all together */
  lp_target *targets; /* of the event being written */
  size_t target_count, target_capacity;
  lp_buffer out;
  int has_id; /* whether any program writes the event's identifier */
  int failed; /* no memory for targets */
  lp_last_day last;
} lp_mapping;

void lp_mapping_init (lp_mapping *m);
void lp_mapping_free (lp_mapping *m);
/* All answer 0, or -1 without memory. */
int lp_mapping_literal (lp_mapping *m, const char *text, size_t n, lp_span *out);
int lp_program_add (lp_program *p, uint32_t code, uint32_t a, uint32_t b);
/* An action whose `slot_count` literals were just put behind `slots`. */
int lp_mapping_define (lp_mapping *m, const char *name, size_t n, uint32_t program, uint32_t form,
                       const lp_span *slots);
/* The number of an action, or -1. */
long lp_mapping_find (const lp_mapping *m, const char *name, size_t n);

/*
** Writes events, the last row first, from behind the first `*passed` of them, until there are
** `most` or so many bytes; `actions` has the mapping's number for each of the rows'. 0, or -1
** without memory. `*written` counts those that were not dropped.
*/
int lp_mapping_write (lp_mapping *m, const lp_events *e, const uint32_t *actions, size_t *passed,
                      size_t most, size_t bytes, size_t *written);

#endif
