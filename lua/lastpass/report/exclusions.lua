--- Accounts that a report leaves aside, each with the reason: { ["svc-*@acme.com"] = "service" }.
-- @module lastpass.report.exclusions
local errors = require "lastpass.error"
local key_of = require("lastpass.email").fold

local M = {}

--- Checks the option `exclude`.
---@param where string
---@param exclude table|nil
function M.check(where, exclude)
  for pattern, reason in pairs(exclude or {}) do
    if type(pattern) ~= "string" or type(reason) ~= "string" or reason == "" then
      errors.raise(
        3,
        '%s: exclude says why, for each address or pattern: { ["svc-*@acme.com"] = "service" }',
        where
      )
    end
  end
end

local function to_pattern(text)
  local escaped = text:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*")
  return "^" .. escaped .. "$"
end

--- Makes the test. Whole addresses go before patterns, patterns in the order of their bytes.
---@param exclude table<string, string>|nil
---@return fun(key: string): string|nil reason of a folded address
---@return fun(): string[] unused patterns that matched nobody so far
function M.new(exclude)
  local exact, patterns, used = {}, {}, {}
  for text, reason in pairs(exclude or {}) do
    local key = key_of(text)
    if key:find("*", 1, true) then
      patterns[#patterns + 1] = { text = text, pattern = to_pattern(key), reason = reason }
    else
      exact[key] = { text = text, reason = reason }
    end
  end
  table.sort(patterns, function(a, b)
    return a.text < b.text
  end)
  local function reason_of(key)
    local found = exact[key]
    for _, one in ipairs(patterns) do
      found = found or (key:find(one.pattern) and one or nil)
    end
    if found then
      used[found.text] = true
      return found.reason
    end
    return nil
  end
  return reason_of,
    function()
      local list = {}
      for text in pairs(exclude or {}) do
        if not used[text] then
          list[#list + 1] = text
        end
      end
      table.sort(list)
      return list
    end
end

return M
