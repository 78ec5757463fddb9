--- The resources: one row for each, which the engine (`lastpass.unified.lists`) runs. Adding one is adding a row here
-- and a spec.
-- @module lastpass.unified.resources
local activities = require "lastpass.unified.activities"
local errors = require "lastpass.error"
local filters = require "lastpass.unified.filters"
local groups = require "lastpass.unified.groups"
local json = require "lastpass.json"
local lists = require "lastpass.unified.lists"
local user_body = require "lastpass.unified.user_body"
local user_filters = require "lastpass.unified.user_filters"
local user_object = require "lastpass.unified.user_object"
local user_writes = require "lastpass.unified.user_writes"
local users = require "lastpass.unified.users"
local workspaces = require "lastpass.unified.workspaces"

local null = json.null

-- LastPass has one organization: the account.
local function organization(call)
  return {
    id = call.cid,
    name = call.settings.company_name or null,
    pricing_plan = null,
    licenses = json.list {},
    created_at = null,
    updated_at = null,
    remote_data = { cid = call.cid },
  }
end

local function role_object(role)
  return {
    id = role.id,
    name = role.name,
    label = null,
    description = null,
    type = role.type,
    applicable_in = role.type == "shared_folder" and "workspace" or null,
    created_at = null,
    updated_at = null,
    remote_data = null,
  }
end

-- LastPass knows no current user: the account's hash acts for the company, and the caller is the bearer of
-- a token (unified-directory §5.1).
local function identity(call)
  local scopes = json.list(errors.names_of(call.grant.scopes or {}))
  local object = user_object.blank()
  object.id = call.cid
  object.external_id, object.identifiers = null, {}
  object.name = call.grant.name or null
  object.first_name, object.last_name, object.username = null, null, null
  object.emails, object.roles = json.list {}, json.list {}
  object.groups, object.workspaces = json.list {}, json.list {}
  object.status, object.is_2fa_enabled = "active", null
  object.organizations = json.list { { id = call.cid, name = call.settings.company_name or null } }
  object.user_type = "service-account"
  object.created_at, object.last_login_at = null, null
  object.remote_data = { cid = call.cid, tenant = call.tenant.name, scopes = scopes }
  return object
end

local function none()
  return nil
end

local user_members = lists.members {
  scalar = "id external_id name first_name last_name title username status is_email_verified "
    .. "is_2fa_enabled user_type avatar timezone bio created_at updated_at last_login_at "
    .. "last_active_at",
  object = "identifiers",
  array = "emails phones roles organizations licenses groups workspaces languages urls",
}

local membership = { fields = { group_id = "string", user_id = "string" }, required = true }

---@type table<string, lastpass.unified.Resource>
local M = {
  users = {
    what = "user",
    methods = {
      list = users.list,
      get = users.get,
      create = user_writes.create,
      update = user_writes.update,
      delete = user_writes.delete,
    },
    members = user_members,
    filters = user_filters.filters,
    raw = users.raw,
    bodies = {
      create = { fields = user_body.fields },
      update = { fields = user_body.fields },
    },
  },
  groups = {
    what = "group",
    methods = { list = true, get = true },
    custom = { ["add-user"] = groups.add_user, ["remove-user"] = groups.remove_user },
    members = lists.members {
      scalar = "id name description organization group_type created_at updated_at",
    },
    filters = groups.filters,
    entries = groups.entries,
    find = groups.find,
    object = groups.object,
    raw = groups.raw,
    bodies = { ["add-user"] = membership, ["remove-user"] = membership },
  },
  roles = {
    what = "role",
    methods = { list = true, get = true },
    members = lists.members {
      scalar = "id name label description type created_at updated_at",
      string = "applicable_in",
    },
    filters = {
      name = filters.text "name",
      type = filters.exact "type",
      organization_id = filters.organization,
    },
    entries = function()
      return workspaces.roles
    end,
    object = role_object,
  },
  role_assignments = {
    what = "role assignment",
    methods = { list = true, get = true },
    members = lists.members {
      scalar = "id user_id group_id group_type role_id created_at updated_at",
      array = "workspace",
    },
    filters = workspaces.assignment_filters,
    entries = workspaces.assignments,
    object = workspaces.assignment_object,
  },
  organizations = {
    what = "organization",
    methods = { list = true, get = true },
    members = lists.members {
      scalar = "id name pricing_plan created_at updated_at",
      array = "licenses",
    },
    filters = {},
    entries = function(call)
      return { organization(call) }
    end,
  },
  workspaces = {
    what = "workspace",
    methods = { list = true, get = true },
    members = lists.members {
      scalar = "id name description status created_at updated_at",
      object = "organization",
    },
    filters = workspaces.filters,
    entries = workspaces.entries,
    raw = workspaces.raw,
  },
  -- this API says nothing about licences, so the list is empty
  licenses = {
    what = "licence",
    methods = { list = true, get = true },
    members = lists.members { scalar = "id" },
    filters = {
      organization_id = { kind = "exact", value = none },
      workspace_id = { kind = "exact", value = none },
    },
    entries = function()
      return {}
    end,
  },
  activities = {
    what = "activity",
    is_live = true,
    methods = { list = activities.list, get = true },
    members = lists.members {
      scalar = "id organization description action entity entity_type created_at",
      object = "actor context",
      string = "group",
    },
    filters = activities.filters,
    find = activities.find,
  },
  me = {
    what = "identity",
    is_live = true,
    methods = { list = true },
    members = user_members,
    keys = lists.members { scalar = "id name username status user_type" },
    filters = {},
    entries = function(call)
      return { identity(call) }
    end,
  },
}

for name, resource in pairs(M) do
  resource.name = name
end

return M
