--- Which commands there are. Each stands in a file of its own and is loaded when it is asked for.
-- @module lastpass.cli.commands
local M = {}

--- The commands by section, in the order in which help shows them.
M.sections = {
  {
    "Directory",
    "users",
    "user show",
    "user add",
    "user update",
    "user disable",
    "user enable",
    "user remove",
    "user delete",
    "user reinvite",
    "user reset-password",
    "user require-password-change",
    "user reset-mfa",
    "user rename",
    "groups",
    "group show",
    "group add",
    "group remove",
    "folders",
    "expired-passwords",
    "bulk",
    "call",
  },
  {
    "Plans",
    "plan",
    "apply",
    "runs",
    "run show",
    "run resume",
    "run undo",
    "drift",
    "snapshot",
    "diff",
  },
  { "Events", "events", "export", "cursors" },
  {
    "Reports",
    "report coverage",
    "report mfa",
    "report leavers",
    "report admins",
    "report inactive",
    "report invitations",
    "report folders",
    "check",
    "review export",
    "review status",
    "review plan",
    "review tasks",
    "review close",
    "evidence key",
    "evidence write",
    "evidence verify",
  },
  { "Scripts", "run", "repl", "sandbox" },
  {
    "Set-up",
    "doctor",
    "auth check",
    "config show",
    "config path",
    "config edit",
    "profile list",
    "profile add",
    "profile use",
    "profile remove",
    "completion",
    "version",
    "help",
  },
}

--- What stands before several commands.
M.groups = {
  user = "One user, or a few: show and change.",
  group = "One group: who is in it.",
  run = "A script, or a run of a plan.",
  config = "The configuration.",
  profile = "Companies the program knows.",
  auth = "Account number and hash.",
  report = "Numbers that add up, with a statement of where they come from.",
  review = "Access reviews: managers decide in a spreadsheet, a plan carries it out.",
  evidence = "A signed folder for an auditor.",
}

-- Not in help: the shells' completion asks it.
local hidden = { names = true }

local known = {}
for _, section in ipairs(M.sections) do
  for place = 2, #section do
    known[section[place]] = true
  end
end

--- Where a command stands.
---@param name string "user reset-mfa"
---@return string module "user.reset_mfa"
function M.module(name)
  if name == "run" then
    return "run.script"
  end
  return (name:gsub(" ", "."):gsub("-", "_"))
end

--- Whether there is such a command.
---@param name string
---@return boolean
function M.is_known(name)
  return known[name] == true or hidden[name] == true
end

--- Whether this begins the names of several commands.
---@param name string
---@return boolean
function M.is_group(name)
  return M.groups[name] ~= nil
end

--- Loads a command.
---@param name string
---@return lastpass.cli.Command
function M.load(name)
  return require("lastpass.cli.commands." .. M.module(name))
end

--- All names, in the order of help; those of one group when it is named.
---@param group? string
---@return string[]
function M.names(group)
  local names = {}
  for _, section in ipairs(M.sections) do
    for place = 2, #section do
      local name = section[place]
      if not group or name == group or name:find("^" .. group .. " ") then
        names[#names + 1] = name
      end
    end
  end
  return names
end

--- The first words of all commands.
---@return string[]
function M.first_words()
  local words, seen = {}, {}
  for _, name in ipairs(M.names()) do
    local word = name:match "^%S+"
    if not seen[word] then
      seen[word] = true
      words[#words + 1] = word
    end
  end
  return words
end

return M
