--- Which commands there are. Those of one section of the program are rows of one table in a file beside
-- this one, which is loaded when one of them is asked for; what a command works with is loaded when it
-- runs.
-- @module lastpass.cli.commands
local M = {}

---@class lastpass.cli.Command
---@field name string            "user disable"
---@field summary string         one line, without a full stop
---@field description? string    further sentences
---@field arguments? table[]     {name, text, args = "?", "*" or "+", number = true, choices = words; for
-- completions only: names = "users", "groups", "profiles" or "connections", or words = function() -> list}
---@field options? lastpass.cli.Option[]|fun(): lastpass.cli.Option[] a function where they cost something
---@field rows? boolean          it shows rows, so it takes the options of output
---@field ends_with_reader? boolean it only shows: it ends when its output is no longer read
---@field connects? boolean      it talks to LastPass or to the journal
---@field tenants? lastpass.cli.Tenants it can be run over many companies
---@field writes? boolean        it changes something: --dry-run, --yes
---@field harm? "ask"|"type"     how it is confirmed
---@field rest? boolean          what follows the first argument is not read (scripts)
---@field examples? table[]      {line, what it does}
---@field topics? string[]       topics of help that say more
---@field hidden? boolean
---@field lua? string|fun(options: table): string|nil, string?, lastpass.Error? the Lua for --print-lua
---@field run? fun(session: lastpass.cli.Session, options: table): integer|nil, string?, lastpass.Error?
---@field list? fun(session: lastpass.cli.Session, options: table): any rows, or nil, message, err: instead of
-- `run` where a command only shows them
---@field view? string           how they are shown: a name of `lastpass.cli.views`
---@field verb? string           it does what this verb of `lastpass.cli.verbs` says
---@field report? string         it makes this report
---@field definition? string     it shows this report, with the options of its definition
---@field tables? string[]       it shows a report, which has these further tables

-- The sections in the order of help, with their files.
local SECTIONS = {
  { "Directory", "users", "directory", "bulk" },
  { "REST API", "rest", "companies" },
  { "Plans", "plans", "history" },
  { "Events", "events" },
  { "SCIM", "scim", "scim_held", "scim_client" },
  { "SAML", "saml", "saml_write", "saml_metadata" },
  { "MFA", "mfa", "mfa_codes", "mfa_radius", "mfa_doctor", "mfa_directory", "mfa_lists" },
  { "Reports", "reports", "reviews", "evidence" },
  { "Companies", "tenants", "tenant_runs" },
  { "Scripts", "scripts" },
  { "Set-up", "setup", "profiles", "shell" },
}

-- The file of a command; "user/" is for all that begin with that word, "scim+users" for one of two words.
local FILES = {}
for file, words in pairs {
  users = "users user/",
  directory = "groups group/ folders expired-passwords call",
  bulk = "bulk",
  companies = "company/",
  rest = "admin-levels companies admins billing/ rest/",
  plans = "plan apply runs run/",
  history = "drift snapshot diff",
  events = "events export cursors",
  reports = "report/ check",
  reviews = "review/",
  evidence = "evidence/",
  scripts = "run repl sandbox",
  setup = "doctor auth/ config/",
  scim = "scim/",
  saml = "saml/",
  saml_metadata = "saml+metadata+diff saml+metadata+refresh",
  saml_write = "saml+metadata+write",
  scim_held = "scim+held+list scim+held+show scim+held+approve scim+held+refuse "
    .. "scim+shadow+plan scim+worker scim+disconnect",
  scim_client = "scim+users scim+user scim+groups scim+group scim+doctor",
  mfa = "mfa/",
  mfa_directory = "mfa+users mfa+user+add mfa+user+edit mfa+user+suspend mfa+user+delete "
    .. "mfa+user+resend",
  mfa_codes = "mfa+code+new mfa+code+uri mfa+code+qr mfa+code+verify",
  mfa_radius = "mfa+radius+test",
  mfa_doctor = "mfa+doctor",
  mfa_lists = "mfa+groups mfa+group+add mfa+group+delete mfa+group+join mfa+group+leave mfa+roles "
    .. "mfa+role+add mfa+role+rename mfa+role+delete mfa+role+assign mfa+role+show",
  profiles = "profile/",
  tenants = "tenants/",
  tenant_runs = "worker tenants+status tenants+stop tenants+resume tenants+results",
  shell = "completion version help names",
} do
  for word in words:gmatch "%S+" do
    FILES[word:gsub("%+", " ")] = file
  end
end

-- The rows of a file, by name as well.
local function rows_of(file)
  local rows = require("lastpass.cli.commands." .. file)
  if not rows.by_name then
    rows.by_name = {}
    for _, row in ipairs(rows) do
      rows.by_name[row.name] = row
    end
  end
  return rows
end

-- The rows among which a command is.
local function rows_for(name)
  local file = FILES[name] or FILES[name:match "^%S*" .. "/"]
  return file and rows_of(file) or { by_name = {} }
end

-- What completes a row that has such a field.
local builders = {
  { "verb", "lastpass.cli.writing" },
  { "report", "lastpass.cli.reporting" },
  { "definition", "lastpass.cli.reporting" },
  { "tables", "lastpass.cli.reporting" },
}

-- A command that fetches rows and shows them.
local function run_list(row)
  return function(session, options)
    local rows, message, err = row.list(session, options)
    if not rows then
      return nil, message, err
    end
    session:show(require("lastpass.cli.views")[row.view], rows)
    return 0
  end
end

--- A command as its row declares it, with nothing filled in.
---@param name string
---@return lastpass.cli.Command|nil
function M.row(name)
  return rows_for(name).by_name[name]
end

local complete = {}

--- A command with everything that it takes and does.
---@param name string
---@return lastpass.cli.Command
function M.load(name)
  local command = complete[name]
  if not command then
    command = M.row(name)
    if type(command.options) == "function" then
      command.options = command.options()
    end
    for _, builder in ipairs(builders) do
      if command[builder[1]] then
        require(builder[2]).complete(command)
        break
      end
    end
    command.run = command.run or run_list(command)
    complete[name] = command
  end
  return command
end

--- Whether there is such a command.
---@param name string
---@return boolean
function M.is_known(name)
  return M.row(name) ~= nil
end

--- What several commands that begin with the same words are about.
---@param words string "user", "scim token"
---@return string|nil
function M.group(words)
  local file = FILES[words:match "^%S*" .. "/"]
  return file and rows_of(file).groups[words]
end

--- Whether this begins the names of several commands.
---@param words string
---@return boolean
function M.is_group(words)
  return M.group(words) ~= nil
end

--- The sections in the order of help.
---@return table[] {title, names…}
function M.sections()
  local sections = {}
  for index, section in ipairs(SECTIONS) do
    sections[index] = { section[1] }
    for position = 2, #section do
      for _, row in ipairs(rows_of(section[position])) do
        if not row.hidden then
          table.insert(sections[index], row.name)
        end
      end
    end
  end
  return sections
end

--- All names, in the order of help; those of one group when it is named.
---@param group? string
---@return string[]
function M.names(group)
  local names = {}
  for _, section in ipairs(M.sections()) do
    for position = 2, #section do
      local name = section[position]
      if not group or (name .. " "):sub(1, #group + 1) == group .. " " then
        names[#names + 1] = name
      end
    end
  end
  return names
end

--- The commands of a group, and the groups in it: what may follow its name.
---@param group string
---@return string[]
function M.names_within(group)
  local names, seen = {}, {}
  for _, name in ipairs(M.names(group)) do
    local inner = name:sub(1, #group) .. name:sub(#group + 1):match "^ %S+"
    for _, one in ipairs { inner, name } do
      if not seen[one] then
        seen[one], names[#names + 1] = true, one
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
