--- The options of reports on the command line: what they are called, how their values are read.
-- @module lastpass.cli.report_options
local failure = require "lastpass.cli.failure"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

--- Options of every command that shows a report.
---@type lastpass.cli.Option[]
M.options = {
  { "--html", "write one page for a browser, which needs nothing else", value = "FILE" },
  { "-q --quiet", "no statement on standard error" },
}

-- What a report over several companies has beside the tables of its own.
local OF_COMPANIES = { "companies", "missing", "statements" }

--- The option that shows one table of a report alone.
---@param names string[] of its further tables
---@param has_companies? boolean the report can be made over several companies
---@return lastpass.cli.Option
function M.table_option(names, has_companies)
  local choices = values.join({ "classes" }, names, has_companies and OF_COMPANIES or {})
  return { "--table", "show this table alone", value = "TABLE", choices = choices }
end

-- "status=terminated,resigned": the field, and the words of people who have left.
local function read_status(text, flag)
  local field, rest = text:match "^([^=]+)=(.+)$"
  if not field then
    return values.usage(("%s %s: write FIELD=VALUE"):format(flag, text))
  end
  local active = { field = require("lastpass.cli.roster").field(field), inactive = {} }
  for value in (rest .. ","):gmatch "%s*(.-)%s*," do
    active.inactive[#active.inactive + 1] = value ~= "" and value or nil
  end
  return active
end

local function read_words(text)
  local words = {}
  for word in text:gmatch "[^%s,]+" do
    words[#words + 1] = word
  end
  return words
end

-- The kinds of options of reports: what they are on the command line, and how their values are read.
-- A roster has options of its own.
local kinds = {
  number = { number = true },
  boolean = {
    read = function(_, flag)
      return not flag:find "^%-%-no%-"
    end,
  },
  time = {},
  list = { many = true },
  file_or_list = { value = "FILE.lua" },
  status = { example = "status=terminated,resigned", read = read_status },
  duration = {
    example = "4h, 2d",
    read = function(text, flag)
      return values.duration(flag:sub(3), text)
    end,
  },
  field = {
    read = function(text)
      return require("lastpass.cli.roster").field(text)
    end,
  },
  exclusions = {
    example = "'svc-*@acme.com=service account'",
    many = true,
    read = function(list)
      return require("lastpass.cli.roster").exclusions(list)
    end,
  },
}

local function flag_of(option)
  return option.flag or "--" .. option[1]:gsub("_", "-")
end

local function describe(option, kind)
  local text, default = option[3]:gsub("^false: ", ""), option.default
  local example = option.one_of and table.concat(option.one_of, ",") or kind.example
  if example then
    text = ("%s: %s"):format(text, example)
  end
  if not default then
    return text
  elseif option[2] == "duration" then
    default = ("%.0fh"):format(default / 3600)
  end
  return ("%s; default %s"):format(text, tostring(default))
end

--- Whether a report compares the directory with a roster.
---@param definition lastpass.report.Definition
---@return boolean
function M.takes_roster(definition)
  for _, option in ipairs(definition.options) do
    if option[2] == "roster" then
      return true
    end
  end
  return false
end

--- Whether a report cannot be made without a roster.
---@param definition lastpass.report.Definition
---@return boolean
function M.needs_roster(definition)
  for _, option in ipairs(definition.options) do
    if option[2] == "roster" then
      return option.is_required or false
    end
  end
  return false
end

--- Whether a roster is to be opened: the report needs one, or an option says something of it.
---@param definition lastpass.report.Definition
---@param options table of the command line
---@return boolean
function M.wants_roster(definition, options)
  local roster = require "lastpass.cli.roster"
  return M.takes_roster(definition) and (M.needs_roster(definition) or roster.is_given(options))
end

--- The options of a report on the command line.
---@param definition lastpass.report.Definition
---@return lastpass.cli.Option[]
function M.options_of(definition)
  local options = {}
  for _, option in ipairs(definition.options) do
    local kind = kinds[option[2]]
    if kind then
      options[#options + 1] = {
        flag_of(option),
        describe(option, kind),
        value = option[2] ~= "boolean" and (option.value or kind.value or "VALUE") or nil,
        number = kind.number,
        many = kind.many and not option.one_of or nil,
      }
    end
  end
  if definition.takes_record then
    options[#options + 1] =
      { "--as-of", "as the directory was stored at that time", value = "TIME" }
  end
  return values.join(
    M.takes_roster(definition) and require("lastpass.cli.roster").options or {},
    options
  )
end

-- A flag with a value, as the examples of the report give it.
local function example_of(definition, flag)
  for _, example in ipairs(definition.examples or {}) do
    local value = example[1]:match(flag:gsub("%-", "%%-") .. " (%S+)")
    if value then
      return flag .. " " .. value
    end
  end
  return nil
end

--- The options of a report as the command line gives them.
---@param definition lastpass.report.Definition
---@param options table of the command line
---@return table settings
---@return table[] columns of a roster that options name: {option, field}
function M.settings(definition, options)
  local settings, columns = {}, {}
  for _, option in ipairs(definition.options) do
    local kind, flag = kinds[option[2]], flag_of(option)
    local value = options[values.key(flag)]
    if type(value) == "table" and #value == 0 then
      value = nil
    elseif value == nil and option[2] == "field" then
      value = option.default
    end
    if value == nil and option.is_required and kind then
      must(values.usage(("%s is needed: %s"):format(flag, option[3]), example_of(definition, flag)))
    elseif value ~= nil and kind then
      local read = option.one_of and read_words or kind.read
      if read then
        value = must(read(value, flag))
      end
      settings[option[1]] = value
    end
    local field = option[2] == "field" and value or option[2] == "status" and value and value.field
    if field then
      columns[#columns + 1] = { option = flag:sub(3), field = field }
    end
  end
  return settings, columns
end

return M
