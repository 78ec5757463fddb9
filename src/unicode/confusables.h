/*
** Characters that look like one of ASCII: a selection of Unicode's confusables.txt (Unicode
*Technical
** Standard 39) for the scripts of names and groups, by the shape of capital and small letter each.
** Within one script no two letters are alike here, so that names of one script are distinguished.
** In order of the code points. What Unicode itself calls compatible (full width, mathematical and
*the
** like) is not in it: normalisation takes care of that.
*/
#ifndef LP_CONFUSABLES_H
#define LP_CONFUSABLES_H

#include <stdint.h>

typedef struct lp_confusable {
  uint32_t code;
  char looks_like;
} lp_confusable;

static const lp_confusable lp_confusables[] = {
    {0x60, '\''},   {0xB4, '\''},  {0xB7, '.'},    {0x131, 'i'},  {0x1C3, '!'},   {0x251, 'a'},
    {0x261, 'g'},   {0x262, 'g'},  {0x269, 'i'},   {0x26A, 'i'},  {0x274, 'n'},   {0x280, 'r'},
    {0x28B, 'v'},   {0x28F, 'y'},  {0x299, 'b'},   {0x29C, 'h'},  {0x29F, 'l'},   {0x2B9, '\''},
    {0x2BB, '\''},  {0x2BC, '\''}, {0x2BD, '\''},  {0x2C8, '\''}, {0x2D0, ':'},   {0x2D7, '-'},
    {0x37F, 'J'},   {0x391, 'A'},  {0x392, 'B'},   {0x395, 'E'},  {0x396, 'Z'},   {0x397, 'H'},
    {0x399, 'I'},   {0x39A, 'K'},  {0x39C, 'M'},   {0x39D, 'N'},  {0x39F, 'O'},   {0x3A1, 'P'},
    {0x3A4, 'T'},   {0x3A5, 'Y'},  {0x3A7, 'X'},   {0x3B1, 'a'},  {0x3B3, 'y'},   {0x3B7, 'n'},
    {0x3B9, 'i'},   {0x3BA, 'k'},  {0x3BD, 'v'},   {0x3BF, 'o'},  {0x3C1, 'p'},   {0x3C4, 't'},
    {0x3C5, 'u'},   {0x3C7, 'x'},  {0x3C9, 'w'},   {0x3F2, 'c'},  {0x3F3, 'j'},   {0x3F9, 'C'},
    {0x405, 'S'},   {0x406, 'I'},  {0x408, 'J'},   {0x410, 'A'},  {0x412, 'B'},   {0x415, 'E'},
    {0x417, '3'},   {0x41A, 'K'},  {0x41C, 'M'},   {0x41D, 'H'},  {0x41E, 'O'},   {0x420, 'P'},
    {0x421, 'C'},   {0x422, 'T'},  {0x423, 'Y'},   {0x425, 'X'},  {0x42C, 'b'},   {0x430, 'a'},
    {0x433, 'r'},   {0x435, 'e'},  {0x43A, 'k'},   {0x43E, 'o'},  {0x43F, 'n'},   {0x440, 'p'},
    {0x441, 'c'},   {0x443, 'y'},  {0x445, 'x'},   {0x455, 's'},  {0x456, 'i'},   {0x458, 'j'},
    {0x474, 'V'},   {0x475, 'v'},  {0x4AE, 'Y'},   {0x4AF, 'y'},  {0x4BB, 'h'},   {0x4C0, 'l'},
    {0x4CF, 'l'},   {0x501, 'd'},  {0x50C, 'G'},   {0x51A, 'Q'},  {0x51B, 'q'},   {0x51C, 'W'},
    {0x51D, 'w'},   {0x53C, 'L'},  {0x54D, 'U'},   {0x54F, 'S'},  {0x555, 'O'},   {0x566, 'q'},
    {0x570, 'h'},   {0x575, 'j'},  {0x578, 'n'},   {0x57D, 'u'},  {0x581, 'g'},   {0x585, 'o'},
    {0x660, '.'},   {0x6D4, '.'},  {0x13A0, 'D'},  {0x13A1, 'R'}, {0x13A2, 'T'},  {0x13AA, 'A'},
    {0x13AB, 'J'},  {0x13AC, 'E'}, {0x13B3, 'W'},  {0x13B7, 'M'}, {0x13BB, 'H'},  {0x13C0, 'G'},
    {0x13C3, 'Z'},  {0x13D9, 'V'}, {0x13DA, 'S'},  {0x13DE, 'L'}, {0x13DF, 'C'},  {0x13E2, 'P'},
    {0x13E6, 'K'},  {0x13F4, 'B'}, {0x1D00, 'a'},  {0x1D04, 'c'}, {0x1D05, 'd'},  {0x1D07, 'e'},
    {0x1D0A, 'j'},  {0x1D0B, 'k'}, {0x1D0D, 'm'},  {0x1D0F, 'o'}, {0x1D18, 'p'},  {0x1D1B, 't'},
    {0x1D1C, 'u'},  {0x1D20, 'v'}, {0x1D21, 'w'},  {0x1D22, 'z'}, {0x2010, '-'},  {0x2011, '-'},
    {0x2012, '-'},  {0x2013, '-'}, {0x2014, '-'},  {0x2015, '-'}, {0x2017, '_'},  {0x2018, '\''},
    {0x2019, '\''}, {0x201A, ','}, {0x201B, '\''}, {0x2024, '.'}, {0x2032, '\''}, {0x2035, '\''},
    {0x2043, '-'},  {0x2044, '/'}, {0x2212, '-'},  {0x2215, '/'}, {0x2236, ':'},  {0x2796, '-'},
    {0x29F8, '/'},  {0x2E3A, '-'}, {0x3002, '.'},  {0xA730, 'f'}, {0xA731, 's'},  {0xA789, ':'},
    {0xA78C, '\''}, {0xFE58, '-'}};

#endif
