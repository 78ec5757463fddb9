/*
** lastpass.qrcode: QR codes, by libqrencode. The library is optional and looked for at run time, so
** that nothing is needed to build this. Its buffers are not wiped: what is encoded is shown anyway.
*/
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "compat.h"

/* Of versions 3 and 4 alike; a library of another version has another name. */
typedef struct qr_code {
  int version;
  int width;
  unsigned char *data; /* a byte for each module, from the top left; bit 0 is "dark" */
} qr_code;

enum { LEVEL_M = 1, MOST_BYTES = 2331, MOST_WIDTH = 177 }; /* of version 40 */

static struct {
  qr_code *(*encode)(int size, const unsigned char *data, int version, int level);
  void (*release)(qr_code *code);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load (void) {
  static const char *const names[] = {"libqrencode.so.4", "libqrencode.so.3"};
  void *handle = NULL, *encode, *release;
  for (size_t i = 0; i < sizeof names / sizeof *names && handle == NULL; i++)
    handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == NULL) return;
  encode = dlsym(handle, "QRcode_encodeData");
  release = dlsym(handle, "QRcode_free");
  if (encode == NULL || release == NULL) return;
  memcpy(&library.encode, &encode, sizeof encode); /* how POSIX wants an address made a function */
  memcpy(&library.release, &release, sizeof release);
}

static int fail (lua_State *L, const char *code, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

/*
** qrcode.encode (text) -> modules in a line, a string with "1" for each dark module and "0" for
** each light one, line by line | nil, message, code
** Byte mode, correction level M, the smallest version.
*/
static int lp_qrcode_encode (lua_State *L) {
  size_t n, count;
  const char *text = luaL_checklstring(L, 1, &n);
  qr_code *code;
  int width;
  if (pthread_once(&once, load) != 0 || library.encode == NULL)
    return fail(L, "unavailable", "libqrencode is not installed");
  if (n < 1 || n > MOST_BYTES) return fail(L, "too_long", "a QR code takes 1 to 2331 bytes");
  /* space for the longest result first: what raises must not leave the library's memory behind */
  char *modules = lua_newuserdata(L, (size_t)MOST_WIDTH * MOST_WIDTH);
  code = library.encode((int)n, (const unsigned char *)text, 0, LEVEL_M);
  if (code == NULL) return fail(L, "qr_failed", "libqrencode could not make the QR code");
  width = code->width;
  count = width > 0 && width <= MOST_WIDTH ? (size_t)width * (size_t)width : 0;
  for (size_t i = 0; i < count; i++) modules[i] = code->data[i] & 1 ? '1' : '0';
  library.release(code);
  if (count == 0) return fail(L, "qr_failed", "libqrencode made something else");
  lua_pushinteger(L, width);
  lua_pushlstring(L, modules, count);
  return 2;
}

static const luaL_Reg qrcode_functions[] = {{"encode", lp_qrcode_encode}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_qrcode (lua_State *L) {
  luaL_newlib(L, qrcode_functions);
  return 1;
}
