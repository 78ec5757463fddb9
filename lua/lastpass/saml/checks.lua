--- The checks of saml §3 and all other reasons to refuse a message, each with a stable code: what it is called,
-- what an admin reads, and what to click where the identity provider is LastPass.
-- @module lastpass.saml.checks
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- All that the browser is shown of a refusal: whoever attacks learns nothing from it.
M.BROWSER = "The sign-in could not be completed. Please try again, or ask your administrator."

--- A reason to refuse.
---@class lastpass.saml.Check
---@field code string      stable name
---@field check? integer   1 to 30, the checks of saml §3; nil for metadata, addresses and logout
---@field section string   "saml §3.14"
---@field kind "refused"|"protocol" protocol: the message is malformed, whoever sent it
---@field title string     a few words
---@field sentence string  for the admin's log
---@field hint? string     the next click, or the option

--- All rows in the order of the sections.
---@type lastpass.saml.Check[]
M.list = {}

local by_code = {}

local MOST_DETAIL = 1000

local function escape(character)
  return ("\\%d"):format(character:byte())
end

local parts = {
  "lastpass.saml.checks.message",
  "lastpass.saml.checks.meaning",
  "lastpass.saml.checks.request",
}
for _, part in ipairs(parts) do
  for _, row in ipairs(require(part)) do
    local section, code, title, sentence, hint = row[1], row[2], row[3], row[4], row[5]
    assert(not by_code[code], code)
    local check = tonumber(section:match "^3%.(%d+)$")
    local entry = {
      code = code,
      check = check,
      section = "saml §" .. section,
      kind = check and check <= 7 and check ~= 4 and check ~= 5 and "protocol" or "refused",
      title = title,
      sentence = sentence,
      hint = hint,
    }
    M.list[#M.list + 1] = entry
    by_code[code] = entry
  end
end

--- The row of a code.
---@param code string
---@return lastpass.saml.Check|nil
function M.of(code)
  return by_code[code]
end

--- Refuses.
---@param code string of a row; another one is a mistake of the program
---@param fields? table `detail`: what follows the row's sentence after a colon; `hint` in place of the row's; any
-- other field goes into the error
---@return nil
---@return string message
---@return lastpass.Error err with `section`, `check`, `title`, and `browser`, the one sentence to show there
function M.fail(code, fields)
  local row = by_code[code]
  if not row then
    errors.raise(2, "saml.checks.fail: there is no check '%s'%s", code, M.did_you_mean(code))
  end
  local all = { section = row.section, check = row.check, title = row.title, hint = row.hint }
  all.browser = M.BROWSER
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  local message = row.sentence
  if all.detail then
    -- one line of a log, whatever a message says
    message = ("%s: %s"):format(message, (all.detail:sub(1, MOST_DETAIL):gsub("%c", escape)))
  end
  return errors.fail(row.kind, code, message, all)
end

--- Refuses with a code of `lastpass.xmldsig`. One that no row has (memory that is used up, say) is of a message that cannot
-- be read.
---@param code string
---@param detail? string
---@return nil
---@return string message
---@return lastpass.Error err
function M.fail_xml(code, detail)
  return M.fail(by_code[code] and code or "bad_xml", { detail = detail })
end

--- " (did you mean 'doctype'?)", or nothing.
---@param code string
---@return string
function M.did_you_mean(code)
  return errors.did_you_mean(code, errors.names_of(by_code))
end

signature.declare("saml.checks.", M, {
  of = "code: string",
  fail = "code: string, fields?: table",
  fail_xml = "code: string, detail?: string",
  did_you_mean = "code: string",
})

return M
