/*
** A file that events are written to, one behind the other: nobody else writes it meanwhile, what
** is synced stays, and what was not confirmed can be cut off again. Lua's own files can do none
** of it.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events_file.h"

#define LOG_TYPE "lastpass.log_file"

typedef struct log_file {
  int fd; /* -1: closed */
} log_file;

/* nil, message, code */
static int push_failure (lua_State *L, int reason) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(reason));
  lua_pushstring(L, reason == EWOULDBLOCK                  ? "file_in_use"
                    : reason == ENOSPC || reason == EDQUOT ? "disk_full"
                    : reason == EACCES || reason == EPERM  ? "not_allowed"
                    : reason == ENOENT                     ? "no_such_file"
                                                           : "file_failed");
  return 3;
}

static log_file *check (lua_State *L) {
  log_file *f = luaL_checkudata(L, 1, LOG_TYPE);
  luaL_argcheck(L, f->fd >= 0, 1, "the file is closed");
  return f;
}

static const char *check_path (lua_State *L, int index) {
  size_t length;
  const char *path = luaL_checklstring(L, index, &length);
  luaL_argcheck(L, length > 0 && strlen(path) == length, index, "not a path");
  return path;
}

/* The name of a file is durable only once its folder is. */
static int sync_folder_of (lua_State *L, const char *path) {
  const char *slash = strrchr(path, '/');
  int fd, failed;
  if (slash == NULL)
    lua_pushliteral(L, ".");
  else
    lua_pushlstring(L, path, slash == path ? 1 : (size_t)(slash - path));
  fd = open(lua_tostring(L, -1), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  lua_pop(L, 1);
  if (fd < 0) return -1;
  failed = fsync(fd) != 0 && errno != EINVAL;
  (void)close(fd);
  return failed ? -1 : 0;
}

/*
** core.open_log (path) -> log | nil, message, code
** Made when it is not there, its owner's alone. Code "file_in_use": another process has it open.
*/
static int lp_log_open (lua_State *L) {
  const char *path = check_path(L, 1);
  log_file *f = lua_newuserdata(L, sizeof *f);
  int reason;
  f->fd = -1;
  luaL_getmetatable(L, LOG_TYPE);
  lua_setmetatable(L, -2);
  f->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (f->fd < 0) return push_failure(L, errno);
  if (flock(f->fd, LOCK_EX | LOCK_NB) != 0 || sync_folder_of(L, path) != 0) {
    reason = errno;
    (void)close(f->fd);
    f->fd = -1;
    return push_failure(L, reason);
  }
  return 1;
}

/* log:write (text) -> true | nil, message, code: all of it, at the end of the file */
static int lp_log_write (lua_State *L) {
  log_file *f = check(L);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  while (n > 0) {
    ssize_t written = write(f->fd, bytes, n);
    if (written < 0) {
      if (errno == EINTR) continue;
      return push_failure(L, errno);
    }
    bytes += written;
    n -= (size_t)written;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* log:sync () -> true | nil, message, code: what was written is on the disk */
static int lp_log_sync (lua_State *L) {
  log_file *f = check(L);
  /* what has no disk (a pipe, /dev/null) cannot be synced */
  if (fdatasync(f->fd) != 0 && errno != EINVAL && errno != EROFS) return push_failure(L, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/* log:size () -> bytes | nil, message, code */
static int lp_log_size (lua_State *L) {
  log_file *f = check(L);
  struct stat about;
  if (fstat(f->fd, &about) != 0) return push_failure(L, errno);
  lua_pushinteger(L, (lua_Integer)about.st_size);
  return 1;
}

/* log:truncate (bytes) -> true | nil, message, code: cuts off what is behind */
static int lp_log_truncate (lua_State *L) {
  log_file *f = check(L);
  lua_Number size = luaL_checknumber(L, 2);
  luaL_argcheck(L, size >= 0 && size < 9e15, 2, "a number of bytes expected");
  if (ftruncate(f->fd, (off_t)size) != 0 || fsync(f->fd) != 0) return push_failure(L, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/* log:close (): safe to call again */
static int lp_log_close (lua_State *L) {
  log_file *f = luaL_checkudata(L, 1, LOG_TYPE);
  if (f->fd >= 0) (void)close(f->fd);
  f->fd = -1;
  return 0;
}

/* core.move_file (from, to) -> true | nil, message, code: durable when it returns */
static int lp_move_file (lua_State *L) {
  const char *from = check_path(L, 1), *to = check_path(L, 2);
  if (rename(from, to) != 0 || sync_folder_of(L, to) != 0) return push_failure(L, errno);
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg log_methods[] = {{"write", lp_log_write}, {"sync", lp_log_sync},
                                       {"size", lp_log_size},   {"truncate", lp_log_truncate},
                                       {"close", lp_log_close}, {NULL, NULL}};

static const luaL_Reg log_meta[] = {{"__gc", lp_log_close}, {NULL, NULL}};

static const luaL_Reg file_functions[] = {
    {"open_log", lp_log_open}, {"move_file", lp_move_file}, {NULL, NULL}};

void lp_events_file_open (lua_State *L) {
  lp_new_metatable(L, LOG_TYPE, log_meta, log_methods);
  lua_pop(L, 1);
  luaL_setfuncs(L, file_functions, 0);
}
