--- What an access review asks about: each thing that somebody has.
-- @module lastpass.report.access_review.items
local email = require "lastpass.email"
local exclusions = require "lastpass.report.exclusions"
local key_of = require("lastpass.email").fold
local roster_room = require "lastpass.report.roster"
local statistics = require "lastpass.report.statistics"

local M = {}

--- The kinds of things, in the order in which they are asked about.
M.kinds = { account = 1, admin = 2, group = 3, folder = 4 }

local rank = { read = "read", write = "write", administer = "administer" }

--- What tells an item from all others, also when it is looked for again later.
---@param item table person, kind, what, folder_id, through
---@return string
function M.key(item)
  return table.concat({
    item.kind,
    email.fold(item.person),
    item.kind == "folder" and item.folder_id or item.what or "",
    item.through or "",
  }, "\0")
end

local function right_of(user)
  return user.can_administer and rank.administer or user.can_write and rank.write or rank.read
end

-- Calls for everything that people who are not disabled have.
local function each_of_users(reading, kinds, call)
  local people, disabled = {}, 0
  for user in reading:users() do
    if user.status == "disabled" then
      disabled = disabled + 1
    else
      people[email.fold(user.email)] = user
      if kinds.account then
        call(user, { kind = "account", what = "log in", right = user.status })
      end
      if kinds.admin and user.admin then
        call(user, { kind = "admin", what = "administer the company" })
      end
      for _, group in ipairs(kinds.group and user.groups or {}) do
        call(user, { kind = "group", what = group, right = "member" })
      end
    end
  end
  return people, disabled
end

local function each_of_folders(folders, people, call)
  for _, folder in ipairs(folders) do
    for _, entry in ipairs(folder.users) do
      local user = people[email.fold(entry.email)]
      -- a super admin's right comes with the role, and not from the folder
      if user and not folder.deleted and not entry.super_admin then
        call(user, {
          kind = "folder",
          what = folder.name,
          folder_id = folder.id,
          right = right_of(entry),
          through = entry.group,
        })
      end
    end
  end
end

--- Everything that people have now.
---@param reading lastpass.report.Reading
---@param kinds table<string, any> which kinds
---@param call fun(user: lastpass.User, item: table)
---@return integer|nil disabled how many accounts were left out
---@return string? message
---@return lastpass.Error? err
function M.each(reading, kinds, call)
  local people, disabled = each_of_users(reading, kinds, call)
  if kinds.folder then
    local folders, message, err = reading:folders()
    if not folders then
      return nil, message, err
    end
    each_of_folders(folders, people, call)
  end
  return disabled
end

local function manager_of(roster, user, field)
  local person = roster.by_address[key_of(user.email)]
  local address = person and person[field]
  address = type(address) == "string" and email.check(address) or nil
  -- nobody decides about themselves
  if not address or email.fold(address) == email.fold(user.email) then
    return nil
  end
  return email.fold(address)
end

local function number(rows)
  for _, row in ipairs(rows) do
    row.place = M.kinds[row.kind]
    row.sort_manager = row.manager or "\255"
  end
  statistics.sort(rows, "sort_manager", "person", "place", "what", "through")
  local people, count = {}, 0
  for place, row in ipairs(rows) do
    row.place, row.sort_manager = nil, nil
    row.id = ("R%05d"):format(place)
    if not people[row.person] then
      people[row.person], count = true, count + 1
    end
  end
  return count
end

local function chosen(what)
  if not what then
    return M.kinds
  end
  local kinds = {}
  for _, kind in ipairs(what) do
    kinds[kind] = true
  end
  return kinds
end

--- Collects the items of a campaign, numbered.
---@param reading lastpass.report.Reading
---@param options table of `report.access_review`
---@return table|nil found rows, people, unassigned, disabled, unused
---@return string? message
---@return lastpass.Error? err
function M.collect(reading, options)
  local roster, message, err = roster_room.read(reading, options.roster)
  if not roster then
    return nil, message, err
  end
  local excluded, unused = exclusions.new(options.exclude)
  local found = { rows = {}, unassigned = 0 }
  found.disabled, message, err = M.each(reading, chosen(options.what), function(user, item)
    if excluded(key_of(user.email)) then
      return
    end
    item.person, item.fullname = user.email, user.fullname
    item.last_login = user.last_login
    item.manager = manager_of(roster, user, options.manager or "manager")
    found.unassigned = found.unassigned + (item.manager and 0 or 1)
    found.rows[#found.rows + 1] = item
  end)
  if not found.disabled then
    return nil, message, err
  end
  found.unused = unused()
  found.people = number(found.rows)
  return found
end

return M
