--- Events that are hard on formats, and their text in one.
local audit = require "lastpass.audit"
local events = require "spec.support.events"
local formats = require "lastpass.export.formats"
local writer = require "lastpass.export.writer"

local M = {}

M.nasty = "a\"b\\c|d=e]f\tg,h\1é😀; 'x'"

--- One event of each known action, two of an unknown one, and what is odd. Newest first.
function M.list()
  local list = {
    { "2026-03-01 10:00:05", "ann@acme.com", "10.0.0.1", "Frob|nicated\\ =x", M.nasty },
    { "2026-03-01 10:00:04", M.nasty, "not an address", "Log in", M.nasty },
    { "2026-03-01 10:00:03", "", "", "Failed login attempt", "" },
    { "2026-03-01 10:00:02", "API", "2001:db8::1", "Reporting", "Initiated by API" },
    { "no time", "ann@acme.com", "10.0.0.1", "Make admin", "bob@acme.com" },
    { "2026-11-01 01:30:00", "ann@acme.com", "10.0.0.1", "Log in", "x" },
  }
  local data = {
    user = "bob@acme.com",
    users = "bob@acme.com,cy@acme.com",
    site = "example.com",
    sites = "VID: 1 from Shared-A",
    login = "VID: 1",
    item = "thing from Shared-A",
    note = "Secure Note (x) from Shared-A",
    policy = "Length New value: 3",
    group = "'Fin\"ance'",
    folder = "Shared-A",
    folder_user = "'Shared-A' 'bob@acme.com'",
    folder_user_words = "Shared-A bob@acme.com",
    folder_rename = "'Shared-A' 'Shared-B'",
    group_rename = "'A' to 'B'",
    group_user = "'A' 'bob@acme.com'",
    user_group = "bob@acme.com - A",
    move_to = "x to Shared-A",
    move_from = "x from Shared-A",
    folder_sites = "example.com from Shared-A",
    shared_account = "bob@acme.com-Shared-A",
    none = "",
  }
  for _, action in ipairs(audit.all()) do
    list[#list + 1] = {
      "2026-02-01 09:00:00",
      "ann@acme.com",
      "203.0.113.7",
      action.names[1],
      data[action.data],
    }
  end
  return list
end

--- The text of a list of events in a format, oldest first.
function M.text(format, list)
  local parts = {}
  local opened = formats.open(format, 8771312)
  assert(writer.new(opened):write(events.clocked(list or M.list()), function(text)
    parts[#parts + 1] = text
    return true
  end))
  return table.concat(parts), opened
end

return M
