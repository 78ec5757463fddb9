--- What the values of options mean: sizes, lengths of time, NAME=VALUE, and what a CSV file is like.
-- @module lastpass.cli.values
local errors = require "lastpass.error"

local M = {}

-- A wrong command line.
local function usage(message, hint)
  return errors.fail("argument", "usage", message, { hint = hint })
end

M.usage = usage

-- ------------------------------------------------------------------ amounts

local sizes = {
  [""] = 1,
  k = 2 ^ 10,
  m = 2 ^ 20,
  g = 2 ^ 30,
}

local lengths = { [""] = 1, s = 1, m = 60, h = 3600, d = 86400, w = 7 * 86400 }

local function read_amount(option, text, units, example)
  if text == nil then
    return nil
  end
  local number, unit = tostring(text):match "^(%d+%.?%d*)%s*(%a*)$"
  local factor = number and units[unit]
  if not factor then
    return usage(("--%s: '%s' is none; write %s"):format(option, tostring(text), example))
  end
  local amount = math.floor(tonumber(number) * factor + 0.5)
  return math.tointeger and math.tointeger(amount) or amount
end

--- Reads a size.
---@param option string "rotate", for the message
---@param text string|nil "100M"; nil stays nil
---@return integer|nil bytes
---@return string? message
---@return lastpass.Error? err
function M.size(option, text)
  return read_amount(option, text and text:lower(), sizes, "bytes, or 500K, 100M, 2G")
end

--- Reads a length of time.
---@param option string "every", for the message
---@param text string|nil "24h"; nil stays nil
---@return integer|nil seconds
---@return string? message
---@return lastpass.Error? err
function M.duration(option, text)
  return read_amount(option, text, lengths, "seconds, or 90s, 15m, 24h, 7d, 2w")
end

-- ------------------------------------------------------------------ names

--- What the value of an option is called once the command line was read.
---@param names string of its declaration: "-o --output"
---@return string "output"
function M.key(names)
  return (names:match("%-%-(%S+)$"):gsub("-", "_"))
end

--- Reads an option of the form NAME=VALUE that may be given several times.
---@param option string "--column"
---@param list string[]|nil
---@param form string how it is written, for the message: "FIELD=TITLE"
---@param pattern? string with two captures; default a field and whatever is not empty
---@return table<string, string>|nil values nil when there are none
---@return string? message
---@return lastpass.Error? err
function M.pairs(option, list, form, pattern)
  local values
  for _, text in ipairs(list or {}) do
    local name, value = text:match(pattern or "^([%w_]+)=(.+)$")
    if not name then
      return usage(("%s %s: write %s"):format(option, text, form))
    end
    values = values or {}
    values[name] = value
  end
  return values
end

--- An option that may be given several times.
---@param list string[]|nil
---@return string[]|nil list nil when it is empty
function M.list(list)
  return list and #list > 0 and list or nil
end

--- Puts the options of several lists into one.
---@param ... lastpass.cli.Option[]
---@return lastpass.cli.Option[]
function M.join(...)
  local options = {}
  for _, list in ipairs { ... } do
    for _, option in ipairs(list) do
      options[#options + 1] = option
    end
  end
  return options
end

-- ------------------------------------------------------------------ CSV files

--- The options of every command that reads a CSV file.
---@type lastpass.cli.Option[]
M.csv_options = {
  {
    "--delimiter",
    "between the columns; default that of a line sep=;, else a comma",
    value = "CHARACTER",
  },
  { "--encoding", "of the file: utf-8, utf-16, latin1, windows-1252, …", value = "NAME" },
}

--- Those of files that others have made, whose shape and end are not known.
---@type lastpass.cli.Option[]
M.shape_options = {
  { "--header", "the row with the titles; default the first", value = "ROW", number = true },
  { "--expect-rows", "how many rows make the file whole: 180, 150-200 or 150-", value = "COUNT" },
  { "--expect-trailer", "the file's last line, or a Lua pattern for it", value = "TEXT" },
}

--- How columns write their dates, for files whose other columns are not known.
---@type lastpass.cli.Option
M.date_option = {
  "--date",
  "how a column writes its dates: last_day=DD/MM/YYYY",
  value = "FIELD=FORM",
  many = true,
}

local function read_row_count(text)
  if not text then
    return nil
  elseif text:find "^%d+$" then
    return tonumber(text)
  end
  local least, most = text:match "^(%d*)%-(%d*)$"
  if not least or least == "" and most == "" then
    return usage(("--expect-rows: '%s' is none; write 180, 150-200 or 150-"):format(text))
  end
  return { min = tonumber(least), max = tonumber(most) }
end

--- The options of `source.csv`.
---@param options table of the command line
---@return table|nil given delimiter, encoding, header, expect, dates
---@return string? message
---@return lastpass.Error? err
function M.csv(options)
  local rows, message, err = read_row_count(options.expect_rows)
  local dates
  if not err then
    dates, message, err = M.pairs("--date", options.date, "FIELD=FORM")
  end
  if err then
    return nil, message, err
  end
  local is_expected = rows or options.expect_trailer
  return {
    delimiter = options.delimiter and (options.delimiter:gsub("^\\t$", "\t")), -- as shells pass it
    encoding = options.encoding,
    header = options.header,
    expect = is_expected and { rows = rows, trailer = options.expect_trailer } or nil,
    dates = dates,
  }
end

return M
