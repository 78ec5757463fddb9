--- Sources: where the people that ought to be there are written down.
-- A kind of source is loaded on first use: `source.csv(path, options)`.
-- @module lastpass.source
local email = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

local kinds = {
  csv = "lastpass.source.csv",
  json = "lastpass.source.json",
  ldap = "lastpass.source.ldap",
  table = "lastpass.source.table",
}

--- What the openers take.
M.signatures = {
  csv = "file?: any, options?: table",
  json = "file?: any, options?: table",
  ldap = "options: table",
  table = "list: table, options?: table",
}

--- Checks an e-mail address and folds it into the key that tells accounts apart.
---@param text string
---@return string|nil key trimmed, composed, its letters in lower case
---@return string? reason what is wrong with it
function M.email(text)
  local address, reason = email.check(text)
  if not address then
    return nil, reason
  end
  return email.fold(address)
end

--- What a word of a status column means.
---@param value string|number|boolean|table|nil the word; a list of several values of one attribute
---@param words lastpass.source.StatusWords { active = {…}, inactive = {…} }; mistakes in it raise
---@return boolean|nil active nil for a word on neither list, also an empty one: it decides nothing
---@return string? reason
function M.status(value, words)
  local status = require "lastpass.source.status"
  if not status.is_value(value) then
    errors.raise(2, "source.status: a word must be a string, not a %s", type(value))
  end
  local compiled = status.compile("source.status", words, 2)
  local meaning, word = status.meaning(compiled, value)
  return meaning, word and status.reason(compiled, word)
end

signature.declare("source.", M, {
  email = "text: string",
  status = "value?: any, words?: any",
})

return setmetatable(M, {
  __index = function(_, kind)
    local name = kinds[kind]
    if not name then
      return nil
    end
    M[kind] = signature.check("source." .. kind, M.signatures[kind], require(name).open)
    return M[kind]
  end,
})
