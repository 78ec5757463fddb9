/*
** Line editing for the prompt, over libedit. Nothing of Lua may be raised through libedit's
** frames: while a line is read, Lua is entered by lua_pcall alone, and what it needs is on the
** stack before.
*/
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <histedit.h>

#include "compat.h"
#include "signals.h"

#define EDITOR_TYPE "lastpass.lineedit.editor"
#define HISTORY_LINES 2000
#define SLOTS 8 /* of the Lua stack, for a completion */

/* Where `read` keeps, on its stack, what a completion calls. */
enum { EDITOR_SLOT = 1, PROMPT_SLOT, FUNCTION_SLOT, PROTECTED_SLOT };

typedef struct editor {
  EditLine *el;
  History *history;
  const wchar_t *prompt; /* on the stack of `read` */
  lua_State *L;          /* while a line is read */
  int interrupted;
  int signals; /* a signalfd while a line is read */
  int ending;  /* the signal that ended the line, or 0 */
  sigset_t before;
} editor;

/* What a completion says; the texts are malloc'ed. */
typedef struct completion {
  const LineInfoW *line;
  int erase; /* characters before the cursor */
  char *insert, *listing;
} completion;

static editor *editor_of (EditLine *el) {
  editor *e = NULL;
  el_get(el, EL_CLIENTDATA, (void **)&e);
  return e;
}

/*
** Signals. Those that libedit would handle itself (EL_SIGNAL) are blocked while a line is read,
** and come through a signalfd between two keys: libedit changes its buffers inside the handler,
** and once the window is narrower than the line, what is typed next is written beyond them.
*/
static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};

/* Blocks them; who ignores one (nohup) shall not see it. */
static int watch_signals (editor *e) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (size_t i = 0; i < sizeof watched_signals / sizeof watched_signals[0]; i++) {
    struct sigaction action;
    if (sigaction(watched_signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
      sigaddset(&wanted, watched_signals[i]);
  }
  e->ending = 0;
  e->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (e->signals < 0) return -1;
  pthread_sigmask(SIG_BLOCK, &wanted, &e->before);
  return 0;
}

/* Lets them through for a while; back_to (the mask that this gave) blocks them again. */
static sigset_t let_signals_through (const editor *e) {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, &e->before, &blocked);
  return blocked;
}

static void back_to (const sigset_t *blocked) {
  pthread_sigmask(SIG_SETMASK, blocked, NULL);
}

/* How many rows above the cursor the line begins, in a window so wide. */
static int rows_above (const editor *e, int columns) {
  const LineInfoW *line = el_wline(e->el);
  int column = (int)wcslen(e->prompt), rows = column / columns;
  column %= columns;
  for (const wchar_t *at = line->buffer; at < line->cursor; at++) {
    int width = wcwidth(*at) >= 0 ? wcwidth(*at) : 2; /* ^A */
    column += width;
    if (*at == L'\n' || column >= columns) {
      rows++;
      column = *at == L'\n' || column == columns ? 0 : width;
    }
  }
  return rows;
}

/* Terminals fold what they show anew, so the line is painted over where it would begin now. */
static void follow_window (editor *e) {
  struct winsize size;
  int rows = 0;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    rows = rows_above(e, size.ws_col);
  fputs("\r", stdout);
  if (rows > 0) fprintf(stdout, "\033[%dA", rows);
  fputs("\033[J", stdout);
  el_resize(e->el);
  el_set(e->el, EL_REFRESH);
}

/* Continues after a stop, below what the shell has written. */
static void go_on (const editor *e) {
  el_set(e->el, EL_PREP_TERM, 0);
  el_set(e->el, EL_PREP_TERM, 1);
  el_resize(e->el);
  fputs("\r\033[J", stdout);
  el_set(e->el, EL_REFRESH);
}

/* Ctrl-Z: the whole job stops, with the terminal as it was before. */
static void suspend (const editor *e) {
  sigset_t blocked;
  el_set(e->el, EL_PREP_TERM, 0);
  blocked = let_signals_through(e);
  kill(0, SIGTSTP);
  back_to(&blocked);
  go_on(e);
}

/* Takes a signal; 0 when it ends the line. */
static int take_signal (editor *e) {
  struct signalfd_siginfo info;
  if (read(e->signals, &info, sizeof info) != (ssize_t)sizeof info) return 1;
  switch (info.ssi_signo) {
  case SIGWINCH:
    follow_window(e);
    return 1;
  case SIGTSTP:
    suspend(e);
    return 1;
  case SIGCONT:
    go_on(e);
    return 1;
  default:
    e->ending = (int)info.ssi_signo;
    return 0;
  }
}

/* libedit's own reader, but for the signals: 1 and the next character, 0 at the end, or -1. */
static int read_key (EditLine *el, wchar_t *key) {
  editor *e = editor_of(el);
  mbstate_t half;
  memset(&half, 0, sizeof half);
  for (;;) {
    struct pollfd from[2] = {{e->signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    char byte;
    ssize_t got;
    size_t taken;
    if (poll(from, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (from[0].revents != 0 && !take_signal(e)) return -1;
    if (from[1].revents == 0) continue;
    got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return (int)got;
    taken = mbrtowc(key, &byte, 1, &half);
    if (taken == (size_t)-2) continue;
    if (taken != (size_t)-1) return 1;
    memset(&half, 0, sizeof half); /* no character: forgotten */
  }
}

/*
** Puts the string at `index` there as characters. The narrow call (EL_PROMPT of el_set) would end
** the process for bytes that are none in the locale.
*/
static const wchar_t *take_characters (lua_State *L, int index) {
  size_t n, used, count = 0;
  const char *text = luaL_checklstring(L, index, &n), *end = text + n;
  wchar_t *characters = lua_newuserdata(L, (n + 1) * sizeof *characters);
  mbstate_t state;
  memset(&state, 0, sizeof state);
  for (; text < end; text += used) {
    used = mbrtowc(&characters[count], text, (size_t)(end - text), &state);
    if (used == 0 || used > (size_t)(end - text)) {
      memset(&state, 0, sizeof state);
      characters[count] = L'?';
      used = 1;
    }
    count++;
  }
  characters[count] = L'\0';
  lua_replace(L, index);
  return characters;
}

static wchar_t *give_prompt (EditLine *el) {
  const editor *e = editor_of(el);
  static wchar_t none[] = L"";
  return e->prompt != NULL ? (wchar_t *)(uintptr_t)e->prompt : none;
}

static char *copy_text (lua_State *L, int index) {
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  return text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

/*
** Pushes characters as the locale's bytes; gives how many. libedit's own narrow calls (el_gets,
** el_line) stop at a zero in the line and still count what stands behind it, so a line of theirs
** is read beyond its end; they also convert what an earlier, longer line has left in the buffer.
*/
static size_t push_characters (lua_State *L, const wchar_t *from, const wchar_t *end) {
  luaL_Buffer b;
  mbstate_t state;
  size_t size;
  memset(&state, 0, sizeof state);
  luaL_buffinit(L, &b);
  for (; from < end; from++) {
    char bytes[MB_LEN_MAX];
    size_t n = wcrtomb(bytes, *from, &state);
    if (n == (size_t)-1) {
      memset(&state, 0, sizeof state);
      luaL_addchar(&b, '?');
    } else {
      luaL_addlstring(&b, bytes, n);
    }
  }
  luaL_pushresult(&b);
  (void)lua_tolstring(L, -1, &size);
  return size;
}

/*
** complete (text of the line, bytes before the cursor) -> how many characters before the cursor to
** erase, what to insert there, what to show below. Runs inside lua_pcall.
*/
static int call_completion (lua_State *L) {
  completion *c = lua_touserdata(L, 1);
  size_t before;
  lua_settop(L, 2);
  before = push_characters(L, c->line->buffer, c->line->cursor);
  (void)push_characters(L, c->line->cursor, c->line->lastchar);
  lua_concat(L, 2);
  lua_pushinteger(L, (lua_Integer)before);
  lua_call(L, 2, 3);
  c->erase = (int)lua_tointeger(L, -3);
  c->insert = copy_text(L, -2);
  c->listing = copy_text(L, -1);
  return 0;
}

/* Tab. The stack has space for this (SLOTS), and none of these pushes takes memory. */
static unsigned char on_complete (EditLine *el, int key) {
  editor *e = editor_of(el);
  lua_State *L = e->L;
  completion c = {el_wline(el), 0, NULL, NULL};
  unsigned char what = CC_REFRESH;
  sigset_t blocked = let_signals_through(e); /* children are to have them */
  (void)key;
  lua_pushvalue(L, PROTECTED_SLOT);
  lua_pushlightuserdata(L, &c);
  lua_pushvalue(L, FUNCTION_SLOT);
  if (lua_pcall(L, 2, 0, 0) != 0) {
    free(c.listing);
    c.listing = copy_text(L, -1);
    lua_pop(L, 1);
  }
  back_to(&blocked);
  if (c.erase > 0) el_deletestr(el, c.erase);
  if (c.insert != NULL) el_insertstr(el, c.insert);
  if (c.listing != NULL) {
    fprintf(stdout, "\n%s\n", c.listing);
    fflush(stdout);
    what = CC_REDISPLAY;
  } else if (c.insert == NULL) {
    what = CC_REFRESH_BEEP;
  }
  free(c.insert);
  free(c.listing);
  return what;
}

/* Ctrl-C comes as a key: the terminal sends no signal while a line is edited. */
static unsigned char on_interrupt (EditLine *el, int key) {
  (void)key;
  editor_of(el)->interrupted = 1;
  return CC_EOF;
}

/* Ctrl-Z, likewise. */
static unsigned char on_suspend (EditLine *el, int key) {
  (void)key;
  suspend(editor_of(el));
  return CC_NORM;
}

/* What libedit does not bind by itself. */
static const char *const bindings[][2] = {
    {"\t", "lastpass-complete"},       {"^C", "lastpass-interrupt"}, {"^Z", "lastpass-suspend"},
    {"^R", "em-inc-search-prev"},      {"^L", "ed-clear-screen"},    {"^W", "ed-delete-prev-word"},
    {"\\e[3~", "ed-delete-next-char"}, {"\\e[H", "ed-move-to-beg"},  {"\\e[1~", "ed-move-to-beg"},
    {"\\e[F", "ed-move-to-end"},       {"\\e[4~", "ed-move-to-end"}, {"\\e[1;5C", "em-next-word"},
    {"\\e[1;5D", "ed-prev-word"}};

static void set_up (editor *e) {
  EditLine *el = e->el;
  HistEvent event;
  el_set(el, EL_CLIENTDATA, e);
  el_wset(el, EL_PROMPT, give_prompt);
  el_set(el, EL_EDITOR, "emacs");
  el_wset(el, EL_GETCFN, read_key);
  el_set(el, EL_SETTY, "-d", "-isig", NULL);
  history(e->history, &event, H_SETSIZE, HISTORY_LINES);
  history(e->history, &event, H_SETUNIQUE, 1);
  el_set(el, EL_HIST, history, e->history);
  /* the narrow call would make copies that are never freed */
  el_wset(el, EL_ADDFN, L"lastpass-complete", L"completes", on_complete);
  el_wset(el, EL_ADDFN, L"lastpass-interrupt", L"drops the line", on_interrupt);
  el_wset(el, EL_ADDFN, L"lastpass-suspend", L"stops the program", on_suspend);
  for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++)
    el_set(el, EL_BIND, bindings[i][0], bindings[i][1], NULL);
}

/* libedit reads characters by the locale; a program starts with "C", where only ASCII is one. */
static void use_locale (void) {
  setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) setlocale(LC_CTYPE, "C.UTF-8");
}

static int lp_editor_close (lua_State *L) {
  editor *e = luaL_checkudata(L, 1, EDITOR_TYPE);
  if (e->el != NULL) el_end(e->el);
  if (e->history != NULL) history_end(e->history);
  e->el = NULL;
  e->history = NULL;
  lua_pushlightuserdata(L, e);
  lua_pushnil(L);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return 0;
}

/* lineedit.open (complete) -> editor: on standard input and output, which must be a terminal */
static int lp_lineedit_open (lua_State *L) {
  editor *e;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
    lua_pushnil(L);
    lua_pushliteral(L, "there is no terminal");
    return 2;
  }
  e = lua_newuserdata(L, sizeof *e);
  memset(e, 0, sizeof *e);
  luaL_getmetatable(L, EDITOR_TYPE);
  lua_setmetatable(L, -2);
  lua_pushlightuserdata(L, e);
  lua_pushvalue(L, 1);
  lua_rawset(L, LUA_REGISTRYINDEX);
  use_locale();
  e->history = history_init();
  e->el = e->history != NULL ? el_init("lastpass", stdin, stdout, stderr) : NULL;
  if (e->el == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, "libedit cannot use this terminal");
    return 2;
  }
  set_up(e);
  return 1;
}

static editor *check_editor (lua_State *L) {
  editor *e = luaL_checkudata(L, 1, EDITOR_TYPE);
  luaL_argcheck(L, e->el != NULL, 1, "the editor is closed");
  luaL_argcheck(L, e->L == NULL, 1, "the editor is reading a line");
  return e;
}

/*
** editor:read (prompt) -> line without its end | nil, "end" | nil, "interrupted"
** A signal that came meanwhile does, once the terminal is as it was, what it would have done.
*/
static int lp_editor_read (lua_State *L) {
  editor *e = check_editor(L);
  const wchar_t *prompt, *line;
  int count = 0;
  lua_settop(L, PROMPT_SLOT);
  prompt = take_characters(L, PROMPT_SLOT);
  lua_pushlightuserdata(L, e);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_pushcfunction(L, call_completion);
  luaL_checkstack(L, SLOTS, "too deep");
  if (watch_signals(e) != 0) return luaL_error(L, "editor: %s", strerror(errno));
  e->prompt = prompt;
  e->interrupted = 0;
  e->L = L;
  /* libedit does it behind the prompt, and a key in between would be the cooked terminal's */
  el_set(e->el, EL_PREP_TERM, 1);
  line = el_wgets(e->el, &count);
  e->L = NULL;
  e->prompt = NULL;
  close(e->signals);
  back_to(&e->before);
  if (e->interrupted || line == NULL || count <= 0) {
    fputs(e->interrupted ? "^C\n" : "\n", stdout);
    fflush(stdout);
    if (e->ending != 0) raise(e->ending);
    lua_pushnil(L);
    lua_pushstring(L, e->interrupted || e->ending != 0 ? "interrupted" : "end");
    return 2;
  }
  if (line[count - 1] == L'\n') count--;
  (void)push_characters(L, line, line + count);
  return 1;
}

/* editor:remember (text): puts it at the end of the history of this session */
static int lp_editor_remember (lua_State *L) {
  const editor *e = check_editor(L);
  const char *text = luaL_checkstring(L, 2);
  HistEvent event;
  lua_pushboolean(L, history(e->history, &event, H_ENTER, text) >= 0);
  return 1;
}

/* lineedit.key () -> the next key's first byte, read at once and not shown | nil at the end */
static int lp_lineedit_key (lua_State *L) {
  struct termios before, raw;
  char key;
  ssize_t got;
  if (tcgetattr(STDIN_FILENO, &before) != 0) return 0;
  raw = before;
  raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  got = read(STDIN_FILENO, &key, 1);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  if (got <= 0) return 0;
  lua_pushlstring(L, &key, 1);
  return 1;
}

static int lp_editor_tostring (lua_State *L) {
  lua_pushliteral(L, EDITOR_TYPE);
  return 1;
}

static const luaL_Reg editor_methods[] = {{"read", lp_editor_read},
                                          {"remember", lp_editor_remember},
                                          {"close", lp_editor_close},
                                          {NULL, NULL}};

static const luaL_Reg editor_meta[] = {{"__gc", lp_editor_close},
                                       {"__close", lp_editor_close},
                                       {"__tostring", lp_editor_tostring},
                                       {NULL, NULL}};

static const luaL_Reg lineedit_functions[] = {
    {"open", lp_lineedit_open}, {"key", lp_lineedit_key}, {NULL, NULL}};

LP_EXPORT int luaopen_lastpass_lineedit (lua_State *L) {
  lp_new_metatable(L, EDITOR_TYPE, editor_meta, editor_methods);
  lua_pop(L, 1);
  luaL_newlib(L, lineedit_functions);
  return 1;
}
