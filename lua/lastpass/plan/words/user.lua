--- The word `user`, which is said once for each person, so that it may be said a hundred thousand
-- times.
-- @module lastpass.plan.words.user
local checks = require "lastpass.plan.words.checks"
local dates = require "lastpass.plan.words.dates"
local errors = require "lastpass.error"
local fields_room = require "lastpass.plan.words.fields"
local status = require "lastpass.plan.words.status"

local M = {}

local byte, QUOTE = string.byte, ("'"):byte()

-- What caused the declaration: the row at hand, of which the core keeps the line alone (a table a row
-- less), or else the line of the playbook.
local function place_of(context, reading, origin)
  local person = reading.person
  if origin then
    return 0, 0, origin
  elseif not person then
    return 0, 0, checks.line_of(context.playbook, 3)
  end
  origin = person.origin
  local line = origin.line
  if line then
    return reading.source._number, line, nil
  end
  return reading.source._number, 0, origin
end

--- user "ann@acme.com" { fullname = "Ann Lee" }. The common case costs no closure for each row: the
-- word gives always the same function, which takes the fields of the address that was named last.
---@param context table see `words.new`
---@return function word
---@return fun(): string|nil unfinished a person who was named and not declared
function M.new(context)
  local declared, reading, wanted = context.declared, context.reading, context.declared.wanted
  local pending, pending_origin

  local function declare(fields, surplus)
    local address = pending
    if surplus ~= nil then
      errors.raise(2, 'user "%s": takes one table of fields, and more was given', address or "")
    elseif not address then
      errors.raise(2, 'user: name a person first, as in user "ann@example.com" { … }')
    end
    local plain = fields_room.is_plain(fields)
    if not plain then
      fields_room.check(address, fields, 2)
    end
    local groups, notes = fields.groups, nil
    if groups ~= nil then
      groups, notes = fields_room.groups(declared, address, groups)
    end
    local fullname = fields.fullname
    if fullname == "" then
      fullname = nil -- a blank cell says nothing, as in `users`
    end
    local active = fields.active
    if fields.remove or fields.delete then
      active = false
    end
    local undecided = not plain and status.problem_of(fields.active)
      or context.undecided and status.of_row(context, address)
    local changes = context.changes and dates.take_changes(context)
    if undecided then
      status.leave_alone(context, undecided, address, pending_origin)
      fields_room.note(context, nil, fields, notes, address)
      pending = nil
      return
    end
    local source, line, origin = place_of(context, reading, pending_origin)
    local row = wanted:add(address, fullname, groups, active, source, line)
      or declared:add(address, fullname, groups, active, source, line, origin) -- it says what is wrong
    if row and byte(address) == QUOTE then
      declared:note_letters(row, address) -- a spreadsheet wrote it, and it may be somebody's
    end
    if not plain or notes then
      fields_room.note(context, row, fields, notes, address)
    end
    pending = nil -- only now: a mistake that the playbook catches is told in the end
    if not row then
      return
    end
    if origin then
      declared:extra(row).origin = origin
    end
    if changes then
      declared:extra(row).changes = changes
    end
    if context.reason then
      local extra = declared:extra(row)
      extra.reason = extra.reason or context.reason
    end
  end

  local function user(person, surplus)
    if surplus ~= nil then
      local form = 'user "ann@acme.com" { fullname = "Ann Lee" }'
      errors.raise(2, "user: takes one argument, and more were given: %s", form)
    elseif pending then
      local text = 'user "%s" has no fields: write user "%s" { fullname = … }'
      errors.raise(2, text, pending, pending)
    end
    local address = person
    pending_origin = nil
    if type(person) == "table" then
      address, pending_origin = person.email, person.origin
    end
    if type(address) ~= "string" then
      errors.raise(2, "user: needs an e-mail address, not a %s", type(address))
    end
    pending = address
    if context.changes then
      dates.begin(context)
    end
    return declare
  end

  local function unfinished()
    return pending
  end

  context.named = unfinished
  return user, unfinished
end

return M
