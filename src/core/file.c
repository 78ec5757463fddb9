/*
** What Lua's own library cannot do with files: replace one whole or not at all, and ask whether
** somebody sits in front of one, and how much that one sees.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

int lp_write_all (int fd, const char *bytes, size_t n) {
  while (n > 0) {
    ssize_t written = write(fd, bytes, n);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    bytes += written;
    n -= (size_t)written;
  }
  return fsync(fd);
}

/* The name is durable only once its folder is (POSIX says nothing of that by itself). */
static void sync_folder (char *path) {
  char *slash = strrchr(path, '/');
  int fd;
  if (slash == path)
    slash[1] = '\0';
  else if (slash != NULL)
    *slash = '\0';
  fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd);
    (void)close(fd);
  }
}

/*
** core.write_file (path, text) -> true | nil, message
** The file is its owner's alone; what stood there before stays until all of the new is on disk.
*/
static int lp_file_write (lua_State *L) {
  size_t length, n;
  const char *path = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &n);
  char *temporary;
  int fd, failed, reason;
  luaL_argcheck(L, strlen(path) == length && length > 0, 1, "not a path");
  temporary = lua_newuserdata(L, length + sizeof ".XXXXXX");
  memcpy(temporary, path, length);
  memcpy(temporary + length, ".XXXXXX", sizeof ".XXXXXX");
  fd = mkostemp(temporary, O_CLOEXEC); /* made with mode 0600 */
  if (fd < 0) {
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
  }
  failed = lp_write_all(fd, text, n) != 0;
  reason = errno;
  if (close(fd) != 0 && !failed) {
    failed = 1;
    reason = errno;
  }
  if (!failed && rename(temporary, path) != 0) {
    failed = 1;
    reason = errno;
  }
  if (failed) {
    (void)unlink(temporary);
    lua_pushnil(L);
    lua_pushstring(L, strerror(reason));
    return 2;
  }
  sync_folder(temporary);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.is_terminal (number of the descriptor) -> boolean */
static int lp_file_is_terminal (lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* core.terminal_size (number of the descriptor) -> columns, rows | nil when it is no terminal */
static int lp_file_terminal_size (lua_State *L) {
  struct winsize size;
  if (ioctl((int)luaL_checkinteger(L, 1), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  lua_pushinteger(L, size.ws_col);
  lua_pushinteger(L, size.ws_row);
  return 2;
}

static const luaL_Reg file_functions[] = {{"write_file", lp_file_write},
                                          {"is_terminal", lp_file_is_terminal},
                                          {"terminal_size", lp_file_terminal_size},
                                          {NULL, NULL}};

void lp_file_open (lua_State *L) {
  luaL_setfuncs(L, file_functions, 0);
}
