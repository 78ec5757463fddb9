--- Writes the table of docs/events.md: every action that is known, from the code's own list.
-- docs/generate.lua puts it between the marks of that file.
return function()
  local audit = require "lastpass.audit"
  local columns = "| id | category | what is done | outcome | severity | Data | names on the wire |"
  local lines = { columns, "| --- | --- | --- | --- | --- | --- | --- |" }
  for _, action in ipairs(audit.all()) do
    lines[#lines + 1] = ("| `%s` | %s | %s | %s | %s | %s | %s |"):format(
      action.id,
      action.category,
      (action.verb:gsub("_", " ")),
      action.outcome,
      action.severity,
      (action.data:gsub("_", " ")),
      table.concat(action.names, ", ")
    )
  end
  return table.concat(lines, "\n") .. "\n"
end
