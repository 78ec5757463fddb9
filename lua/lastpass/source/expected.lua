--- What a source has to hold to be whole: a file cut exactly at the end of a row shows nothing of it.
-- @module lastpass.source.expected
local errors = require "lastpass.error"

local M = {}

--- The option `expect` of a source. What is not as expected makes the source incomplete.
---@class lastpass.source.Expect
---@field rows? integer|table  how many rows there are, refused ones included; or { min =, max = }
---@field trailer? string      CSV only: the text of the last record, which is nobody, or a Lua pattern for
-- it, between whose parentheses the number of rows may stand: "^TRAILER;(%d+)$"

local known = { rows = { "number", "table" }, trailer = "string" }

-- Lua finds some faults of a pattern only where it matches.
local function is_pattern(text)
  return (pcall(string.find, "", text)) and (pcall(string.find, text, text))
end

local function check_count(where, value, level)
  if value < 0 or value ~= math.floor(value) then
    errors.raise(level + 1, "%s must be a whole number", where)
  end
end

--- Checks the option. A mistake in it is the programmer's.
---@param source string "source.csv"
---@param given lastpass.source.Expect|nil
---@param level integer whose line is blamed
---@return table|nil expected {min, max, trailer}
function M.check(source, given, level)
  if not given then
    return nil
  end
  level = level + 1
  local where = source .. ": 'expect'"
  errors.check_options(where, given, known, level)
  if given.rows == nil and given.trailer == nil then
    errors.raise(level, "%s needs 'rows' or 'trailer'", where)
  end
  local rows = type(given.rows) == "number" and { min = given.rows, max = given.rows }
    or given.rows
    or {}
  errors.check_options(where .. ": rows", rows, { min = "number", max = "number" }, level)
  if given.rows and not rows.min and not rows.max then
    errors.raise(level, "%s: 'rows' needs 'min' or 'max'", where)
  end
  for name, value in pairs(rows) do
    check_count(("%s: rows: '%s'"):format(where, name), value, level)
  end
  local trailer = given.trailer
  if trailer and source ~= "source.csv" then
    errors.raise(level, "%s: 'trailer' is for CSV files", where)
  elseif trailer and (trailer == "" or not is_pattern(trailer)) then
    errors.raise(level, "%s: 'trailer' must be a text, or a Lua pattern", where)
  end
  return { min = rows.min, max = rows.max, trailer = trailer }
end

--- Whether a record is the trailer.
---@param trailer string
---@param text string the record's fields and the delimiters between them
---@return boolean
---@return string? count what the pattern's parentheses hold
function M.is_trailer(trailer, text)
  if text == trailer then
    return true
  end
  local is_good, from, _, count = pcall(string.find, text, trailer)
  return is_good and from ~= nil, count
end

local function fail(self, code, reason)
  local message = ("%s: %s"):format(self.name, reason)
  local _, _, err = errors.fail("protocol", code, message, { file = self.proof.file })
  return err
end

local SAYS = "its trailer on line %d says %s rows, and there are %d"

--- What is missing of a source that has come to its end.
---@param self table the source: proof, _expect, _trailer = {line, count, after} of a CSV file
---@return lastpass.Error|nil err code "wrong_row_count", "no_trailer" or "rows_after_trailer"
function M.shortfall(self)
  local expected, rows = self._expect, self.proof.rows
  if not expected then
    return nil
  elseif expected.min and rows < expected.min then
    return fail(
      self,
      "wrong_row_count",
      ("has %d rows, and %d were expected%s"):format(
        rows,
        expected.min,
        expected.max == expected.min and "" or " at least"
      )
    )
  elseif expected.max and rows > expected.max then
    return fail(
      self,
      "wrong_row_count",
      ("has %d rows, and %d were expected%s"):format(
        rows,
        expected.max,
        expected.max == expected.min and "" or " at most"
      )
    )
  elseif not expected.trailer then
    return nil
  end
  local trailer = self._trailer
  if not trailer then
    local reason = "the trailer '%s' is missing: the file was cut at the end of a row"
    return fail(self, "no_trailer", reason:format(expected.trailer))
  elseif trailer.after then
    local reason = "there are rows after the trailer on line %d: line %d"
    return fail(self, "rows_after_trailer", reason:format(trailer.line, trailer.after))
  end
  local count = tonumber(trailer.count)
  if count and count ~= rows then
    return fail(self, "wrong_row_count", SAYS:format(trailer.line, trailer.count, rows))
  end
  return nil
end

return M
