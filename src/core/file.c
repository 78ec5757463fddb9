/*
** What Lua's own library cannot do with files: replace one whole or not at all, put on the disk
*what
** others wrote, and ask whether somebody sits in front of one, and how much that one sees.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lualib.h>

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
  /* EINVAL: a terminal, a pipe or /dev/null, which have nothing to put on a disk */
  return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

/* The same, and closes: 0, or the number of what went wrong first. */
static int write_and_close (int fd, const char *bytes, size_t n) {
  int reason = lp_write_all(fd, bytes, n) != 0 ? errno : 0;
  if (close(fd) != 0 && reason == 0) reason = errno;
  return reason;
}

int lp_push_written (lua_State *L, int reason) {
  if (reason != 0) {
    lua_pushnil(L);
    lua_pushstring(L, strerror(reason));
    return 2;
  }
  lua_pushboolean(L, 1);
  return 1;
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

/* Writes what is neither a file nor a folder, such as /dev/null or a pipe: it must not be replaced.
 */
static int write_in_place (const char *path, const char *text, size_t n) {
  int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? errno : write_and_close(fd, text, n);
}

/* What others may read keeps owner, group and mode of the file that it replaces, as far as we may.
 */
static int open_to_others (const char *path, int fd) {
  struct stat there;
  if (stat(path, &there) != 0) return fchmod(fd, 0644);
  if (fchown(fd, there.st_uid, there.st_gid) != 0 && fchown(fd, (uid_t)-1, there.st_gid) != 0)
    errno = 0; /* another's file becomes ours */
  return fchmod(fd, there.st_mode & 0777);
}

/* Puts a file of mode 0600 in the place of what is there. `temporary`: room for a name beside it.
 */
static int replace_file (const char *path, char *temporary, const char *text, size_t n,
                         int is_public) {
  size_t length = strlen(path);
  int fd, reason;
  memcpy(temporary, path, length);
  memcpy(temporary + length, ".XXXXXX", sizeof ".XXXXXX");
  fd = mkostemp(temporary, O_CLOEXEC); /* made with mode 0600 */
  if (fd < 0) return errno;
  reason = is_public && open_to_others(path, fd) != 0 ? errno : 0;
  if (reason != 0)
    (void)close(fd);
  else
    reason = write_and_close(fd, text, n);
  if (reason == 0 && rename(temporary, path) != 0) reason = errno;
  if (reason != 0) {
    (void)unlink(temporary);
    return reason;
  }
  sync_folder(temporary);
  return 0;
}

/* Whether a path is a device, a pipe or the like, or leads to one; /dev/stdout is what it leads to.
 */
static int is_special (const char *path) {
  struct stat there, link;
  if (stat(path, &there) != 0) return 0;
  if (!S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) return 1;
  return strncmp(path, "/dev/", 5) == 0 && lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
}

/*
** core.write_file (path, text, is_public) -> true | nil, message
** The file is its owner's alone, unless it is public: then it has the rights of the one that it
** replaces, and a new one can be read by all. What stood there before stays until all of the new is
*on disk.
** A symbolic link to a file is replaced; what is no file is written to.
*/
static int lp_file_write (lua_State *L) {
  size_t length, n;
  const char *path = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &n);
  int reason;
  luaL_argcheck(L, strlen(path) == length && length > 0, 1, "not a path");
  if (is_special(path))
    reason = write_in_place(path, text, n);
  else
    reason = replace_file(path, lua_newuserdata(L, length + sizeof ".XXXXXX"), text, n,
                          lua_toboolean(L, 3));
  return lp_push_written(L, reason);
}

/* core.is_special_file (path) -> boolean: a device, a pipe or the like, which must not be replaced
 */
static int lp_file_is_special (lua_State *L) {
  lua_pushboolean(L, is_special(luaL_checkstring(L, 1)));
  return 1;
}

/*
** core.is_readable (path) -> boolean. The file is not opened: a close, of any descriptor, takes
*away
** the locks that this process has on a file (POSIX), which for SQLite are those of a database in
*use.
*/
static int lp_file_is_readable (lua_State *L) {
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  lua_pushboolean(L, strlen(path) == length && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0);
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

/* A file of Lua's io, which has to be open. A closed one has no function that closes it (5.2 on),
** or no file (5.1, LuaJIT). */
static FILE *check_open_file (lua_State *L, int index) {
#if LUA_VERSION_NUM >= 502
  const luaL_Stream *stream = luaL_checkudata(L, index, LUA_FILEHANDLE);
  luaL_argcheck(L, stream->closef != NULL, index, "a file that is open expected");
  return stream->f;
#else
  FILE **file = luaL_checkudata(L, index, LUA_FILEHANDLE);
  luaL_argcheck(L, *file != NULL, index, "a file that is open expected");
  return *file;
#endif
}

/*
** core.sync_file (file of Lua's io, path) -> true | false | nil, message
** All that was written to the file so far, by whomever, is on the disk; false when the path leads
** to another file by now. A descriptor is told of each failure once, so a file that stays open
** misses none.
*/
static int lp_file_sync (lua_State *L) {
  FILE *file = check_open_file(L, 1);
  const char *path = luaL_checkstring(L, 2);
  struct stat ours, there;
  int fd;
  fd = fileno(file);
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (fstat(fd, &ours) != 0 || stat(path, &there) != 0) return lp_push_written(L, errno);
  if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev) {
    lua_pushboolean(L, 0);
    return 1;
  }
  return lp_push_written(L, fdatasync(fd) == 0 ? 0 : errno);
}

static const luaL_Reg file_functions[] = {{"write_file", lp_file_write},
                                          {"sync_file", lp_file_sync},
                                          {"is_special_file", lp_file_is_special},
                                          {"is_readable", lp_file_is_readable},
                                          {"is_terminal", lp_file_is_terminal},
                                          {"terminal_size", lp_file_terminal_size},
                                          {NULL, NULL}};

void lp_file_open (lua_State *L) {
  luaL_setfuncs(L, file_functions, 0);
}
