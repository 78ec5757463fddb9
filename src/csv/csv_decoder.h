#ifndef LP_CSV_DECODER_H
#define LP_CSV_DECODER_H

#include "compat.h"

/* csv.decoder (encoding) -> decoder | nil, message; the names are those of csv.encodings. */
int lp_csv_decoder (lua_State *L);

/* Makes the decoder's type and pushes csv.encodings. */
void lp_csv_push_encodings (lua_State *L);

#endif
