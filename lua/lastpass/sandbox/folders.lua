--- The shared folders of a seeded company: folder f is a function of the seed and f.
-- @module lastpass.sandbox.folders
local names = require "lastpass.sandbox.names"
local php = require "lastpass.sandbox.php"

local M = {}

local floor = math.floor

--- A folder's name.
---@param number integer from 0
---@return string
function M.name(number)
  local subjects = names.folder_subjects.display
  local round = floor(number / #subjects)
  local name = "Shared-" .. subjects[number % #subjects + 1]
  return round == 0 and name or name .. " " .. (round + 1)
end

--- A folder's number in LastPass.
---@param company table
---@param number integer
---@return integer
function M.id(company, number)
  return 5000000 + company.salt % 1000000 + 7 * number
end

-- Who is in it: spread over the company, nobody twice.
local function member_indexes(company, number)
  local wanted = math.min(company.users, 2 + number % 9)
  local list, seen, step = {}, {}, 0
  while #list < wanted do
    local index = (number * 31 + step * step * 17 + step * 101 + company.salt) % company.users
    if seen[index] then
      step = step + 1
      index = (index + step) % company.users
    end
    -- the leaps of a small company may never reach everybody
    while seen[index] and step > 4 * wanted do
      index = (index + 1) % company.users
    end
    if not seen[index] then
      seen[index] = true
      list[#list + 1] = index
    end
    step = step + 1
  end
  return list
end

local function site_list(number, step)
  local all, list = names.sites.display, {}
  for at = 0, (number + step) % 4 do
    list[#list + 1] = all[(number * 5 + at * 7) % #all + 1]
  end
  return list
end

local flags = {
  integer = function(value)
    return value and 1 or 0
  end,
  string = function(value)
    return value and "1" or "0"
  end,
  boolean = function(value)
    return value
  end,
}

local function entry(mail, rights, flag, more)
  local object = php.object(
    "username",
    mail,
    "readonly",
    flag(rights.readonly),
    "give",
    flag(rights.give),
    "can_administer",
    flag(rights.can_administer),
    "superadmin",
    more.superadmin,
    "group_name",
    more.group_name
  )
  php.put(object, "sites", more.sites)
  php.put(object, "more", more.sixth_value)
  return object
end

local function department_of(state, index)
  local _, department = state.company:groups(index)
  return department and state.company.group_names[department]
end

-- One user's entry, or nil when they have left the company.
local function member_entry(state, number, step, index, options)
  if state.gone[index] then
    return nil
  end
  local person = state.edited[index]
  local mail = person and person.fields.username or state.company:mail(index)
  local rights = {
    readonly = (number + step) % 3 == 1,
    give = (number + step) % 4 ~= 2,
    can_administer = step == 0,
  }
  return entry(mail, rights, flags[options.flag_type], {
    superadmin = false,
    group_name = step % 4 == 3 and department_of(state, index) or nil,
    sites = options.detailed and site_list(number, step) or nil,
    sixth_value = options.sixth_value and "0" or nil,
  })
end

local function administrators(state, number, users, seen, options)
  for index = 0, state.company.admins - 1 do
    if not seen[index] and not state.gone[index] then
      local person = state.edited[index]
      local mail = person and person.fields.username or state.company:mail(index)
      local rights = { readonly = false, give = true, can_administer = true }
      users[#users + 1] = entry(mail, rights, flags[options.flag_type], {
        superadmin = true,
        sites = options.detailed and site_list(number, 3) or nil,
        sixth_value = options.sixth_value and "0" or nil,
      })
    end
  end
end

-- What PHP writes of a list out of which elements were taken: an object, its numbers with gaps.
local function with_gaps(list)
  local object = php.object()
  for position, value in ipairs(list) do
    php.put(object, ("%d"):format(2 * (position - 1)), value)
  end
  return object
end

--- `"<id>":{…}` of a folder (enterprise-api §4.9, §4.10).
---@param state table
---@param number integer
---@param options table `detailed`, `all`, `sixth_value`: booleans; `flag_type`: "integer", "string",
-- "boolean"; `users_form`: "list", "object"
---@return string
function M.folder_json(state, number, options)
  local users, seen = {}, {}
  for step, index in ipairs(member_indexes(state.company, number)) do
    seen[index] = true
    users[#users + 1] = member_entry(state, number, step - 1, index, options)
  end
  if options.all then
    administrators(state, number, users, seen, options)
  end
  local folder = php.object(
    "sharedfoldername",
    M.name(number),
    "score",
    (300 + (number * 37 + state.company.salt) % 700) / 10,
    "deleted",
    number % 41 == 40,
    "users",
    options.users_form == "object" and with_gaps(users) or users
  )
  return '"' .. ("%.0f"):format(M.id(state.company, number)) .. '":' .. php.encode(folder)
end

return M
