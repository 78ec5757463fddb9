--- Plays the requests of identity providers (spec.conform.scim_shapes) on a SCIM server.
local assert = require "luassert"
local json = require "lastpass.json"

local M = {}

local function escaped(text)
  return (
    text:gsub("[^%w%-._~]", function(character)
      return ("%%%02X"):format(character:byte())
    end)
  )
end

local function with_ids(value, ids)
  if type(value) ~= "string" then
    return value
  end
  return (value:gsub("<<(%w+)>>", function(name)
    return assert(ids[name], name)
  end))
end

local function target_of(step, ids)
  local parts = {}
  for index, pair in ipairs(step.query or {}) do
    parts[index] = pair[1] .. "=" .. escaped(with_ids(pair[2], ids))
  end
  return with_ids(step[2], ids) .. (parts[1] and "?" .. table.concat(parts, "&") or "")
end

-- "name.givenName", "Resources.1.id"; with an URN in it "urn:…:User|manager|value".
local function at(document, path)
  local value = document
  for name in path:gmatch(path:find("|", 1, true) and "[^|]+" or "[^.]+") do
    if type(value) ~= "table" then
      return nil
    end
    value = value[tonumber(name) or name]
  end
  return value
end

local function members_of(document)
  local set = {}
  for _, member in ipairs(document.members or {}) do
    set[member.value] = true
  end
  return set
end

local function check_document(about, expected, document, ids)
  for path, value in pairs(expected.has or {}) do
    assert.equal(with_ids(value, ids), at(document, path), about .. ": " .. path)
  end
  for _, path in ipairs(expected.lacks or {}) do
    assert.is_nil(at(document, path), about .. ": " .. path)
  end
  if expected.members then
    local set = {}
    for _, id in ipairs(expected.members) do
      set[with_ids(id, ids)] = true
    end
    assert.same(set, members_of(document), about)
  end
end

local function includes(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

local function document_of(reply)
  return reply.body and reply.body ~= "" and assert(json.decode(reply.body)) or {}
end

-- What every answer must be, whatever was asked.
local function check_reply(about, step, reply, document)
  assert.is_true(
    includes(step.status, reply.status),
    about .. ": " .. reply.status .. " " .. tostring(reply.body)
  )
  if reply.status >= 400 then
    assert.same({ "urn:ietf:params:scim:api:messages:2.0:Error" }, document.schemas, about)
    assert.equal(tostring(reply.status), document.status, about)
  elseif reply.status == 201 then
    assert.equal("string", type(document.id), about)
  end
end

--- Plays one scenario.
---@param scenario table of spec.conform.scim_shapes
---@param send fun(method: string, target: string, body: string|nil, headers: table): table a reply with `status` and
-- `body`
---@param lacks? table<string, true> what the server has not, by the `needs` of steps
---@return integer count of requests
function M.play(scenario, send, lacks)
  local ids, count = {}, 0
  for number, step in ipairs(scenario) do
    local about = ("%s, %s, step %d"):format(scenario.provider, scenario.name, number)
    if not (lacks and lacks[step.needs]) then
      local headers = { accept = "application/scim+json" }
      headers["content-type"] = step.body and (step.type or "application/scim+json") or nil
      local reply = send(step[1], target_of(step, ids), with_ids(step.body, ids), headers)
      local document = document_of(reply)
      check_reply(about, step, reply, document)
      check_document(about, step, document, ids)
      if step.save then
        ids[step.save] = document.id
      end
      if step.after then
        local shown =
          send("GET", with_ids(step.after[1], ids), nil, { accept = "application/scim+json" })
        assert.equal(200, shown.status, about)
        check_document(about .. ", read back", step.after, document_of(shown), ids)
        count = count + 1
      end
      count = count + 1
    end
  end
  return count
end

return M
