--- The man pages in mdoc(7), made from the declarations of the commands: lastpass(1), and one for each command.
local civil = require "lastpass.time.civil"
local commands = require "lastpass.cli.commands"
local exit = require "lastpass.cli.exit"
local shared_options = require "lastpass.cli.options"
local topics = require "lastpass.cli.topics"

local M = {}

-- A backslash and what begins a line have a meaning to roff; a dash of an option must stay a dash.
local function escape(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-")
  return (text:gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

-- On a macro line a word that is a macro's name, or punctuation, would be taken for one.
local function argument(text)
  return '"' .. escape(text):gsub('"', "\\(dq") .. '"'
end

local LINE = 78

-- A line for each sentence, and none too long: mandoc wants both.
local function sentence(text)
  local lines = {}
  text = text:gsub("`([^`]*)`", "%1"):gsub("([%.:]) (%u)", "%1\n%2")
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local current = ""
    for word in line:gmatch "%S+" do
      local escaped = escape(word)
      if current ~= "" and #current + #escaped + 1 > LINE then
        lines[#lines + 1] = current
        current = escaped
      else
        current = current == "" and escaped or current .. " " .. (escaped:gsub("^\\&", ""))
      end
    end
    lines[#lines + 1] = current
  end
  return table.concat(lines, "\n")
end

local function add_option(lines, option)
  local names = {}
  for name in option[1]:gmatch "%S+" do
    names[#names + 1] = "Fl " .. escape(name:sub(2))
  end
  local line = ".It " .. table.concat(names, " , ")
  if option.value then
    line = line .. " Ar " .. argument(option.value)
  end
  lines[#lines + 1] = line
  local text = option[2]
  if option.choices then
    text = text .. ": " .. table.concat(option.choices, ", ")
  end
  lines[#lines + 1] = sentence(text:sub(1, 1):upper() .. text:sub(2) .. ".")
end

local function add_options(lines, list)
  lines[#lines + 1] = ".Bl -tag -width Ds"
  for _, option in ipairs(list) do
    add_option(lines, option)
  end
  lines[#lines + 1] = ".El"
end

-- The command's name and arguments, for a macro line.
local function usage(command)
  local line = "Cm " .. argument(command.name)
  for _, one in ipairs(command.arguments or {}) do
    local is_optional = one.args == "?" or one.args == "*"
    line = line .. (is_optional and " Op Ar " or " Ar ") .. argument(one[1])
    if one.args == "*" or one.args == "+" then
      line = line .. " ..."
    end
  end
  return line
end

-- The groups of shared options that the command takes.
local function groups_of(command)
  local groups = {}
  for _, share in ipairs {
    { "writes", "writing" },
    { "rows", "output" },
    { "connects", "connection" },
  } do
    if command[share[1]] then
      groups[#groups + 1] = share[2]
    end
  end
  return groups
end

local function add_command(lines, command)
  lines[#lines + 1] = ".It Nm lastpass " .. usage(command)
  lines[#lines + 1] = sentence(command.summary .. ".")
  if command.description then
    lines[#lines + 1] = sentence(command.description)
  end
  local groups = groups_of(command)
  if #groups > 0 then
    lines[#lines + 1] = ("Takes the options of %s."):format(table.concat(groups, ", "))
  end
  if command.options and #command.options > 0 then
    lines[#lines + 1] = ".Pp"
    add_options(lines, command.options)
  end
end

-- What is indented by four is shown as it is.
local function add_text(lines, text)
  local in_display, is_first, paragraph = false, true, {}
  local function flush()
    if #paragraph > 0 then
      lines[#lines + 1] = sentence(table.concat(paragraph, " "))
      paragraph = {}
    end
  end
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local shown = line:match "^    (.*)$"
    if shown or line == "" then
      flush()
    end
    if shown and not in_display then
      lines[#lines + 1] = ".Bd -literal -offset indent"
      in_display = true
    elseif in_display and not shown and line ~= "" then
      lines[#lines + 1] = ".Ed"
      lines[#lines + 1] = ".Pp"
      in_display = false
    end
    if shown then
      lines[#lines + 1] = escape(shown)
    elseif line == "" then
      if in_display then
        lines[#lines + 1] = ""
      elseif not is_first then
        lines[#lines + 1] = ".Pp"
      end
    else
      paragraph[#paragraph + 1] = line
      is_first = false
    end
  end
  flush()
  if in_display then
    lines[#lines + 1] = ".Ed"
  end
end

-- No paragraph before a display or an end, and none twice: mandoc minds.
local function tidy(lines)
  local out = {}
  for position, line in ipairs(lines) do
    local after = lines[position + 1] or ""
    local ends_display = line == "" and after == ".Ed"
    local is_idle = line == ".Pp"
      and (after == ".Pp" or after:find "^%.B[dl]" or after:find "^%.S[hs]")
    if not is_idle and not ends_display then
      out[#out + 1] = line
    end
  end
  return out
end

--- When what the page says was last changed.
M.DATE = { year = 2026, month = 11, day = 23 }

-- What every page begins with.
local function head(title, name, summary)
  local day = M.DATE
  return {
    '.\\" Made by docs/manual.lua from lua/lastpass/cli/commands; not for editing.',
    (".Dd %s %d, %d"):format(civil.MONTHS[day.month], day.day, day.year),
    (".Dt %s 1"):format(title:upper()),
    ".Os",
    ".Sh NAME",
    ".Nm " .. name,
    ".Nd " .. escape(summary),
  }
end

local function page_name(command)
  return "lastpass-" .. command.name:gsub(" ", "-")
end

-- Commands of the same group; the whole program comes first.
local function add_see_also(lines, command)
  lines[#lines + 1] = ".Sh SEE ALSO"
  local names = { "lastpass" }
  local group = command.name:match "^(%S+) "
  for _, name in ipairs(group and commands.names(group) or {}) do
    if name ~= command.name and name:find(" ", 1, true) then
      names[#names + 1] = page_name { name = name }
    end
  end
  table.sort(names)
  for position, name in ipairs(names) do
    lines[#lines + 1] = (".Xr %s 1%s"):format(name, names[position + 1] and " ," or "")
  end
end

-- The page of one command.
local function command_page(command)
  local lines = head(page_name(command), page_name(command), command.summary:gsub("%.$", ""))
  lines[#lines + 1] = ".Sh SYNOPSIS"
  lines[#lines + 1] = ".Nm lastpass " .. usage(command)
  lines[#lines + 1] = ".Op Ar option ..."
  lines[#lines + 1] = ".Sh DESCRIPTION"
  lines[#lines + 1] = sentence(command.description or command.summary .. ".")
  if #(command.arguments or {}) > 0 then
    lines[#lines + 1] = ".Bl -tag -width Ds"
    for _, one in ipairs(command.arguments) do
      lines[#lines + 1] = ".It Ar " .. argument(one[1])
      lines[#lines + 1] = sentence(one[2]:sub(1, 1):upper() .. one[2]:sub(2) .. ".")
    end
    lines[#lines + 1] = ".El"
  end
  if #(command.options or {}) > 0 then
    lines[#lines + 1] = ".Sh OPTIONS"
    add_options(lines, command.options)
  end
  local groups = groups_of(command)
  if #groups > 0 then
    lines[#lines + 1] = #(command.options or {}) > 0 and ".Pp" or ".Sh OPTIONS"
    lines[#lines + 1] = ("The options of %s are in"):format(table.concat(groups, ", "))
    lines[#lines + 1] = ".Xr lastpass 1 ."
  end
  if #(command.examples or {}) > 0 then
    lines[#lines + 1] = ".Sh EXAMPLES"
    for _, example in ipairs(command.examples) do
      lines[#lines + 1] = sentence(example[2]:sub(1, 1):upper() .. example[2]:sub(2) .. ":")
      lines[#lines + 1] = ".Bd -literal -offset indent"
      lines[#lines + 1] = escape(example[1])
      lines[#lines + 1] = ".Ed"
      lines[#lines + 1] = ".Pp"
    end
    lines[#lines] = nil
  end
  add_see_also(lines, command)
  return table.concat(tidy(lines), "\n") .. "\n"
end

--- The page of the program.
---@return string mdoc source
function M.text()
  local lines = head("lastpass", "lastpass", "LastPass Business administration")
  for _, line in ipairs {
    ".Sh SYNOPSIS",
    ".Nm lastpass",
    ".Ar command",
    ".Op Ar option ...",
    ".Op Ar argument ...",
    ".Sh DESCRIPTION",
    ".Nm",
    "administers a company's LastPass: users, groups, shared folders, events,",
    "and plans that bring the directory to what a playbook declares.",
    "Whatever it does can be done from Lua as well;",
    ".Fl \\-print\\-lua",
    "shows how.",
  } do
    lines[#lines + 1] = line
  end
  for _, section in ipairs(commands.sections()) do
    lines[#lines + 1] = ".Ss " .. section[1]
    lines[#lines + 1] = ".Bl -tag -width Ds"
    for position = 2, #section do
      add_command(lines, commands.load(section[position]))
    end
    lines[#lines + 1] = ".El"
  end
  lines[#lines + 1] = ".Sh OPTIONS"
  for _, group in ipairs(shared_options.shared) do
    lines[#lines + 1] = ".Ss " .. group[1]
    add_options(lines, group[2])
  end
  for _, topic in ipairs(topics.list) do
    if topic.name ~= "exit-codes" then
      lines[#lines + 1] = ".Sh " .. topic.name:upper()
      add_text(lines, topic.text)
    end
  end
  lines[#lines + 1] = ".Sh FILES"
  lines[#lines + 1] = ".Bl -tag -width Ds"
  for _, file in ipairs {
    { "~/.config/lastpass/config.json", "profiles" },
    { "~/.local/state/lastpass/journal.db", "runs of plans and kept directories" },
    { "/etc/lastpass/config.json", "profiles of the whole machine" },
    { ".lastpass.json", "profiles of a project, without secrets" },
  } do
    lines[#lines + 1] = ".It Pa " .. escape(file[1])
    lines[#lines + 1] = sentence(file[2]:sub(1, 1):upper() .. file[2]:sub(2) .. ".")
  end
  lines[#lines + 1] = ".El"
  lines[#lines + 1] = ".Sh EXIT STATUS"
  lines[#lines + 1] = ".Bl -tag -width Ds"
  for _, entry in ipairs(exit.list) do
    lines[#lines + 1] = ".It " .. entry[2]
    lines[#lines + 1] = sentence(entry[3]:sub(1, 1):upper() .. entry[3]:sub(2) .. ".")
  end
  lines[#lines + 1] = ".El"
  add_text(lines, exit.precedence)
  return table.concat(tidy(lines), "\n") .. "\n"
end

--- Writes the pages of all commands into a folder, which is made anew.
---@param folder string
function M.write(folder)
  assert(os.execute(("rm -rf '%s' && mkdir -p '%s'"):format(folder, folder)))
  for _, name in ipairs(commands.names()) do
    local command = commands.load(name)
    local file = assert(io.open(("%s/%s.1"):format(folder, page_name(command)), "wb"))
    assert(file:write(command_page(command)))
    assert(file:close())
  end
end

return M
