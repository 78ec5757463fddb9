--- The man page, lastpass(1), in mdoc(7), made from the declarations of the commands.
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

local function add_command(lines, command)
  local head = ".It Nm lastpass Cm " .. argument(command.name)
  for _, one in ipairs(command.arguments or {}) do
    local is_optional = one.args == "?" or one.args == "*"
    head = head .. (is_optional and " Op Ar " or " Ar ") .. argument(one[1])
    if one.args == "*" or one.args == "+" then
      head = head .. " ..."
    end
  end
  lines[#lines + 1] = head
  lines[#lines + 1] = sentence(command.summary .. ".")
  if command.description then
    lines[#lines + 1] = sentence(command.description)
  end
  local shares = {}
  for _, share in ipairs {
    { command.writes, "writing" },
    { command.rows, "output" },
    { command.connects, "connection" },
  } do
    if share[1] then
      shares[#shares + 1] = share[2]
    end
  end
  if #shares > 0 then
    lines[#lines + 1] = ("Takes the options of %s."):format(table.concat(shares, ", "))
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

--- The man page.
---@return string mdoc source
function M.text()
  local day = M.DATE
  local lines = {
    '.\\" Made by docs/generate.lua from lua/lastpass/cli/commands; not for editing.',
    (".Dd %s %d, %d"):format(civil.MONTHS[day.month], day.day, day.year),
    ".Dt LASTPASS 1",
    ".Os",
    ".Sh NAME",
    ".Nm lastpass",
    ".Nd LastPass Business administration",
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
  }
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

return M
