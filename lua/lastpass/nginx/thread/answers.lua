--- What threads of nginx answer, and the clients they work with.
-- @module lastpass.nginx.thread.answers
local M = {}

--- The client that an order describes; the secret comes by its number.
---@param order table tenant, client (options), secret (number), limiter (name)
---@return lastpass.Client
function M.client(order)
  local options = {}
  for name, value in pairs(order.client) do
    options[name] = value
  end
  options.provhash = require("lastpass.core").secret.by_number(order.secret)
  options.transport = "curl"
  options.limiter = require("lastpass.nginx.limiter").new(order.limiter)
  require("lastpass.nginx.metrics.hooks").add(options, order.tenant)
  return require("lastpass").new(options)
end

--- A failure as plain values.
---@param message string
---@param err lastpass.Error
---@return table answer
function M.failure(message, err)
  return {
    outcome = "failed",
    message = message,
    kind = err.kind,
    code = err.code,
    hint = err.hint,
    line = err.line,
    retry_after = err.retry_after,
    megabytes = err.megabytes,
  }
end

--- Carries an order out; what it raises becomes a failure.
---@param fn fun(order: table): table
---@param order table
---@return table answer
function M.protected(fn, order)
  local ok, answer = pcall(fn, order)
  if ok then
    return answer
  elseif type(answer) == "table" and answer.message then
    return M.failure(answer.message, answer)
  end
  return M.failure(tostring(answer), { kind = "protocol", code = "raised" })
end

return M
