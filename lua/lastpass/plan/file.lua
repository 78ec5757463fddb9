--- Files of plans: written whole or not at all.
-- @module lastpass.plan.file
local core = require "lastpass.core"
local errors = require "lastpass.error"

local M = {}

local function cannot(verb, path, message)
  return errors.fail("argument", "cannot_" .. verb, ("%s: %s"):format(path, message), {
    file = path,
    hint = verb == "write" and "check the folder and its rights" or nil,
  })
end

--- Replaces a file: what stood there stays until all of the new is written.
---@param path string
---@param text string
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.write(path, text)
  local ok, message = core.write_file(path, text)
  if not ok then
    return cannot("write", path, message)
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
    return cannot("read", path, (message:gsub("^.*: ", "")))
  end
  local text
  text, message = file:read "*a"
  file:close()
  if not text then
    return cannot("read", path, message or "is not a file")
  end
  return text
end

return M
