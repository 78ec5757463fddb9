--- People and admin levels of the REST API (business §2.2, §2.3): the same people as the Enterprise API's, and those who
-- are staged.
-- @module lastpass.sandbox.business.people
local email = require "lastpass.email"
local people = require "lastpass.sandbox.company.people"
local problems = require "lastpass.sandbox.business.problems"
local schema = require "lastpass.sandbox.schema"

local M = {}

--- The levels that every company has.
M.levels = {
  {
    id = 1,
    name = "Helpdesk Admin",
    description = "Helps people with their accounts",
    permissions = { "view-users" },
  },
  {
    id = 2,
    name = "Admin",
    description = "Manages people, groups and policies",
    permissions = { "view-adoption-dashboard", "view-security-dashboard", "view-users" },
  },
  {
    id = 3,
    name = "Super Admin",
    description = "Manages everything",
    permissions = {
      "view-adoption-dashboard",
      "view-managed-companies",
      "view-security-dashboard",
      "view-users",
    },
  },
}

local HELPDESK, SUPER = 1, 3

local function level_of(state, id, is_admin)
  local level = state.levels[id]
  if level and (level == HELPDESK or is_admin) then
    return level
  end
  return is_admin and SUPER or nil
end

local function add_row(state, rows, id, name, mail, status, is_admin)
  local row = {
    id = id,
    name = name,
    email = mail,
    accountStatus = status,
    level = level_of(state, id, is_admin),
  }
  rows[#rows + 1] = row
  rows.by_id[id] = row
end

local function add_users(company, state, rows)
  local seeded = company.seeded
  company:walk(nil, 0, math.huge, function(index, person)
    local fields = person and person.fields
    if fields then
      local status = fields.disabled and "disabled" or "enrolled"
      add_row(state, rows, person.id, fields.fullname, fields.username, status, fields.admin)
    else
      local disabled, admin = seeded:flags(index)
      local status = disabled and "disabled" or "enrolled"
      add_row(
        state,
        rows,
        seeded:id(index),
        seeded:fullname(index),
        seeded:mail(index),
        status,
        admin
      )
    end
  end)
end

local function add_invited(company, state, rows)
  company:each_invited(function(person)
    add_row(
      state,
      rows,
      person.id,
      person.fields.fullname,
      person.fields.username,
      "pending-invitation"
    )
  end)
end

local function add_staged(company, state, rows)
  for _, staged in ipairs(state.staged) do
    -- the Enterprise API may have added the address since
    if not company:person(staged.email) then
      add_row(state, rows, staged.id, staged.name, staged.email, staged.status)
    end
  end
end

--- Everybody, in the order users, invited, staged.
---@return table[] rows with `by_id`
function M.rows(company, state)
  return company:cache("rest", function()
    local rows = { by_id = {} }
    add_users(company, state, rows)
    add_invited(company, state, rows)
    add_staged(company, state, rows)
    return rows
  end)
end

--- A row as CompanyUser.
function M.user(row)
  return { id = row.id, name = row.name, email = row.email, accountStatus = row.accountStatus }
end

-- An id that nobody of the company has.
local function new_id(company)
  local id = company.next_id
  company.next_id = id + 3
  return id
end

--- Stages somebody.
---@param status? string default "staged"
---@return table row
function M.stage(company, state, mail, name, status)
  local staged = { id = new_id(company), email = mail, name = name, status = status or "staged" }
  table.insert(state.staged, staged)
  company:touch()
  return { id = staged.id, name = name, email = mail, accountStatus = staged.status }
end

local function invite(company, mail, name, peer)
  local fields = people.new_fields(mail, company:account_time())
  fields.fullname = name
  local person = company:add(fields, true)
  company:count_mail(mail, "invitation")
  company:audit("invited", mail, peer)
  return { id = person.id, name = name, email = mail, accountStatus = "pending-invitation" }
end

local function is_taken(company, state, mail)
  if company:person(mail) then
    return true
  end
  local key = email.fold(mail)
  for _, staged in ipairs(state.staged) do
    if email.fold(staged.email) == key then
      return true
    end
  end
  return false
end

--- Creates somebody.
---@param body table email, name, creationAccountAction
function M.create(company, state, body, peer)
  local mail, name = body.email, body.name or ""
  if not schema.is_mail(mail) then
    return problems.fail(400, "the user cannot be created", {
      { pointer = "/email", detail = "must be an e-mail address" },
    })
  elseif is_taken(company, state, mail) then
    return problems.fail(409, "there is a user of this e-mail address", {
      { pointer = "/email", detail = "is taken" },
    })
  end
  local row = body.creationAccountAction == "stage" and M.stage(company, state, mail, name)
    or invite(company, mail, name, peer)
  return { status = 201, value = row }
end

--- Takes away somebody who is staged.
---@return table|nil staged
function M.unstage(company, state, id)
  for at, staged in ipairs(state.staged) do
    if staged.id == id then
      company:touch()
      return table.remove(state.staged, at)
    end
  end
end

--- Invites somebody who is staged.
function M.invite(company, state, row, peer)
  local staged = M.unstage(company, state, row.id)
  if not staged then
    return problems.fail(409, "the user is not staged")
  end
  return { status = 200, value = invite(company, staged.email, staged.name, peer) }
end

--- Gives somebody a level; the former one ends (business §2.3).
function M.set_level(company, state, level, row)
  if row.accountStatus ~= "enrolled" then
    return problems.fail(400, "the user has no account yet", {
      { pointer = "/userId", detail = "must be enrolled" },
    })
  end
  state.levels[row.id] = level.id
  local person = assert(company:user(row.email))
  person.fields.admin = level.id ~= HELPDESK
  company:save(person)
  return {
    status = 201,
    value = { id = row.id, name = row.name, email = row.email, adminLevelId = level.id },
  }
end

return M
