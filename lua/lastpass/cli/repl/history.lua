--- What was typed: a file of earlier sessions, for its user alone, and a script that does everything again. Neither
-- holds secrets.
-- @module lastpass.cli.repl.history
local core = require "lastpass.core"
local errors = require "lastpass.error"
local files = require "lastpass.store.location"
local plain = require "lastpass.cli.repl.plain"
local sessions = require "lastpass.cli.repl.session"

local M = {}

-- ------------------------------------------------------------------ secrets

-- `password = "…"`, `["password"] = '…'`, `password = [[…]]`; and as JSON has it, `"password": "…"`
local assignments = { "([%w_]+)[\"']?%]?%s*=%s*[\"'%[]", "[\"']([%w_]+)[\"']%s*:%s*[\"']" }

local function has_assignment(line)
  for _, pattern in ipairs(assignments) do
    for name in line:gmatch(pattern) do
      if plain.is_secret(name) then
        return true
      end
    end
  end
  return false
end

-- Provisioning hashes have 64 hexadecimal digits (enterprise-api §1.2); nothing else that is typed
-- has half as many.
local function has_long_hexadecimal(line)
  for run in line:gmatch "%x+" do
    if #run >= 32 then
      return true
    end
  end
  return false
end

--- Whether something that was typed holds a secret, or what looks like one.
---@param text string
---@return boolean
function M.has_secret(text)
  return text:find "secret%s*%.%s*value" ~= nil
    or text:find "secret%s*%[%s*[\"']value" ~= nil
    or text:find "lpkey_" ~= nil
    or has_long_hexadecimal(text)
    or has_assignment(text)
end

-- ------------------------------------------------------------------ earlier sessions

local MAX_ENTRIES = 2000 -- to which the file is cut when a session finds twice as many

local methods = {}
local history_mt = { __name = "lastpass.repl.History", __index = methods }

-- An entry is one line of the file, whatever it holds.
local function encode(entry)
  return (entry:gsub("[\\\n]", { ["\\"] = "\\\\", ["\n"] = "\\n" }))
end

local function decode(line)
  return (line:gsub("\\(.)", { n = "\n", ["\\"] = "\\" }))
end

--- Where it is stored (XDG Base Directory Specification): beside the journal.
---@return string|nil path
function M.default_path()
  local journal = files.default_path()
  return journal and journal:gsub("[^/]*$", "repl_history")
end

local function read_entries(path)
  local entries = {}
  local file = io.open(path, "rb")
  if not file then
    return entries
  end
  for line in file:lines() do
    entries[#entries + 1] = decode(line)
  end
  file:close()
  return entries
end

local function cut_back(path, entries)
  local last, lines = {}, {}
  for position = math.max(1, #entries - MAX_ENTRIES + 1), #entries do
    last[#last + 1] = entries[position]
    lines[#lines + 1] = encode(entries[position]) .. "\n"
  end
  core.write_file(path, table.concat(lines))
  return last
end

--- Opens it.
---@param path? string without one nothing outlives the session
---@return table history `entries`: oldest first
function M.open(path)
  local entries = path and read_entries(path) or {}
  if #entries > 2 * MAX_ENTRIES then
    entries = cut_back(path, entries)
  end
  return setmetatable({ path = path, entries = entries }, history_mt)
end

--- Adds what was typed, unless it holds something like a secret or repeats the last entry.
---@param entry string
---@return boolean added
function methods:add(entry)
  if
    not entry:find "%S"
    or M.has_secret(entry)
    or entry == self.entries[#self.entries]
    or entry:find "\n" and #entry > 10000
  then
    return false
  end
  self.entries[#self.entries + 1] = entry
  if self.path and files.prepare(self.path) then
    local file = io.open(self.path, "ab")
    if file then
      file:write(encode(entry), "\n")
      file:close()
    end
  end
  return true
end

-- ------------------------------------------------------------------ scripts

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
  if M.has_secret(text) then
    return "-- (a line that held a secret was here)"
  elseif indexes_collection(text) then
    return as_comment(text)
  elseif entry.is_expression and entry.is_list then
    local call = text:find "^%s*%a+%s*$" and text .. "()" or text
    return ("for item in %s do\n  print(item)\nend"):format(call)
  elseif sessions.is_statement(text) then
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
---@param replace boolean an existing file is replaced
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "nothing_done", "file_exists", "cannot_write"
function M.save(session, path, replace)
  if #session.done == 0 then
    return errors.fail("argument", "nothing_done", "nothing was done yet that could be saved")
  end
  local existing = io.open(path, "rb")
  if existing then
    existing:close()
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
