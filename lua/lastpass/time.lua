--- Times: UTC epoch seconds inside, the account's wall clock on the wire (enterprise-api §3).
-- Nothing here asks the machine's own zone.
-- @module lastpass.time
local calendar = require "lastpass.time.civil"
local lookup = require "lastpass.time.lookup"
local reader = require "lastpass.time.reader"
local signature = require "lastpass.signature"

local M = {}

--- The zone of an account that names none.
M.DEFAULT_ZONE = lookup.DEFAULT

M.zone = lookup.zone
M.civil = calendar.civil
M.fields = calendar.fields
M.parse_civil = calendar.parse
M.format_civil = calendar.format

--- The machine's clock.
---@return integer utc epoch seconds
function M.now()
  return os.time()
end

--- Writes a moment as ISO 8601 in UTC.
---@param utc number epoch seconds; fractions are cut off
---@return string text "2026-11-22T22:40:26Z"
function M.iso(utc)
  local f = calendar.fields(utc)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(f.year, f.month, f.day, f.hour, f.min, f.sec)
end

--- Reads a time that a person gave: epoch seconds, "2026-11-22", "2026-11-22 10:00[:00]" (in the
-- zone), ISO 8601 with "Z" or an offset, "-24h" (units s, m, h, d, w; a day is 24 hours),
-- "now", "today" and "yesterday" (midnight in the zone).
---@param value string|number
---@param zone? lastpass.Zone default America/New_York, as `time.zone()`
---@param now? integer epoch seconds; default `time.now()`
---@return integer|nil utc epoch seconds
---@return boolean|string ambiguous the wall clock showed this time twice, and the earlier is meant;
-- or the message
---@return boolean|lastpass.Error nonexistent the wall clock skipped this time; or the error, kind
-- "argument", code "bad_time"
function M.parse(value, zone, now)
  return reader.read(value, zone or lookup.zone(), now or M.now())
end

signature.declare("time.", M, {
  now = "",
  iso = "utc: number",
  parse = "value: string|number, zone?: lastpass.time.zone, now?: number",
  zone = "name?: string, directories?: table",
  civil = "year: number, month: number, day: number, hour?: number, min?: number, sec?: number",
  fields = "civil: number",
  parse_civil = "text?: any",
  format_civil = "civil: number",
})

return M
