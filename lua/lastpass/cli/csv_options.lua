--- What a CSV file on the command line is like: the options of every command that reads one, and what
-- they are for `source.csv`.
-- @module lastpass.cli.csv_options
local errors = require "lastpass.error"

local M = {}

--- The options of every command that reads a CSV file.
---@type lastpass.cli.Option[]
M.options = {
  {
    "--delimiter",
    "between the columns; default that of a line sep=;, else a comma",
    value = "CHARACTER",
  },
  { "--encoding", "of the file: utf-8, utf-16, latin1, windows-1252, …", value = "NAME" },
}

--- Those of files that others have made, whose shape and end are not known.
---@type lastpass.cli.Option[]
M.shape = {
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

local function usage(message, hint)
  return errors.fail("argument", "usage", message, { hint = hint })
end

-- "\t" as shells hand it on.
local function delimiter_of(text)
  return text and (text:gsub("^\\t$", "\t"))
end

local function rows_of(text)
  if not text then
    return nil
  end
  local exact = text:match "^%d+$"
  if exact then
    return tonumber(exact)
  end
  local least, most = text:match "^(%d*)%-(%d*)$"
  if not least or least == "" and most == "" then
    return usage(("--expect-rows: '%s' is none; write 180, 150-200 or 150-"):format(text))
  end
  return { min = tonumber(least), max = tonumber(most) }
end

local function dates_of(list)
  local dates
  for _, text in ipairs(list or {}) do
    local field, form = text:match "^([%w_]+)=(.+)$"
    if not field then
      return usage(("--date %s: write FIELD=FORM"):format(text))
    end
    dates = dates or {}
    dates[field] = form
  end
  return dates
end

--- The options of `source.csv`.
---@param options table of the command line
---@return table|nil given delimiter, encoding, header, expect, dates
---@return string? message
---@return lastpass.Error? err
function M.of(options)
  local rows, message, err = rows_of(options.expect_rows)
  local dates
  if not err then
    dates, message, err = dates_of(options.date)
  end
  if err then
    return nil, message, err
  end
  local expect
  if rows or options.expect_trailer then
    expect = { rows = rows, trailer = options.expect_trailer }
  end
  return {
    delimiter = delimiter_of(options.delimiter),
    encoding = options.encoding,
    header = options.header,
    expect = expect,
    dates = dates,
  }
end

return M
