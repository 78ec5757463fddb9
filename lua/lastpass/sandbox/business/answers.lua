--- What each operation of the REST API answers.
-- @module lastpass.sandbox.business.answers
local companies = require "lastpass.sandbox.business.companies"
local lists = require "lastpass.sandbox.business.lists"
local people = require "lastpass.sandbox.business.people"
local problems = require "lastpass.sandbox.business.problems"
local requests = require "lastpass.sandbox.business.request"

local refuse = problems.refuse

-- By operation: a function of the call, that gives the reply.
local run = {}

local function level_rows(company, state, id)
  local list = {}
  for _, row in ipairs(people.rows(company, state)) do
    if row.level == id then
      list[#list + 1] = { id = row.id, name = row.name, email = row.email }
    end
  end
  return list
end

run.users = function(call)
  local query = call.query
  local by_name = query.name and lists.matcher(call.company, query.name)
  local by_mail = query.email and lists.matcher(call.company, query.email)
  local rows = lists.filtered(people.rows(call.company, call.state), function(row)
    return (not by_name or by_name(row.name))
      and (not by_mail or by_mail(row.email))
      and (not query.account_status or query.account_status == row.accountStatus)
  end)
  rows = lists.sorted(rows, query.sort)
  if not rows then
    return refuse("query/sort", "is no order of this list")
  end
  local list = {}
  for at, row in ipairs(rows) do
    list[at] = people.user(row)
  end
  return lists.page(call.company, call.operation, call.path, query, list)
end

run.create_user = function(call)
  return people.create(call.company, call.state, call.body, call.request.peer)
end

run.admin_levels = function(call)
  local by_name = call.query.name and lists.matcher(call.company, call.query.name)
  local rows = lists.filtered(people.levels, function(level)
    return not by_name or by_name(level.name)
  end)
  rows = assert(lists.sorted(rows, call.query.sort))
  return lists.page(call.company, call.operation, call.path, call.query, rows)
end

run.add_user_to_admin_level = function(call)
  local level = people.levels[call.ids[1]]
  local row = people.rows(call.company, call.state).by_id[tonumber(call.body.userId)]
  if not level then
    return problems.fail(404, "there is no such admin level")
  elseif not row then
    return refuse("/userId", "is nobody of this company")
  end
  return people.set_level(call.company, call.state, level, row)
end

run.managed_companies = function(call)
  local query = call.query
  if type(query.parent_id) == "string" then
    query.parent_id = requests.id(query.parent_id)
  end
  local by_name = query.name and lists.matcher(call.company, query.name)
  local rows = lists.filtered(companies.rows(call.server, call.company, query), function(row)
    return (not by_name or by_name(row.name))
      and (not query.status or lists.has(query.status, row.status))
      and (not query.type or lists.has(query.type, row.type))
      and (not query.license_limit or query.license_limit == ("%d"):format(row.licenseLimit))
      and (not query.addon or lists.has(row.addons, query.addon))
  end)
  rows = lists.sorted(rows, query.sort)
  if not rows then
    return refuse("query/sort", "is no order of this list")
  end
  return lists.page(call.company, call.operation, call.path, query, rows)
end

run.create_managed_company = function(call)
  if type(call.body.parentId) == "string" then
    call.body.parentId = requests.id(call.body.parentId)
  end
  return companies.create(call.server, call.request, call.company, call.state, call.body)
end

run.update_managed_company = function(call)
  return companies.update(
    call.server,
    call.request,
    call.company,
    call.state,
    call.child,
    call.body
  )
end

run.detach_managed_company = function(call)
  return companies.detach(call.child)
end

run.managed_company_user = function(call)
  local row = people.rows(call.child, call.child_state).by_id[call.ids[2]]
  return row and { status = 200, value = people.user(row) }
    or problems.fail(404, "there is no such user")
end

run.managed_company_admin_level = function(call)
  local level = people.levels[call.ids[2]]
  return level and { status = 200, value = level }
    or problems.fail(404, "there is no such admin level")
end

run.managed_company_admin_level_users = function(call)
  if not people.levels[call.ids[2]] then
    return problems.fail(404, "there is no such admin level")
  end
  local rows = level_rows(call.child, call.child_state, call.ids[2])
  return lists.page(call.company, call.operation, call.path, call.query, rows)
end

run.billing_cycles = function(call)
  return { status = 200, value = companies.cycles(call.server.clock, call.query.number or 1) }
end

run.billing_reports = function(call)
  local query = call.query
  if query.start_date > query.end_date then
    return refuse("query/end-date", "is before the start")
  end
  local rows = companies.billing(call.server, call.company, query)
  return lists.page(call.company, call.operation, call.path, query, rows)
end

run.managed_companies_admins = function(call)
  local rows = companies.admins(call.server, call.company, call.state_of)
  return lists.page(call.company, call.operation, call.path, call.query, rows)
end

-- What is undocumented, for who turns it on.

local function row_of(call)
  return people.rows(call.company, call.state).by_id[call.ids[1]]
end

run.get_user = function(call)
  return { status = 200, value = people.user(call.row) }
end

run.patch_user = function(call)
  local person = call.company:user(call.row.email)
  local name = call.body.name
  if not person or type(name) ~= "string" then
    return refuse("/name", "is all that can be changed, of somebody who has an account")
  end
  person.fields.fullname = name
  call.company:save(person)
  return { status = 200, value = people.user(row_of(call)) }
end

run.delete_user = function(call)
  local person = call.company:person(call.row.email)
  if person then
    call.company:remove(person)
  else
    people.unstage(call.company, call.state, call.row.id)
  end
  return { status = 204 }
end

run.invite_user = function(call)
  return people.invite(call.company, call.state, call.row, call.request.peer)
end

run.admin_level_users = function(call)
  local rows = level_rows(call.company, call.state, call.ids[1])
  return lists.page(call.company, call.operation, call.path, call.query, rows)
end

run.poll = function(call)
  return companies.poll(call.state, call.ids[1])
end

return run
