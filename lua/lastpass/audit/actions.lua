--- Every action that the audit log is known to name, under one id whatever the spelling or the
-- language (enterprise-api §8.1, §8.3). The list of the wire is not closed: what is not known
-- passes through as "other", with its own name as label.
-- @module lastpass.audit.actions
local M = {}

--- What an event of some name means.
---@class lastpass.Action
---@field id string        language-neutral, stable: "user_created"; "other" when the name is unknown
---@field category string  account, authentication, vault, sharing, group, configuration, reporting, other
---@field verb string      what was done: create, change, delete, grant, revoke, login, read, …
---@field outcome string   "success", "failure" or "unknown"
---@field severity string  "info", "low", "medium" or "high"
---@field data string      how Data is read: a name of `lastpass.audit.event_data`
---@field names string[]   as met on the wire

--- The concerns, in the order of the documentation.
M.concerns = { "access", "people", "groups", "folders", "vault", "settings", "reports" }

--- From harmless to what somebody should look at.
M.severities = { "info", "low", "medium", "high" }

local OTHER = {
  id = "other",
  category = "other",
  verb = "other",
  outcome = "unknown",
  severity = "info",
  data = "none",
  names = {},
}

local failures = { login_failed = true, lock = true }

-- Spelling changed from Title Case to Sentence case: the case of ASCII letters says nothing.
local function key_of(name)
  return (name:lower():gsub("%s+", " "):match "^ ?(.-) ?$")
end

-- Whatever follows is the name of a second factor, and LastPass has new ones now and then.
local FACTOR_DISABLED = "^disabled ."

local list, by_name, by_id

local function read(category, row)
  local action = {
    id = row[1],
    category = category,
    verb = row[2],
    outcome = failures[row[2]] and "failure" or "success",
    severity = row[3],
    data = row[4],
    names = {},
  }
  for position = 5, #row do
    action.names[position - 4] = row[position]
    by_name[key_of(row[position])] = action
  end
  by_id[action.id] = action
  list[#list + 1] = action
end

local function load()
  list, by_name, by_id = {}, {}, { other = OTHER }
  for _, concern in ipairs(M.concerns) do
    local rows = require("lastpass.audit.actions." .. concern)
    for _, row in ipairs(rows) do
      read(rows.category, row)
    end
  end
end

--- What a name of the wire means.
---@param name string the event's Action
---@return lastpass.Action action `id` is "other" for a name that is not known
function M.find(name)
  if not list then
    load()
  end
  local key = key_of(name)
  return by_name[key] or (key:find(FACTOR_DISABLED) and by_id.multifactor_disabled) or OTHER
end

--- The action of an id.
---@param id string
---@return lastpass.Action|nil
function M.of(id)
  if not list then
    load()
  end
  return by_id[id]
end

--- All known actions, by concern.
---@return lastpass.Action[]
function M.all()
  if not list then
    load()
  end
  return list
end

return M
