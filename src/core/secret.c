/* Locked memory for secrets; secret.h says what is promised. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "array.h"
#include "registers.h"
#include "secret.h"
#include "signals.h"

/*
** The process-wide table. A secret has a mapping of its own: mlock'ed so that it is never
** swapped, MADV_DONTDUMP so that no core file has it. It is guarded by the mutex.
*/
typedef struct entry {
  char *bytes;
  size_t length;
  unsigned holders;
  unsigned generation; /* how often the slot was used before: a stale number names nothing */
} entry;

#define SLOTS 4096u /* a number is generation * SLOTS + slot, slots count from 1 */

static struct {
  pthread_mutex_t mutex;
  entry *entries;
  unsigned count;
} table = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

#define MAPPING (LP_SECRET_MAX + 1)

static void wipe (void *memory, size_t n) {
  explicit_bzero(memory, n);
  lp_forget_registers();
}

static char *map_locked (void) {
  char *memory = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  if (mlock(memory, MAPPING) != 0 || madvise(memory, MAPPING, MADV_DONTDUMP) != 0) {
    munmap(memory, MAPPING);
    return NULL;
  }
  return memory;
}

static void unmap_locked (char *memory) {
  wipe(memory, MAPPING);
  munmap(memory, MAPPING);
}

/*
** A child of fork (a worker of nginx) has the secrets in memory of its own, which is not locked:
** it is locked again here. Where a child may not lock as much, they stay, and out of core files.
*/
static void before_fork (void) {
  pthread_mutex_lock(&table.mutex);
}

static void behind_fork (void) {
  pthread_mutex_unlock(&table.mutex);
}

static void in_child (void) {
  for (unsigned i = 0; i < table.count; i++)
    if (table.entries[i].holders > 0) (void)mlock(table.entries[i].bytes, MAPPING);
  pthread_mutex_unlock(&table.mutex);
}

static void watch_forks (void) {
  (void)pthread_atfork(before_fork, behind_fork, in_child);
}

/* Gives a mapping its number; 0 without memory. */
static unsigned enter (char *bytes, size_t length) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  unsigned i;
  (void)pthread_once(&once, watch_forks);
  pthread_mutex_lock(&table.mutex);
  for (i = 0; i < table.count; i++)
    if (table.entries[i].holders == 0) break;
  if (i == table.count) {
    size_t capacity = table.count;
    if (table.count >= SLOTS - 1 || LP_RESERVE(table.entries, table.count, 1u, capacity) != 0) {
      pthread_mutex_unlock(&table.mutex);
      return 0;
    }
    if (capacity > SLOTS - 1) capacity = SLOTS - 1;
    memset(table.entries + table.count, 0, (capacity - table.count) * sizeof *table.entries);
    table.count = (unsigned)capacity;
  }
  table.entries[i].bytes = bytes;
  table.entries[i].length = length;
  table.entries[i].holders = 1;
  i = table.entries[i].generation * SLOTS + i + 1;
  pthread_mutex_unlock(&table.mutex);
  return i;
}

/* The entry of a live secret, or NULL; the mutex must be held. */
static entry *find (unsigned number) {
  unsigned slot = number % SLOTS;
  entry *e;
  if (slot == 0 || slot > table.count) return NULL;
  e = &table.entries[slot - 1];
  return e->holders > 0 && e->generation == number / SLOTS ? e : NULL;
}

size_t lp_secret_copy (unsigned number, size_t from, char *out, size_t n) {
  size_t copied = 0;
  entry *e;
  pthread_mutex_lock(&table.mutex);
  e = find(number);
  if (e != NULL && from < e->length) {
    copied = e->length - from < n ? e->length - from : n;
    memcpy(out, e->bytes + from, copied);
    lp_forget_registers();
  }
  pthread_mutex_unlock(&table.mutex);
  return copied;
}

size_t lp_secret_length (unsigned number) {
  size_t length = 0;
  entry *e;
  pthread_mutex_lock(&table.mutex);
  if ((e = find(number)) != NULL) length = e->length;
  pthread_mutex_unlock(&table.mutex);
  return length;
}

int lp_secret_is_plain (unsigned number) {
  const entry *e;
  int plain = 1;
  pthread_mutex_lock(&table.mutex);
  e = find(number);
  for (size_t i = 0; e != NULL && i < e->length; i++) {
    unsigned char c = (unsigned char)e->bytes[i];
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') plain = 0;
  }
  pthread_mutex_unlock(&table.mutex);
  return plain && e != NULL;
}

int lp_secret_retain (unsigned number) {
  entry *e;
  pthread_mutex_lock(&table.mutex);
  if ((e = find(number)) != NULL) e->holders++;
  pthread_mutex_unlock(&table.mutex);
  return e != NULL;
}

void lp_secret_release (unsigned number) {
  char *bytes = NULL;
  entry *e;
  pthread_mutex_lock(&table.mutex);
  if ((e = find(number)) != NULL && --e->holders == 0) {
    bytes = e->bytes;
    e->bytes = NULL;
    e->length = 0;
    e->generation = (e->generation + 1) % (INT_MAX / SLOTS);
  }
  pthread_mutex_unlock(&table.mutex);
  if (bytes != NULL) unmap_locked(bytes);
}

/*
** The secrets that were taken out of the environment, by the names of their variables: who asks
** again gets them from here.
*/
typedef struct taken {
  struct taken *next;
  unsigned number;
  char name[];
} taken;

static struct {
  pthread_mutex_t mutex;
  taken *first;
} taken_variables = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* When the module is unloaded with the last Lua state, its table goes too. */
__attribute__((destructor)) static void free_table (void) {
  for (taken *t = taken_variables.first, *next; t != NULL; t = next) {
    next = t->next;
    lp_secret_release(t->number);
    free(t);
  }
  taken_variables.first = NULL;
  free(table.entries);
  table.entries = NULL;
  table.count = 0;
}

static int fail (lua_State *L, const char *code, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, code);
  return 3;
}

/* The name for a message: a secret given instead of its file's or variable's name is not repeated.
 */
static const char *shown (const char *name) {
  return strchr(name, '\n') == NULL ? name : "(has line breaks: is it the secret itself?)";
}

/* nil, "cannot do X 'name': reason", code */
static int fail_errno (lua_State *L, const char *code, const char *what, const char *name,
                       int number) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s '%s': %s", what, shown(name), strerror(number));
  lua_pushstring(L, code);
  return 3;
}

/* Puts a new handle at stack index 1, before any locked memory is held: making it may raise. */
static lp_secret *make_handle (lua_State *L) {
  lp_secret *secret = lua_newuserdata(L, sizeof *secret);
  secret->number = 0;
  luaL_getmetatable(L, LP_SECRET_TYPE);
  lua_setmetatable(L, -2);
  lua_insert(L, 1);
  return secret;
}

/*
** Takes over a filled mapping: the line end that editors and `echo` add is cut off, what then is
** empty or could not stand in a JSON string unescaped is refused (no such hash or key exists, and
** so the request's body can be put together from locked memory without another copy). Only a
** private key in PEM (RFC 7468) has lines; lp_secret_is_plain tells that it can be no hash.
*/
static int finish (lua_State *L, lp_secret *secret, char *bytes, size_t length) {
  static const char pem[] = "-----BEGIN ";
  int is_pem = length >= sizeof pem && memcmp(bytes, pem, sizeof pem - 1) == 0;
  while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) length--;
  if (length == 0) {
    unmap_locked(bytes);
    return fail(L, "empty_secret", "the secret is empty");
  }
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if ((c < ' ' || c == 0x7F) && !(is_pem && (c == '\n' || c == '\r'))) {
      unmap_locked(bytes);
      return fail(L, "bad_secret",
                  "the secret has a control character, such as a second line; is it the right "
                  "file?");
    }
  }
  secret->number = enter(bytes, length);
  if (secret->number == 0) {
    unmap_locked(bytes);
    return fail(L, "out_of_memory", "out of memory");
  }
  lua_settop(L, 1);
  return 1;
}

static int no_locked_memory (lua_State *L) {
  return fail(L, "no_locked_memory",
              "cannot lock memory for a secret: raise the limit (ulimit -l)");
}

/* Reads a descriptor to its end into locked memory; closes nothing. */
static int from_open_file (lua_State *L, lp_secret *secret, int descriptor, const char *name) {
  char *bytes = map_locked();
  size_t length = 0;
  if (bytes == NULL) return no_locked_memory(L);
  for (;;) {
    ssize_t got = read(descriptor, bytes + length, MAPPING - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int number = errno;
      unmap_locked(bytes);
      return fail_errno(L, "unreadable", "cannot read the secret from", name, number);
    }
    if (got == 0) break;
    length += (size_t)got;
    if (length == MAPPING) {
      unmap_locked(bytes);
      return fail(L, "bad_secret", "too long for a secret (more than 4095 bytes)");
    }
  }
  return finish(L, secret, bytes, length);
}

/* secret.value (text): for tests and programs that have it already; Lua's own copy stays. */
static int lp_secret_value (lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lp_secret *secret = make_handle(L);
  char *bytes;
  if (length > LP_SECRET_MAX) return fail(L, "bad_secret", "too long for a secret");
  if ((bytes = map_locked()) == NULL) return no_locked_memory(L);
  memcpy(bytes, text, length);
  return finish(L, secret, bytes, length);
}

/* Keeps the secret for as long as the process lives; 0 without memory. */
static int remember_variable (const char *name, unsigned number) {
  size_t size = strlen(name) + 1;
  taken *t;
  pthread_mutex_lock(&taken_variables.mutex);
  for (t = taken_variables.first; t != NULL && strcmp(t->name, name) != 0; t = t->next) {
  }
  if (t != NULL) {
    lp_secret_release(t->number);
  } else if ((t = malloc(sizeof *t + size)) != NULL) {
    memcpy(t->name, name, size);
    t->next = taken_variables.first;
    taken_variables.first = t;
  }
  if (t != NULL) {
    t->number = number;
    (void)lp_secret_retain(number);
  }
  pthread_mutex_unlock(&taken_variables.mutex);
  return t != NULL;
}

/* The number of the secret that was in this variable, for a further holder; 0: there is none. */
static unsigned recall_variable (const char *name) {
  unsigned number = 0;
  pthread_mutex_lock(&taken_variables.mutex);
  for (const taken *t = taken_variables.first; t != NULL; t = t->next)
    if (strcmp(t->name, name) == 0 && lp_secret_retain(t->number)) number = t->number;
  pthread_mutex_unlock(&taken_variables.mutex);
  return number;
}

/*
** secret.env (name): takes the variable. Its bytes are wiped where the kernel put them, so that
** /proc/PID/environ has them no more, and the variable is gone, so that no child gets it.
*/
static int lp_secret_env (lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  char *value = getenv(name), *bytes;
  lp_secret *secret = make_handle(L);
  size_t length;
  int results;
  if (value == NULL) {
    if ((secret->number = recall_variable(name)) != 0) {
      lua_settop(L, 1);
      return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "the environment has no variable '%s'", shown(name));
    lua_pushliteral(L, "no_such_variable");
    return 3;
  }
  length = strlen(value);
  if (length > LP_SECRET_MAX) return fail(L, "bad_secret", "too long for a secret");
  if ((bytes = map_locked()) == NULL) return no_locked_memory(L);
  memcpy(bytes, value, length);
  results = finish(L, secret, bytes, length); /* the name is off the stack, but not yet collected */
  if (results == 1 && remember_variable(name, secret->number)) {
    wipe(value, length);
    (void)unsetenv(name);
  }
  return results;
}

/*
** secret.file (path): a file that others may read is refused, as ssh does with its keys. The
** checks are made on the opened file, so that it cannot be changed for another in between.
*/
static int lp_secret_file (lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  lp_secret *secret = make_handle(L);
  struct stat info;
  int results, descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) return fail_errno(L, "unreadable", "cannot open", path, errno);
  if (fstat(descriptor, &info) != 0) {
    int number = errno;
    close(descriptor);
    return fail_errno(L, "unreadable", "cannot look at", path, number);
  }
  if (!S_ISREG(info.st_mode)) {
    close(descriptor);
    return fail_errno(L, "unreadable", "cannot use", path, S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0 || (info.st_uid != geteuid() && info.st_uid != 0)) {
    close(descriptor);
    lua_pushnil(L);
    lua_pushfstring(L, "'%s' can be read or changed by others; make it yours alone: chmod 600 %s",
                    path, path);
    lua_pushliteral(L, "unsafe_file");
    return 3;
  }
  results = from_open_file(L, secret, descriptor, path);
  close(descriptor);
  return results;
}

/* secret.descriptor (n): read to its end, left open */
static int lp_secret_descriptor (lua_State *L) {
  int descriptor = (int)luaL_checkinteger(L, 1);
  return from_open_file(L, make_handle(L), descriptor, "descriptor");
}

/*
** nginx fetches whatever child has ended as soon as it hears of one, and would have the status of
** our command. So it hears of none until we are through; then it is notified to look again.
*/
static void keep_children (struct sigaction *before) {
  struct sigaction plain;
  memset(&plain, 0, sizeof plain);
  plain.sa_handler = SIG_DFL;
  sigemptyset(&plain.sa_mask);
  (void)sigaction(SIGCHLD, &plain, before);
}

static void give_children_back (const struct sigaction *before) {
  (void)sigaction(SIGCHLD, before, NULL);
  if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) (void)raise(SIGCHLD);
}

/*
** secret.command (line): what a shell command prints (`pass show …`, a vault's program). Read
** with read(2) and not through stdio, whose buffer would keep a copy.
*/
static int lp_secret_command (lua_State *L) {
  const char *line = luaL_checkstring(L, 1);
  lp_secret *secret = make_handle(L);
  int results, status;
  struct sigaction before;
  FILE *pipe;
  keep_children(&before);
  pipe = popen(line, "re");
  if (pipe == NULL) {
    status = errno;
    give_children_back(&before);
    return fail_errno(L, "command_failed", "cannot run", line, status);
  }
  results = from_open_file(L, secret, fileno(pipe), line);
  status = pclose(pipe);
  give_children_back(&before);
  /* a command that failed mostly printed nothing; what it did print is not to be trusted. But one
  ** that we stopped reading, because it printed too much, fails by that */
  if (status != 0 && (results == 1 || strcmp(lua_tostring(L, -1), "empty_secret") == 0)) {
    lua_pushnil(L);
    lua_pushfstring(L, "the command '%s' failed (status %d)", line,
                    status > 255 ? status / 256 : status);
    lua_pushliteral(L, "command_failed");
    return 3;
  }
  return results;
}

/* What the terminal sends for keys while it does nothing by itself. */
enum { KEY_INTERRUPT = 3, KEY_END = 4, KEY_ERASE = 8, KEY_ERASE_LINE = 21, KEY_DELETE = 127 };

/*
** Reads one line key by key, in locked memory all the way; -1 when it was interrupted, by a key or
** by a signal that is caught. The terminal does not even handle Ctrl-C by itself, so that it is
** never left without echo.
*/
static long read_line (int descriptor, char *bytes, const lp_interrupts *interrupts) {
  size_t length = 0;
  for (;;) {
    char key;
    ssize_t got = read(descriptor, &key, 1);
    if (got < 0 && errno == EINTR && interrupts != NULL && interrupts->count > 0) return -1;
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || key == '\n' || key == '\r') return (long)length;
    if (key == KEY_INTERRUPT) return -1;
    if (key == KEY_END && length == 0) return 0;
    if (key == KEY_ERASE_LINE)
      length = 0;
    else if (key == KEY_ERASE || key == KEY_DELETE)
      length -= length > 0;
    else if (length < LP_SECRET_MAX)
      bytes[length++] = key;
  }
}

/* secret.prompt (text): asks on the terminal without echo */
static int lp_secret_prompt (lua_State *L) {
  const char *text = luaL_optstring(L, 1, "Provisioning hash: ");
  lp_secret *secret = make_handle(L);
  struct termios before, quiet;
  char *bytes;
  long length = -1;
  int descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0 || tcgetattr(descriptor, &before) != 0) {
    if (descriptor >= 0) close(descriptor);
    return fail(L, "no_terminal", "there is no terminal to ask for the secret");
  }
  if ((bytes = map_locked()) == NULL) {
    close(descriptor);
    return no_locked_memory(L);
  }
  quiet = before;
  quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
  quiet.c_cc[VMIN] = 1;
  quiet.c_cc[VTIME] = 0;
  tcsetattr(descriptor, TCSAFLUSH, &quiet);
  if (write(descriptor, text, strlen(text)) >= 0)
    length = read_line(descriptor, bytes, lp_interrupts_of(L));
  tcsetattr(descriptor, TCSAFLUSH, &before);
  if (write(descriptor, "\n", 1) < 0) length = -1;
  close(descriptor);
  if (length < 0) {
    unmap_locked(bytes);
    return fail(L, "interrupted", "the question was interrupted");
  }
  return finish(L, secret, bytes, (size_t)length);
}

static lp_secret *check (lua_State *L) {
  return luaL_checkudata(L, 1, LP_SECRET_TYPE);
}

/* secret:starts_with (text): tells kinds of keys apart (enterprise-api §1.2) */
static int lp_secret_starts_with (lua_State *L) {
  lp_secret *secret = check(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  char start[16];
  lp_takes(L, "secret:starts_with", 1);
  int same = n <= sizeof start && lp_secret_copy(secret->number, 0, start, n) == n &&
             memcmp(start, text, n) == 0;
  wipe(start, sizeof start);
  lua_pushboolean(L, same);
  return 1;
}

/* Writes the text to `out`, three stars for each occurrence of the secret. */
static void replace_secret (const char *text, size_t n, const char *bytes, size_t length, char *out,
                            size_t *written) {
  const char *from = text, *end = text + n, *found;
  while ((found = memmem(from, (size_t)(end - from), bytes, length)) != NULL) {
    memcpy(out + *written, from, (size_t)(found - from));
    *written += (size_t)(found - from);
    memcpy(out + *written, "***", 3);
    *written += 3;
    from = found + length;
  }
  memcpy(out + *written, from, (size_t)(end - from));
  *written += (size_t)(end - from);
}

/* Without memory for the secret's bytes the answer is yes: who asks next says so. */
static int occurs_in (unsigned number, const char *text, size_t n) {
  char *bytes = map_locked();
  size_t length;
  int occurs;
  if (bytes == NULL) return 1;
  length = lp_secret_copy(number, 0, bytes, LP_SECRET_MAX);
  occurs = length > 0 && memmem(text, n, bytes, length) != NULL;
  unmap_locked(bytes);
  return occurs;
}

/* secret:redact (text): the text with every occurrence of the secret replaced */
static int lp_secret_redact (lua_State *L) {
  lp_secret *secret = check(L);
  size_t n, written = 0;
  const char *text = luaL_checklstring(L, 2, &n);
  lp_takes(L, "secret:redact", 1);
  size_t length = lp_secret_length(secret->number);
  if (!occurs_in(secret->number, text, n)) { /* nearly always: long texts are not copied for it */
    lua_settop(L, 2);
    return 1;
  }
  /* space for the longest result, before the secret's bytes are out: making it may raise */
  char *out = lua_newuserdata(L, length == 0 || length >= 3 ? n + 1 : n * 3 + 1);
  char *bytes = map_locked();
  if (bytes == NULL) return no_locked_memory(L);
  length = lp_secret_copy(secret->number, 0, bytes, LP_SECRET_MAX);
  if (length > 0) replace_secret(text, n, bytes, length, out, &written);
  unmap_locked(bytes);
  if (length == 0)
    lua_pushvalue(L, 2);
  else
    lua_pushlstring(L, out, written);
  return 1;
}

/* secret:number (): its name for another thread of this process */
static int lp_secret_number (lua_State *L) {
  lp_takes(L, "secret:number", 0);
  lua_pushinteger(L, (lua_Integer)check(L)->number);
  return 1;
}

/* secret:length (): how many bytes it has, for what asks for keys that are long enough */
static int lp_secret_size (lua_State *L) {
  lp_takes(L, "secret:length", 0);
  lua_pushinteger(L, (lua_Integer)lp_secret_length(check(L)->number));
  return 1;
}

/* secret.by_number (n): a further handle of a live secret */
static int lp_secret_by_number (lua_State *L) {
  lua_Integer number = luaL_checkinteger(L, 1);
  lp_secret *secret = make_handle(L);
  if (number < 1 || number > INT_MAX || !lp_secret_retain((unsigned)number))
    return fail(L, "no_such_secret", "no such secret");
  secret->number = (unsigned)number;
  lua_settop(L, 1);
  return 1;
}

/* secret.is (value) -> whether it is a secret */
static int lp_secret_is (lua_State *L) {
  lua_pushboolean(L, luaL_testudata(L, 1, LP_SECRET_TYPE) != NULL);
  return 1;
}

/* Releases this handle; the last one wipes the memory. */
static int lp_secret_close (lua_State *L) {
  lp_secret *secret = check(L);
  unsigned number = secret->number;
  secret->number = 0;
  lp_secret_release(number);
  return 0;
}

static int lp_secret_tostring (lua_State *L) {
  lua_pushliteral(L, "lastpass.secret (hidden)");
  return 1;
}

/* secret:is_plain () -> whether it can be a hash or a key: see lp_secret_is_plain */
static int lp_secret_plain (lua_State *L) {
  lp_secret *secret = luaL_checkudata(L, 1, LP_SECRET_TYPE);
  lp_takes(L, "secret:is_plain", 0);
  lua_pushboolean(L, lp_secret_is_plain(secret->number));
  return 1;
}

static int lp_secret_close_once (lua_State *L) {
  lp_takes(L, "secret:close", 0);
  return lp_secret_close(L);
}

static const luaL_Reg secret_methods[] = {{"starts_with", lp_secret_starts_with},
                                          {"redact", lp_secret_redact},
                                          {"is_plain", lp_secret_plain},
                                          {"number", lp_secret_number},
                                          {"length", lp_secret_size},
                                          {"close", lp_secret_close_once},
                                          {NULL, NULL}};

static const luaL_Reg secret_meta[] = {{"__tostring", lp_secret_tostring},
                                       {"__gc", lp_secret_close},
                                       {"__close", lp_secret_close},
                                       {NULL, NULL}};

static const luaL_Reg secret_functions[] = {{"value", lp_secret_value},
                                            {"env", lp_secret_env},
                                            {"file", lp_secret_file},
                                            {"command", lp_secret_command},
                                            {"descriptor", lp_secret_descriptor},
                                            {"prompt", lp_secret_prompt},
                                            {"by_number", lp_secret_by_number},
                                            {"is", lp_secret_is},
                                            {NULL, NULL}};

void lp_secret_open (lua_State *L) {
  lp_new_metatable(L, LP_SECRET_TYPE, secret_meta, secret_methods);
  lua_pop(L, 1);
  luaL_newlib(L, secret_functions);
}
