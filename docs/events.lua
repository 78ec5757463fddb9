--- Writes the tables of docs/events.md from the code's own lists: the actions that are known, the formats, and the
-- sinks with their options. docs/generate.lua puts each between its marks.
local M = {}

local function table_of(columns, rows)
  local lines = { "| " .. table.concat(columns, " | ") .. " |", "|" .. (" --- |"):rep(#columns) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |"
  end
  return table.concat(lines, "\n") .. "\n"
end

local function code(text)
  return "`" .. text .. "`"
end

--- Every action.
function M.actions()
  local rows = {}
  for _, action in ipairs(require("lastpass.audit").all()) do
    rows[#rows + 1] = {
      code(action.id),
      action.category,
      (action.verb:gsub("_", " ")),
      action.outcome,
      action.severity,
      (action.data:gsub("_", " ")),
      table.concat(action.names, ", "),
    }
  end
  local columns =
    { "id", "category", "what is done", "outcome", "severity", "Data", "names on the wire" }
  return table_of(columns, rows)
end

-- A row for each entry, and one for each of its options.
local function list_table(column, list)
  local rows = {}
  for _, entry in ipairs(list) do
    rows[#rows + 1] = { code(entry.name), "", entry.help }
    for _, option in ipairs(entry.options or {}) do
      rows[#rows + 1] = { "", code(option[1]), option[3] }
    end
  end
  return table_of({ column, "option", "what it is" }, rows)
end

--- Every format.
function M.formats()
  return list_table("format", require("lastpass.export.formats").list)
end

--- Every kind of sink.
function M.sinks()
  return list_table("sink", require("lastpass.export.sinks").list)
end

return M
