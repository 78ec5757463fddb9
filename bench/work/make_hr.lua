-- make_hr.lua DIRECTORY CSV: an HR file of the people of a recorded directory, of whom about one in
-- a hundred has changed: leavers, new names, movers, joiners, and people it does not name any more.
local core = require "lastpass.core"
local setup = require "bench.work.setup"

local EVERY = 500 -- of each kind one person in so many

local source, target = arg[1], arg[2]

local file = io.open(target, "rb")
if file then
  file:close()
  os.exit(0)
end

local snapshot = core.snapshot()
assert(snapshot:feed(setup.read_file(source)))
assert(snapshot:finish())
local fields = core.user_fields

local function person_of(row)
  local groups = core.user_value(snapshot, row, fields.groups)
  local disabled = core.user_value(snapshot, row, fields.disabled)
  return {
    number = "E" .. (100000 + row),
    fullname = core.user_value(snapshot, row, fields.fullname),
    email = core.user_value(snapshot, row, fields.email),
    department = groups[2] or "",
    project = groups[3] or "",
    status = disabled and "terminated" or "active",
    groups = groups,
  }
end

local changes = {
  [100] = function(person)
    person.status = "terminated"
  end,
  [200] = function(person)
    person.fullname = person.fullname .. "-Novak"
  end,
  [300] = function(person)
    person.department = person.department == "Sales" and "Finance" or "Sales"
  end,
  [400] = function(person, row)
    person.email, person.status = ("joiner.%d@lumenor.example"):format(row), "active"
  end,
}

local function written(value)
  return value:find '[,"\r\n]' and '"' .. value:gsub('"', '""') .. '"' or value
end

-- Under another name until it is complete.
local out = assert(io.open(target .. ".part", "wb"))
assert(out:write "Employee number,Name,E-mail,Department,Project,Status\r\n")
for row = 1, #snapshot do
  local person = person_of(row)
  local change = changes[row % EVERY]
  if change then
    change(person, row)
  end
  local line = {
    person.number,
    written(person.fullname),
    person.email,
    written(person.department),
    written(person.project),
    person.status,
  }
  assert(out:write(table.concat(line, ","), "\r\n"))
end
assert(out:close())
assert(os.rename(target .. ".part", target))
