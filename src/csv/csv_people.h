#ifndef LP_CSV_PEOPLE_H
#define LP_CSV_PEOPLE_H

#include "csv_rows.h"

/*
** Gives the rows that wait to the people sink at index 2 of the stack, until they are used up or
** one comes that Lua must decide on: no shaped row, or not to be added as it is. That one waits.
*The
** table at index 3 says which columns of the shape, counted from 1, make what of a person:
**   {email =, fullname = | nil, groups = {…} | nil, fixed = {name, …} | nil,
**    active = | nil, active_words = {word, …}, inactive_words = {word, …}, source = its number}
** The words are trimmed and in lower case; a row whose word is none of them is left to Lua.
** Answers how many people were added.
*/
size_t lp_rows_pour (lua_State *L, lp_rows *r);

#endif
