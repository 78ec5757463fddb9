/*
** Where the desired people go. What takes them is a userdata that begins with this
** struct and whose metatable has `__people_sink` = true; the module that reads them (csv) is
** linked apart and knows no more of it.
*/
#ifndef LP_PEOPLE_SINK_H
#define LP_PEOPLE_SINK_H

#include <stddef.h>
#include <stdint.h>

typedef struct lp_slice {
  const char *bytes; /* NULL for none */
  size_t length;
} lp_slice;

typedef enum lp_active { LP_ACTIVE_UNMANAGED, LP_ACTIVE_NO, LP_ACTIVE_YES } lp_active;

typedef struct lp_declared {
  lp_slice email;
  lp_slice fullname;      /* none: not managed */
  const lp_slice *groups; /* NULL: not managed; an empty name is no group */
  size_t group_count;
  uint32_t line;
  uint16_t source;
  lp_active active;
  int checked; /* the address is known to be one */
} lp_declared;

typedef enum lp_people_answer {
  LP_PEOPLE_ADDED,
  LP_PEOPLE_UNUSUAL,  /* whether that is an address is not for this to say */
  LP_PEOPLE_REPEATED, /* the address is there already */
  LP_PEOPLE_CLOSED,
  LP_PEOPLE_NO_MEMORY
} lp_people_answer;

typedef struct lp_people_sink lp_people_sink;
struct lp_people_sink {
  /* `row`, counted from 0: of the person, or of the first with that address; raises nothing */
  lp_people_answer (*add)(lp_people_sink *sink, const lp_declared *person, uint32_t *row);
};

#endif
