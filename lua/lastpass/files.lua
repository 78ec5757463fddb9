--- Files and folders. What is written here is for its owner alone: it holds names of people.
-- @module lastpass.files
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- Whether a file can be opened for reading; it is not opened, so that SQLite keeps its locks on it.
---@param path string
---@return boolean
function M.is_readable(path)
  return core.is_readable(path)
end

--- A text as one word of a shell.
---@param text string
---@return string
function M.shell_word(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Whether others can change a file: it, or the folders and links that lead to it. A folder with the
-- sticky bit, as /tmp, counts as safe: there nobody can replace what is another's.
---@param path string
---@return string|nil reason in words; nil when only its owner, we or root, can change it
---@return string|nil hint what to do
function M.changeable(path)
  local name, what, detail = core.changeable(path)
  if not name then
    return nil
  elseif what == "owner" then
    return ("%s belongs to another user (number %s)"):format(name, detail),
      ("chown it to yourself: %s"):format(name)
  elseif what == "mode" then
    return ("%s can be changed by others (mode %s)"):format(name, detail),
      ("chmod go-w %s"):format(M.shell_word(name))
  end
  return ("it is unknown who can change %s: %s"):format(name, detail)
end

local function cannot(verb, path, message)
  return errors.fail("argument", "cannot_" .. verb, ("%s: %s"):format(path, message), {
    file = path,
    hint = verb == "write" and "check the folder and its rights" or nil,
  })
end

--- Replaces a file: what stood there stays until all of the new is written.
---@param path string
---@param text string
---@param is_public? boolean it keeps the rights of what it replaces, or can be read by all: no names of people are in it
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.write(path, text, is_public)
  if path == "" or path:find "%z" then
    return cannot("write", ("'%s'"):format(path), "is not a path")
  end
  local ok, message = core.write_file(path, text, is_public)
  if not ok then
    return cannot("write", path, message)
  end
  return true
end

--- Reads a file.
---@param path string
---@param most? integer bytes; what has more is refused, and read no further
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "cannot_read"
function M.read(path, most)
  local file, message = io.open(path, "rb")
  if not file then
    return cannot("read", path, (message:gsub("^.*: ", "")))
  end
  local text
  text, message = file:read(most and most + 1 or "*a")
  file:close()
  text = text or most and not message and "" or nil
  if not text then
    return cannot("read", path, message or "is not a file")
  elseif most and #text > most then
    return cannot("read", path, ("has more than %d bytes"):format(most))
  end
  return text
end

--- Reads a pipe to its end and closes it. A signal that is caught ends a read with a failure (EINTR); the
-- program at the other end goes on, so it is read on. What the first read had got by then is lost.
---@param pipe file*
---@return string output
function M.read_pipe(pipe)
  local output = pipe:read "*a" or pipe:read "*a" or pipe:read "*a"
  pipe:close()
  return output or "interrupted"
end

--- Runs a program and gives what it says.
---@param command string for the shell, everything in it quoted
---@return boolean ok
---@return string output
function M.run(command)
  local pipe, reason = io.popen("LC_ALL=C; export LC_ALL; (" .. command .. ") 2>&1 && echo done.")
  if not pipe then
    return false, tostring(reason)
  end
  local output = M.read_pipe(pipe)
  local text = output:match "^(.*)done%.\n$"
  return text ~= nil, text or output
end

local function why(output)
  return (output:gsub("%s+$", ""):gsub("^.*: ", ""))
end

--- Makes a folder and those above it.
---@param path string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.make_folder(path)
  local ok, output = M.run("umask 077 && mkdir -p -- " .. M.shell_word(path))
  if not ok then
    return cannot("write", path, why(output))
  end
  return true
end

--- The paths of all files below a folder, relative to it, sorted.
---@param path string
---@return string[]|nil
---@return string? message
---@return lastpass.Error? err code "cannot_read"
function M.list_folder(path)
  local word = M.shell_word(path)
  local ok, output = M.run(("cd -- %s && find . ! -type d -print0"):format(word))
  if not ok then
    return cannot("read", path, why(output))
  end
  local files = {}
  for name in output:gmatch "%./([^%z]+)" do
    files[#files + 1] = name
  end
  table.sort(files)
  return files
end

--- Makes a folder in which nothing may be yet.
---@param path string
---@param otherwise string what would come of it, for the message: "decisions there would be lost"
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "not_empty", "cannot_write" or "cannot_read"
function M.begin_folder(path, otherwise)
  local there
  local ok, message, err = M.make_folder(path)
  if ok then
    there, message, err = M.list_folder(path)
  end
  if not there then
    return nil, message, err
  elseif #there > 0 then
    message = ("%s: is not empty; %s"):format(path, otherwise)
    return errors.fail("argument", "not_empty", message, { file = path })
  end
  return true
end

return M
