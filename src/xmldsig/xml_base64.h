/*
** Base64 (RFC 4648 §4) with white space allowed between the characters, and nothing else: one text
** for each value.
*/
#ifndef LP_XML_BASE64_H
#define LP_XML_BASE64_H

#include <stddef.h>

/*
** The bytes of a text, written to `out` (for which `n` bytes suffice), which may be NULL: then it
** is only checked. Their number, or -1 when it is not strict Base64: another character, wrong
** padding, or bits in the last character that mean nothing.
*/
long lp_xml_base64_decode (const char *text, size_t n, unsigned char *out);

/*
** A zero-terminated text in one line; NULL without memory, or when it is too long. Freed by free.
*/
char *lp_xml_base64_encode (const unsigned char *bytes, size_t n);

#endif
