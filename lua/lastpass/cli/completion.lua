--- Completions for bash, zsh and fish: argparse writes them from the commands' declarations, and names
-- of users and groups come from the hidden command `names`, which reads the directory that was stored
-- last and never talks to LastPass.
-- @module lastpass.cli.completion
local commands = require "lastpass.cli.commands"
local grammar = require "lastpass.cli.grammar"

local M = {}

local KINDS = { "users", "groups", "profiles", "connections" }

-- What stands in a completion for names that are looked up.
local function placeholder(kind)
  return "__" .. kind .. "__"
end

-- The parser of all commands.
local function parser_of(list)
  local root = grammar.lay_out(require "argparse"("lastpass", "LastPass Business administration."))
  root:flag("-h --help"):description "Show help."
  root:flag("--version"):description "Print the version."
  local parsers = { [""] = root }
  for _, command in ipairs(list) do
    local name = ""
    for word in command.name:gmatch "%S+" do
      local parent = parsers[name]
      name = name == "" and word or name .. " " .. word
      if not parsers[name] then
        local summary = commands.group(name) or command.summary .. "."
        parsers[name] = grammar.lay_out(parent:command(word, summary)):require_command(false)
      end
    end
    local parser = parsers[name]
    grammar.fill(parser, command, function(argument)
      return argument.choices
        or argument.words and argument.words()
        or argument.names and { placeholder(argument.names) }
    end)
  end
  return root
end

-- What an argument may be: nil, a kind of names, or a list of words.
local function offer_of(argument)
  return argument.names or argument.choices or argument.words and argument.words()
end

-- A case for each position of a command's arguments: the exact words before it, or any for the last.
local function bash_cases(list)
  local lines = {}
  for _, command in ipairs(list) do
    local arguments = command.arguments or {}
    for position, argument in ipairs(arguments) do
      local offer = offer_of(argument)
      local pattern = ('"%s "%s'):format(command.name, ('*" "'):rep(position - 1))
      if argument.args then
        pattern = pattern .. "*"
      end
      if type(offer) == "table" then
        lines[#lines + 1] = ('        %s) words="%s" ;;'):format(pattern, table.concat(offer, " "))
      elseif offer then
        lines[#lines + 1] = ("        %s) kind=%s ;;"):format(pattern, offer)
      end
    end
  end
  return table.concat(lines, "\n")
end

-- "@" is a word break to readline, so what stands before it is not repeated in an answer.
local BASH = [=[

_lastpass_names() {
    local word words="" kind="" given="" name line before
    _lastpass
    if [[ ${#COMPREPLY[@]} -gt 0 || "${COMP_WORDS[COMP_CWORD]}" == -* ]]; then
        return
    fi
    line="${COMP_LINE:0:COMP_POINT}"
    for word in ${line% *}; do
        case "$word" in
            -*|lastpass|*/lastpass) ;;
            *) given="$given$word " ;;
        esac
    done
    case "$given" in
@CASES@
    esac
    word="${line##* }"
    if [[ -n "$words" ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    elif [[ -n "$kind" ]]; then
        word="${word#[\"\']}"
        before=""
        if [[ "$word" == *@* ]]; then
            before="${word%@*}@"
        fi
        COMPREPLY=()
        while IFS= read -r name; do
            name="${name:${#before}}"
            if [[ "$name" == *" "* && "${line##* }" != [\"\']* ]]; then
                printf -v name '%q' "$name"
            fi
            COMPREPLY+=("$name")
        done < <(lastpass names "$kind" -- "$word" 2>/dev/null)
    fi
}

complete -F _lastpass_names -o bashdefault -o default lastpass
]=]

local function bash(list)
  local text = parser_of(list):get_bash_complete()
  local own = BASH:gsub("@CASES@", function()
    return bash_cases(list)
  end)
  return (text:gsub("\ncomplete %-F _lastpass [^\n]*\n*$", "\n")) .. own
end

local ZSH = [=[
_lastpass_@KIND@() {
  local -a names
  names=("${(@f)$(lastpass names @KIND@ -- "$PREFIX" 2>/dev/null)}")
  compadd -a names
}

]=]

local function zsh(list)
  local text = parser_of(list):get_zsh_complete()
  local functions = ""
  for _, kind in ipairs(KINDS) do
    functions = functions .. ZSH:gsub("@KIND@", kind)
    text = text:gsub(":%(" .. placeholder(kind) .. "%)", ":_lastpass_" .. kind)
  end
  -- autoloaded, the file is the function; sourced, it makes itself known
  text = text:gsub("\n_lastpass\n$", function()
    return '\nif [ "$funcstack[1]" = "_lastpass" ]; then\n  _lastpass "$@"\nelse\n'
      .. "  compdef _lastpass lastpass\nfi\n"
  end)
  return (text:gsub("^(#compdef lastpass\n\n)", function(head)
    return head .. functions
  end))
end

local function fish(list)
  local text = parser_of(list):get_fish_complete()
  local lines = { text }
  for _, command in ipairs(list) do
    for _, argument in ipairs(command.arguments or {}) do
      local offer = offer_of(argument)
      local words
      if type(offer) == "table" then
        words = table.concat(offer, " ")
      elseif offer then
        words = ("(lastpass names %s -- (commandline -ct) 2>/dev/null)"):format(offer)
      end
      if words then
        local line = "complete -c lastpass -n '__fish_lastpass_using_command %s' -xa '%s'"
        lines[#lines + 1] = line:format(command.name, words)
      end
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local makers = { bash = bash, zsh = zsh, fish = fish }

--- The completion of a shell.
---@param shell "bash"|"zsh"|"fish"
---@return string
function M.text(shell)
  local list = {}
  for position, name in ipairs(commands.names()) do
    list[position] = commands.load(name)
  end
  return makers[shell](list)
end

-- ------------------------------------------------------------------ names

local function unescape(text)
  if not text:find("\\", 1, true) then
    return text
  end
  return (require("lastpass.json").decode('"' .. text .. '"'))
end

-- A stored directory is one JSON object a line; reading all of it would take ten times as long.
local finders = {}

--- Addresses.
function finders.users(text, add)
  for address in text:gmatch '"email":"([^"\\]*)"' do
    add(address)
  end
end

--- Names of groups.
function finders.groups(text, add)
  for list in text:gmatch '"groups":(%[[^%]]*%])' do
    for name in list:gmatch '"([^"]*)"' do
      add(unescape(name) or name)
    end
  end
end

-- The directory that was stored last, as it stands in the journal.
local function stored_text(session)
  local journal, tenant = session:journal()
  local stored = journal and journal:snapshot_at(tenant)
  return stored and stored.text
end

--- Names for completions, without a request; none when no directory is stored.
---@param session lastpass.cli.Session
---@param kind "users"|"groups"|"profiles"|"connections"
---@param beginning string how they begin, in upper or lower case
---@return string[] sorted
function M.names(session, kind, beginning)
  local names, seen = {}, {}
  local function add(name)
    if not seen[name] then
      seen[name] = true
      if name:sub(1, #beginning):lower() == beginning:lower() then
        names[#names + 1] = name
      end
    end
  end
  if kind == "profiles" then
    local configuration = session:configuration()
    for name in pairs(configuration and configuration.profiles or {}) do
      add(name)
    end
  elseif kind == "connections" then
    for _, name in ipairs(require("lastpass.cli.connections").names(session)) do
      add(name)
    end
  else
    local text = stored_text(session)
    if text then
      finders[kind](text, add)
    end
  end
  table.sort(names)
  return names
end

return M
