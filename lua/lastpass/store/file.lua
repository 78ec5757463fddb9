--- Where the journal's file is, and making it so that only its user reads it.
-- @module lastpass.store.file
local errors = require "lastpass.error"
local files = require "lastpass.files"

local M = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The file that serves unless another one is named (XDG Base Directory Specification).
---@return string|nil path
---@return string? message
---@return lastpass.Error? err code "no_home"
function M.default_path()
  local folder = variable "XDG_STATE_HOME"
  -- The specification has relative paths ignored.
  if folder and folder:sub(1, 1) == "/" then
    return folder .. "/lastpass/journal.db"
  end
  local home = variable "HOME"
  if not home then
    return errors.fail("argument", "no_home", "the journal's place is not known: HOME is not set", {
      hint = "set HOME or XDG_STATE_HOME, or give the option 'path'",
    })
  end
  return home .. "/.local/state/lastpass/journal.db"
end

--- A path with "~" made the home folder.
---@param path string
---@return string
function M.expand(path)
  local home = variable "HOME"
  if home and path:sub(1, 2) == "~/" then
    return home .. path:sub(2)
  end
  return path
end

--- Makes the file, and its folders, unless it is there. Lua and SQLite know nothing of modes, so a
-- shell does it, once: folders 0700, the file 0600 from its first moment on; SQLite gives its
-- companions (-wal, -shm) the same.
---@param path string
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "store_unopened"
function M.prepare(path)
  if path == ":memory:" or files.is_readable(path) then -- SQLite's name for a database without a file
    return true
  end
  local folder = path:match "^(.*)/[^/]*$" or "."
  -- ">>" leaves alone what another process made meanwhile.
  local command = ("(umask 077 && mkdir -p -- %s && : >> %s) 2>&1 && echo made"):format(
    files.shell_word(folder == "" and "/" or folder),
    files.shell_word(path)
  )
  local pipe, reason = io.popen(command)
  if pipe then
    reason = files.read_pipe(pipe)
  end
  if reason == "made\n" or files.is_readable(path) then
    return true
  end
  local message = ("journal %s: it cannot be made: %s"):format(
    path,
    tostring(reason):gsub("%s+", " "):gsub(" $", ""):gsub("^sh: %d+: ", "")
  )
  return errors.fail("argument", "store_unopened", message, {
    hint = "give this user the right to write there, or name another place (option 'path')",
  })
end

return M
