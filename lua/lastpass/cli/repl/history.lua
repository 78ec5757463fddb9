--- What was typed in earlier sessions: a file of its user's alone, without secrets.
-- @module lastpass.cli.repl.history
local core = require "lastpass.core"
local files = require "lastpass.store.location"
local secrets = require "lastpass.cli.repl.secrets"

local KEPT = 2000 -- entries; the file is cut back to them when a session finds twice as many

local M = {}
local methods = {}
local history_mt = { __name = "lastpass.repl.History", __index = methods }

-- An entry is a line of the file, whatever it holds.
local function encode(entry)
  return (entry:gsub("[\\\n]", { ["\\"] = "\\\\", ["\n"] = "\\n" }))
end

local function decode(line)
  return (line:gsub("\\(.)", { n = "\n", ["\\"] = "\\" }))
end

--- Where it is kept (XDG Base Directory Specification): beside the journal.
---@return string|nil path
function M.default_path()
  local journal = files.default_path()
  return journal and journal:gsub("[^/]*$", "repl_history")
end

local function read(path)
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
  local kept, lines = {}, {}
  for position = math.max(1, #entries - KEPT + 1), #entries do
    kept[#kept + 1] = entries[position]
    lines[#lines + 1] = encode(entries[position]) .. "\n"
  end
  core.write_file(path, table.concat(lines))
  return kept
end

--- Opens it.
---@param path? string without one nothing is kept beyond the session
---@return table history `entries`: oldest first
function M.open(path)
  local entries = path and read(path) or {}
  if #entries > 2 * KEPT then
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
    or secrets.has_secret(entry)
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

return M
