--- Says in words what a piece of SAML is: metadata, or a message as a browser's network view or a log shows it (XML,
-- Base64, the body of a form, an address). Nothing is verified here: `lastpass.saml.verify` does that.
-- @module lastpass.saml.inspect
local base64 = require "lastpass.text.base64"
local binding = require "lastpass.saml.binding"
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- The largest text that is looked at.
M.MAX_BYTES = 4 * 1024 * 1024

local WHAT_IS_TAKEN = "give metadata, or a message as the browser's network view shows it"

---@class lastpass.saml.Decoded
---@field xml string
---@field form "xml"|"base64"|"form"|"redirect"
---@field kind? "SAMLRequest"|"SAMLResponse" where the form says it
---@field relay? string
---@field signed? table of a Redirect: its signature

local function trimmed(text)
  return (text:gsub("^\239\187\191", ""):gsub("^%s+", ""):gsub("%s+$", ""))
end

-- A message by itself, as it stands in a form or in an address: Base64 of XML, or of what deflates to it. The binding
-- reads it, so that there is one decoder.
local function decode_alone(text)
  local bytes = base64.decode((text:gsub("%s", "")))
  if not bytes then
    return nil
  end
  local packed = base64.encode(bytes)
  if trimmed(bytes):find "^<" then
    return { xml = bytes, form = "base64" }
  end
  local percent = require "lastpass.text.percent"
  local received = binding.read_query("SAMLResponse=" .. percent.encode(packed))
  return received and { xml = received.xml, form = "base64" }
end

local function from_binding(received, form)
  return {
    xml = received.xml,
    form = form,
    kind = received.kind,
    relay = received.relay,
    signed = received.signed,
  }
end

-- The part of a text that has the parameters: an address from its question mark on, a form whole.
local function decode_parameters(text)
  local query = text:match "^%a[%w+.-]*://[^?]*%?([^#]*)" or text
  local as_form, message, err = binding.read_form(query)
  if as_form and trimmed(as_form.xml):find "^<" then
    return from_binding(as_form, "form")
  end
  local as_query = binding.read_query(query)
  if as_query then
    return from_binding(as_query, "redirect")
  elseif as_form then
    return checks.fail("bad_xml", { detail = "the parameter is neither XML nor deflated XML" })
  end
  return nil, message, err
end

--- Takes the XML out of whatever it comes in.
---@param text string
---@return lastpass.saml.Decoded|nil
---@return string? message
---@return lastpass.Error? err
function M.decode(text)
  if #text > M.MAX_BYTES then
    local detail = ("there are %d bytes, and %d are looked at"):format(#text, M.MAX_BYTES)
    return checks.fail("message_too_large", { detail = detail })
  end
  local start = text:sub(1, 4)
  if start:find "^\255\254" or start:find "^\254\255" or start:find "^<%z" or start:find "^%z<" then
    local detail = "it is UTF-16"
    return checks.fail("bad_encoding", { detail = detail, hint = "save it as UTF-8" })
  end
  text = trimmed(text)
  if text == "" then
    return checks.fail("bad_xml", { detail = "it is empty", hint = WHAT_IS_TAKEN })
  elseif text:find "^%-%-%-%-%-BEGIN" then
    local detail = "it is a key or certificate in PEM"
    return checks.fail("bad_xml", { detail = detail, hint = WHAT_IS_TAKEN })
  elseif text:find "^<" then
    return { xml = text, form = "xml" }
  elseif text:find("SAMLResponse=", 1, true) or text:find("SAMLRequest=", 1, true) then
    return decode_parameters(text)
  end
  local decoded = decode_alone(text)
  if not decoded then
    return checks.fail("bad_xml", {
      detail = "it is neither XML, nor Base64 of it, nor a form or address with "
        .. "SAMLResponse or SAMLRequest",
      hint = WHAT_IS_TAKEN,
    })
  end
  return decoded
end

-- ------------------------------------------------------------------ in words

local forms = {
  xml = "XML",
  base64 = "Base64",
  form = "the body of a form (HTTP-POST)",
  redirect = "the query of an address (HTTP-Redirect)",
}

---@class lastpass.saml.Report
---@field what string      one line: what it is
---@field kind string      "metadata", "federation", "response", "authn_request", "logout_request", "logout_response", "assertion"
---@field form string
---@field rows {name: string, value: string}[]
---@field warnings string[]

--- What a text is, and what it says.
---@param text string
---@param options? table entity_id (of a federation), now, allow_http
---@return lastpass.saml.Report|nil
---@return string? message
---@return lastpass.Error? err
function M.describe(text, options)
  options = errors.check_options("saml.inspect.describe", options, {
    entity_id = "string",
    now = "number",
    allow_http = "boolean",
  })
  local decoded, message, err = M.decode(text)
  if not decoded then
    return nil, message, err
  end
  local document, code
  document, message, code =
    require("lastpass.xmldsig").parse(decoded.xml, { bytes = M.MAX_BYTES, elements = 100000 })
  if not document then
    return checks.fail_xml(code, message)
  end
  local tree = document:tree()
  document:close() -- it may be large, which the collector does not know
  local report
  report, message, err = require("lastpass.saml.inspect.words").of(decoded, tree, options)
  if report then
    report.form = forms[decoded.form]
  end
  return report, message, err
end

signature.declare("saml.inspect.", M, {
  decode = "text: string",
  describe = "text: string, options?: table",
})

return M
