--- The word `status`: what the words of a status column mean, row by row.
-- @module lastpass.plan.words.status
local checks = require "lastpass.plan.words.checks"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local status = require "lastpass.source.status"

local M = {}

-- What `status` gives for a word on neither list, so that a field `active` made of it is recognised
-- wherever it comes to stand.
local undecided_mt = { __name = "undecided status" }

function undecided_mt.__tostring(undecided)
  return undecided.problem.reason
end

--- The row that decides nothing, of the field `active`.
---@param active any
---@return table|nil problem
function M.problem_of(active)
  return type(active) == "table" and getmetatable(active) == undecided_mt and active.problem or nil
end

-- Whom a row is about, as far as it tells: its field "email", else all addresses in it.
local function addresses_of(person)
  local own = rawget(person, "email")
  if type(own) == "string" and email.check(own) then
    return { own }
  end
  local list = {}
  for _, value in pairs(person) do
    if type(value) == "string" and email.check(value) then
      list[#list + 1] = value
    end
  end
  return list
end

--- Whether somebody can be left alone for what cannot be read: there is a row at hand, or a person has
-- been named whose fields are being written.
---@param context table see `words.new`
---@return boolean
function M.has_subject(context)
  return context.reading.person ~= nil or context.named() ~= nil
end

--- Lists the row at hand, and leaves alone whoever it is about: at once, since a playbook may skip the
-- row. Without a row it is the person whose fields are being written; see `has_subject`.
---@param context table see `words.new`
---@param code string
---@param reason string
---@return table problem
function M.refuse_row(context, code, reason)
  local declared, reading = context.declared, context.reading
  local person, problem = reading.person, { code = code, reason = reason }
  if not person then
    problem.origin = checks.line_of(context.playbook, 3)
    M.leave_alone(context, problem, context.named())
    declared:refuse(problem)
    context.undecided = { named = context.named(), problem = problem }
    return problem
  end
  if person.origin.line then
    problem.source, problem.line = reading.source._number, person.origin.line
  else
    problem.origin = tostring(person.origin)
  end
  local addresses = addresses_of(person)
  problem.subject = #addresses == 1 and addresses[1] or nil
  for _, address in ipairs(addresses) do
    declared:doubt(address)
  end
  declared:refuse(problem)
  context.undecided = { person = person, problem = problem }
  return problem
end

--- The row at hand, when its status decided nothing: whatever is declared from it is left alone, also
-- when the playbook made something else of the answer.
---@param context table see `words.new`
---@param address string who is being declared
---@return table|nil problem
function M.of_row(context, address)
  local undecided, person = context.undecided, context.reading.person
  if undecided and undecided.person == person and (person or undecided.named == address) then
    return undecided.problem
  end
  return nil
end

--- Leaves somebody alone who was declared from such a row.
---@param context table see `words.new`
---@param problem table
---@param address string
---@param origin lastpass.source.Origin|nil of the row that the playbook named, as in `user(person)`
function M.leave_alone(context, problem, address, origin)
  if origin and not problem.source then
    problem.origin = tostring(origin)
  end
  if email.check(address) then
    problem.subject = problem.subject or address
    context.declared:doubt(address)
  end
end

-- After `read`, and outside a loop over rows, nobody knows whose word it is: what the playbook makes of
-- the answer would let somebody in, or keep somebody out, by a word that decides nothing.
local NO_SUBJECT = "status: %s, and it is not known whose it is: "
  .. "loop over the rows of the source (for person in hr:rows() do), "
  .. "or write it as user(person) { active = status(…) }"

--- status(person.status, { active = { "active" }, inactive = { "terminated" } }): true, false, or
-- what `problem_of` recognises.
---@param context table see `words.new`
---@return function
function M.status(context)
  return function(value, words)
    if not status.is_value(value) then
      errors.raise(2, "status: the word must be a text, not a %s", type(value))
    end
    local compiled = status.compile("status", words, 2)
    local meaning, word = status.meaning(compiled, value)
    if word then
      local reason = status.reason(compiled, word)
      if not M.has_subject(context) then
        errors.raise(2, NO_SUBJECT, reason)
      end
      local problem = M.refuse_row(context, "status_word", reason)
      return setmetatable({ problem = problem }, undecided_mt)
    end
    return meaning
  end
end

return M
