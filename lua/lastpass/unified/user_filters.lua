--- How lists of users can be filtered and sorted (unified-directory §2.3).
-- Every function gets an entry {user, id} and the call.
-- @module lastpass.unified.user_filters
local email = require "lastpass.email"
local ids = require "lastpass.unified.ids"
local names = require "lastpass.unified.names"
local query = require "lastpass.unified.query"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"
local user_object = require "lastpass.unified.user_object"

local M = {}

local value = {}

--- The number, or the name of an invitation.
function value.id(entry)
  return entry.id
end

--- The address.
function value.email(entry)
  return entry.user.email
end

--- The full name.
function value.name(entry)
  return names.trim(entry.user.fullname)
end

--- The first name.
function value.first_name(entry)
  return (names.split(entry.user.fullname))
end

--- The last name.
function value.last_name(entry)
  return (select(2, names.split(entry.user.fullname)))
end

--- Active, inactive or invited.
function value.status(entry, call)
  return user_object.status(entry.user, call.settings)
end

--- Whether LastPass's own second factor is there; nil for invitations.
function value.mfa(entry)
  if entry.user.status == "invited" and not entry.user.id then
    return nil
  end
  return entry.user.mfa ~= nil
end

--- The role of the account.
function value.role(entry)
  return user_object.account_role(entry.user).id
end

--- Administrator or user.
function value.user_type(entry)
  return entry.user.admin and "admin" or "user"
end

--- Names of groups, and their ids.
function value.groups(entry)
  local list = {}
  for _, name in ipairs(entry.user.groups) do
    list[#list + 1] = name
    list[#list + 1] = ids.group(name)
  end
  return list
end

--- The shared folders that somebody has rights to.
function value.workspaces(entry, call)
  return call:workspaces().of_user[email.fold(entry.user.email)] or {}
end

--- The account.
function value.organization(_, call)
  return call.cid
end

--- When the account was made.
function value.created_at(entry)
  return entry.user.created
end

--- When somebody logged in last.
function value.last_login_at(entry)
  return entry.user.last_login
end

local function nothing()
  return nil
end

--- What `users?…` may name.
---@type table<string, lastpass.unified.Filter>
M.known = {
  id = { kind = "exact", value = value.id },
  username = { kind = "address", value = value.email },
  emails = { kind = "address", value = value.email, inner = "email" },
  email = { kind = "address", value = value.email },
  name = { kind = "text", value = value.name },
  first_name = { kind = "text", value = value.first_name },
  last_name = { kind = "text", value = value.last_name },
  status = { kind = "exact", value = value.status },
  is_2fa_enabled = { kind = "truth", value = value.mfa },
  role_id = { kind = "exact", value = value.role },
  user_type = { kind = "exact", value = value.user_type },
  group = { kind = "exact", value = value.groups },
  group_id = { kind = "exact", value = value.groups },
  organization_id = { kind = "exact", value = value.organization },
  workspace = { kind = "exact", value = value.workspaces },
  workspace_id = { kind = "exact", value = value.workspaces },
  created_at = { kind = "time", value = value.created_at },
  updated_at = { kind = "time", value = nothing },
  last_login_at = { kind = "time", value = value.last_login_at },
}

local function iso(at)
  return at and time.iso(at) or ""
end

local function folded(text)
  return text and texts.fold(text) or ""
end

-- What a list can be sorted by: a text of each entry.
local sortable = {
  created_at = function(entry)
    return iso(entry.user.created)
  end,
  last_login_at = function(entry)
    return iso(entry.user.last_login)
  end,
  emails = function(entry)
    return folded(entry.user.email)
  end,
  name = function(entry)
    return folded(value.name(entry))
  end,
  first_name = function(entry)
    return folded(value.first_name(entry))
  end,
  last_name = function(entry)
    return folded(value.last_name(entry))
  end,
  status = value.status,
  roles = value.role,
}
sortable.username = sortable.emails

-- A cursor has to hold one.
local LONGEST_KEY = 120

--- How a list is to be sorted: `sort_by=name`, or `-name` for the other way round.
---@param text string|nil
---@return table|nil sort {key(entry, call), descending, name}; an empty table for the order of ids
---@return lastpass.unified.Problem? problem
function M.sort(text)
  if not text or text == "id" then
    return {}
  end
  local minus, name = text:match "^(%-?)(.*)$"
  local key = sortable[name]
  if not key then
    local known = { "id" }
    for other in pairs(sortable) do
      known[#known + 1] = other
    end
    table.sort(known)
    return query.bad("sort_by", "must be one of " .. table.concat(known, ", "))
  end
  return {
    name = text,
    descending = minus == "-",
    key = function(entry, call)
      return key(entry, call):sub(1, LONGEST_KEY)
    end,
  }
end

return M
