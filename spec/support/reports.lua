--- A report made by hand, with everything in it that a renderer has to cope with.
local result = require "lastpass.report.result"

local M = {}

--- What must never come out as it is.
M.HOSTILE = "<script>alert(1)</script> & \"quotes\" 'single' \226\128\174evil \27[31m"

function M.sample(more)
  local fields = {
    name = "sample",
    title = "A sample & more",
    statement = {
      population = "three people " .. M.HOSTILE,
      account = "https://lastpass.com/enterpriseapi.php, account 1",
      query = { "getuserdata: everybody" },
      read_at = 1781528400,
      as_of = 1781528400,
      complete = true,
      completeness = "complete",
      tool = "lastpass-lua x",
      options = { days = 90, list = { "a", "b" }, deep = { x = true } },
    },
    columns = {
      { name = "email", title = "E-mail" },
      { name = "note", title = "Note", long = true },
      { name = "count", title = "Count", kind = "count" },
      { name = "share", title = "Share", kind = "share" },
      { name = "time", title = "Time", kind = "time" },
      { name = "list", title = "List", kind = "list" },
      { name = "flag", title = "Flag", kind = "flag" },
    },
    rows = {
      {
        email = "ann@acme.example",
        note = M.HOSTILE,
        count = 12345,
        share = 0.5,
        time = 1781528400,
        list = { "a", "<b>" },
        flag = true,
      },
      { email = "bob@acme.example", flag = false },
    },
    row_title = "People",
    classes = {
      { name = "a", title = "Class <A>", count = 2, meaning = "the first" },
      { name = "b", title = "B", count = 0, meaning = "the second" },
      { name = "c", title = "C", count = 1, meaning = "the third" },
    },
    partitions = { { of = "Everybody", count = 3 } },
    totals = {
      { name = "n", title = "People", value = 3, kind = "count" },
      { name = "x", title = "Share", value = nil, kind = "share" },
    },
    tables = {
      {
        name = "groups",
        title = "By group",
        columns = { { name = "group", title = "Group" } },
        rows = {},
      },
    },
    notes = { "A note with <angle> brackets." },
  }
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  return result.new(fields)
end

return M
