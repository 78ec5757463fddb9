--- The replies of commands and their shapes (enterprise-api §2).
-- @module lastpass.sandbox.commands.replies
local php = require "lastpass.sandbox.php"

local M = {}

--- A reply from alternating keys and values; `class` is what the journal notes.
---@param class string
---@return table
function M.of(class, ...)
  return { class = class, body = php.encode(php.object(...)) }
end

--- `{"status":"OK"}`
function M.ok()
  return M.of("OK", "status", "OK")
end

--- OK with an error text: the wanted state held already (form 4).
---@param text string
function M.already(text)
  return M.of("OK", "status", "OK", "error", text)
end

--- FAIL with `error` as a string.
---@param text string
function M.fail(text)
  return M.of("FAIL", "status", "FAIL", "error", text)
end

--- FAIL with `error` as an array of strings.
---@param text string
function M.fail_list(text)
  return M.of("FAIL", "status", "FAIL", "error", { text })
end

--- FAIL with `errors` as an array of strings.
---@param texts string[]
function M.fail_errors(texts)
  return M.of("FAIL", "status", "FAIL", "errors", texts)
end

--- WARN: partly done (form 2).
---@param texts string[]
function M.warn(texts)
  return M.of("WARN", "status", "WARN", "errors", texts)
end

--- HTTP 429 (enterprise-api §6).
---@param text string
function M.too_many(text)
  return {
    class = "429",
    status = 429,
    body = php.encode(php.object("status", "FAIL", "error", text)),
  }
end

--- A read's answer.
---@param body string
function M.data(body)
  return { class = "data", body = body }
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
  return M.data(table.concat(parts))
end

return M
