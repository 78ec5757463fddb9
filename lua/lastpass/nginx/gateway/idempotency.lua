--- Requests that may come twice and must be executed once: a key is answered the same again for a day
-- (unified-directory §9.10). In a `lua_shared_dict` of its own, for all workers.
--
-- A key has two entries: a note of fixed length, which is made before anything is done and changed in place, so
-- that there is always memory for it; and the answer, for which there may be none.
-- @module lastpass.nginx.gateway.idempotency
local dicts = require "lastpass.nginx.dicts"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local M = {}

--- Seconds for which an answer is stored.
M.TTL = 24 * 60 * 60

--- Seconds after which the worker of a request that has not ended counts as dead. The request is not executed
-- again.
M.LONGEST = 30 * 60

local LONGEST_KEY = 255
local NOTE = "%-9s %03d %012d %s" -- state, status, begun, fingerprint

local function name_of(request, owner, given)
  local parts = { owner, request.method, request.path, given }
  return "key " .. digest.hex(table.concat(parts, "\0"))
end

local function fingerprint_of(request)
  local query = {}
  for position, pair in ipairs(request.query or {}) do
    query[position] = pair[1] .. "=" .. tostring(pair[2])
  end
  local kind = request.headers["content-type"] or ""
  local parts = { table.concat(query, "&"), kind, request.body or "" }
  return digest.hex(table.concat(parts, "\0"), 32)
end

local function note_of(state, status, begun, fingerprint)
  return NOTE:format(state, status, begun, fingerprint)
end

local function parse_note(note)
  local state, status, begun, fingerprint = note:match "^(%S+) +(%d+) (%d+) (%x+)$"
  return {
    state = state,
    status = tonumber(status),
    begun = tonumber(begun),
    fingerprint = fingerprint,
  }
end

local LOST = "the first request with this Idempotency-Key was cut off; its outcome is unknown"
local NOT_STORED = "the first request with this Idempotency-Key was answered with %d; "
  .. "there was no room to keep the answer"

local function replay(dict, name, note, fingerprint, now)
  if note.fingerprint ~= fingerprint then
    return problems.fail(422, "this Idempotency-Key was used for another request")
  elseif note.state == "under-way" and now - note.begun < M.LONGEST then
    return problems.fail(409, "the first request with this Idempotency-Key is still under way", {
      headers = { ["retry-after"] = "1" },
    })
  elseif note.state == "under-way" then
    return problems.fail(504, LOST, { details = { outcome = "unknown" } })
  end
  local text = dict:get(name .. " answer")
  if not text then
    local details = { status = note.status, outcome = note.status < 400 and "done" or "failed" }
    return problems.fail(409, NOT_STORED:format(note.status), { details = details })
  end
  local stored = json.decode(text)
  stored.headers["idempotency-replayed"] = "true"
  return { status = stored.status, headers = stored.headers, body = stored.body }
end

-- What was refused before anything was sent may be tried again with the same key.
local function is_final(response, has_changed)
  local status = response.status
  return has_changed()
    or status < 400
    or status == 404
    or status == 409
    or status == 422
    or status == 504
end

local function store_answer(dict, name, response)
  local text = json.encode {
    status = response.status,
    headers = response.headers,
    body = response.body,
  }
  dicts.add(dict, name .. " answer", text, M.TTL)
end

local function execute_first(dict, name, note, execute, has_changed)
  local ok, response = pcall(execute)
  if not ok then
    if not has_changed() then
      dict:delete(name) -- else the outcome is unknown: the key stays taken
    end
    error(response, 0)
  elseif not is_final(response, has_changed) then
    dict:delete(name)
    return response
  end
  store_answer(dict, name, response)
  dict:safe_set(name, note_of("answered", response.status, note.begun, note.fingerprint), M.TTL)
  return response
end

--- Answers a write, once for each key. The caller must have been authorized by then: keys are stored only for
-- those who may write.
---@param dict table of `ngx.shared`
---@param request lastpass.unified.Request
---@param owner string whose key it is: company and token
---@param execute fun(): lastpass.unified.Response
---@param has_changed fun(): boolean whether anything was sent that may have changed something
---@return lastpass.unified.Response|nil
---@return lastpass.unified.Problem? problem
function M.once(dict, request, owner, execute, has_changed)
  local given = request.headers["idempotency-key"]
  if not given or given == "" then
    return execute()
  elseif #given > LONGEST_KEY then
    return problems.fail(400, "the Idempotency-Key is longer than 255 bytes")
  end
  local name, fingerprint = name_of(request, owner, given), fingerprint_of(request)
  local now = math.floor(request.now or os.time())
  local is_first = dicts.add(dict, name, note_of("under-way", 0, now, fingerprint), M.TTL)
  if is_first then
    return execute_first(
      dict,
      name,
      { begun = now, fingerprint = fingerprint },
      execute,
      has_changed
    )
  end
  local note = dict:get(name)
  if note then
    return replay(dict, name, parse_note(note), fingerprint, now)
  end
  return problems.fail(503, "there is no room for an Idempotency-Key", {
    headers = { ["retry-after"] = "10" },
  })
end

return M
