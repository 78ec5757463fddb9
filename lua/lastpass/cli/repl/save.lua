--- What was done at the prompt, as a script that does it again.
-- @module lastpass.cli.repl.save
local chunks = require "lastpass.cli.repl.chunk"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local plain = require "lastpass.cli.repl.plain"
local secrets = require "lastpass.cli.repl.secrets"

local M = {}

-- What the script needs of the prompt's names.
local helpers = {
  users = "local function users(filter)\n  return client:users(filter)\nend",
  groups = "local function groups()\n  return client:groups()\nend",
  folders = "local function folders(options)\n  return client:folders(options)\nend",
  events = "local function events(options)\n  return client:events(options)\nend",
  plan = "local function plan(playbook, options)\n  return client:plan(playbook, options)\nend",
}
local helper_names = { "users", "groups", "folders", "events", "plan" }

local function as_comment(text)
  return "-- " .. text:gsub("\n", "\n-- ")
end

-- `users[1]` and the like work at the prompt only.
local function indexes_collection(text)
  for _, name in ipairs(helper_names) do
    if (" " .. text):find("[^%w_%.:\"']" .. name .. "%s*[%[%.]") or text:find("#%s*" .. name) then
      return true
    end
  end
  return false
end

local function statement_of(entry)
  local text = entry.text
  if secrets.has_secret(text) then
    return "-- (a line that held a secret was here)"
  elseif indexes_collection(text) then
    return as_comment(text)
  elseif entry.is_expression and entry.is_list then
    local call = text:find "^%s*%a+%s*$" and text .. "()" or text
    return ("for item in %s do\n  print(item)\nend"):format(call)
  elseif chunks.is_statement(text) then
    return text
  end
  return ("print(%s)"):format(text)
end

local function opening(session)
  local lines = { 'local lastpass = require "lastpass"' }
  if session.sandbox then
    local options = plain.inline(session.sandbox)
    lines[2] = ("local sandbox = assert(lastpass.sandbox.start(%s))"):format(options)
    lines[3] = "local client = assert(sandbox:client())"
  else
    local profile = session.profile and ("%q"):format(session.profile) or ""
    lines[2] = ("local client = assert(lastpass.connect(%s))"):format(profile)
  end
  return table.concat(lines, "\n")
end

--- The script.
---@param session table
---@return string
function M.script(session)
  local body = {}
  for position, entry in ipairs(session.done) do
    body[position] = statement_of(entry)
  end
  local parts = { "-- Written by `lastpass repl` (:save).", opening(session) }
  local text = table.concat(body, "\n")
  for _, name in ipairs(helper_names) do
    if (" " .. text):find("[^%w_%.:\"']" .. name .. "[%s%({\"']") then
      parts[#parts + 1] = helpers[name]
    end
  end
  parts[#parts + 1] = "\n" .. text .. "\n"
  return table.concat(parts, "\n")
end

--- Writes the script into a file of its user's alone.
---@param session table
---@param path string
---@param replace boolean what stands there may go
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "nothing_done", "file_exists", "cannot_write"
function M.write(session, path, replace)
  if #session.done == 0 then
    return errors.fail("argument", "nothing_done", "nothing was done yet that could be saved")
  end
  local there = io.open(path, "rb")
  if there then
    there:close()
    if not replace then
      return errors.fail("argument", "file_exists", path .. " exists", {
        hint = ":save! " .. path .. " replaces it",
      })
    end
  end
  local ok, message = core.write_file(path, M.script(session))
  if not ok then
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(path, message))
  end
  return true
end

return M
