--- Reports: numbers about a company that add up, with a statement of where they come from.
--
--     local report = require "lastpass.report"
--     local coverage = assert(report.coverage(acme, { roster = source.csv "hr.csv" }))
--     print(coverage)
--     assert(coverage:save "coverage.html")
-- @module lastpass.report
local signature = require "lastpass.signature"

local M = {}

-- Each is a module with `make(subject, options)`; what else it has is there as well.
local rooms = {
  coverage = "lastpass.report.coverage",
  mfa = "lastpass.report.mfa",
  leavers = "lastpass.report.leavers",
  admins = "lastpass.report.admins",
  inactive = "lastpass.report.inactive",
  invitations = "lastpass.report.invitations",
  folders = "lastpass.report.folders",
  access_review = "lastpass.report.access_review",
  check = "lastpass.report.check",
}

--- The names of all reports, sorted.
---@return string[]
function M.names()
  local names = {}
  for name in pairs(rooms) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- A strict client raises what others return.
local function finish(is_strict, value, message, err)
  if value ~= nil then
    return value
  elseif is_strict then
    error(err or message, 0)
  end
  return nil, message, err
end

local function opener(room)
  return function(subject, options)
    local target = type(subject) == "table" and rawget(subject, "_target")
    return finish(target ~= nil and target ~= false, room.make(target or subject, options))
  end
end

signature.declare("report.", M, {
  names = "",
})

return setmetatable(M, {
  __index = function(_, name)
    if name == "evidence" then
      M.evidence = require "lastpass.report.evidence"
      return M.evidence
    elseif not rooms[name] then
      return nil
    end
    local room = require(rooms[name])
    local where = "report." .. name
    local open = signature.check(where, "subject: table, options?: table", opener(room))
    M[name] = setmetatable({}, {
      __name = "lastpass." .. where,
      __index = room,
      __call = function(_, ...)
        return open(...)
      end,
    })
    return M[name]
  end,
})
