--- getuserdata (enterprise-api §4.8).
-- @module lastpass.sandbox.commands.directory
local check = require "lastpass.sandbox.commands.check"
local people = require "lastpass.sandbox.person"
local php = require "lastpass.sandbox.php"
local replies = require "lastpass.sandbox.commands.replies"

local LARGEST_PAGE = 2000

local fields = {
  username = { "string" },
  disabled = { "flag" },
  admin = { "flag" },
  pagesize = { "integer" },
  pageindex = { "integer" },
}

local function flag(value)
  if value == nil then
    return nil
  end
  return value == 1 or value == true
end

-- Who is asked for: a filter of lastpass.sandbox.state, or nil for everybody.
local function filter_of(data)
  local filter = { disabled = flag(data.disabled), admin = flag(data.admin) }
  return next(filter) and filter or nil
end

-- ---- the Groups map ----

-- Collects who of the users on a page is in which group.
local function new_collector(state)
  local company = state.company
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
    local everybody, department, third = company:groups(index)
    if everybody then
      local mail = '"' .. company:mail(index) .. '"'
      put(company.group_names[everybody], mail)
      put(company.group_names[department], mail)
      if third then
        put(company.group_names[third], mail)
      end
    end
  end
  return collector
end

local function write_collected(state, collector, write)
  local separator = "{"
  local function write_group(name)
    local list = collector.lists[name]
    if list then
      write(separator .. php.string(name) .. ":[" .. table.concat(list, ",") .. "]")
      separator = ","
    end
  end
  for _, name in ipairs(state.company.group_names) do
    write_group(name)
  end
  for _, name in ipairs(state.group_added) do
    write_group(name)
  end
  write(separator == "{" and "[]" or "}")
end

-- The members of one seeded group: those whom nobody changed, by arithmetic.
local function write_untouched(state, place, write)
  local company, edited, gone = state.company, state.edited, state.gone
  local separator = ""
  company:each_member(place, function(index)
    if not edited[index] and not gone[index] then
      write(separator .. '"' .. company:mail(index) .. '"')
      separator = ","
    end
  end)
  return separator
end

-- Every group with all its members, written without a list of everybody in memory.
local function write_all_groups(state, write)
  local collector = new_collector(state)
  for _, person in pairs(state.edited) do
    collector.take(nil, person)
  end
  for _, list in ipairs({ state.front, state.added }) do
    for _, person in ipairs(list) do
      collector.take(nil, person)
    end
  end
  local opening = "{"
  local function write_group(name, place)
    write(opening .. php.string(name) .. ":[")
    opening = ","
    local separator = place and write_untouched(state, place, write) or ""
    local others = collector.lists[name]
    if others then
      table.sort(others)
      write(separator .. table.concat(others, ","))
    end
    write("]")
  end
  for place, name in ipairs(state.company.group_names) do
    write_group(name, place)
  end
  for _, name in ipairs(state.group_added) do
    write_group(name)
  end
  write(opening == "{" and "[]" or "}")
end

-- ---- the reply ----

local function write_users(state, filter, skip, count, take, write)
  local opening = "{"
  state:walk(filter, skip, count, function(index, person)
    write(opening)
    opening = ","
    write(person and people.json(person) or state.company:user_json(index))
    if take then
      take(index, person)
    end
  end)
  write(opening == "{" and "[]" or "}")
end

local function write_counts(total, count, write)
  write(('"total":%.0f,"count":%.0f,'):format(total, count))
end

local function write_invited(context, text, write)
  write(',"' .. context.settings.invited_key .. '":' .. text .. "}")
end

-- One user by address: their own groups, and the invited list only when they are on it.
local function write_one(context, data, write)
  local state = context.state
  local person = state:person(data.username)
  local invited = person and person.invited and php.encode({ person.fields.username }) or "[]"
  local filter = filter_of(data)
  local shown = person
    and not person.invited
    and (not filter or filter.disabled == nil or filter.disabled == person.fields.disabled)
    and (not filter or filter.admin == nil or filter.admin == person.fields.admin)
  local page = data.pageindex or 0
  shown = shown and page == 0
  local paged = data.pagesize ~= nil or data.pageindex ~= nil
  write("{")
  if paged or context.settings.counts == "always" then
    write_counts((shown or page > 0) and 1 or 0, shown and 1 or 0, write)
  end
  write('"Users":' .. (shown and "{" .. people.json(person) .. "}" or "[]"))
  if data.pagesize ~= 1 then
    local collector = new_collector(state)
    if shown then
      collector.take(nil, person)
    end
    write(',"Groups":')
    write_collected(state, collector, write)
  end
  write_invited(context, invited, write)
end

local function write_page(context, data, filter, write)
  local state, settings = context.state, context.settings
  local size = math.min(data.pagesize or LARGEST_PAGE, LARGEST_PAGE)
  local index = data.pageindex or 0
  local total = state:count(filter)
  local count = math.max(0, math.min(size, total - index * size))
  write("{")
  write_counts(total, count, write)
  write('"Users":')
  local collector = settings.page_groups == "page" and size > 1 and new_collector(state) or nil
  write_users(state, filter, index * size, count, collector and collector.take, write)
  if collector then
    write(',"Groups":')
    write_collected(state, collector, write)
  elseif settings.page_groups == "all" and size > 1 then
    write(',"Groups":')
    write_all_groups(state, write)
  end
  local invited = settings.page_invited
  if invited == "every" or invited == "first" and index == 0 then
    write_invited(context, filter and "[]" or state:invited_json(), write)
  else
    write("}")
  end
end

local function write_everything(context, filter, write)
  local state = context.state
  local total = state:count(filter)
  write("{")
  if context.settings.counts == "always" then
    write_counts(total, total, write)
  end
  write('"Users":')
  local collector = filter and new_collector(state)
  write_users(state, filter, 0, total, collector and collector.take, write)
  write(',"Groups":')
  if collector then
    write_collected(state, collector, write)
  else
    write_all_groups(state, write)
  end
  write_invited(context, filter and "[]" or state:invited_json(), write)
end

local function getuserdata(context, data)
  data = data or {}
  if data.pagesize and (data.pagesize < 1 or data.pagesize > LARGEST_PAGE) then
    if data.pagesize < 1 or context.settings.pagesize_over == "refuse" then
      return replies.fail("Invalid pagesize.")
    end
  end
  if data.pageindex and data.pageindex < 0 then
    return replies.fail("Invalid pageindex.")
  end
  if context.settings.audit_reads then
    context:audit("get_users", "Initiated by API")
  end
  local filter = filter_of(data)
  if data.username and (data.username ~= "" or context.settings.empty_username == "nobody") then
    return replies.whole(function(write)
      write_one(context, data, write)
    end)
  elseif data.pagesize or data.pageindex then
    return replies.whole(function(write)
      write_page(context, data, filter, write)
    end)
  end
  local produce = function(write)
    write_everything(context, filter, write)
  end
  local small = context.state:count() <= LARGEST_PAGE
  return small and replies.whole(produce) or replies.stream(produce)
end

return {
  getuserdata = {
    check = function(data, strict)
      return data and check.object(fields, data, strict)
    end,
    run = getuserdata,
  },
}
