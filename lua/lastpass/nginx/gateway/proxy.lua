--- The proxy: `POST /proxy/<command>` with the command's data as JSON; the body of the answer is the
-- reply as LastPass wrote it (unified-directory §1.9). Commands that write pass the guards of plans as
-- far as those know what they do; all of them leave a line of audit.
-- @module lastpass.nginx.gateway.proxy
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"
local reply = require "lastpass.enterprise.reply"
local texts = require "lastpass.unified.texts"
local unified_call = require "lastpass.unified.call"

local M = {}

local function wish(kind, subject, after)
  return { kind = kind, subject = type(subject) == "string" and subject or "", after = after }
end

local function each(data, make)
  local list = {}
  for place, item in ipairs(data) do
    list[place] = make(item)
  end
  return list
end

local deletions = { [0] = "deactivate", "remove", "delete", "uninvite" }

local wishes_of = {
  batchadd = function(data)
    return each(data, function(row)
      return wish("create", row.username, { fullname = row.fullname, groups = row.groups })
    end)
  end,
  batchchangegrp = function(data)
    return each(data, function(row)
      return wish("groups", row.username, { join = row.add or {}, leave = row.del or {} })
    end)
  end,
  disableuser = function(data)
    return each(data, function(address)
      return wish("disable", address)
    end)
  end,
  enableuser = function(data)
    return each(data, function(address)
      return wish("enable", address)
    end)
  end,
  deluser = function(data)
    return { wish(deletions[tonumber(data.deleteaction)], data.username) }
  end,
  updateemail = function(data)
    return { wish("rename", data.oldemail, { email = data.newemail }) }
  end,
  updateuser = function(data)
    return { wish("name", data.username, { fullname = data.fullname }) }
  end,
  -- one name for all of them: the guards know of no reason to hold these back
  reinviteuser = function(data)
    return { wish("reinvite", data.username) }
  end,
  resetpassword = function(data)
    return { wish("reset_password", data.username) }
  end,
  requiremasterpasswordchange = function(data)
    return { wish("require_password_change", data.username) }
  end,
  disablemultifactor = function(data)
    return { wish("disable_mfa", data.username) }
  end,
  pushsitestousers = function(data)
    return { wish("push_site", data.users) }
  end,
}

--- The command that a path names.
---@param name string
---@return table|nil command {name, writes}
---@return lastpass.unified.Problem? problem
function M.find(name)
  local command = core.commands[name]
  if command then
    return command
  end
  local names = {}
  for place, one in ipairs(core.commands) do
    names[place] = one.name
  end
  local text = "there is no such command"
  if name:find "^%w+$" and #name < 40 then
    text = text .. errors.did_you_mean(name, names)
  end
  return problems.fail(404, text)
end

-- No body stands for no data. Anything else is JSON, and said to be.
local function data_of(request)
  local body = request.body or ""
  if body == "" then
    return nil
  elseif not unified_call.is_json(request) then
    return problems.fail(415, unified_call.NOT_JSON)
  end
  local value, message = json.decode(body)
  if value == nil then
    return problems.fail(400, "the body is not valid JSON: " .. message)
  elseif value == json.null then
    return nil
  elseif type(value) ~= "table" then
    return problems.fail(400, "the body must be a JSON object or list: the data of the command")
  end
  return value
end

-- Wrong data raise, as they are a mistake of the program that calls; here that is the caller's.
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

-- The failure's own text may be cut short; the caller gets all that LastPass said.
local function perform(client, prepared)
  local raw
  local body, message, err = call.perform(client, prepared, function(_, response)
    raw = prepared.provhash:redact(response.body)
    local pieces, why, failure = reply.judge(prepared, response)
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

-- What LastPass makes of an address that is none, or of one with letters beyond ASCII, is not known: it could
-- take it for that of a protected account. So both are not sent, unless the directory has just that address.
local function check_addresses(tenant, wishes)
  local view
  for _, one in ipairs(wishes) do
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
  local wishes = wishes_of[prepared.command](data)
  local good, problem = check_addresses(tenant, wishes)
  if not good then
    return nil, problem
  end
  local action = "proxy " .. prepared.command
  local ok, message, err = writer:check(wishes, action)
  if not ok then
    return problems.of(message, err)
  end
  ok, message, err = writer:begin(action, wishes)
  if not ok then
    return problems.of(message, err)
  end
  local body
  body, message, err = perform(client, prepared)
  writer:done(action, wishes, err)
  if not body then
    return problems.of(message, err)
  end
  return body
end

--- Carries a command out.
---@param request lastpass.unified.Request
---@param tenant table
---@param command table of `find`
---@param writer lastpass.nginx.gateway.Writer
---@return table|nil answer
---@return lastpass.unified.Problem? problem
function M.handle(request, tenant, command, writer)
  local data, problem = data_of(request)
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
  if not body then
    return nil, problem
  end
  return { status = 200, headers = {}, body = body }
end

return M
