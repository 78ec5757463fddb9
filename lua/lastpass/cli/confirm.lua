--- Questions before something is changed: the greater the harm, the harder the question. Nothing is asked
-- where nobody can answer, and no answer overrides a guard.
-- @module lastpass.cli.confirm
local errors = require "lastpass.error"

local M = {}

local function can_ask(session)
  return session.streams.input_is_terminal and not session.options.no_input
end

local function read_answer(session, question)
  session.streams:flush()
  session.streams.err:write(require("lastpass.text").clean(question, true), " ")
  session.streams.err:flush()
  local answer = session.streams.input:read "*l"
  if not answer then
    session.streams.err:write "\n" -- the next message begins a line of its own
  end
  return answer and answer:match "^%s*(.-)%s*$" or ""
end

local function refuse(message, hint)
  return errors.fail("guard", "not_confirmed", message, { hint = hint })
end

-- Reads an answer; one that is not accepted changes nothing.
local function ask_for(session, question, is_accepted)
  if is_accepted(read_answer(session, question):lower()) then
    return true
  elseif require("lastpass.cli.interrupt").has_come() then
    return errors.fail("cancelled", "interrupted", "interrupted; nothing was changed")
  end
  return errors.fail("guard", "declined", "nothing was changed")
end

--- Asks a question that yes or no answers.
---@param session lastpass.cli.Session
---@param question string "disable 3 users?"
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "declined" or "not_confirmed"
function M.ask(session, question)
  if session.options.yes then
    return true
  elseif not can_ask(session) then
    return refuse(question .. " Nobody is there to answer.", "--yes answers it")
  end
  return ask_for(session, question .. " [y/N]", function(answer)
    return answer == "y" or answer == "yes"
  end)
end

--- Asks for a word to be typed: the address, or the number of people.
---@param session lastpass.cli.Session
---@param question string "remove ann@acme.com from the company"
---@param word string what has to be typed
---@param flag? string the option that replaces typing; default "--confirm"
---@return true|nil
---@return string? message
---@return lastpass.Error? err kind "guard", code "declined" or "not_confirmed"
function M.type(session, question, word, flag)
  flag = flag or "--confirm"
  local given = session.options[flag:sub(3):gsub("-", "_")]
  local function is_word(text)
    return text:lower() == word:lower()
  end
  if given and is_word(tostring(given)) then
    return true
  elseif given then
    return refuse(("%s: %s is %s, it must be %s"):format(question, flag, tostring(given), word))
  elseif not can_ask(session) then
    return refuse(
      question .. ": this cannot be taken back, --yes is not enough",
      ("%s %s confirms it"):format(flag, word)
    )
  end
  return ask_for(session, ("%s: type %s to confirm:"):format(question, word), is_word)
end

-- How many people a question names.
local NAMED = 5

--- People by name, as far as anybody would read them.
---@param subjects string[] addresses
---@return string "ann@acme.com, bob@acme.com and 23 more"
function M.people(subjects)
  local clean = require("lastpass.text").clean
  local shown = {}
  for position = 1, math.min(NAMED, #subjects) do
    shown[position] = clean(subjects[position])
  end
  local more = #subjects - #shown
  return table.concat(shown, ", ") .. (more > 0 and (" and %d more"):format(more) or "")
end

--- Asks as the harm of a command demands.
---@param session lastpass.cli.Session
---@param harm "ask"|"type"|nil
---@param question string "disable ann@acme.com in acme (8771312 at lastpass.com)"
---@param subjects string[] addresses of those who would be changed
---@param asked integer how many people were asked for: with --confirm this number will do, too
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.harm(session, harm, question, subjects, asked)
  if harm == "type" then
    local word = #subjects == 1 and asked == 1 and subjects[1] or tostring(#subjects)
    if tostring(session.options.confirm) == tostring(asked) then
      return true
    end
    return M.type(session, question, word)
  elseif harm == "ask" then
    return M.ask(session, question .. "?")
  end
  return true
end

return M
