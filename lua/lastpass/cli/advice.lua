--- The library's advice is about Lua; for people at the command line it names commands.
-- @module lastpass.cli.advice
local M = {}

local function as_flag(name)
  return "--" .. name:gsub("_", "-")
end

-- What a report calls an option, where the program has another name for it.
local other_names = { domains = "--domain", field = "--last-day" }

local function as_option(name)
  return "(" .. (other_names[name] or as_flag(name)) .. ")"
end

local rules = {
  {
    "^write %S+, or set LASTPASS_CID and LASTPASS_PROVHASH_FILE$",
    "lastpass profile add NAME --cid NUMBER makes one; or set LASTPASS_CID and "
      .. "LASTPASS_PROVHASH_FILE; to try things out, lastpass repl --sandbox",
  },
  { "^client:export: option '([%w_]+)'", as_flag },
  { "^client:export: ", "" },
  { "^report%.[%w_]+: option '([%w_]+)'", as_flag },
  { "^report%.[%w_]+: ", "" },
  { "^evidence%.[%w_]+: ", "" },
  { "^access_review%.[%w_]+: ", "" },
  { "%(option ([%w_]+)%)", as_option },
  { "%(option 'path'%)", "(--journal)" },
  { "client:resume%((%d+)%)", "lastpass run resume %1" },
  { "client:undo%((%d+)%) makes the plan", "lastpass run undo %1" },
  { "client:undo%((%d+)%)", "lastpass run undo %1" },
  { "journal:runs{} lists them", "lastpass runs lists them" },
  { "journal:snapshots%(tenant%) lists them", "lastpass snapshot lists them" },
  { "} as an option of the call", "} as an option of plan" },
  { '{ limit = { ([%w_]+) = "?([%d.%%]+)"? } } as an option of plan', "--limit %1=%2" },
  {
    "{ limit = { (per_%a+) = { ([%w_]+) = (%d+) } } } as an option of plan",
    "--limit %1.%2=%3",
  },
  { "{ confirm_final = (%d+) }", "--confirm-final %1" },
  { "confirm_final = (%d+)", "--confirm-final %1" },
}

-- What is said of a file that the command line names; a playbook has these as fields of its source.
local file_rules = {
  { "name it: source%.csv%b()", "--column email=TITLE names it" },
  { "say which column is which with the option 'columns'", "--column FIELD=TITLE says which is" },
  { "is the option 'delimiter' right%?", "is --delimiter right?" },
  { "delimiter = '(.-)'", "--delimiter '%1'" },
  { "leave out the option 'encoding'", "leave out --encoding" },
  { "see the option 'encoding'", "see --encoding" },
  { "encoding = '(.-)'", "--encoding %1" },
  { "header = (%d+)", "--header %1" },
  { "see the option 'max_problems'", "is it the right file, and are its options right?" },
  { "read it with source%.json, or save it as CSV", "save it as CSV" },
  { "read the directory with source%.ldap, or export", "export" },
}

local function replace(text, list)
  for _, rule in ipairs(list) do
    text = text:gsub(rule[1], rule[2])
  end
  return text
end

--- Replaces what is said of Lua by the command that does the same.
---@param text string
---@param of_playbook? boolean it is said of a playbook, where the fields of sources are written
---@return string
function M.in_commands(text, of_playbook)
  text = replace(text, rules)
  return of_playbook and text or replace(text, file_rules)
end

return M
