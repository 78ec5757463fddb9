--- Whom one can sign on as, and what LastPass would say of them.
-- @module lastpass.sandbox.saml.people
local email = require "lastpass.email"

local M = {}

-- People on a page.
local MOST_PEOPLE = 50

--- A person, for a page.
function M.describe(person)
  local fields = person.fields
  return {
    email = fields.username,
    fullname = fields.fullname,
    admin = fields.admin,
    disabled = fields.disabled,
  }
end

--- The first people of a company, or the one of that address.
function M.list(company, query)
  local list = {}
  if query and query ~= "" then
    local person = company:user(email.fold(query))
    return { person and M.describe(person) }
  end
  company:walk(nil, 0, MOST_PEOPLE, function(index, person)
    person = person or company:user(company.seeded:mail(index))
    list[#list + 1] = person and M.describe(person)
  end)
  return list
end

--- What assertions are made of.
function M.user(company, app, person)
  local fields, domain = person.fields, company.settings.saml_secondary_email
  local name = fields.username:match "^(.*)@"
  return {
    email = fields.username,
    secondary_email = domain ~= "" and name and name .. "@" .. domain or nil,
    user_id = ("%.0f"):format(person.id),
    groups = fields.groups or {},
    roles = app.role and { app.role } or {},
    disabled = fields.disabled,
  }
end

return M
