--- The log of SCIM requests. Rows wait in a worker and are written to the journal together, so that no answer waits for
-- them; those of changes in a moment, others within a second.
-- @module lastpass.nginx.scim.request_log
local metrics = require "lastpass.nginx.metrics"

local M = {}

local MOST = 10000 -- rows that wait while the journal cannot be written
local AT_ONCE = 200

---@class lastpass.nginx.scim.RequestLog
local methods = {}
local log_mt = { __name = "lastpass.nginx.scim.RequestLog", __index = methods }

--- Makes the log of one journal.
---@param journal lastpass.nginx.scim.Journal
---@param soon fun(write: function): any has `write` called in a moment
---@return lastpass.nginx.scim.RequestLog
function M.new(journal, soon)
  return setmetatable({ _journal = journal, _soon = soon, _rows = {} }, log_mt)
end

--- Adds a row. Beyond what fits it is counted and dropped.
---@param row table as of `journal:log_scim_requests`
---@param is_change? boolean something was changed
function methods:add(row, is_change)
  if #self._rows >= MOST then
    metrics.count("lastpass_scim_log_dropped_total", { connection = row.connection })
    return
  end
  self._rows[#self._rows + 1] = row
  if is_change and not self._is_due then
    self._is_due = true
    local asked = self._soon(function()
      self._is_due = nil
      self:flush()
    end)
    self._is_due = asked and true or nil -- without a timer the regular one writes it
  end
end

local function take(rows)
  local chunk, rest = {}, {}
  for position, row in ipairs(rows) do
    local list = position <= AT_ONCE and chunk or rest
    list[#list + 1] = row
  end
  return chunk, rest
end

--- Writes what waits. To be called in a timer.
function methods:flush()
  if self._flushing then
    return
  end
  self._flushing = true
  while self._rows[1] do
    local chunk, rest = take(self._rows)
    self._rows = rest
    local ok, message, err = self._journal:log_scim_requests(chunk)
    if not ok and not err.uncertain then
      for _, row in ipairs(self._rows) do -- come meanwhile
        chunk[#chunk + 1] = row
      end
      self._rows = chunk
    end
    if not ok then
      ngx.log(ngx.ERR, "lastpass scim: the log of requests cannot be written: ", message)
      break
    end
  end
  self._flushing = false
end

return M
