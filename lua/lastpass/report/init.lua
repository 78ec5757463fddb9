--- Reports: numbers about a company that add up, with a statement of where they come from.
--
--     local report = require "lastpass.report"
--     local coverage = assert(report.coverage(acme, { roster = source.csv "hr.csv" }))
--     print(coverage)
--     assert(coverage:save "coverage.html")
--
-- A report is a module beside this one that defines it (`lastpass.report.Definition`), and its name in the
-- list below. Forms, command of the program, completions, reference and documents follow from that.
-- @module lastpass.report
local signature = require "lastpass.signature"

local M = {}

local NAMES = {
  "access_review",
  "admins",
  "check",
  "coverage",
  "folders",
  "inactive",
  "invitations",
  "leavers",
  "licences",
  "mfa",
}

local is_report = {}
for _, name in ipairs(NAMES) do
  is_report[name] = true
end

--- The names of all reports, sorted.
---@return string[]
function M.names()
  local names = {}
  for position, name in ipairs(NAMES) do
    names[position] = name
  end
  return names
end

-- They have commands of their own in the program: check, and review export.
local WITHOUT_COMMAND = { access_review = true, check = true }

--- Whether the program has a command for a report that does nothing but make it.
---@param name string
---@return boolean
function M.has_command(name)
  return is_report[name] == true and not WITHOUT_COMMAND[name]
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

-- What `report.NAME` is: it is called, and has the fields of the definition.
local function callable(name)
  local definition, where = require("lastpass.report." .. name), "report." .. name
  local function make(subject, options)
    return require("lastpass.report.result").make(definition, subject, options)
  end
  local function open(subject, options)
    local target = type(subject) == "table" and rawget(subject, "_target")
    local is_strict = target ~= nil and target ~= false
    return finish(is_strict, make(target or subject, options))
  end
  local takes = "subject: table, options?: table"
  local functions = setmetatable(definition.functions or {}, { __index = definition })
  functions.make = signature.check(where .. ".make", takes, make)
  open = signature.check(where, takes, open)
  return setmetatable({}, {
    __name = "lastpass." .. where,
    __index = functions,
    __call = function(_, ...)
      return open(...)
    end,
  })
end

signature.declare("report.", M, { has_command = "name: string", names = "" })

return setmetatable(M, {
  __index = function(_, name)
    if name == "evidence" then
      M.evidence = require "lastpass.report.evidence"
    elseif is_report[name] then
      M[name] = callable(name)
    end
    return rawget(M, name)
  end,
})
