--- Files and folders that reports write: for their owner alone, as they hold names of people.
-- @module lastpass.report.folder
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

--- Quotes a text for the shell.
---@param text string
---@return string
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function fail(verb, path, message)
  return errors.fail("argument", "cannot_" .. verb, ("%s: %s"):format(path, message), {
    file = path,
    hint = verb == "write" and "check the folder and its rights" or nil,
  })
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
  local output = pipe:read "*a"
  pipe:close()
  local text = output:match "^(.*)done%.\n$"
  return text ~= nil, text or output
end

--- Makes a folder and those above it.
---@param path string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.make(path)
  local ok, output = M.run("umask 077 && mkdir -p -- " .. M.quote(path))
  if not ok then
    return fail("write", path, (output:gsub("%s+$", ""):gsub("^.*: ", "")))
  end
  return true
end

--- The paths of all files below a folder, relative to it, sorted.
---@param path string
---@return string[]|nil
---@return string? message
---@return lastpass.Error? err code "cannot_read"
function M.list(path)
  local quoted = M.quote(path)
  local ok, output = M.run(("cd -- %s && find . ! -type d -print0"):format(quoted))
  if not ok then
    return fail("read", path, (output:gsub("%s+$", ""):gsub("^.*: ", "")))
  end
  local files = {}
  for name in output:gmatch "%./([^%z]+)" do
    files[#files + 1] = name
  end
  table.sort(files)
  return files
end

--- Writes a file whole or not at all, with mode 0600.
---@param path string
---@param text string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.write(path, text)
  local ok, message = core.write_file(path, text)
  if not ok then
    return fail("write", path, message)
  end
  return true
end

--- Reads a file.
---@param path string
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "cannot_read"
function M.read(path)
  local file, message = io.open(path, "rb")
  if not file then
    return fail("read", path, (message:gsub("^.*: ", "")))
  end
  local text
  text, message = file:read "*a"
  file:close()
  if not text then
    return fail("read", path, message or "is not a file")
  end
  return text
end

return M
