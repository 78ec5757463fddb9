--- Secrets: kept in locked memory that is wiped, never shown. Each function gives a secret, or
-- nil, message, err.
-- @module lastpass.secret
local core = require "lastpass.core"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

local hints = {
  unsafe_file = "chmod 600 the file",
  no_locked_memory = "ulimit -l",
  no_terminal = "take it from a file with mode 600, a command or the environment",
}

local function checked(secret, message, code)
  if secret then
    return secret
  end
  local kind = code == "interrupted" and "cancelled" or "argument"
  return errors.fail(kind, code, message, { hint = hints[code] })
end

local function check_text(where, value)
  if value == "" then
    errors.raise(3, "lastpass.secret.%s: needs a string", where)
  end
end

--- From a file that nobody else may read (mode 600); "~" is the home directory.
---@param path string
---@return userdata|nil secret
---@return string? message
---@return lastpass.Error? err code "unsafe_file", "unreadable", "empty_secret", …
function M.file(path)
  check_text("file", path)
  local home = os.getenv "HOME"
  if home and (path == "~" or path:sub(1, 2) == "~/") then
    path = home .. path:sub(2)
  end
  return checked(core.secret.file(path))
end

--- From a variable of the environment, which is taken: its bytes are wiped and the variable is gone, so
-- that no program started from here gets it; asked again, the same secret comes. What set the variable
-- (a shell, systemd) still has it, and until now others of the same user could read it in /proc: a file
-- is safer.
---@param name string
---@return userdata|nil secret
function M.env(name)
  check_text("env", name)
  return checked(core.secret.env(name))
end

-- The program that a command runs, where it is named by its path.
local function path_of_program(line)
  local word = line:match "^%s*'([^']+)'" or line:match "^%s*([^%s'\"`$;|&<>()*?%[\\]+)"
  local home = os.getenv "HOME"
  if word and home and word:sub(1, 2) == "~/" then
    word = home .. word:sub(2)
  end
  return word and word:find("/", 1, true) and require("lastpass.files").is_readable(word) and word
end

--- From what a shell command prints, such as `pass show lastpass/acme`. A program that is named by its
-- path and that others can change is not run.
---@param line string
---@return userdata|nil secret
---@return string? message
---@return lastpass.Error? err code "unsafe_file", "command_failed", …
function M.command(line)
  check_text("command", line)
  local program = path_of_program(line)
  local reason, hint
  if program then
    reason, hint = require("lastpass.files").changeable(program)
  end
  if reason then
    local message = ("the command is not run: %s"):format(reason)
    return errors.fail("argument", "unsafe_file", message, { hint = hint })
  end
  return checked(core.secret.command(line))
end

--- From an open file descriptor, read to its end.
---@param number integer
---@return userdata|nil secret
function M.descriptor(number)
  return checked(core.secret.descriptor(number))
end

--- Asks on the terminal, without echo.
---@param text? string
---@return userdata|nil secret
function M.prompt(text)
  return checked(core.secret.prompt(text))
end

--- From a string. Lua's own copy stays until it is collected: for tests, and for what is secret
-- in name only.
---@param text string
---@return userdata|nil secret
function M.value(text)
  check_text("value", text)
  return checked(core.secret.value(text))
end

local described = { file = true, env = true, command = true }

--- Whether a value is a secret, or says where one is: {file = path}, {env = name} or {command = line}.
---@param value any
---@return boolean
function M.is_known(value)
  if type(value) ~= "table" then
    return core.secret.is(value)
  end
  local kind, text = next(value)
  return described[kind] == true and type(text) == "string" and next(value, kind) == nil
end

--- The secret that such a value is, or leads to.
---@param value userdata|table
---@return userdata|nil secret
---@return string? message
---@return lastpass.Error? err
function M.open(value)
  if type(value) ~= "table" then
    return value
  end
  local kind, text = next(value)
  return M[kind](text)
end

signature.declare("lastpass.secret.", M, {
  file = "path: string",
  env = "name: string",
  command = "line: string",
  descriptor = "number: integer",
  prompt = "text?: string",
  value = "text: string",
  is_known = "value?: any",
  open = "value: userdata|table",
})

return M
