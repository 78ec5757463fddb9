#ifndef LP_CSV_ROWS_H
#define LP_CSV_ROWS_H

#include "compat.h"
#include "csv_parse.h"
#include "key_set.h"

typedef struct lp_shape lp_shape;

/* A parser with what is needed to hand its rows to Lua. */
typedef struct lp_rows {
  lp_csv csv;
  int utf8;        /* look for fields that are not UTF-8 */
  size_t given;    /* of the complete rows have been handed to Lua */
  lp_shape *shape; /* NULL: rows are lists */
  int anchor;      /* registry reference of what the shape points to */
  char *joined;    /* values of the row at hand that are joined from several columns */
  size_t joined_used, joined_size;
  lp_key_set keys; /* of the rows so far */
  int has_key;     /* the next row has taken its key already */
} lp_rows;

/* Pushes the next row, or nil when there is none. */
void lp_rows_push (lua_State *L, lp_rows *r);

/*
** Sets the shape that the table at index 2, the top of the stack, describes:
**   {width =, columns = {{name =, positions = {…}, join =, first =, email =, required =}, …},
**    key = index | nil, file =, origin = metatable}
** From now on a row that is plainly good comes as {name = value, …, origin = {file, row, line}},
** and its key is taken; any other still comes as a list, for its reader to check.
*/
void lp_rows_shape (lua_State *L, lp_rows *r);

/*
** Rows that continue without becoming Lua values: 1 when the next row is plainly good; then its key
** is taken and the values of its columns, which the shape has so many of, can be had.
*/
int lp_rows_fit (lp_rows *r);
size_t lp_rows_columns (const lp_rows *r);
lp_span lp_rows_value (const lp_rows *r, size_t column);
int lp_rows_is_email (const lp_rows *r, size_t column); /* and so was checked */
size_t lp_rows_line (const lp_rows *r);
/* Passes over the next row. */
void lp_rows_skip (lp_rows *r);

void lp_rows_free (lua_State *L, lp_rows *r);

#endif
