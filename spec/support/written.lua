--- Tenants whose directory is written down in a spec: quick, and changed at will.
local directory = require "lastpass.directory.snapshot"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local rows = require "spec.support.rows"
local tenants = require "spec.support.tenant"

local M = {}

local function text_of(people, groups, invited)
  local parts = {}
  for place, person in ipairs(people) do
    local fields = { '"username":' .. json.encode(person.email) }
    for _, name in ipairs { "fullname", "created", "last_login", "multifactor" } do
      if person[name] then
        fields[#fields + 1] = ('"%s":%s'):format(name, json.encode(person[name]))
      end
    end
    for _, name in ipairs { "admin", "disabled", "neverloggedin" } do
      if person[name] ~= nil then
        fields[#fields + 1] = ('"%s":%s'):format(name, tostring(person[name]))
      end
    end
    if person.attribs then
      fields[#fields + 1] = '"attribs":' .. json.encode(person.attribs)
    end
    if person.groups then
      fields[#fields + 1] = '"groups":' .. json.encode(json.list(person.groups))
    end
    parts[place] = ('"%s":{%s}'):format(person.id, table.concat(fields, ","))
  end
  local lists = {}
  for name, members in pairs(groups or {}) do
    lists[#lists + 1] = json.encode(name) .. ":" .. json.encode(json.list(members))
  end
  return ('{"Users":{%s},"Groups":{%s},"invited":%s}'):format(
    table.concat(parts, ","),
    table.concat(lists, ","),
    json.encode(json.list(invited or {}))
  )
end

local function unexpected()
  local message = "no call is expected"
  return nil, message, { kind = "transport", code = "unexpected", message = message }
end

-- A reply that a sink is waiting for goes there.
local function answer(request, body)
  if request.sink then
    request.sink:feed(body)
    body = ""
  end
  return { status = 200, headers = {}, body = body }
end

--- A tenant without a server. `tenant:set(people, groups, invited, folders)` changes the directory.
---@param name? string
---@param cid? string
---@param reply? fun(tenant: table, to_sink: boolean): string|nil the body of LastPass's next answer
function M.tenant(name, cid, reply)
  local tenant = { name = name or "acme", cid = cid or "12345678", refreshes = 0 }
  local client = lastpass.new {
    cid = tenant.cid,
    provhash = lastpass.secret.value(("ab"):rep(32)),
    timezone = "UTC",
    transport = {
      send = function(_, request)
        local body = reply and reply(tenant, request.sink ~= nil)
        if not body then
          return unexpected()
        end
        return answer(request, body)
      end,
    },
    retries = 0,
  }
  function tenant.set(self, people, groups, invited, folders)
    self.text = text_of(people, groups, invited)
    local snapshot = directory.new(client, rows.read(self.text))
    self.view = tenants.view_of(snapshot, folders or {})
  end
  function tenant.client()
    return client
  end
  function tenant.directory(self)
    return self.view
  end
  function tenant.refresh(self)
    self.refreshes = self.refreshes + 1
  end
  return tenant
end

return M
