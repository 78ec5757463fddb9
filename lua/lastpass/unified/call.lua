--- One request while it is answered: what it asks, of which company, and what the caller may do.
-- @module lastpass.unified.call
local cache = require "lastpass.unified.cache"
local email = require "lastpass.email"
local filters = require "lastpass.unified.filters"
local folders = require "lastpass.directory.folders"
local ids = require "lastpass.unified.ids"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"

---@class lastpass.unified.Call
---@field request table
---@field tenant table
---@field grant table
---@field settings table
---@field query table      the parameters as a tree
---@field output table     of `query.options`
---@field cid string
---@field now number       epoch seconds
---@field id? string       the id in the address
---@field what? string     what one item of the resource is called
---@field view? table      of the directory, once it was asked for
---@field is_live? boolean the answer shows more than that view
---@field hidden? string[] strings that no answer may repeat, such as a first password
local methods = {}
local call_mt = { __index = methods }

---@class lastpass.unified.Change
---@field kind string     "create", "name", "groups", "enable", "disable", "deactivate", "rename",
-- "disable_mfa", "uninvite", "remove", "delete"
---@field subject string  address
---@field user? lastpass.User as read just now
---@field after? table    what it sets: fullname, groups, join, leave, email, password, …

---@class lastpass.unified.Writer
---@field check fun(self, changes: lastpass.unified.Change[]): true|nil, string?, lastpass.Error?
---@field apply fun(self, change: lastpass.unified.Change): table|nil, string?, lastpass.Error?

local M = {}

--- Reads what a request asks.
---@param request table
---@param tenant table
---@param grant table
---@param route table of `routes.find`
---@return lastpass.unified.Call|nil
---@return lastpass.unified.Problem? problem
function M.new(request, tenant, grant, route)
  local tree, problem = query.read(request.query or {})
  local ok = tree
  if tree and not route.takes_filters then
    ok, problem = filters.none(tree)
  end
  local output
  if ok then
    output, problem = query.options(tree, grant.settings)
  end
  if not output then
    return nil, problem
  end
  return setmetatable({
    request = request,
    tenant = tenant,
    grant = grant,
    settings = grant.settings,
    query = tree,
    output = output,
    cid = ids.account(tenant),
    now = request.now or os.time(),
    id = route.id,
    what = route.resource and route.resource.what,
  }, call_mt)
end

--- The failure of a lower layer, as a problem that repeats nothing hidden.
---@param message string
---@param err lastpass.Error
---@return nil
---@return lastpass.unified.Problem problem
function methods:fail(message, err)
  return problems.of(message, err, self.hidden)
end

--- The directory, as it was read last.
---@return table|nil view
---@return lastpass.unified.Problem? problem
function methods:directory()
  if not self.view then
    local view, message, err = self.tenant:directory()
    if not view then
      return self:fail(message, err)
    end
    self.view = view
  end
  return self.view
end

--- The cache of the directory.
---@return table|nil cache
---@return lastpass.unified.Problem? problem
function methods:cache()
  local view, problem = self:directory()
  if not view then
    return nil, problem
  end
  return cache.of(view, self.settings)
end

--- All users, in order.
---@return lastpass.unified.Index|nil
---@return lastpass.unified.Problem? problem
function methods:index()
  local view, problem = self:directory()
  if not view then
    return nil, problem
  end
  return ids.index(self.tenant, view, self.settings)
end

--- The shared folders: those of the view, else read once for it.
---@return lastpass.Folder[]|nil
---@return lastpass.unified.Problem? problem
function methods:folders()
  local cached, problem = self:cache()
  if not cached then
    return nil, problem
  elseif self.view.folders then
    return self.view.folders
  end
  return cache.once(cached, "folders", function()
    local list, message, err = folders.read(self.tenant:client(), {})
    if not list then
      return self:fail(message, err)
    end
    return list
  end)
end

local function workspaces_of(list)
  local of_user, of_group = {}, {}
  local function add(ids_by_key, key, id)
    ids_by_key[key] = ids_by_key[key] or {}
    table.insert(ids_by_key[key], id)
  end
  for _, folder in ipairs(list) do
    for _, entry in ipairs(folder.users) do
      add(of_user, email.fold(entry.email), folder.id)
      if entry.group then
        add(of_group, entry.group, folder.id)
      end
    end
  end
  return { of_user = of_user, of_group = of_group }
end

--- The ids of the shared folders that a user, or a group, has rights to, for filters by workspace. Call
-- `prepare_workspaces` before a list is filtered: reading the folders may fail.
---@return table|nil workspaces of_user and of_group: by key of the address, and by name, lists of ids
---@return lastpass.unified.Problem? problem
function methods:workspaces()
  if not self._workspaces then
    local list, problem = self:folders()
    if not list then
      return nil, problem
    end
    self._workspaces = cache.once(self:cache(), "workspaces_of", function()
      return workspaces_of(list)
    end)
  end
  return self._workspaces
end

--- Reads the folders when a filter needs them.
---@return true|nil
---@return lastpass.unified.Problem? problem
function methods:prepare_workspaces()
  if self.query.workspace_id == nil and self.query.workspace == nil then
    return true
  end
  local workspaces, problem = self:workspaces()
  return workspaces and true, problem
end

--- The item does not exist, or the caller may not see it.
---@return nil
---@return lastpass.unified.Problem problem
function methods:not_found()
  return problems.fail(404, ("there is no %s with that id"):format(self.what))
end

local function is_json(request)
  local kind = (request.headers or {})["content-type"] or ""
  local media_type, parameters = kind:lower():match "^([^;]*)(.*)$"
  local charset = parameters:match 'charset%s*=%s*"?([%w_-]*)'
  return media_type:find "^application/[%w.+-]*json%s*$" ~= nil
    and (charset == nil or charset == "utf-8" or charset == "utf8")
end

--- Reads a body that must be JSON, and have its content type.
---@param request lastpass.unified.Request
---@return any value nil with a problem
---@return lastpass.unified.Problem? problem
function M.read_json(request)
  if not is_json(request) then
    return problems.fail(415, "the body must be JSON: content-type: application/json")
  end
  local value, message = json.decode(request.body or "")
  if value == nil then
    return problems.fail(400, "the body is not valid JSON: " .. message)
  end
  return value
end

--- The same for a body that must be an object.
---@param request lastpass.unified.Request
---@return table|nil object
---@return lastpass.unified.Problem? problem
function M.read_object(request)
  local value, problem = M.read_json(request)
  if problem then
    return nil, problem
  elseif type(value) ~= "table" or request.body:find "^%s*%[" then
    return problems.fail(400, "the body must be a JSON object")
  end
  return value
end

--- The body of a write.
---@return table|nil object
---@return lastpass.unified.Problem? problem
function methods:body()
  local size, most = #(self.request.body or ""), self.settings.max_body
  if size > most then
    return problems.fail(413, ("the body has %d bytes; %d are allowed"):format(size, most))
  end
  return M.read_object(self.request)
end

--- Applies changes through the grant's writer, in order, up to the first failure (unified-directory §6: not
-- atomic, never tried twice).
---@param changes lastpass.unified.Change[]
---@return true|nil
---@return lastpass.unified.Problem? problem details.applied and details.failed when some are applied
function methods:apply(changes)
  local writer = self.grant.writer
  if not writer then
    return problems.fail(405, "this server does not write", { headers = { allow = "GET, HEAD" } })
  elseif #changes == 0 then
    return true
  end
  local ok, message, err = writer:check(changes)
  if not ok then
    return self:fail(message, err)
  end
  local applied = json.list {}
  for _, change in ipairs(changes) do
    ok, message, err = writer:apply(change)
    if not ok then
      local _, problem = self:fail(message, err)
      if #applied > 0 or err.uncertain then
        self.tenant:refresh()
      end
      problem.details = problem.details or {}
      problem.details.applied, problem.details.failed = applied, change.kind
      return nil, problem
    end
    applied[#applied + 1] = change.kind
  end
  self.tenant:refresh()
  return true
end

return M
