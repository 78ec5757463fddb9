--- What the effects of a fault do to a company and to a reply.
-- @module lastpass.sandbox.effects
local json = require "lastpass.json"

local M = {}

--- Puts a new hash in the old one's place.
---@param tenant table
---@param effects table
function M.rotate_hash(tenant, effects)
  tenant.provhash = effects.provhash or tenant.provhash:reverse()
end

--- Somebody of an earlier page leaves, or comes in before them: the later pages move by one.
---@param tenant table
---@param kind string "vanish" or "appear"
---@param number integer makes the address of somebody new
function M.shift_pages(tenant, kind, number)
  local state = tenant.state
  if kind == "vanish" then
    state:walk(nil, 0, 1, function(index, person)
      state:remove(person or state:person(state.company:mail(index)))
    end)
    return
  end
  local mail = ("returned.%d@%s"):format(number, tenant.company.domain)
  local source = assert(json.decode("{" .. state.company:user_json(0) .. "}"))
  local _, fields = next(source)
  fields.username, fields.duousername, fields.admin = mail, mail, false
  state:add(fields, false, true)
end

local function drain(reply)
  local parts = {}
  for piece in reply.chunks do
    parts[#parts + 1] = piece
  end
  reply.chunks = nil
  return table.concat(parts)
end

local function big_body(bytes)
  local block = ("x"):rep(65536)
  local opening = ('{"Users":"'):sub(1, bytes)
  local left = bytes - #opening
  return function()
    if opening then
      local first = opening
      opening = nil
      return first
    end
    if left <= 0 then
      return nil
    end
    local size = math.min(left, #block)
    left = left - size
    return block:sub(1, size)
  end
end

--- Spoils the reply of a command that was carried out.
---@param reply table
---@param effects table
function M.spoil(reply, effects)
  if effects.malformed then
    reply.body, reply.chunks, reply.class = '{"status":"OK",', nil, "malformed"
  end
  if effects.body then
    reply.body, reply.chunks, reply.class = effects.body, nil, "replaced"
  end
  if effects.big_body then
    reply.chunks, reply.class = big_body(effects.big_body), "big"
  end
  if effects.truncate then
    reply.class = "truncated"
    if effects.content_length == "lowered" then
      reply.body = (reply.chunks and drain(reply) or reply.body):sub(1, effects.truncate)
    else
      reply.truncate = effects.truncate
    end
  end
  if effects.status then
    reply.status = effects.status
  end
  if effects.drop then
    reply.drop, reply.class = true, "dropped after commit"
  end
end

--- The reply of a call that a fault keeps from being carried out; nil when none does.
---@param effects table
---@return table|nil reply
function M.instead(effects)
  if effects.drop == "before" then
    return { drop = true, class = "dropped before commit" }
  elseif effects.status and not effects.commit then
    local reply = { status = effects.status, class = tostring(effects.status), body = "" }
    M.spoil(reply, { body = effects.body, truncate = effects.truncate })
    reply.class = tostring(effects.status)
    return reply
  end
  return nil
end

return M
