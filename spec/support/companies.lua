--- Small companies made of what a spec says, behind an object that plans take for a client.
local core = require "lastpass.core"
local directory = require "lastpass.directory.snapshot"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local journals = require "lastpass.store"
local plan_module = require "lastpass.plan"

local M = {}

--- The moment at which these companies live: noon UTC of 2026-06-15.
M.NOW = 1781524800

-- The reply of getuserdata (enterprise-api §4.8).
local function reply_of(company)
  local users, groups = {}, {}
  for position, user in ipairs(company.users or {}) do
    users[tostring(position)] = {
      username = user.email,
      fullname = user.fullname or "",
      disabled = user.disabled or false,
      admin = user.admin or false,
      neverloggedin = false,
      groups = json.list(user.groups or {}),
      attribs = user.attributes,
    }
  end
  for name, members in pairs(company.groups or {}) do
    groups[name] = json.list(members)
  end
  return json.encode {
    Users = next(users) and users or json.list {},
    Groups = next(groups) and groups or json.list {},
    invited = json.list(company.invited or {}),
  }
end

local numbers = 0

--- A client of a company that nobody else has.
---@param company table users {email, fullname, groups, disabled, admin, attributes}, groups (by name,
-- further members), invited (addresses)
---@return table client as far as planning needs one; `client.company` may be changed
function M.client(company)
  numbers = numbers + 1
  local client = lastpass.new {
    cid = 1000 + numbers,
    provhash = lastpass.secret.value "a-hash-that-nothing-is-sent-with",
    url = "https://lastpass.example/enterpriseapi.php",
    journal = ":memory:",
    now = function()
      return M.NOW
    end,
  }
  client.company = company
  function client:snapshot()
    local rows = core.snapshot()
    assert(rows:feed(reply_of(self.company)))
    assert(rows:finish())
    return directory.new(self, rows:seal())
  end
  return client
end

--- So many users without anything particular: person1@acme.com and so on.
function M.people(count, more)
  local users = {}
  for position = 1, count do
    users[position] = {
      email = ("person%d@acme.com"):format(position),
      fullname = ("Person %d"):format(position),
      groups = { "All" },
      admin = position == 1,
    }
    for name, value in pairs(more or {}) do
      users[position][name] = value
    end
  end
  return users
end

--- Makes a plan.
---@param company table as of `client`, or a client
---@param playbook string|function|table
function M.plan(company, playbook, options)
  local client = company.snapshot and company or M.client(company)
  return plan_module.make(client, playbook, options)
end

--- The journal of these companies.
function M.journal(client)
  return assert(journals.of(client)), journals.tenant(client)
end

--- Steps in short: "disable ann@acme.com", "groups ann@acme.com +Sales -Finance".
function M.lines_of(steps)
  local list = {}
  for position, step in ipairs(steps) do
    local parts = { step.kind, step.subject }
    local after = step.after or {}
    if step.kind == "create" then
      parts[#parts + 1] = table.concat(after.groups, "+")
    elseif step.kind == "name" then
      parts[#parts + 1] = after.fullname
    elseif step.kind == "rename" then
      parts[#parts + 1] = after.email
    end
    for _, name in ipairs(after.join or {}) do
      parts[#parts + 1] = "+" .. name
    end
    for _, name in ipairs(after.leave or {}) do
      parts[#parts + 1] = "-" .. name
    end
    list[position] = table.concat(parts, " ")
  end
  table.sort(list)
  return list
end

--- The codes of held steps, and of problems, by address.
function M.codes(list)
  local codes = {}
  for _, entry in ipairs(list) do
    codes[entry.subject or "?"] = entry.code
  end
  return codes
end

--- The names of the guards that refuse a plan.
function M.guards(plan)
  local names = {}
  for position, refusal in ipairs(plan.body.refusals) do
    names[position] = refusal.guard
  end
  table.sort(names)
  return names
end

return M
