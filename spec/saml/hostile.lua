--- Responses that a service provider must refuse, and some that it must take, as data: what is done to a good one, and
-- the code that the refusal has to have. Keys are made when a case is. What is hostile is written here and by
-- spec/support/saml_writer.lua, by nothing that is tried.
--
-- A case has `name`, `code` (of lua/lastpass/saml/checks; "accepted" for what must be taken), `options` of the service
-- provider, and one of
--   change(parts, scenario)   changes the parts of a good message before it is written and signed (saml_writer.build)
--   text(scenario)            gives the whole message
--   send(scenario)            gives what is posted: form, context (`context` of a case is what else `consume` is told)
-- `identity(identity, scenario)`, of a message that is taken, says what must have been read.
-- A scenario has `request` (the ID of a request that is open) and `browser` (its token).
local keys = require "spec.support.saml_keys"
local writer = require "spec.support.saml_writer"

local M = {}

local parts = {
  "transport",
  "xml",
  "entities",
  "wrapping",
  "signature",
  "references",
  "algorithms",
  "encryption",
  "meaning",
  "times",
}

--- All cases, in the order of saml §3.
M.cases = {}
local seen = {}
for _, part in ipairs(parts) do
  for _, case in ipairs(require("spec.saml.hostile." .. part)) do
    assert(case.name and not seen[case.name], case.name or "a case without a name")
    assert(case.code, case.name)
    seen[case.name] = true
    case.part = part
    M.cases[#M.cases + 1] = case
  end
end

--- The message of a case, and what goes with it.
---@param case table
---@param scenario table
---@return table|string form
---@return table context of `consume`
function M.message(case, scenario)
  local context = { browser = scenario.browser, method = "POST" }
  for name, value in pairs(case.context or {}) do
    context[name] = value
  end
  if case.send then
    local form, more = case.send(scenario)
    for name, value in pairs(more or {}) do
      context[name] = value
    end
    return form, context
  end
  local text = case.text and case.text(scenario)
  if not text then
    local all = writer.parts(scenario.request, case.sign)
    case.change(all, scenario)
    text = writer.build(all)
  end
  return { SAMLResponse = keys.base64(text) }, context
end

return M
