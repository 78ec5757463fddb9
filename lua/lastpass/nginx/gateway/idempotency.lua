--- Requests that may come twice and must be carried out once: what was answered to a key is answered
-- again for a day (unified-directory §9.10). In a `lua_shared_dict`, for all workers.
-- @module lastpass.nginx.gateway.idempotency
local digests = require "lastpass.unified.digests"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local M = {}

--- Seconds for which an answer is kept, and for which a request may be under way.
M.KEPT = 24 * 60 * 60
M.UNDER_WAY = 5 * 60

local LONGEST_KEY = 255
local MARK = "under way "

local function name_of(request, owner, given)
  local parts = { owner, request.method, request.path, given }
  return "idempotency " .. digests.sha256_hex(table.concat(parts, "\0"))
end

local function mark_of(request)
  local query = {}
  for place, pair in ipairs(request.query or {}) do
    query[place] = pair[1] .. "=" .. tostring(pair[2])
  end
  return digests.sha256_hex(table.concat(query, "&") .. "\0" .. (request.body or ""), 32)
end

local function replay(text, mark)
  if text:sub(1, #MARK) == MARK then
    return problems.fail(409, "the first request with this Idempotency-Key is still under way", {
      headers = { ["retry-after"] = "1" },
    })
  end
  local kept = json.decode(text)
  if kept.mark ~= mark then
    return problems.fail(422, "this Idempotency-Key was used for another request")
  end
  kept.headers["idempotency-replayed"] = "true"
  return { status = kept.status, headers = kept.headers, body = kept.body }
end

-- What was refused before anything was sent may be tried again with the same key.
local function is_final(response)
  local status = response.status
  return status < 400 or status == 404 or status == 409 or status == 422 or status == 504
end

--- Answers a write, once for each key.
---@param dict table of `ngx.shared`
---@param request lastpass.unified.Request
---@param owner string whose key it is: company and token
---@param carry_out fun(): lastpass.unified.Response
---@return lastpass.unified.Response|nil
---@return lastpass.unified.Problem? problem
function M.once(dict, request, owner, carry_out)
  local given = request.headers["idempotency-key"]
  if not given or given == "" then
    return carry_out()
  elseif #given > LONGEST_KEY then
    return problems.fail(400, "the Idempotency-Key is longer than 255 bytes")
  end
  local name, mark = name_of(request, owner, given), mark_of(request)
  local is_first, reason = dict:safe_add(name, MARK .. mark, M.UNDER_WAY)
  if not is_first then
    local text = dict:get(name)
    if reason == "exists" and text then
      return replay(text, mark)
    end
    return problems.fail(503, "there is no room for an Idempotency-Key", {
      headers = { ["retry-after"] = "10" },
    })
  end
  local response = carry_out()
  if is_final(response) then
    local text = json.encode {
      mark = mark,
      status = response.status,
      headers = response.headers,
      body = response.body,
    }
    dict:safe_set(name, text, M.KEPT) -- without room it stays under way: never carried out twice
  else
    dict:delete(name)
  end
  return response
end

return M
