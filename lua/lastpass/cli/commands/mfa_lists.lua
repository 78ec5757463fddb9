--- The commands about groups and roles of LastPass MFA.
-- @module lastpass.cli.commands.mfa_lists
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa = require "lastpass.cli.mfa"
local mfa_writing = require "lastpass.cli.mfa_writing"
local values = require "lastpass.cli.values"

local must = failure.must
local quoted = lua_text.value

local GROUPS = "lastpass mfa groups shows the groups there are"
local ROLES = "a role is named by its id, which lastpass mfa roles shows"

local group_argument = { { "group", "name of the group" } }
local role_argument = { { "role", "id of the role, as `mfa roles` shows it" } }
local members_arguments = {
  { "group", "name of the group" },
  { "user", "address; several are possible", args = "+", names = "users" },
}

local function role_members(session, options)
  local view = require("lastpass.cli.views").mfa_members
  require("lastpass.cli.output").check(session, view)
  local client = mfa.client(session)
  local found, message, err = client.directory:role_members(options.role)
  if err and err.kind == "refused" then
    err.hint = err.hint or ROLES
  end
  must(found, message, err)
  local rows = {}
  for kind, names in pairs { user = found.users, group = found.groups } do
    for _, name in ipairs(names) do
      rows[#rows + 1] = { name = name, kind = kind }
    end
  end
  table.sort(rows, function(a, b)
    return a.kind .. a.name < b.kind .. b.name
  end)
  session:show(view, rows)
  return exit.done
end

-- Who is to get a role.
local function members_of(options)
  return { users = values.list(options.user), groups = values.list(options.group) }
end

local function check_members(options)
  if not next(members_of(options)) then
    must(values.usage "--user or --group is needed: who gets the role")
  end
end

local rows = {
  {
    name = "mfa group add",
    summary = "Add a group to LastPass MFA",
    argument = "group",
    arguments = group_argument,
    options = { { "--unit", "its organizational unit", value = "TEXT" } },
    what = "add the group",
    send = function(directory, name, options)
      return directory:add_group(name, options.unit)
    end,
    call = function(options, name)
      local unit = options.unit and ", " .. quoted(options.unit) or ""
      return ("add_group(%s%s)"):format(quoted(name), unit)
    end,
    examples = { { "lastpass mfa group add Finance", "it gets an id" } },
  },
  {
    name = "mfa group delete",
    summary = "Delete a group of LastPass MFA",
    argument = "group",
    arguments = group_argument,
    harm = "type",
    what = "delete the group",
    hint = GROUPS,
    send = function(directory, name)
      return directory:delete_group(name)
    end,
    call = function(_, name)
      return ("delete_group(%s)"):format(quoted(name))
    end,
  },
  {
    name = "mfa group join",
    summary = "Put users into a group of LastPass MFA",
    argument = "user",
    arguments = members_arguments,
    what = function(options)
      return ("put into the group '%s'"):format(options.group)
    end,
    hint = GROUPS,
    send = function(directory, address, options)
      return directory:add_member(options.group, address)
    end,
    call = function(options, address)
      return ("add_member(%s, %s)"):format(quoted(options.group), quoted(address))
    end,
    examples = { { "lastpass mfa group join Finance ann@acme.com bob@acme.com", "both" } },
  },
  {
    name = "mfa group leave",
    summary = "Take users out of a group of LastPass MFA",
    argument = "user",
    arguments = members_arguments,
    harm = "ask",
    what = function(options)
      return ("take out of the group '%s'"):format(options.group)
    end,
    hint = GROUPS,
    send = function(directory, address, options)
      return directory:remove_member(options.group, address)
    end,
    call = function(options, address)
      return ("remove_member(%s, %s)"):format(quoted(options.group), quoted(address))
    end,
  },
  {
    name = "mfa role add",
    summary = "Add a role to LastPass MFA",
    argument = "name",
    arguments = { { "name", "name of the role" } },
    what = "add the role",
    send = function(directory, name)
      return directory:put_role(name)
    end,
    call = function(_, name)
      return ("put_role(%s)"):format(quoted(name))
    end,
  },
  {
    name = "mfa role rename",
    summary = "Give a role of LastPass MFA another name",
    argument = "role",
    arguments = { role_argument[1], { "name", "its new name" } },
    harm = "ask",
    what = function(options)
      return ("give the name '%s' to the role"):format(options.name)
    end,
    hint = ROLES,
    send = function(directory, id, options)
      return directory:put_role(options.name, id)
    end,
    call = function(options, id)
      return ("put_role(%s, %s)"):format(quoted(options.name), quoted(id))
    end,
  },
  {
    name = "mfa role delete",
    summary = "Delete a role of LastPass MFA",
    argument = "role",
    arguments = role_argument,
    harm = "type",
    what = "delete the role",
    hint = ROLES,
    send = function(directory, id)
      return directory:delete_role(id)
    end,
    call = function(_, id)
      return ("delete_role(%s)"):format(quoted(id))
    end,
  },
  {
    name = "mfa role assign",
    summary = "Give a role of LastPass MFA to users and groups",
    argument = "role",
    arguments = role_argument,
    options = {
      { "--user", "address", value = "ADDRESS", many = true },
      { "--group", "name of a group", value = "NAME", many = true },
    },
    harm = "ask",
    what = function(options)
      local users, groups = values.list(options.user) or {}, values.list(options.group) or {}
      local who = { table.concat(users, ", "), table.concat(groups, ", ") }
      return ("give to %s the role"):format(
        table.concat(who, users[1] and groups[1] and ", " or "")
      )
    end,
    check = check_members,
    hint = ROLES,
    send = function(directory, id, options)
      return directory:assign_role(id, members_of(options))
    end,
    call = function(options, id)
      return ("assign_role(%s, %s)"):format(quoted(id), quoted(members_of(options)))
    end,
  },
}

local list = {
  mfa_writing.complete_list {
    name = "mfa groups",
    summary = "List the groups of LastPass MFA",
    view = "mfa_groups",
    method = "groups",
    shown = "one.name, one.id",
  },
  mfa_writing.complete_list {
    name = "mfa roles",
    summary = "List the roles of LastPass MFA",
    view = "mfa_roles",
    method = "roles",
    shown = "one.name, one.id",
  },
  {
    name = "mfa role show",
    summary = "List who has a role of LastPass MFA",
    rows = true,
    arguments = role_argument,
    options = mfa.options,
    topics = { "mfa", "output" },
    lua = function(options)
      return ("%s\nlocal who = assert(mfa.directory:role_members(%s))\n%s"):format(
        mfa.lua(options),
        quoted(options.role),
        'print(table.concat(who.users, " "), table.concat(who.groups, ", "))'
      )
    end,
    run = role_members,
  },
}
for _, row in ipairs(rows) do
  list[#list + 1] = mfa_writing.complete(row)
end

return list
