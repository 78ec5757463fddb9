--- Which of LastPass's interfaces carries the steps of a plan, and why: SCIM where it can, when a plan is made
-- `via = "scim"`, else the Enterprise API; and the REST API for what it alone does.
-- @module lastpass.plan.surface
local carriers = require "lastpass.directory.carrier"
local changes = require "lastpass.directory.changes"
local errors = require "lastpass.error"

local M = {}

--- How the surfaces are called.
M.titles = { enterprise = "the Enterprise API", scim = "SCIM" }

--- The option `via` as `errors.check_options` wants it.
---@param value any
---@return boolean ok
---@return string expected
function M.is_known(value)
  return M.titles[value] ~= nil, '"enterprise" or "scim"'
end

-- What a step sets, by name; what is sent and stands in no plan is set as well.
local function fields_of(step)
  local after = {}
  for name, value in pairs(step.after or {}) do
    after[name] = value
  end
  for _, name in ipairs(after.private or {}) do
    after[name] = true
  end
  after.private = nil
  return after
end

-- The steps of a plan that goes to several interfaces.
local function assign_steps(body, carrier)
  for _, step in ipairs(body.steps) do
    local change = changes.by_name[step.kind]
    if change.rest then
      step.via, step.why = "rest", change.scim
      step.shown = step.kind == "admin_level" and body.rest.levels or nil
    elseif carrier then
      local is_carried, why = carrier:carries(step.kind, fields_of(step))
      step.via = is_carried and "scim" or "enterprise"
      step.why = why or ("SCIM does it by %s"):format(change.scim.by)
    else
      step.via, step.why = "enterprise", ("the Enterprise API does it by %s"):format(change.command)
    end
  end
end

--- Decides for each step of a plan which surface carries it. Nothing is sent.
---@param client lastpass.Client
---@param body table of the plan; gets `via` and `scim` (the endpoint's address), its steps `via` and `why`; `rest` says that
-- the REST API was read for it
---@param via? "enterprise"|"scim"
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_scim" and those of `client:scim`
function M.assign(client, body, via)
  if (via or "enterprise") == "enterprise" then
    if body.rest then
      assign_steps(body)
    end
    return true
  end
  local endpoint, message, err = client:scim()
  if not endpoint then
    return nil, message, err
  end
  local carrier = carriers.of_scim(endpoint)
  body.via, body.scim = via, endpoint:option "url"
  assign_steps(body, carrier)
  return true
end

local function other_surface(form, ...)
  local hint = "make the plan again for the surface that is to carry it"
  return errors.fail("conflict", "other_surface", form:format(...), { hint = hint })
end

-- A plan that was made with what a REST API says goes to that one.
local function check_rest(client, body)
  local rest, message, err = client:rest()
  if not rest then
    err.message = "the plan needs the REST API: " .. message
    return nil, err.message, err
  elseif rest:option "url" ~= body.rest.url then
    local form = "the plan was made with the REST API at %s, and this client's is at %s"
    return other_surface(form, tostring(body.rest.url), rest:option "url")
  end
  return true
end

--- The endpoint that a plan's steps go to, if they do. What a plan was made for is what it is applied by.
---@param client lastpass.Client
---@param body table of the plan
---@param wanted? "enterprise"|"scim" what the caller asks for; nil: whatever the plan says
---@return lastpass.scim.Client|false|nil endpoint false when all goes over the Enterprise API
---@return string? message
---@return lastpass.Error? err codes "other_surface", "no_scim", "no_rest" and those of `client:scim` and `client:rest`
function M.open(client, body, wanted)
  local via = body.via or "enterprise"
  if body.rest then
    local ok, message, err = check_rest(client, body)
    if not ok then
      return nil, message, err
    end
  end
  if wanted and wanted ~= via then
    local form = "the plan was made for %s, and is to go over %s"
    return other_surface(form, M.titles[via], M.titles[wanted])
  elseif via == "enterprise" then
    return false
  end
  local endpoint, message, err = client:scim()
  if not endpoint then
    err.message = "the plan goes over SCIM: " .. message
    return nil, err.message, err
  elseif endpoint:option "url" ~= body.scim then
    local form = "the plan goes to the SCIM endpoint %s, and this client's is %s"
    return other_surface(form, tostring(body.scim), endpoint:option "url")
  end
  return endpoint
end

local function add(counts, operation, names)
  for _, name in ipairs(names or {}) do
    local key = operation .. name
    counts[key] = (counts[key] or 0) + 1
  end
end

-- Requests of steps over SCIM: one each, but memberships in portions of a group's members.
local function scim_requests(client, steps)
  local requests, members = 0, {}
  for _, step in ipairs(steps) do
    local after = step.after or {}
    requests = requests + (step.kind == "groups" and 0 or 1)
    add(members, "+", after.join or after.groups)
    add(members, "-", after.leave)
  end
  local endpoint = next(members) and client:scim()
  for _, count in pairs(members) do
    requests = requests + math.ceil(count / endpoint:option "members_per_request")
  end
  return requests
end

--- How many requests that write the steps of a plan take; those that look up ids do not count.
---@param client lastpass.Client
---@param steps lastpass.plan.Step[]
---@return integer
function M.requests(client, steps)
  local requests, by_kind, over_scim = 0, {}, {}
  for _, step in ipairs(steps) do
    if step.via == "scim" then
      over_scim[#over_scim + 1] = step
    elseif step.via == "rest" then
      requests = requests + 1
    else
      by_kind[step.kind] = (by_kind[step.kind] or 0) + 1
    end
  end
  for name, count in pairs(by_kind) do
    local chunk = changes.takes_list(changes.by_name[name]) and client:option "chunk" or 1
    requests = requests + math.ceil(count / chunk)
  end
  return requests + scim_requests(client, over_scim)
end

return M
