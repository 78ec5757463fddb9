--- `:doc`: what a function or a command does, out of the comments in the code.
-- @module lastpass.cli.repl.documentation
local errors = require "lastpass.error"
local reference = require "lastpass.cli.repl.reference"

local M = {}

-- Names of the prompt, and what they are called in the reference.
local short = { users = true, groups = true, folders = true, events = true, plan = true }

local function all_names()
  local names = {}
  for name in pairs(reference) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- All that a word begins, such as "client" or "lastpass.secret".
local function members_of(subject)
  local list = {}
  for _, name in ipairs(all_names()) do
    if name:sub(1, #subject + 1) == subject .. "." then
      list[#list + 1] = reference[name]:match "^(.-)\n" or reference[name]
    end
  end
  return #list > 0 and table.concat(list, "\n") or nil
end

--- The documentation of a name.
---@param subject string "client.users", "client:users", "batchadd", "secret", "" for all
---@return string|nil text
---@return string? message
---@return lastpass.Error? err code "no_such_name"
function M.of(subject)
  subject = subject:gsub(":", "."):gsub("[%s%(%){}]", "")
  if subject == "" then
    return table.concat({
      ":doc NAME tells of one of these, or lists what belongs to it:",
      "client, user, group, snapshot, plan, run, sandbox, lastpass, lastpass.secret,",
      "lastpass.sandbox, lastpass.source, lastpass.text, lastpass.time, lastpass.json",
    }, "\n")
  end
  local names = { subject, "client." .. subject, "lastpass." .. subject }
  if short[subject] then
    names = { "client." .. subject }
  end
  for _, name in ipairs(names) do
    local text = reference[name]
    local members = not short[subject] and members_of(name)
    if text and members then
      return text .. "\n\n" .. members
    elseif text or members then
      return text or members
    end
  end
  local nearest = errors.nearest(subject, all_names())
    or errors.nearest("client." .. subject, all_names())
  return errors.fail("argument", "no_such_name", ("there is nothing called '%s'"):format(subject), {
    hint = nearest and (":doc " .. nearest) or ":doc lists what there is",
  })
end

return M
