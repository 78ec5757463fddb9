/*
** Keeping a secret in a file, for `lastpass profile add`: from locked memory to the disk,
** without a Lua string in between.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "secret.h"
#include "secret_file.h"

/* 0, or the number of what went wrong. The bytes are on the stack for that moment, then wiped. */
static int write_secret (int fd, unsigned number) {
  char bytes[LP_SECRET_MAX + 1];
  size_t length = lp_secret_copy(number, 0, bytes, LP_SECRET_MAX);
  int reason = 0;
  bytes[length] = '\n';
  if (lp_write_all(fd, bytes, length + 1) != 0) reason = errno;
  explicit_bzero(bytes, sizeof bytes);
  return reason;
}

/*
** core.save_secret (secret, path) -> true | nil, message
** Makes the file, for its owner alone. One that is there already is not touched.
*/
static int lp_secret_save (lua_State *L) {
  const lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  const char *path = luaL_checkstring(L, 2);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR), reason = 0;
  if (fd < 0) {
    reason = errno;
  } else {
    reason = write_secret(fd, secret->number);
    if (close(fd) != 0 && reason == 0) reason = errno;
    if (reason != 0) (void)unlink(path);
  }
  return lp_push_written(L, reason);
}

static const luaL_Reg secret_file_functions[] = {{"save_secret", lp_secret_save}, {NULL, NULL}};

void lp_secret_file_open (lua_State *L) {
  luaL_setfuncs(L, secret_file_functions, 0);
}
