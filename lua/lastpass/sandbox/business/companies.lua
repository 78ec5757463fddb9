--- Managed companies of the REST API (business §2.4 to §2.6): other companies of this sandbox that name one as their
-- parent, the jobs that make and change them, and what is billed.
-- @module lastpass.sandbox.business.companies
local civil = require "lastpass.time.civil"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.business.people"
local problems = require "lastpass.sandbox.business.problems"

local M = {}

--- Whether a company may manage others.
function M.may_manage(company)
  return not company.options.parent or company.options.company_type == "managed-msp"
end

-- The account numbers of the companies below one, at any depth, in their order.
local function below(server, cid)
  local list, inside = {}, { [cid] = true }
  for _, other in ipairs(server.order) do
    local parent = server.described[other].parent
    if parent and inside[parent] then
      list[#list + 1] = other
      inside[other] = true
    end
  end
  return list
end

--- A managed company below another, at any depth.
---@param id integer
---@return table|nil company
function M.find(server, company, id)
  local at = server.described[id]
  while at and at.parent do
    if at.parent == company.cid then
      return server:company(id)
    end
    at = server.described[at.parent]
  end
  return nil
end

local function name_of(server, cid)
  return server.described[cid].name or server:company(cid).seeded.name
end

-- A company as the list has it; it need not have been made.
local function row_of(server, cid)
  local options = server.described[cid]
  return {
    id = cid,
    name = name_of(server, cid),
    licenseLimit = options.license_limit or 0,
    status = options.status or "active",
    type = options.company_type or "managed",
    addons = json.list(options.addons or {}),
    parentId = options.parent,
  }
end

--- The rows of the list.
---@param query table of the request, checked
function M.rows(server, company, query)
  local top = company
  if query.parent_id then
    top = M.find(server, company, query.parent_id)
      or query.parent_id == company.cid and company
      or nil
  end
  local rows = {}
  if top and top ~= company then
    rows[1] = row_of(server, top.cid) -- that company and everything below it (business §2.4)
  end
  for _, child in ipairs(top and below(server, top.cid) or {}) do
    rows[#rows + 1] = row_of(server, child)
  end
  return rows
end

-- ---- jobs ----

local function url_of(server, request, company, path)
  local form = company.settings.rest_job_url
  if form == "foreign" then
    return "https://jobs.example.com" .. path
  elseif form == "whole" then
    return server.scheme .. "://" .. (request.headers.host or "localhost") .. path
  end
  return path
end

local function accept(server, request, company, state, child)
  state.job_count = state.job_count + 1
  local id = state.job_count
  state.jobs[id] = { company = child.cid, polls = company.settings.rest_job_polls }
  local path = ("/business/v1/requests/%d"):format(id)
  return {
    status = 202,
    value = { id = id, url = url_of(server, request, company, path), status = "accepted" },
  }
end

--- What became of a job.
---@param id integer|nil
function M.poll(state, id)
  local job = id and state.jobs[id]
  if not job then
    return problems.fail(404, "there is no such request")
  elseif job.polls > 0 then
    job.polls = job.polls - 1
    return { status = 202, value = { id = id, status = "running" } }
  end
  return { status = 200, value = { id = id, status = "done", companyId = job.company } }
end

local function new_cid(server)
  local highest = 0
  for _, cid in ipairs(server.order) do
    highest = math.max(highest, cid)
  end
  return highest + 1
end

--- Creates a company below this one, or below `parentId`.
---@param body table checked
function M.create(server, request, company, state, body)
  local parent = company.cid
  if body.parentId then
    local above = M.find(server, company, body.parentId)
    if body.parentId ~= company.cid and not (above and M.may_manage(above)) then
      return problems.fail(400, "there is no such company", {
        { pointer = "/parentId", detail = "is no company that may manage others" },
      })
    end
    parent = body.parentId
  end
  local child = assert(server:add_company {
    cid = new_cid(server),
    name = body.name,
    users = 0,
    invited = 0,
    folders = 0,
    events = 0,
    parent = parent,
    company_type = body.type,
    license_limit = body.licenseLimit,
    addons = body.addons,
  })
  return accept(server, request, company, state, child)
end

--- Replaces what can be changed of a company: what is left out is reset.
function M.update(server, request, company, state, child, body)
  local options = child.options
  options.license_limit = body.licenseLimit or 0
  options.status = body.status or "active"
  options.addons = body.addons or {}
  return accept(server, request, company, state, child)
end

--- Ends the managed relation; the company lives on.
function M.detach(child)
  child.options.parent = nil
  return { status = 204 }
end

-- ---- reports ----

local DAY = 86400

local function date(seconds)
  local fields = civil.fields(seconds)
  return ("%04d-%02d-%02d"):format(fields.year, fields.month, fields.day)
end

--- The newest billing cycles: months of the calendar, the present one first.
function M.cycles(clock, number)
  local list = json.list()
  local at = clock:seconds()
  for _ = 1, number do
    local fields = civil.fields(at)
    local first = civil.month_start(fields.year, fields.month)
    list[#list + 1] = {
      startDate = date(first),
      endDate = date(civil.month_start(fields.year, fields.month + 1) - DAY),
    }
    at = first - DAY
  end
  return list
end

local license_types = { managed = "msp-managed-company", ["managed-msp"] = "managed-msp" }

--- What is billed for the companies below.
function M.billing(server, company, query)
  local rows = {}
  for _, cid in ipairs(below(server, company.cid)) do
    local options = server.described[cid]
    local kind = license_types[options.company_type or "managed"]
    if
      (options.status or "active") == "active"
      and (not query.license_type or query.license_type == kind)
    then
      rows[#rows + 1] = {
        companyId = cid,
        companyName = name_of(server, cid),
        licenseType = kind,
        licenseLimit = options.license_limit or 0,
        usedLicenses = server:company(cid):seats(),
        startDate = query.start_date,
        endDate = query.end_date,
      }
    end
  end
  return rows
end

--- The admins of the companies below.
---@param state_of fun(company: table): table
function M.admins(server, company, state_of)
  local rows = {}
  for _, cid in ipairs(below(server, company.cid)) do
    local child = server:company(cid)
    for _, row in ipairs(people.rows(child, state_of(child))) do
      if row.level then
        rows[#rows + 1] = {
          userId = row.id,
          userEmail = row.email,
          adminLevel = { id = row.level, name = people.levels[row.level].name },
          company = { id = cid, name = child.seeded.name },
        }
      end
    end
  end
  return rows
end

return M
