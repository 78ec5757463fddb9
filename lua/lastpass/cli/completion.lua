--- Completions for bash, zsh and fish: argparse writes them from the commands' declarations, and names
-- of users and groups are asked for with the hidden command `names`.
-- @module lastpass.cli.completion
local commands = require "lastpass.cli.commands"
local grammar = require "lastpass.cli.grammar"

local M = {}

--- The shells there are completions for.
M.shells = { "bash", "zsh", "fish" }

local KINDS = { "users", "groups", "profiles" }

local function all()
  local list = {}
  for place, name in ipairs(commands.names()) do
    list[place] = commands.load(name)
  end
  return list
end

-- What may stand as an argument: nil, a kind of names, or a list of words.
local function offer_of(argument)
  return argument.names or argument.choices or argument.words and argument.words()
end

-- A case for each place of a command's arguments: the exact words before it, or any for the last.
local function bash_cases(list)
  local lines = {}
  for _, command in ipairs(list) do
    local arguments = command.arguments or {}
    for place, argument in ipairs(arguments) do
      local offer = offer_of(argument)
      local pattern = ('"%s "%s'):format(command.name, ('*" "'):rep(place - 1))
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
  local text = grammar.tree(list, commands.groups):get_bash_complete()
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
  local text = grammar.tree(list, commands.groups):get_zsh_complete()
  local functions = ""
  for _, kind in ipairs(KINDS) do
    functions = functions .. ZSH:gsub("@KIND@", kind)
    text = text:gsub(":%(" .. grammar.placeholder(kind) .. "%)", ":_lastpass_" .. kind)
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
  local text = grammar.tree(list, commands.groups):get_fish_complete()
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
  return makers[shell](all())
end

return M
