--- Requests that may come twice and must be carried out once: what was answered to a key is answered
-- again for a day (unified-directory §9.10). In a `lua_shared_dict` of its own, for all workers.
--
-- A key has two entries: a note of one length, which is made before anything is done and changed in place,
-- so that there is always room for it; and the answer, for which there may be none.
-- @module lastpass.nginx.gateway.idempotency
local dicts = require "lastpass.nginx.dicts"
local digests = require "lastpass.unified.digests"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local M = {}

--- Seconds for which an answer is kept.
M.KEPT = 24 * 60 * 60

--- Seconds after which a request that has not ended is taken for one whose worker has died. It is not
-- carried out again.
M.LONGEST = 30 * 60

local LONGEST_KEY = 255
local NOTE = "%-9s %03d %012d %s" -- state, status, begun, mark

local function name_of(request, owner, given)
  local parts = { owner, request.method, request.path, given }
  return "key " .. digests.sha256_hex(table.concat(parts, "\0"))
end

local function mark_of(request)
  local query = {}
  for place, pair in ipairs(request.query or {}) do
    query[place] = pair[1] .. "=" .. tostring(pair[2])
  end
  local kind = request.headers["content-type"] or ""
  local parts = { table.concat(query, "&"), kind, request.body or "" }
  return digests.sha256_hex(table.concat(parts, "\0"), 32)
end

local function note_of(state, status, begun, mark)
  return NOTE:format(state, status, begun, mark)
end

local function parse(note)
  local state, status, begun, mark = note:match "^(%S+) +(%d+) (%d+) (%x+)$"
  return { state = state, status = tonumber(status), begun = tonumber(begun), mark = mark }
end

local LOST = "the first request with this Idempotency-Key was cut off; what became of it is unknown"
local NOT_KEPT = "the first request with this Idempotency-Key was answered with %d; "
  .. "there was no room to keep the answer"

local function replay(dict, name, note, mark, now)
  if note.mark ~= mark then
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
    return problems.fail(409, NOT_KEPT:format(note.status), { details = details })
  end
  local kept = json.decode(text)
  kept.headers["idempotency-replayed"] = "true"
  return { status = kept.status, headers = kept.headers, body = kept.body }
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

local function keep(dict, name, response)
  local text = json.encode {
    status = response.status,
    headers = response.headers,
    body = response.body,
  }
  dicts.add(dict, name .. " answer", text, M.KEPT)
end

local function first_time(dict, name, note, carry_out, has_changed)
  local ok, response = pcall(carry_out)
  if not ok then
    if not has_changed() then
      dict:delete(name) -- else what was done is not known: the key stays taken
    end
    error(response, 0)
  elseif not is_final(response, has_changed) then
    dict:delete(name)
    return response
  end
  keep(dict, name, response)
  dict:safe_set(name, note_of("answered", response.status, note.begun, note.mark), M.KEPT)
  return response
end

--- Answers a write, once for each key. Whoever asks must have been let in by then: keys are kept for
-- those alone who may write.
---@param dict table of `ngx.shared`
---@param request lastpass.unified.Request
---@param owner string whose key it is: company and token
---@param carry_out fun(): lastpass.unified.Response
---@param has_changed fun(): boolean whether anything was sent by then that may have changed something
---@return lastpass.unified.Response|nil
---@return lastpass.unified.Problem? problem
function M.once(dict, request, owner, carry_out, has_changed)
  local given = request.headers["idempotency-key"]
  if not given or given == "" then
    return carry_out()
  elseif #given > LONGEST_KEY then
    return problems.fail(400, "the Idempotency-Key is longer than 255 bytes")
  end
  local name, mark = name_of(request, owner, given), mark_of(request)
  local now = math.floor(request.now or os.time())
  local is_first = dicts.add(dict, name, note_of("under-way", 0, now, mark), M.KEPT)
  if is_first then
    return first_time(dict, name, { begun = now, mark = mark }, carry_out, has_changed)
  end
  local note = dict:get(name)
  if note then
    return replay(dict, name, parse(note), mark, now)
  end
  return problems.fail(503, "there is no room for an Idempotency-Key", {
    headers = { ["retry-after"] = "10" },
  })
end

return M
