--- The fields of a user, one row each: how they are titled, of what kind they are, and where they are shown.
-- The program's columns and fields, the lines at the prompt, reports, evidence and the dashboard are made
-- from this list; values come from `lastpass.directory.user`. Attributes are not in it: they may hold
-- secrets.
-- @module lastpass.directory.fields
local core = require "lastpass.core"

local M = {}

---@class lastpass.directory.Field
---@field [1] string        name
---@field [2] string        title of columns and of facts
---@field kind? "flag"|"list"|"count"|"score"|"time" default: a text
---@field column? table     in the program's table of users: position, title, max (width), rank (large ones
-- are left out first)
---@field prompt? boolean   among the lines of a user at the prompt
---@field fact? boolean     among the facts on a person's page of the dashboard
---@field vault? string     what is counted of the vault: "site"
---@field evidence? integer position in users.csv of evidence, where columns stay as they are

---@type lastpass.directory.Field[]
M.list = {
  { "email", "E-mail", column = { position = 1 }, prompt = true, fact = true, evidence = 2 },
  {
    "fullname",
    "Name",
    column = { position = 2, title = "name", rank = 1 },
    prompt = true,
    evidence = 3,
  },
  { "status", "Account", column = { position = 3 }, prompt = true, fact = true, evidence = 4 },
  {
    "admin",
    "Admin",
    kind = "flag",
    column = { position = 4, rank = 2 },
    prompt = true,
    fact = true,
    evidence = 5,
  },
  { "groups", "Groups", kind = "list", column = { position = 6, rank = 4 }, prompt = true },
  {
    "mfa",
    "Multifactor",
    column = { position = 5, rank = 3, max = 20 },
    prompt = true,
    fact = true,
    evidence = 6,
  },
  { "created", "Created", kind = "time", prompt = true, fact = true, evidence = 7 },
  {
    "last_login",
    "Last log-in",
    kind = "time",
    column = { position = 7, rank = 5 },
    prompt = true,
    fact = true,
    evidence = 8,
  },
  {
    "last_password_change",
    "Password changed",
    kind = "time",
    prompt = true,
    fact = true,
    evidence = 10,
  },
  { "never_logged_in", "Never logged in", kind = "flag", evidence = 9 },
  {
    "password_reset_required",
    "Password reset",
    kind = "flag",
    prompt = true,
    fact = true,
    evidence = 11,
  },
  {
    "password_strength",
    "Password strength",
    kind = "count",
    prompt = true,
    fact = true,
    evidence = 12,
  },
  { "security_score", "Security score", kind = "score", prompt = true, fact = true, evidence = 13 },
  { "sites", "Sites", kind = "count", vault = "site", prompt = true, evidence = 14 },
  { "notes", "Notes", kind = "count", vault = "note", prompt = true, evidence = 15 },
  { "form_fills", "Form fills", kind = "count", vault = "form fill", evidence = 16 },
  { "applications", "Applications", kind = "count", vault = "application", evidence = 17 },
  { "attachments", "Attachments", kind = "count", vault = "attachment", evidence = 18 },
  { "duo_username", "Duo name", fact = true },
  { "linked_account", "Linked account", prompt = true, fact = true },
  { "has_sharing_keys", "Sharing keys", kind = "flag" },
  { "id", "LastPass number", prompt = true, fact = true, evidence = 1 },
}

-- So many users at once: below the size from which malloc asks the system for each string.
local LINES_AT_ONCE = 100

--- Users as JSON objects, some at a time, without a Lua value for each field. Those who are only invited are not
-- among them.
---@param snapshot any
---@param fields string[]
---@param separator string between the objects
---@return (fun(): string|nil)|nil next_lines nil for anything but a snapshot
function M.json_lines(snapshot, fields, separator)
  local metatable = getmetatable(snapshot)
  if type(metatable) ~= "table" or metatable.__name ~= "lastpass.Snapshot" then
    return nil
  end
  local rows, zone = snapshot:rows(), snapshot._client:zone()
  local write = core.user_lines(fields, function(civil)
    return (zone:to_utc(civil))
  end)
  local last = 0
  return function()
    local first = last + 1
    last = math.min(last + LINES_AT_ONCE, #rows)
    return first <= last and write(rows, first, last, separator) or nil
  end
end

return M
