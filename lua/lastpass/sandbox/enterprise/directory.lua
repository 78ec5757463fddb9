--- getuserdata (enterprise-api §4.8).
-- @module lastpass.sandbox.enterprise.directory
local people = require "lastpass.sandbox.company.people"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.enterprise.replies"

local LARGEST_PAGE = 2000

local function flag(value)
  if value == nil then
    return nil
  end
  return value == 1 or value == true
end

-- Who is asked for: a filter of the company, or nil for everybody.
local function filter_of(data)
  local filter = { disabled = flag(data.disabled), admin = flag(data.admin) }
  return next(filter) and filter or nil
end

-- ---- the Groups map ----

-- Collects who of the users on a page is in which group.
local function new_collector(company)
  local seeded = company.seeded
  local collector = { lists = {} }
  local function put(name, mail)
    local list = collector.lists[name]
    if not list then
      list = {}
      collector.lists[name] = list
    end
    list[#list + 1] = mail
  end
  function collector.take(index, person)
    if person then
      local mail = php.string(person.fields.username)
      for _, name in ipairs(person.fields.groups or {}) do
        put(name, mail)
      end
      return
    end
    local everybody, department, third = seeded:groups(index)
    if everybody then
      local mail = '"' .. seeded:mail(index) .. '"'
      put(seeded.group_names[everybody], mail)
      put(seeded.group_names[department], mail)
      if third then
        put(seeded.group_names[third], mail)
      end
    end
  end
  return collector
end

local function write_collected(company, collector, write)
  local separator = "{"
  for _, group in ipairs(company.group_list) do
    local list = collector.lists[group.name]
    if list then
      write(separator .. php.string(group.name) .. ":[" .. table.concat(list, ",") .. "]")
      separator = ","
    end
  end
  write(separator == "{" and "[]" or "}")
end

-- The members of one group whom nobody changed.
local function write_untouched(company, group, write)
  local separator = ""
  company:each_untouched(group, function(index)
    write(separator .. '"' .. company.seeded:mail(index) .. '"')
    separator = ","
  end)
  return separator
end

-- Every group with all its members, written without a list of everybody in memory.
local function write_all_groups(company, write)
  local opening = "{"
  for _, group in ipairs(company.group_list) do
    write(opening .. php.string(group.name) .. ":[")
    opening = ","
    local separator = write_untouched(company, group, write)
    local others = {}
    for _, person in pairs(group.changed) do
      others[#others + 1] = php.string(person.fields.username)
    end
    if others[1] then
      table.sort(others)
      write(separator .. table.concat(others, ","))
    end
    write("]")
  end
  write(opening == "{" and "[]" or "}")
end

-- ---- the reply ----

local function write_users(company, filter, skip, count, take, write)
  local opening = "{"
  company:walk(filter, skip, count, function(index, person)
    write(opening)
    opening = ","
    write(person and people.json(person) or company.seeded:user_json(index))
    if take then
      take(index, person)
    end
  end)
  write(opening == "{" and "[]" or "}")
end

local function write_counts(total, count, write)
  write(('"total":%.0f,"count":%.0f,'):format(total, count))
end

local function write_invited(company, text, write)
  write(',"' .. company.settings.invited_key .. '":' .. text .. "}")
end

-- One user by address: their own groups, and the invited list only when they are on it.
local function write_one(company, data, write)
  local person = company:person(data.username)
  local invited = person and person.invited and php.encode { person.fields.username } or "[]"
  local page = data.pageindex or 0
  local found = person and not person.invited
  local shown = found and page == 0 and company:matches(filter_of(data), nil, person)
  write "{"
  if data.pagesize or data.pageindex or company.settings.counts == "always" then
    write_counts((shown or page > 0) and 1 or 0, shown and 1 or 0, write)
  end
  write('"Users":' .. (shown and "{" .. people.json(person) .. "}" or "[]"))
  if data.pagesize ~= 1 then
    local collector = new_collector(company)
    if shown then
      collector.take(nil, person)
    end
    write ',"Groups":'
    write_collected(company, collector, write)
  end
  write_invited(company, invited, write)
end

local function write_page(company, data, filter, write)
  local settings = company.settings
  local size = math.min(data.pagesize or LARGEST_PAGE, LARGEST_PAGE)
  local index = data.pageindex or 0
  local total = company:count(filter)
  local count = math.max(0, math.min(size, total - index * size))
  write("{")
  write_counts(total, count, write)
  write('"Users":')
  local collector = settings.page_groups == "page" and size > 1 and new_collector(company) or nil
  write_users(company, filter, index * size, count, collector and collector.take, write)
  if collector then
    write(',"Groups":')
    write_collected(company, collector, write)
  elseif settings.page_groups == "all" and size > 1 then
    write(',"Groups":')
    write_all_groups(company, write)
  end
  local invited = settings.page_invited
  if invited == "every" or invited == "first" and index == 0 then
    write_invited(company, filter and "[]" or company:invited_json(), write)
  else
    write("}")
  end
end

local function write_everything(company, filter, write)
  local total = company:count(filter)
  write("{")
  if company.settings.counts == "always" then
    write_counts(total, total, write)
  end
  write('"Users":')
  local collector = filter and new_collector(company)
  write_users(company, filter, 0, total, collector and collector.take, write)
  write(',"Groups":')
  if collector then
    write_collected(company, collector, write)
  else
    write_all_groups(company, write)
  end
  write_invited(company, filter and "[]" or company:invited_json(), write)
end

local function run(call, data)
  local company = call.company
  local settings = company.settings
  local size = data.pagesize
  if size and (size < 1 or size > LARGEST_PAGE and settings.pagesize_over == "refuse") then
    return replies.fail "Invalid pagesize."
  elseif data.pageindex and data.pageindex < 0 then
    return replies.fail "Invalid pageindex."
  end
  local filter = filter_of(data)
  if data.username and (data.username ~= "" or settings.empty_username == "nobody") then
    return replies.whole(function(write)
      write_one(company, data, write)
    end)
  elseif size or data.pageindex then
    return replies.whole(function(write)
      write_page(company, data, filter, write)
    end)
  end
  local make = company:count() <= LARGEST_PAGE and replies.whole or replies.stream
  return make(function(write)
    write_everything(company, filter, write)
  end)
end

return {
  getuserdata = {
    form = "object",
    fields = {
      username = { "string" },
      disabled = { "flag" },
      admin = { "flag" },
      pagesize = { "integer" },
      pageindex = { "integer" },
    },
    optional = true,
    event = "get_users",
    run = run,
  },
}
