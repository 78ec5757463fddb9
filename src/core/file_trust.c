/*
** Who else can change a file: by its own mode, or by putting another one in its place. Every name
** on the way is looked at, those of symbolic links as well, as ssh and sudo do.
*/
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define MOST_LINKS 40 /* as the kernel has it */

typedef struct walk {
  char at[PATH_MAX];       /* where we are: a folder without links in its name, "" for the root */
  char rest[2 * PATH_MAX]; /* what is still to go */
  struct stat info;
  int links;
} walk;

/* Takes the next name off `rest` and appends it to `at`; 0 at the end. */
static int step (walk *w) {
  char *name = w->rest + strspn(w->rest, "/");
  size_t n = strcspn(name, "/"), used = strlen(w->at);
  if (n == 0) return 0;
  if (n == 1 && name[0] == '.') {
    /* stays */
  } else if (n == 2 && memcmp(name, "..", 2) == 0) {
    char *slash = strrchr(w->at, '/');
    if (slash != NULL) *slash = '\0';
  } else if (used + n + 1 < sizeof w->at) {
    w->at[used] = '/';
    memcpy(w->at + used + 1, name, n);
    w->at[used + 1 + n] = '\0';
  } else {
    errno = ENAMETOOLONG;
    return -1;
  }
  memmove(w->rest, name + n, strlen(name + n) + 1);
  return 1;
}

/* Puts the link that stands at `at` in front of `rest`. */
static int follow (walk *w) {
  char target[PATH_MAX];
  ssize_t n = readlink(w->at, target, sizeof target - 1);
  size_t left = strlen(w->rest);
  if (n < 0) return -1;
  if (++w->links > MOST_LINKS || (size_t)n + left >= sizeof w->rest) {
    errno = ELOOP;
    return -1;
  }
  memmove(w->rest + n, w->rest, left + 1);
  memcpy(w->rest, target, (size_t)n);
  *strrchr(w->at, '/') = '\0';
  if (target[0] == '/') w->at[0] = '\0';
  return 0;
}

static int belongs_to_others (const struct stat *info) {
  return info->st_uid != 0 && info->st_uid != geteuid();
}

/* In a sticky folder others can make files, but not replace ours. */
static int is_open_to_others (const struct stat *info) {
  if (S_ISLNK(info->st_mode) || (info->st_mode & (S_IWGRP | S_IWOTH)) == 0) return 0;
  return !(S_ISDIR(info->st_mode) && (info->st_mode & S_ISVTX) != 0);
}

static int push_finding (lua_State *L, const walk *w, const char *what, unsigned number,
                         const char *format) {
  char text[24];
  snprintf(text, sizeof text, format, number);
  lua_pushstring(L, w->at[0] == '\0' ? "/" : w->at);
  lua_pushstring(L, what);
  lua_pushstring(L, text);
  return 3;
}

static int begin_walk (walk *w, const char *path) {
  memset(w, 0, sizeof *w);
  if (strlen(path) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (path[0] != '/') {
    if (getcwd(w->rest, PATH_MAX - 1) == NULL) return -1;
    strcat(w->rest, "/");
  }
  strcat(w->rest, path);
  return 0;
}

/*
** core.changeable (path) -> nil: only we and root can change what it names, or it is no file (a
** pipe)   | the name on the way that others can change, "mode", its mode in octal
**   | that name, "owner", the user it belongs to | that name, "unknown", why it is unknown
*/
static int lp_file_changeable (lua_State *L) {
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  walk *w = lua_newuserdata(L, sizeof *w);
  struct stat target;
  int going;
  luaL_argcheck(L, strlen(path) == length && length > 0, 1, "not a path");
  if (stat(path, &target) == 0 && !S_ISREG(target.st_mode) && !S_ISDIR(target.st_mode)) return 0;
  going = begin_walk(w, path) == 0 ? 1 : -1;
  while (going > 0) {
    if (lstat(w->at[0] == '\0' ? "/" : w->at, &w->info) != 0) {
      going = -1;
      break;
    }
    if (belongs_to_others(&w->info)) return push_finding(L, w, "owner", w->info.st_uid, "%u");
    if (is_open_to_others(&w->info))
      return push_finding(L, w, "mode", w->info.st_mode & 07777, "%03o");
    if (S_ISLNK(w->info.st_mode) && follow(w) != 0) {
      going = -1;
      break;
    }
    going = step(w);
  }
  if (going == 0) return 0;
  lua_pushstring(L, path);
  lua_pushliteral(L, "unknown");
  lua_pushstring(L, strerror(errno));
  return 3;
}

static const luaL_Reg trust_functions[] = {{"changeable", lp_file_changeable}, {NULL, NULL}};

void lp_file_trust_open (lua_State *L) {
  luaL_setfuncs(L, trust_functions, 0);
}
