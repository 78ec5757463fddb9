--- The REST API business/v1 over the same companies as the Enterprise API: the documented operations, from the client's own
-- table of them. What is not known of it is a setting of the company (sandbox/business/assumptions.lua).
-- @module lastpass.sandbox.business
local answers = require "lastpass.sandbox.business.answers"
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local companies = require "lastpass.sandbox.business.companies"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.business.people"
local problems = require "lastpass.sandbox.business.problems"
local requests = require "lastpass.sandbox.business.request"

local M = {}

local BASE = "/business"

-- ---- a company's state ----

-- A key that depends on the company only, in the form of the vendor's placeholder (business §1.1).
local function make_key(options)
  local random = arithmetic.random(options.cid % 1000003 * 1019 + (options.seed or 1))
  local parts = {}
  for at = 1, 45 do
    local number = random(36)
    parts[at] = ("0123456789abcdefghijklmnopqrstuvwxyz"):sub(number + 1, number + 1)
  end
  local text = table.concat(parts)
  return ("lpkey_%s_%s"):format(text:sub(1, 12), text:sub(13))
end

--- The key of a company.
---@param options table of the company
---@return string
function M.key(options)
  return options.rest_key or make_key(options)
end

local function make_state(company)
  local state = { staged = {}, levels = {}, jobs = {}, job_count = 0 }
  local seeded = company.seeded
  local first = seeded.users + seeded.invited
  for index = first, first + (company.options.staged or 0) - 1 do
    people.stage(company, state, seeded:mail(index), seeded:fullname(index))
  end
  return state
end

local function state_of(company)
  company.surfaces.business = company.surfaces.business or make_state(company)
  return company.surfaces.business
end

--- What the REST API has of a company, for the control API.
function M.describe(company)
  local state = state_of(company)
  return { staged = #state.staged, jobs = state.job_count, parent = company.options.parent }
end

-- ---- who asks ----

local function company_of(server, headers)
  local key = (headers.authorization or ""):match "^api%-key +(%S+) *$"
  if not key then
    return nil
  end
  local hash = digest.sha256(key)
  local known = server.rest_keys
  if not known or known.of ~= server.described then -- after a reset all are others
    known = { of = server.described, count = 0, cids = {} }
    server.rest_keys = known
  end
  -- the keys of companies that nobody has asked for are made one by one, until it is found
  while not known.cids[hash] and known.count < #server.order do
    known.count = known.count + 1
    local cid = server.order[known.count]
    local other = digest.sha256(M.key(server.described[cid]))
    known.cids[other] = known.cids[other] or cid
  end
  return server:company(known.cids[hash])
end

-- ---- requests ----

local function check_rights(call)
  local operation, company = call.operation, call.company
  if operation.is_undocumented then
    if not company.settings.rest_undocumented then
      return problems.fail(501, "no page documents this operation (rest_undocumented)")
    end
    call.row = operation.name ~= "admin_level_users"
      and people.rows(call.company, call.state).by_id[call.ids[1]]
    if call.row == nil then
      return problems.fail(404, "there is no such user")
    end
  elseif operation.path:find("^/v1/managed%-companies") then
    if not companies.may_manage(company) then
      return problems.fail(403, "this company manages no others")
    end
    if operation.path:find("{child-company-id}", 1, true) then
      call.child = companies.find(call.server, company, call.ids[1])
      if not call.child then
        return problems.fail(404, "there is no such managed company")
      end
    end
  end
end

local function perform(call)
  if not call.company then
    return problems.fail(401, "the key is missing or is not valid")
  elseif not call.operation then
    return problems.fail(call.other_method and 405 or 404, "there is no such operation")
  end
  call.state = state_of(call.company)
  local refusal = check_rights(call)
  if refusal then
    return refusal
  end
  if call.child then
    call.child_state = state_of(call.child)
  end
  call.query, refusal = requests.query(call.operation, call.query_text)
  if refusal then
    return refusal
  end
  if call.operation.body then
    call.body, refusal = requests.body(call.operation, call.request)
    if refusal then
      return refusal
    end
  end
  return answers[call.operation.name](call)
end

local POLL = { name = "poll", path = "/v1/requests" }

local function read_call(server, request)
  local whole, query = request.target:match "^([^?]*)%??(.*)$"
  local path = whole:sub(#BASE + 1)
  local call = {
    server = server,
    request = request,
    path = path,
    query_text = query,
    company = company_of(server, request.headers),
    state_of = state_of,
  }
  local found
  local job = request.method == "GET" and path:match "^/v1/requests/(%d+)$"
  if job then
    call.operation, found = POLL, { job }
  else
    call.operation, found, call.other_method = requests.find(request.method, path)
  end
  call.ids = {}
  for at, digits in ipairs(found or {}) do
    call.ids[at] = digits:find "^%d+$" and requests.id(digits) or nil
  end
  return call
end

local function too_large()
  return {
    status = 413,
    headers = { ["Content-Type"] = "application/problem+json" },
    body = json.encode(problems.fail(413, "the body is larger than this server takes").value),
  }
end

--- Adds the routes to a server.
---@param server table of lastpass.sandbox.server
function M.register(server)
  server:route(BASE .. "/.*", function(_, request)
    local call = read_call(server, request)
    local headers = {}
    return server:answer(request, {
      headers = headers,
      cid = call.company and call.company.cid,
      company = call.company,
      command = "rest:" .. (call.operation and call.operation.name or "unknown"),
      rows = request.method == "GET" and 0 or 1,
      run = function()
        local reply = perform(call)
        headers["Content-Type"] = reply.is_problem and "application/problem+json"
          or "application/json"
        return {
          status = reply.status,
          body = reply.value and json.encode(reply.value) or "",
          class = ("%d"):format(reply.status),
        }
      end,
    })
  end, too_large)
end

return M
