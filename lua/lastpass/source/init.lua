--- Sources: where the people that ought to exist are listed.
-- A kind of source is loaded on first use: `source.csv(path, options)`.
-- @module lastpass.source
local email = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- The kinds of sources. A new one is a row here and its module, which has the function `open` that makes a
-- `lastpass.source.People`, and describes its options (`kind` of `lastpass.source.columns`).
---@class lastpass.source.Row
---@field name string       the word, of programs and playbooks
---@field signature string  what `open` takes
---@field is_file? boolean  its first argument is a path, which playbooks read relative to themselves
---@field options integer   which argument the options are
---@type lastpass.source.Row[]
M.kinds = {
  { name = "csv", signature = "file?: any, options?: table", is_file = true, options = 2 },
  { name = "json", signature = "file?: any, options?: table", is_file = true, options = 2 },
  { name = "ldap", signature = "options: table", options = 1 },
  { name = "scim", signature = "options: table", options = 1 },
  { name = "table", signature = "list: table, options?: table", options = 2 },
}

local by_name = {}
for _, kind in ipairs(M.kinds) do
  by_name[kind.name] = kind
end

--- Checks an e-mail address and folds it into the key that identifies an account.
---@param text string
---@return string|nil key trimmed, composed, in lower case
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
  __index = function(_, name)
    local kind = by_name[name]
    if not kind then
      return nil
    end
    local open = require("lastpass.source." .. name).open
    M[name] = signature.check("source." .. name, kind.signature, open)
    return M[name]
  end,
})
