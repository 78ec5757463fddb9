--- What help prints, by what was asked for.
local cli = require "lastpass.cli"
local commands = require "lastpass.cli.commands"
local streams = require("spec.support.cli").streams
local topics = require "lastpass.cli.topics"

local M = {}

--- Where the transcript stands.
function M.path(name)
  return "spec/cli/golden/" .. (name:gsub("[ -]", "_")) .. ".txt"
end

local function transcript(words)
  local arguments, file = {}, streams()
  for word in words:gmatch "%S+" do
    arguments[#arguments + 1] = word
  end
  local code = cli.main(arguments, file)
  return ("$ lastpass %s\n%s%s[ends with %d]\n"):format(
    words,
    file.out:text(),
    file.err:text(),
    code
  )
end

--- All of them by name.
---@return table<string, string>
function M.all()
  local all = { lastpass = transcript "--help" }
  for _, name in ipairs(commands.names()) do
    local group = ""
    for word in name:gmatch "%S+" do
      group = group == "" and word or group .. " " .. word
      if commands.is_group(group) then
        all[group] = transcript(group .. " --help")
      end
    end
    all[name] = transcript(name .. " --help")
  end
  for _, topic in ipairs(topics.list) do
    all["topic " .. topic.name] = transcript("help " .. topic.name)
  end
  return all
end

return M
