--- Actions that are asked for one by one: { reinvite = { "ann@acme.com" } }.
-- @module lastpass.plan.requested
local checks = require "lastpass.plan.words.checks"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local key_of = require "lastpass.directory.key"
local letters = require "lastpass.plan.letters"

local M = {}

-- True for those that say in which state somebody is to be: two of them contradict each other.
local names = {
  reinvite = false,
  reset_password = false,
  require_password_change = false,
  disable_mfa = false,
  enable = true,
  disable = true,
  uninvite = true,
  remove = true,
  delete = true,
}

local known = {}
for name in pairs(names) do
  known[name] = "table"
end

local function check_state(states, kind, address, level)
  local key = key_of(address)
  local other = states[key]
  if other and other ~= kind then
    errors.raise(level + 1, "client:plan: %s is named by both %s and %s", address, other, kind)
  end
  states[key] = kind
end

--- Reads actions; mistakes raise.
---@param given table<string, string[]>
---@param declared lastpass.plan.Declared
---@param level integer whose line is blamed
function M.read(given, declared, level)
  errors.check_options("client:plan", given, known, level + 1)
  local kinds, states = {}, {}
  for kind in pairs(given) do
    kinds[#kinds + 1] = kind
  end
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    checks.texts("client:plan", kind, given[kind], level + 1)
    local sorted = {}
    for place, address in ipairs(given[kind]) do
      local good, reason = email.check(address)
      if not good then
        local text = "client:plan: %s[%d]: '%s' is not an e-mail address: %s"
        errors.raise(level + 1, text, kind, place, address, reason)
      end
      if names[kind] then
        check_state(states, kind, good, level + 1)
      end
      sorted[place] = letters.composed(good)
    end
    table.sort(sorted)
    for _, address in ipairs(sorted) do
      table.insert(declared.actions, { kind = kind, subject = address })
    end
  end
end

return M
