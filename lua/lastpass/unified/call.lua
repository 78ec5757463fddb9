--- One request on its way through the rooms: what it asks, of whom, and what it may.
-- @module lastpass.unified.call
local email = require "lastpass.email"
local filters = require "lastpass.unified.filters"
local folders_room = require "lastpass.directory.folders"
local ids = require "lastpass.unified.ids"
local index = require "lastpass.unified.index"
local json = require "lastpass.json"
local kept_room = require "lastpass.unified.kept"
local output_room = require "lastpass.unified.output"
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"

---@class lastpass.unified.Call
---@field request table
---@field tenant table
---@field grant table
---@field settings table
---@field query table      the parameters as a tree
---@field output table     of `output.read`
---@field cid string
---@field now number       epoch seconds
---@field id? string       what the address names
---@field view? table      of the directory, once it was asked for
local methods = {}
local call_mt = { __index = methods }

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
  if not tree then
    return nil, problem
  end
  local is_plain = route.is_plain
    or route.action == "list"
    or route.resource and route.resource.is_live
  local ok = true
  if not is_plain then
    ok, problem = filters.none(tree) -- what is about one thing has nothing to filter
  end
  if not ok then
    return nil, problem
  end
  local output
  output, problem = output_room.read(tree, grant.settings)
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
    what = route.what,
  }, call_mt)
end

--- The directory, as it was read last.
---@return table|nil view
---@return lastpass.unified.Problem? problem
function methods:directory()
  if not self.view then
    local view, message, err = self.tenant:directory()
    if not view then
      return problems.of(message, err)
    end
    self.view = view
  end
  return self.view
end

--- What is kept for the directory.
---@return table|nil kept
---@return lastpass.unified.Problem? problem
function methods:kept()
  local view, problem = self:directory()
  if not view then
    return nil, problem
  end
  return kept_room.of(view, self.settings)
end

--- Everybody, in order.
---@return lastpass.unified.Index|nil
---@return lastpass.unified.Problem? problem
function methods:index()
  local view, problem = self:directory()
  if not view then
    return nil, problem
  end
  return index.of(self.tenant, view, self.settings)
end

--- The shared folders: those of the view, else read once for it.
---@return lastpass.Folder[]|nil
---@return lastpass.unified.Problem? problem
function methods:folders()
  local kept, problem = self:kept()
  if not kept then
    return nil, problem
  elseif self.view.folders then
    return self.view.folders
  end
  return kept_room.once(kept, "folders", function()
    local folders, message, err = folders_room.read(self.tenant:client(), {})
    if not folders then
      return problems.of(message, err)
    end
    return folders
  end)
end

--- The ids of the shared folders that somebody, or a group, has rights to; for filters by workspace. To be
-- asked for before a list is filtered: reading folders may fail.
---@return table|nil folders of_user and of_group: by key of the address, and by name, lists of ids
---@return lastpass.unified.Problem? problem
function methods:workspaces()
  if self._workspaces then
    return self._workspaces
  end
  local folders, problem = self:folders()
  if not folders then
    return nil, problem
  end
  self._workspaces = kept_room.once(self:kept(), "workspaces_of", function()
    local of_user, of_group = {}, {}
    local function add(list, key, id)
      list[key] = list[key] or {}
      table.insert(list[key], id)
    end
    for _, folder in ipairs(folders) do
      for _, entry in ipairs(folder.users) do
        add(of_user, email.fold(entry.email), folder.id)
        if entry.group then
          add(of_group, entry.group, folder.id)
        end
      end
    end
    return { of_user = of_user, of_group = of_group }
  end)
  return self._workspaces
end

--- Reads the folders when a filter is about them.
---@return true|nil
---@return lastpass.unified.Problem? problem
function methods:prepare_workspaces()
  if self.query.workspace_id == nil and self.query.workspace == nil then
    return true
  end
  local workspaces, problem = self:workspaces()
  if not workspaces then
    return nil, problem
  end
  return true
end

--- There is no such thing, or it is not to be seen.
---@return nil
---@return lastpass.unified.Problem problem
function methods:not_found()
  return problems.fail(404, ("there is no %s with that id"):format(self.what or "such thing"))
end

--- What a request is told whose body is something else.
M.NOT_JSON = "the body must be JSON: content-type: application/json"

--- Whether a request says that its body is JSON.
---@param request lastpass.unified.Request
---@return boolean
function M.is_json(request)
  local kind = (request.headers or {})["content-type"] or ""
  local media_type, parameters = kind:lower():match "^([^;]*)(.*)$"
  local charset = parameters:match 'charset%s*=%s*"?([%w_-]*)'
  return media_type:find "^application/[%w.+-]*json%s*$" ~= nil
    and (charset == nil or charset == "utf-8" or charset == "utf8")
end

--- The body of a write.
---@return table|nil object
---@return lastpass.unified.Problem? problem
function methods:body()
  local body = self.request.body or ""
  if not M.is_json(self.request) then
    return problems.fail(415, M.NOT_JSON)
  elseif #body > self.settings.max_body then
    local text = "the body has %d bytes; %d are allowed"
    return problems.fail(413, text:format(#body, self.settings.max_body))
  end
  local value, message = json.decode(body)
  if value == nil then
    return problems.fail(400, "the body is not valid JSON: " .. message)
  elseif type(value) ~= "table" or body:find "^%s*%[" then
    return problems.fail(400, "the body must be a JSON object")
  end
  return value
end

return M
