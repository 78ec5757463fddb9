--- What audit events mean: the action that a name of the wire stands for, under one id whatever the spelling or
-- the language (enterprise-api §8.1, §8.3), and whom and what an event is about. The list of the wire is not
-- closed: what is not known passes through as "other", with its own name as label.
-- @module lastpass.audit
local core = require "lastpass.core"

local M = {}

--- What an event of some name means.
---@class lastpass.Action
---@field id string        language-neutral, stable: "user_created"; "other" when the name is unknown
---@field category string  account, authentication, vault, sharing, group, configuration, reporting, other
---@field verb string      what was done: create, change, delete, grant, revoke, login, read, …
---@field outcome string   "success", "failure" or "unknown"
---@field severity string  "info", "low", "medium" or "high"
---@field data string      how Data is read: one of the forms of the core, see `targets`
---@field names string[]   as met on the wire

---@class lastpass.EventTarget
---@field kind string  one of `kinds`
---@field value string

--- From harmless to what somebody should look at.
M.severities = { "info", "low", "medium", "high" }

--- The kinds of targets.
M.kinds = { "user", "group", "folder", "item", "policy", "site" }

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

local function add_action(category, row)
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

local function load_actions()
  if list then
    return
  end
  list, by_name, by_id = {}, {}, { other = OTHER }
  for _, rows in ipairs(require "lastpass.audit.actions") do
    for _, row in ipairs(rows) do
      add_action(rows.category, row)
    end
  end
end

--- What a name of the wire means.
---@param name string the event's Action
---@return lastpass.Action action `id` is "other" for a name that is not known
function M.find(name)
  load_actions()
  local key = key_of(name)
  return by_name[key] or (key:find(FACTOR_DISABLED) and by_id.multifactor_disabled) or OTHER
end

--- The action of an id.
---@param id string
---@return lastpass.Action|nil
function M.of(id)
  load_actions()
  return by_id[id]
end

--- All known actions, by category.
---@return lastpass.Action[]
function M.all()
  load_actions()
  return list
end

--- Whom and what an event is about: its Data, read as its action writes it (enterprise-api §8.2).
---@param form string how: field `data` of an action
---@param text string the Data
---@return lastpass.EventTarget[] targets in their order; none when the text says nothing
function M.targets(form, text)
  local flat, targets = core.event_targets(form, text), {}
  for position = 1, #flat, 2 do
    targets[#targets + 1] = { kind = flat[position], value = flat[position + 1] }
  end
  return targets
end

local fields = {
  label = function(event)
    return event.action
  end,
  targets = function(event)
    return M.targets(M.find(event.action).data, event.data)
  end,
}

for _, name in ipairs { "id", "category", "verb", "outcome", "severity" } do
  fields[name] = function(event)
    return M.find(event.action)[name]
  end
end

--- A field of an event that is made on demand: id, label (its name as the wire has it), category, verb, outcome,
-- severity, targets.
---@param event lastpass.Event
---@param name string
---@return any value nil for an unknown name
function M.field(event, name)
  local field = fields[name]
  return field and field(event)
end

return M
