--- The list of people: search, filters, order, pages.
-- @module lastpass.nginx.dashboard.people
local form = require "lastpass.nginx.dashboard.form"
local html = require "lastpass.nginx.dashboard.html"
local lists = require "lastpass.nginx.dashboard.lists"
local parts = require "lastpass.nginx.dashboard.parts"
local people_list = require "lastpass.nginx.dashboard.people_list"
local text = require "lastpass.text"
local tally = require "lastpass.nginx.dashboard.tally"

local M = {}

local MOST_NAMES = 500 -- of groups that the browser offers
local GROUPS_SHOWN = 3

local function status_options()
  local options = { { "", "Any" }, { people_list.CAN_LOG_IN, "Can log in" } }
  for _, class in ipairs(tally.standings) do
    options[#options + 1] = { class[1], class[2] }
  end
  return options
end

local function mfa_options(index)
  local options = { { "", "Any" }, { "yes", "Has one" }, { "no", "Has none" } }
  for _, method in ipairs(index.tally.methods) do
    options[#options + 1] = { method.name, method.name }
  end
  return options
end

local admin_options = { { "", "Any" }, { "yes", "Admins" }, { "no", "Not admins" } }

local function group_field(index, filter)
  local names = {}
  for place = 1, math.min(#index.tally.groups, MOST_NAMES) do
    names[place] = html.option { value = index.tally.groups[place].name }
  end
  local input = html.input {
    type = "text",
    id = "group",
    name = "group",
    value = filter.group,
    list = "groups",
    autocomplete = "off",
    spellcheck = "false",
    placeholder = "Any",
    ["aria-invalid"] = filter.unknown_group and "true",
  }
  return form.field("group", "Group", html.join(input, html.datalist({ id = "groups" }, names)))
end

local function filters(call, index, filter)
  return form.show(call:url "people", {
    form.search(filter.q, "Name or e-mail"),
    form.field("status", "Status", form.choice("status", status_options(), filter.status)),
    form.field("mfa", "Multifactor", form.choice("mfa", mfa_options(index), filter.mfa)),
    form.field("admin", "Admin", form.choice("admin", admin_options, filter.admin)),
    group_field(index, filter),
    filter.sort ~= "" and html.input { type = "hidden", name = "sort", value = filter.sort },
  }, {})
end

-- The same list with something else; its first page unless a mark is given.
local function address(call, filter, changes)
  local params = {}
  for _, name in ipairs(people_list.fields) do
    local value = changes[name]
    params[#params + 1] = { name, value == nil and filter[name] or value }
  end
  for _, pair in ipairs(changes) do
    params[#params + 1] = pair
  end
  return call:url("people", params)
end

local function column(call, filter, name, title, class)
  local sorted, reverse = people_list.order(filter)
  local is_sorted = sorted == name
  -- what was last is what one wants to see first
  local first = name == "last_login" and "-" or ""
  local other = reverse and "" or "-"
  return {
    title = title,
    class = class,
    href = address(call, filter, { sort = (is_sorted and other or first) .. name }),
    sorted = is_sorted and (reverse and "descending" or "ascending") or nil,
  }
end

local function columns(call, filter)
  local name = column(call, filter, "name", "Name", "name")
  name.other = column(call, filter, "email", "E-mail")
  return {
    name,
    { title = "Status" },
    { title = "Multifactor" },
    column(call, filter, "last_login", "Last log-in, UTC", "time minor"),
    { title = "Groups", class = "minor" },
  }
end

local function groups_of(user)
  local names = {}
  for place, name in ipairs(user.groups) do
    names[place] = name
  end
  table.sort(names)
  local list = {}
  for place = 1, math.min(#names, GROUPS_SHOWN) do
    list[#list + 1] = place > 1 and ", " or false
    list[#list + 1] = html.bdi(names[place])
  end
  if #names > GROUPS_SHOWN then
    list[#list + 1] = (" and %s more"):format(text.count(#names - GROUPS_SHOWN))
  end
  return list
end

--- The mark beside an admin.
M.ADMIN = html.join(" ", html.span({ class = "mark" }, "Admin"))

--- A second factor, or that there is none, where there ought to be one.
---@param method string|false|nil
---@param standing string class of the index
---@return any
function M.mfa(method, standing)
  if method then
    return method
  elseif standing == "invited" then
    return html.span({ class = "quiet" }, "–")
  elseif standing == "disabled" then
    return html.span({ class = "quiet" }, "none")
  end
  return html.span({ class = "mark bad" }, "none")
end

local function row(call, index, place)
  local user, standing = index:user(place), index.standing[place]
  local fullname = user.fullname ~= "" and user.fullname or nil
  local name = html.a(
    { href = call:url("person", { { "email", user.email } }) },
    fullname and html.bdi(fullname) or parts.email(user.email)
  )
  local never = not user.last_login and standing ~= "invited"
  return {
    {
      name,
      index.admin[place] and M.ADMIN,
      fullname and html.span({ class = "address" }, parts.email(user.email)),
    },
    tally.standing_title(standing),
    M.mfa(user.mfa, standing),
    parts.time(user.last_login) or never and html.span({ class = "quiet" }, "never"),
    groups_of(user),
  }
end

local function nobody(call, filter)
  if filter.unknown_group then
    local nearest = filter.nearest
    return lists.empty(("There is no group “%s”"):format(filter.unknown_group), nearest and {
      "Did you mean ",
      html.a({ href = address(call, filter, { group = nearest }) }, html.bdi(nearest)),
      "?",
    } or html.a({ href = call:url "groups" }, "See all groups"))
  end
  return lists.empty(
    "Nobody fits",
    "Try fewer letters or another filter, or ",
    html.a({ href = call:url "people" }, "show everybody"),
    "."
  )
end

local function list(call, index, filter)
  local places, page = people_list.find(call, index, filter)
  local found = lists.counted(page, "person", "people")
  if people_list.narrows(filter) then
    found = ("%s (everybody: %s)"):format(found, text.count(index.count))
  end
  if page.count == 0 then
    return lists.results(found, nobody(call, filter))
  end
  local rows = {}
  for at = page.first, page.last do
    rows[#rows + 1] = row(call, index, places[at])
  end
  return lists.results(
    found,
    parts.table("people-table", "People", columns(call, filter), rows, { quiet = true }),
    lists.pager(page, function(more)
      return address(call, filter, more)
    end)
  )
end

--- Makes the page.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or part (the list alone)
function M.show(call)
  local index = call:index()
  local filter = people_list.read(call, index)
  local results = list(call, index, filter)
  if call:is_part() then
    return { part = results }
  end
  return {
    title = "People",
    section = "people",
    main = html.join(
      parts.head("People", { meta = parts.freshness(call) }),
      parts.stale(call),
      html.section({ ["aria-label"] = "List of people" }, filters(call, index, filter), results)
    ),
  }
end

return M
