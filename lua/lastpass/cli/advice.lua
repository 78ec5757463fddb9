--- The library's advice is about Lua; for people at the command line it names commands.
-- @module lastpass.cli.advice
local M = {}

local rules = {
  { "client:resume%((%d+)%)", "lastpass run resume %1" },
  { "client:undo%((%d+)%) makes the plan", "lastpass run undo %1" },
  { "client:undo%((%d+)%)", "lastpass run undo %1" },
  { "journal:runs{} lists them", "lastpass runs lists them" },
  { "journal:snapshots%(tenant%) lists them", "lastpass snapshot lists them" },
  { '{ limit = { ([%w_]+) = "?([%d.%%]+)"? } } as an option of plan', "--limit %1=%2" },
  { "{ confirm_final = (%d+) }", "--confirm-final %1" },
  { "confirm_final = (%d+)", "--confirm-final %1" },
}

--- Replaces what is said of Lua by the command that does the same.
---@param text string
---@return string
function M.in_commands(text)
  for _, rule in ipairs(rules) do
    text = text:gsub(rule[1], rule[2])
  end
  return text
end

return M
