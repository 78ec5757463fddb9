--- People: the list with its search, filters, order and pages; and one person with facts, groups,
-- shared folders. Attributes are not shown: they may hold secrets (enterprise-api §4.1).
-- @module lastpass.nginx.dashboard.people
local accounts = require "lastpass.report.accounts"
local components = require "lastpass.html.components"
local folders = require "lastpass.nginx.dashboard.folders"
local html = require "lastpass.html"
local parts = require "lastpass.nginx.dashboard.parts"
local people_filter = require "lastpass.nginx.dashboard.people_filter"
local people_index = require "lastpass.nginx.dashboard.index"
local text = require "lastpass.text"
local user_fields = require("lastpass.directory.fields").list

local M = {}

local MOST_NAMES = 500 -- of groups that the browser offers
local GROUPS_SHOWN = 3

local function status_options()
  local options = { { "", "Any" }, { people_filter.CAN_LOG_IN, "Can log in" } }
  for _, class in ipairs(people_index.statuses) do
    options[#options + 1] = { class[1], class[2] }
  end
  return options
end

local function mfa_options(index)
  local options = { { "", "Any" }, { "yes", "Has one" }, { "no", "Has none" } }
  for _, method in ipairs(index.counts.methods) do
    options[#options + 1] = { method.name, method.name }
  end
  return options
end

local admin_options = { { "", "Any" }, { "yes", "Admins" }, { "no", "Not admins" } }

local function group_field(index, filter)
  local names = {}
  for position = 1, math.min(#index.counts.groups, MOST_NAMES) do
    names[position] = html.option { value = index.counts.groups[position].name }
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
  return parts.field("group", "Group", html.join(input, html.datalist({ id = "groups" }, names)))
end

local function filter_form(call, index, filter)
  return parts.form(call:url "people", {
    parts.search(filter.q, "Name or e-mail"),
    parts.field("status", "Status", parts.choice("status", status_options(), filter.status)),
    parts.field("mfa", "Multifactor", parts.choice("mfa", mfa_options(index), filter.mfa)),
    parts.field("admin", "Admin", parts.choice("admin", admin_options, filter.admin)),
    group_field(index, filter),
    filter.sort ~= "" and html.input { type = "hidden", name = "sort", value = filter.sort },
  })
end

-- The same list with something else; its first page unless a mark is given.
local function list_address(call, filter, changes)
  local params = {}
  for _, name in ipairs(people_filter.fields) do
    local value = changes[name]
    params[#params + 1] = { name, value == nil and filter[name] or value }
  end
  for _, pair in ipairs(changes) do
    params[#params + 1] = pair
  end
  return call:url("people", params)
end

local function sorted_column(call, filter, name, title, class)
  local sorted, reverse = people_filter.order(filter)
  local is_sorted = sorted == name
  -- what was last is what one wants to see first
  local first = name == "last_login" and "-" or ""
  local other = reverse and "" or "-"
  return {
    title = title,
    class = class,
    href = list_address(call, filter, { sort = (is_sorted and other or first) .. name }),
    sorted = is_sorted and (reverse and "descending" or "ascending") or nil,
  }
end

local function columns_of(call, filter)
  local name = sorted_column(call, filter, "name", "Name", "name")
  name.other = sorted_column(call, filter, "email", "E-mail")
  return {
    name,
    { title = "Status" },
    { title = "Multifactor" },
    sorted_column(call, filter, "last_login", "Last log-in, UTC", "time minor"),
    { title = "Groups", class = "minor" },
  }
end

local function groups_of(user)
  local names, list = accounts.group_names(user), {}
  for position = 1, math.min(#names, GROUPS_SHOWN) do
    list[#list + 1] = position > 1 and ", " or false
    list[#list + 1] = html.bdi(names[position])
  end
  if #names > GROUPS_SHOWN then
    list[#list + 1] = (" and %s more"):format(text.count(#names - GROUPS_SHOWN))
  end
  return list
end

local ADMIN = html.join(" ", parts.mark "Admin")

-- A second factor; or a mark where one is missing.
local function mfa_of(method, status)
  if method then
    return method
  elseif status == "invited" then
    return parts.quiet "–"
  elseif status == "disabled" then
    return parts.quiet "none"
  end
  return parts.mark("none", true)
end

local function row_of(call, index, position)
  local user, status = index:user(position), index.status[position]
  local fullname = user.fullname ~= "" and user.fullname or nil
  local never = not user.last_login and status ~= "invited"
  return {
    {
      parts.person(call, user.email, fullname and html.bdi(fullname)),
      index.admin[position] and ADMIN,
      fullname and html.span({ class = "address" }, components.email(user.email)),
    },
    people_index.status_title(status),
    mfa_of(user.mfa, status),
    parts.time(user.last_login) or never and parts.quiet "never",
    groups_of(user),
  }
end

local function empty_list(call, filter)
  if filter.unknown_group then
    local nearest = filter.nearest
    return parts.empty(("There is no group “%s”"):format(filter.unknown_group), nearest and {
      "Did you mean ",
      html.a({ href = list_address(call, filter, { group = nearest }) }, html.bdi(nearest)),
      "?",
    } or html.a({ href = call:url "groups" }, "See all groups"))
  end
  return parts.empty(
    "Nobody matches",
    "Try fewer letters or another filter, or ",
    html.a({ href = call:url "people" }, "show everybody"),
    "."
  )
end

local function results_of(call, index, filter)
  local positions, page = people_filter.find(call, index, filter)
  local found = parts.counted(page, "person", "people")
  if people_filter.narrows(filter) then
    found = ("%s (everybody: %s)"):format(found, text.count(index.count))
  end
  if page.count == 0 then
    return parts.results(found, empty_list(call, filter))
  end
  local rows = {}
  for at = page.first, page.last do
    rows[#rows + 1] = row_of(call, index, positions[at])
  end
  return parts.results(
    found,
    components.table("people-table", "People", columns_of(call, filter), rows, { quiet = true }),
    parts.pager(page, function(more)
      return list_address(call, filter, more)
    end),
    parts.csv_link(list_address(call, filter, { { "format", "csv" } }))
  )
end

local csv_columns =
  accounts.pick("email", "fullname", "status", "admin", "mfa", "created", "last_login", "groups")

local function each_person(call, index, filter, add)
  local positions, page = people_filter.find(call, index, filter)
  for at = 1, page.count do
    add(accounts.row(index:user(positions[at])))
  end
end

--- Makes the page of the list.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or part (the list alone)
function M.show(call)
  local index = call:index()
  local filter = people_filter.read(call, index)
  return parts.list_page(call, {
    section = "people",
    title = "People",
    one = "people",
    form = filter_form(call, index, filter),
    results = results_of(call, index, filter),
    csv = {
      columns = csv_columns,
      each = function(add)
        each_person(call, index, filter, add)
      end,
    },
  })
end

local function yes_no(value)
  if value == nil then
    return nil
  end
  return value and "yes" or "no"
end

-- What has never been set is not shown: people who never logged in have no master password.
local function of_hundred(user, value)
  return value
    and not user.never_logged_in
    and ("%s of 100"):format(text.count(math.floor(value * 10 + 0.5) / 10))
end

local by_kind = {
  time = function(_, value)
    return parts.time(value, true)
  end,
  flag = function(_, value)
    return yes_no(value)
  end,
  count = function(_, value)
    return value and text.count(value)
  end,
}

-- Facts that are shown in a way of their own.
local by_name = {
  email = function(_, value)
    return components.email(value)
  end,
  mfa = function(user, value)
    return mfa_of(value, accounts.login_status(user))
  end,
  last_login = function(user, value)
    return parts.time(value, true) or user.status ~= "invited" and "never"
  end,
  password_reset_required = function(_, value)
    return value and "at the next log-in"
  end,
  password_strength = of_hundred,
  security_score = of_hundred,
  id = function(_, value)
    return value and ("%.0f"):format(value)
  end,
}

local function vault_text(user)
  local list = {}
  for _, field in ipairs(user_fields) do
    local count = field.vault and user[field[1]] or 0
    if count > 0 then
      list[#list + 1] = text.plural(count, field.vault)
    end
  end
  return #list > 0 and table.concat(list, ", ") or accounts.items(user) == 0 and "nothing"
end

local function facts_of(user)
  local facts = {}
  for _, field in ipairs(user_fields) do
    local name, value = field[1], field.fact and user[field[1]]
    local show = by_name[name] or by_kind[field.kind]
    if name == "status" then
      facts[#facts + 1] = { "Status", people_index.status_title(accounts.login_status(user)) }
    elseif field.fact and show then
      facts[#facts + 1] = { field[2], show(user, value) }
    elseif field.fact then
      facts[#facts + 1] = { field[2], value and html.bdi(value) }
    end
  end
  facts[#facts + 1] = { "Vault", vault_text(user) }
  return components.facts(facts)
end

local function group_tags(call, user)
  local items = {}
  for position, name in ipairs(accounts.group_names(user)) do
    items[position] = parts.people(call, html.bdi(name), { { "group", name } })
  end
  return components.list(items, "tags") or html.p({ class = "quiet" }, "In no group.")
end

local function folder_table(call, user)
  local access, failure = call:access()
  if not access then
    return html.p({ class = "quiet" }, "Shared folders could not be read: ", failure.message, ".")
  end
  local rights = access:rights_of(user.email)
  if #rights == 0 then
    return html.p({ class = "quiet" }, "In no shared folder.")
  end
  local rows = {}
  for position, right in ipairs(rights) do
    rows[position] = {
      folders.link(call, right.folder_id, right.folder),
      right.right,
      right.group and html.bdi(right.group) or right.super_admin and "super admin" or "directly",
      yes_no(right.sees_passwords),
    }
  end
  return components.table("folders-table", text.plural(#rights, "right"), {
    { title = "Folder", class = "name" },
    { title = "Right" },
    { title = "Through" },
    { title = "Sees passwords", class = "minor" },
  }, rows)
end

--- Makes the page of one person.
---@param call lastpass.nginx.dashboard.Call
---@return table page title, section, main; or missing (text)
function M.show_one(call)
  local email = call:param "email"
  local user = email ~= "" and call.view.snapshot:user(email)
  if not user then
    return { missing = "There is nobody with that address in this company." }
  end
  local fullname = user.fullname ~= "" and user.fullname or nil
  local name = fullname and html.bdi(fullname) or components.email(user.email)
  return {
    title = fullname or user.email,
    section = "people",
    main = html.join(
      parts.head(
        { name, user.admin and ADMIN },
        { crumb = html.a({ href = call:url "people" }, "People"), meta = parts.freshness(call) }
      ),
      parts.stale(call),
      components.section("facts", "Facts", facts_of(user)),
      components.section("groups", "Groups", group_tags(call, user)),
      components.section("folders", "Shared folders", folder_table(call, user))
    ),
  }
end

return M
