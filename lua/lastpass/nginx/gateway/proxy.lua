--- The proxy: `POST /proxy/<command>` with the command's data as JSON; the body of the answer is the
-- reply as LastPass wrote it (unified-directory §1.9). Commands that write pass the guards of plans as
-- far as those know what they do; all of them are logged in the audit.
-- @module lastpass.nginx.gateway.proxy
local call = require "lastpass.enterprise.call"
local change_table = require "lastpass.directory.changes"
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local reply = require "lastpass.enterprise.reply"
local texts = require "lastpass.unified.texts"
local unified_call = require "lastpass.unified.call"

local M = {}

-- The changes that a command asks for. The guards compare strings; what is none is refused by its address.
local function changes_of(command, data)
  local changes = change_table.of_command(command, data)
  for _, change in ipairs(changes) do
    local after = change.after
    change.subject = type(change.subject) == "string" and change.subject or ""
    if change.kind == "groups" then
      after.join, after.leave = after.join or {}, after.leave or {}
    end
  end
  return changes
end

-- The command that a path names.
local function find_command(name)
  local command = core.commands[name]
  if command then
    return command
  end
  local names = {}
  for position, one in ipairs(core.commands) do
    names[position] = one.name
  end
  local text = "there is no such command"
  if name:find "^%w+$" and #name < 40 then
    text = text .. errors.did_you_mean(name, names)
  end
  return problems.fail(404, text)
end

-- No body means no data.
local function read_data(request)
  if (request.body or "") == "" then
    return nil
  end
  local value, problem = unified_call.read_json(request)
  if value == json.null then
    return nil
  elseif value ~= nil and type(value) ~= "table" then
    return problems.fail(400, "the body must be a JSON object or list: the data of the command")
  end
  return value, problem
end

-- Wrong data raise, as programming errors do; here they are the error of the caller.
local function prepare(client, command, data)
  local ok, prepared, message = pcall(call.prepare, client, command.name, data, 1)
  if ok then
    if not prepared then
      return problems.fail(400, message)
    end
    return prepared
  elseif type(prepared) ~= "string" then
    error(prepared, 0)
  end
  return problems.fail(400, (prepared:gsub("^[^\n]-:%d+: ", "")))
end

-- The text of the failure may be cut short; the caller gets all that LastPass answered.
local function perform(client, prepared)
  local raw
  local body, message, err = call.perform(client, prepared, function(_, response)
    raw = client:redact(response.body)
    local pieces, why, failure = reply.classify(prepared, response)
    if not pieces then
      return nil, why, failure
    end
    return raw
  end)
  if body then
    return body
  end
  if raw and raw ~= "" and err.body then
    err.body = raw
  end
  return nil, message, err
end

local function bad_address(address, reason)
  local text = ("'%s' is not an e-mail address: %s"):format(texts.clean(address), reason)
  return problems.fail(400, text)
end

-- How LastPass reads an invalid address, or one with letters beyond ASCII, is not known: it could take it for that of
-- a protected account. So neither is sent, unless the directory has exactly that address.
local function check_addresses(tenant, changes)
  local view
  for _, one in ipairs(changes) do
    local renamed = one.kind == "rename" and one.after.email or nil
    for _, address in ipairs(one.kind ~= "push_site" and { one.subject, renamed } or {}) do
      local good, reason = email.check(address)
      if not good then
        return bad_address(address, reason)
      end
    end
    if one.kind ~= "create" and one.subject:find "[\128-\255]" then
      local message, err
      view, message, err = tenant:directory()
      if not view then
        return problems.of(message, err)
      elseif not view.snapshot:user(one.subject) then
        return problems.fail(404, ("nobody has the address '%s'"):format(texts.clean(one.subject)))
      end
    end
  end
  return true
end

-- Guards and audit around a command that writes.
local function write(tenant, client, prepared, data, writer)
  local changes = changes_of(prepared.command, data)
  local good, problem = check_addresses(tenant, changes)
  if not good then
    return nil, problem
  end
  local action = "proxy " .. prepared.command
  local ok, message, err = writer:check(changes, action)
  if not ok then
    return problems.of(message, err)
  end
  ok, message, err = writer:begin(action, changes)
  if not ok then
    return problems.of(message, err)
  end
  local body
  body, message, err = perform(client, prepared)
  writer:done(action, changes, err)
  if not body then
    return problems.of(message, err)
  end
  return body
end

local function execute(request, tenant, command, writer)
  local data, problem = read_data(request)
  if problem then
    return nil, problem
  end
  local client = tenant:client()
  local prepared
  prepared, problem = prepare(client, command, data)
  if not prepared then
    return nil, problem
  end
  local body
  if command.writes then
    body, problem = write(tenant, client, prepared, data, writer)
    if body or problem.status == 504 or problem.status == 422 then
      tenant:refresh()
    end
  else
    local message, err
    body, message, err = perform(client, prepared)
    if not body then
      return problems.of(message, err)
    end
  end
  return body, problem
end

local ALLOW = "POST, OPTIONS"

--- The response to a request that is refused whatever its data are: the command does not exist, or the method or the
-- token is not for it.
---@param request lastpass.unified.Request
---@param token lastpass.nginx.gateway.Token
---@param name string of the command, as the path has it
---@return lastpass.unified.Response|nil
function M.refusal(request, token, name)
  local command, problem = find_command(name)
  local _
  if command and request.method ~= "POST" then
    _, problem = problems.fail(405, "a command is sent with POST", { headers = { allow = ALLOW } })
  elseif command and not token.scopes.proxy then
    _, problem = problems.missing_scope "proxy"
  elseif command and command.writes and not token.scopes.write then
    _, problem = problems.missing_scope "write"
  end
  return problem and problems.response(problem, request) or nil
end

--- Answers a request to the proxy.
---@param request lastpass.unified.Request
---@param tenant table
---@param token lastpass.nginx.gateway.Token
---@param name string of the command, as the path has it
---@param writer lastpass.nginx.gateway.Writer|nil nil for methods that write nothing
---@return lastpass.unified.Response
function M.respond(request, tenant, token, name, writer)
  local command = find_command(name)
  if command and request.method == "OPTIONS" then
    return { status = 204, headers = { allow = ALLOW }, body = "" }
  end
  local refused = M.refusal(request, token, name)
  if refused then
    return refused
  end
  local body, problem = execute(request, tenant, command, writer)
  if not body then
    return problems.response(problem, request)
  end
  local headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" }
  return { status = 200, headers = headers, body = body }
end

--- Whether what a path names may change something: commands that read are sent with POST as well.
---@param name string of the command
---@return boolean
function M.writes(name)
  local command = find_command(name)
  return not command or command.writes
end

return M
