--- The replies of commands and their shapes (enterprise-api §2).
-- @module lastpass.sandbox.enterprise.replies
local php = require "lastpass.sandbox.php"

local M = {}

--- A reply from alternating keys and values; `class` is what the journal notes.
function M.of(class, ...)
  return { class = class, body = php.encode(php.object(...)) }
end

--- `{"status":"OK"}`
function M.ok()
  return M.of("OK", "status", "OK")
end

--- OK with an error text: so it was before (form 4).
function M.already(text)
  return M.of("OK", "status", "OK", "error", text)
end

--- FAIL with `error` as a string.
function M.fail(text)
  return M.of("FAIL", "status", "FAIL", "error", text)
end

--- FAIL with `error` as an array of strings.
function M.fail_list(text)
  return M.of("FAIL", "status", "FAIL", "error", { text })
end

--- FAIL with `errors` as an array of strings.
function M.fail_errors(texts)
  return M.of("FAIL", "status", "FAIL", "errors", texts)
end

--- WARN: partly done (form 2).
function M.warn(texts)
  return M.of("WARN", "status", "WARN", "errors", texts)
end

--- HTTP 429 (enterprise-api §6).
function M.too_many(text)
  return {
    class = "429",
    status = 429,
    body = php.encode(php.object("status", "FAIL", "error", text)),
  }
end

--- Whether a reply means that nothing was done.
function M.is_failure(reply)
  return reply.class == "FAIL" or reply.class == "429"
end

-- A long body is made while it is sent: `write` hands pieces over, and the server takes them when
-- they have grown to this.
local PIECE_BYTES = 65536

--- A read's answer that is written piece by piece.
---@param produce fun(write: fun(text: string))
function M.stream(produce)
  local thread = coroutine.create(function()
    local parts, size = {}, 0
    produce(function(text)
      parts[#parts + 1] = text
      size = size + #text
      if size >= PIECE_BYTES then
        coroutine.yield(table.concat(parts))
        parts, size = {}, 0
      end
    end)
    coroutine.yield(table.concat(parts))
  end)
  return {
    class = "data",
    chunks = function()
      local ok, piece = coroutine.resume(thread)
      if not ok then
        error(piece, 0)
      end
      return piece
    end,
  }
end

--- The same in one piece, for answers of ordinary size: the length is known then.
---@param produce fun(write: fun(text: string))
function M.whole(produce)
  local parts = {}
  produce(function(text)
    parts[#parts + 1] = text
  end)
  return { class = "data", body = table.concat(parts) }
end

return M
