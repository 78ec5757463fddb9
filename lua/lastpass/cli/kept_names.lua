--- Names for completions, without talking to LastPass: from the directory that was kept last.
-- @module lastpass.cli.kept_names
local M = {}

local function unescape(text)
  if not text:find("\\", 1, true) then
    return text
  end
  return (require("lastpass.json").decode('"' .. text .. '"'))
end

-- A kept directory is one JSON object a line; reading all of it would take ten times as long.
local finders = {}

--- Addresses.
function finders.users(text, add)
  for address in text:gmatch '"email":"([^"\\]*)"' do
    add(address)
  end
end

--- Names of groups.
function finders.groups(text, add)
  for list in text:gmatch '"groups":(%[[^%]]*%])' do
    for name in list:gmatch '"([^"]*)"' do
      add(unescape(name) or name)
    end
  end
end

local function kept_text(session)
  local configuration = session:configuration()
  local settings = configuration and configuration:profile()
  if not settings then
    return nil
  end
  local journal_room = require "lastpass.store.client_journal"
  -- all that a journal wants to know of a client; no hash is read for a Tab
  local client = {
    _options = {
      cid = settings.cid,
      url = settings.url or require("lastpass.enterprise.options").DEFAULT_URL,
      journal = settings.journal,
    },
  }
  local journal = journal_room.of(client)
  local kept = journal and journal:snapshot_at(journal_room.tenant(client))
  return kept and kept.text
end

local function starts_with(name, beginning)
  return name:sub(1, #beginning):lower() == beginning:lower()
end

local function profiles(session, add)
  local configuration = session:configuration()
  for name in pairs(configuration and configuration.profiles or {}) do
    add(name)
  end
end

--- Names that begin so; none when nothing is kept.
---@param session lastpass.cli.Session
---@param kind "users"|"groups"|"profiles"
---@param beginning string the case of letters does not matter
---@return string[] sorted
function M.find(session, kind, beginning)
  local names, seen = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      if starts_with(name, beginning) then
        names[#names + 1] = name
      end
    end
  end
  if kind == "profiles" then
    profiles(session, add)
  else
    local text = kept_text(session)
    if text then
      finders[kind](text, add)
    end
  end
  table.sort(names)
  return names
end

return M
