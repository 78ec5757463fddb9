--- getsfdata and getdetailedsfdata (enterprise-api §4.9, §4.10), and pushsitestousers (§4.13), which the
-- vendor has withdrawn.
-- @module lastpass.sandbox.enterprise.folders
local names = require "lastpass.sandbox.names"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.enterprise.replies"
local schema = require "lastpass.sandbox.schema"

local M = {}

-- ---- a folder ----

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

-- One user of a folder; `about` has the rest, `step` is where the list of sites begins.
local function user_entry(settings, mail, about, detailed, number, step)
  local object, flag = php.object("username", mail), flags[settings.flag_type]
  for _, name in ipairs { "readonly", "give", "can_administer" } do
    php.put(object, name, flag(about[name]))
  end
  php.put(object, "superadmin", about.superadmin)
  php.put(object, "group_name", about.group_name)
  php.put(object, "sites", detailed and site_list(number, step) or nil)
  php.put(object, "more", settings.folder_sixth_value and "0" or nil)
  return object
end

local function department_of(company, index)
  local _, department = company.seeded:groups(index)
  return department and company.seeded.group_names[department]
end

local function mail_of(company, index)
  local person = company.edited[index]
  return person and person.fields.username or company.seeded:mail(index)
end

-- The entry of a member, or nil when they have left the company.
local function member_entry(company, number, step, index, detailed)
  if company.gone[index] then
    return nil
  end
  local about = {
    readonly = (number + step) % 3 == 1,
    give = (number + step) % 4 ~= 2,
    can_administer = step == 0,
    superadmin = false,
    group_name = step % 4 == 3 and department_of(company, index) or nil,
  }
  return user_entry(company.settings, mail_of(company, index), about, detailed, number, step)
end

-- Administrators who are no members are listed with all rights.
local function add_administrators(company, number, users, seen, detailed)
  local about = { readonly = false, give = true, can_administer = true, superadmin = true }
  for index = 0, company.seeded.admins - 1 do
    if not seen[index] and not company.gone[index] then
      local mail = mail_of(company, index)
      users[#users + 1] = user_entry(company.settings, mail, about, detailed, number, 3)
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

-- `"<id>":{…}` of a folder; `all` lists the administrators too.
local function folder_json(company, number, all, detailed)
  local seeded = company.seeded
  local users, seen = {}, {}
  for step, index in ipairs(seeded:folder_members(number)) do
    seen[index] = true
    users[#users + 1] = member_entry(company, number, step - 1, index, detailed)
  end
  if all then
    add_administrators(company, number, users, seen, detailed)
  end
  local folder = php.object(
    "sharedfoldername",
    seeded:folder_name(number),
    "score",
    (300 + (number * 37 + seeded.salt) % 700) / 10,
    "deleted",
    number % 41 == 40,
    "users",
    company.settings.folder_users == "object" and with_gaps(users) or users
  )
  return '"' .. ("%.0f"):format(seeded:folder_id(number)) .. '":' .. php.encode(folder)
end

-- ---- getsfdata, getdetailedsfdata ----

-- Shorter answers are sent with their length.
local WHOLE_FOLDERS = 200

local function folders_reply(company, first, last, all, detailed)
  local function produce(write)
    if last < first then
      return write "[]"
    end
    for number = first, last do
      write(number == first and "{" or ",")
      write(folder_json(company, number, all, detailed))
    end
    write "}"
  end
  return last - first < WHOLE_FOLDERS and replies.whole(produce) or replies.stream(produce)
end

local function check_all(data)
  return data ~= nil and data ~= "all" and 'data is not "all"' or nil
end

M.getsfdata = {
  optional = true,
  event = "get_folders",
  check = check_all,
  run = function(call, data)
    return folders_reply(call.company, 0, call.company.seeded.folders - 1, data == "all", false)
  end,
}

local page_fields = {
  data = { "string" },
  pagesize = { "digits", required = true },
  pageindex = { "digits" },
}

M.getdetailedsfdata = {
  optional = true,
  event = "get_folders",
  check = function(data, strict)
    if type(data) ~= "table" then
      return check_all(data)
    end
    return schema.object(page_fields, data, strict) or check_all(data.data)
  end,
  run = function(call, data)
    local company = call.company
    local count = company.seeded.folders
    if type(data) ~= "table" then
      if count > company.settings.detailed_unpaged_max then
        return replies.too_many "Too Many Requests"
      end
      return folders_reply(company, 0, count - 1, data == "all", true)
    end
    local size, index = tonumber(data.pagesize), tonumber(data.pageindex or 0)
    if size < 1 or index < 0 then
      return replies.fail "Invalid page."
    end
    local first = index * size
    local last = math.min(count, first + size) - 1
    return folders_reply(company, first, last, data.data == "all", true)
  end,
}

-- ---- pushsitestousers ----

local push_fields = { users = { "string", required = true } }
for name in
  ("persistent url name group usernametype username password notes fav decryptid"):gmatch "%a+"
do
  push_fields[name] = { "string" }
end

local push_values = {
  persistent = { ["0"] = true, ["1"] = true },
  usernametype = { email = true, username = true, custom = true },
  fav = { on = true, [""] = true },
}

M.pushsitestousers = {
  form = "object",
  fields = push_fields,
  check = function(data)
    for name, allowed in pairs(push_values) do
      if data[name] and not allowed[data[name]] then
        return "Invalid value of field: " .. name
      end
    end
    return nil
  end,
  run = function(call, data)
    local company, users = call.company, data.users
    if company.settings.push_sites == "withdrawn" then
      return replies.fail "Pushing sites to users is no longer available."
    elseif users ~= "all" and not company:has_group(users) and not company:user(users) then
      return replies.fail("No such user: " .. users)
    end
    company.pushed_sites = (company.pushed_sites or 72) + 1
    call:audit("push_sites", data.url or "")
    return replies.of("OK", "status", "OK", "psid", ("%.0f"):format(company.pushed_sites))
  end,
}

return M
