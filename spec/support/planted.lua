--- Companies that specs plant in a sandbox, so that every answer is known beforehand. The clock stands
-- at 2026-06-15 09:00 in New York, the account's zone.
local json = require "lastpass.json"
local lastpass = require "lastpass"

local M = {}

--- Now, in UTC.
M.NOW = 1781528400

-- Events cannot lie before the company's beginning.
local BEGIN = 1767258000 -- 2026-01-01 04:00 in New York

--- Starts a sandbox with nobody in it, early in the year; `plant` makes it now.
---@param options? table of the sandbox
function M.start(options)
  local merged = { users = 0, invited = 0, folders = 0, events = 0, frozen = true, clock = BEGIN }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  return assert(lastpass.sandbox.start(merged))
end

--- Somebody with whom nothing is wrong, but for the fields given.
---@param email string
---@param fields? table as getuserdata writes them
function M.person(email, fields)
  local user = {
    username = email,
    fullname = "Name of " .. email:match "^[^@]*",
    mpstrength = "80",
    totalscore = "75.5",
    created = "2026-01-05 09:00:00",
    last_pw_change = "2026-05-01 09:00:00",
    last_login = "2026-06-10 09:00:00",
    multifactor = "lastpassauth",
    admin = false,
    disabled = false,
    sites = 5,
    notes = 1,
    formfills = 0,
    applications = 0,
    attachments = 0,
  }
  for name, value in pairs(fields or {}) do
    user[name] = value
  end
  if user.multifactor == "none" then
    user.multifactor = nil
  end
  if user.last_login == "" then
    for _, name in ipairs { "sites", "notes", "formfills", "applications", "attachments" } do
      user[name] = nil
    end
    user.totalscore, user.mpstrength, user.multifactor = nil, "0", nil
  end
  return user
end

--- Fills the company.
---@param people table[] {email, fields}
---@param invited? string[]
function M.plant(box, people, invited)
  local users = {}
  for place, one in ipairs(people) do
    users[place] = M.person(one[1], one[2])
  end
  assert(box:load { users = users, invited = invited })
  assert(box:clock { set = M.NOW })
end

--- From now on the company has these shared folders.
---@param list table[] {name, users = {{email, readonly =, give =, can_administer =, …}}}
function M.folders(box, list)
  local folders = {}
  for place, folder in ipairs(list) do
    local users = json.list {}
    for number, one in ipairs(folder.users) do
      users[number] = {
        username = one[1],
        readonly = one.readonly and 1 or 0,
        give = one.give == false and 0 or 1,
        can_administer = one.can_administer and 1 or 0,
        superadmin = one.superadmin,
        group_name = one.group_name,
      }
    end
    folders[("%d"):format(7000 + place)] = {
      sharedfoldername = folder.name,
      score = folder.score or 50,
      deleted = folder.deleted or false,
      users = users,
    }
  end
  assert(box:faults { command = "getsfdata", body = json.encode(folders) })
end

--- Does something at another time, each time later than before; afterwards it is now again.
---@param moment string in the account's zone
function M.at(box, moment, act)
  assert(box:clock { set = moment })
  act()
  assert(box:clock { set = M.NOW })
end

--- A list as a source of people.
function M.roster(list, options)
  return assert(lastpass.source.table(list, options))
end

--- The values of one field, row by row.
function M.field(rows, name)
  local list = {}
  for place, row in ipairs(rows) do
    list[place] = row[name] == nil and "nil" or row[name]
  end
  return list
end

--- Addresses and one more field of each row: { ["ann@acme.example"] = "active" }.
function M.by_email(rows, name)
  local found = {}
  for _, row in ipairs(rows) do
    assert(found[row.email] == nil, row.email .. " is there twice")
    found[row.email] = row[name]
  end
  return found
end

--- The counts of the classes: { active = 3, … }, those of 0 left out.
function M.counts(report)
  local found = {}
  for _, class in ipairs(report.classes) do
    found[class.name] = class.count > 0 and class.count or nil
  end
  return found
end

--- A folder that is not there yet; `list` remembers it for `remove`.
function M.path(list)
  local path = os.tmpname()
  os.remove(path)
  list[#list + 1] = path
  return path
end

--- Removes folders and files with what is in them.
function M.remove(list)
  for place, path in ipairs(list) do
    assert(path:match "^/tmp/lua_%w+", path)
    os.execute("rm -rf '" .. path .. "' '" .. path .. ".pub'")
    list[place] = nil
  end
end

--- A secret that no other process has: the same spec may run under another interpreter at the same time, and
-- what that one gives away on purpose would be found in `ps`.
---@return string secret 64 hexadecimal digits
function M.secret()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(32)
  file:close()
  return (bytes:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

--- Writes a file.
function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- Reads a file.
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

return M
