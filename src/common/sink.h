/*
** Where the bytes of a reply go while they arrive. Whatever a module offers as a sink is a
** userdata that begins with this struct and whose metatable has `__sink` = true; the module that
** downloads (curl) is linked apart and knows no more of it.
*/
#ifndef LP_SINK_H
#define LP_SINK_H

#include <stddef.h>

typedef enum lp_sink_answer {
  LP_SINK_GO,
  LP_SINK_PAUSE, /* the bytes were taken; send no more until it says go again */
  LP_SINK_STOP   /* the bytes are refused; the reason waits in the sink */
} lp_sink_answer;

typedef struct lp_sink lp_sink;
struct lp_sink {
  lp_sink_answer (*feed)(lp_sink *sink, const char *bytes, size_t n); /* raises nothing */
  int (*is_full)(const lp_sink *sink);
};

#endif
