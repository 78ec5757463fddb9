--- The user's configuration file as it is written: one thing is changed, the rest stays; readable
-- by its owner only.
-- @module lastpass.cli.user_file
local core = require "lastpass.core"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"

local M = {}

local function refuse_content(path, what)
  return errors.fail("argument", "bad_config", ("%s: %s"):format(path, what), { file = path })
end

--- Whether a text can be the name of a profile.
---@param text string
---@return boolean
function M.is_name(text)
  return text:find "^[%w][%w._-]*$" ~= nil
end

--- Reads the file as it stands, without checking its content.
---@param path string
---@return table|nil content an empty one when there is no file
---@return string? message
---@return lastpass.Error? err
function M.read(path)
  local file = io.open(path, "rb")
  if not file then
    return {}
  end
  local text = file:read "*a"
  file:close()
  if not text then
    return refuse_content(path, "it cannot be read")
  elseif not text:find "%S" then
    return {}
  end
  local content, message = json.decode(text)
  if message then
    return refuse_content(path, message)
  elseif type(content) ~= "table" or #content > 0 then
    return refuse_content(path, 'it must be an object: {"profiles": {…}}')
  end
  return content
end

-- Two levels are laid out, so that people can read and change the file.
local function render(value, depth)
  local is_object = type(value) == "table" and #value == 0 and not json.is_list(value)
  if not is_object or depth > 3 or next(value) == nil then
    return json.encode(value)
  end
  local indent, lines = ("  "):rep(depth), {}
  for position, key in ipairs(errors.names_of(value)) do
    lines[position] = ("%s%s: %s"):format(indent, json.encode(key), render(value[key], depth + 1))
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. ("  "):rep(depth - 1) .. "}"
end

--- Makes the folder of a file, for its owner alone, unless it is there.
---@param path string
function M.make_folder(path)
  local folder = path:match "^(.+)/[^/]*$"
  if folder then
    files.make_folder(folder)
  end
end

--- Writes the file whole or not at all.
---@param path string
---@param content table
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.write(path, content)
  M.make_folder(path)
  local ok, message = core.write_file(path, render(content, 1) .. "\n")
  if not ok then
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(path, message))
  end
  return true
end

--- Where the user's file is.
---@param session lastpass.cli.Session
---@param is_changed? boolean a file that is faulty will not do: it is to be changed
---@return string|nil path
---@return string? message
---@return lastpass.Error? err
function M.path(session, is_changed)
  local configuration, message, err = session:configuration()
  if not configuration and err.file and (err.absent or not is_changed) then
    return err.file -- LASTPASS_CONFIG names it: it may be faulty, or about to be made
  elseif not configuration then
    return nil, message, err
  elseif not configuration.layers.user_path then
    return errors.fail("argument", "no_home", "it has no folder: HOME is not set")
  end
  return configuration.layers.user_path
end

--- Changes the file.
---@param session lastpass.cli.Session
---@param change fun(content: table): true|nil, string?, lastpass.Error?
---@return string|nil path
---@return string? message
---@return lastpass.Error? err
function M.change(session, change)
  local path, message, err = M.path(session, true)
  local content, ok
  if path then
    content, message, err = M.read(path)
  end
  if content then
    ok, message, err = change(content)
  end
  if ok then
    ok, message, err = M.write(path, content)
  end
  if not ok then
    return nil, message, err
  end
  return path
end

return M
