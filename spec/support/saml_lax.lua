--- Readers of SAML responses with one mistake, for spec/saml/mutations.lua: what a program would do that lacks a check of
-- ours which is more than a step of the table. Each is a function(mutant) that changes the reader; see saml_mutant.
local binding = require "lastpass.saml.binding"
local read = require "lastpass.saml.read"
local xmldsig = require "lastpass.xmldsig"

local M = {}

-- Reads the form again, changed, when it was refused with this code.
local function retry(mutant, code, change)
  mutant.wrap("decode", function(run, c)
    local ok, message, err = run(c)
    if ok or err.code ~= code then
      return ok, message, err
    end
    c.form = { SAMLResponse = change(c.form.SAMLResponse) }
    return run(c)
  end)
end

--- Of a parameter that comes twice, the first.
function M.decode(mutant)
  retry(mutant, "duplicate_parameter", function(values)
    return values[1]
  end)
end

--- Characters outside of the alphabet are passed over.
function M.base64(mutant)
  retry(mutant, "bad_base64", function(text)
    return (text:gsub("[^%w+/=]", ""))
  end)
end

--- No limit of the size.
function M.size(mutant)
  mutant.set(binding.limits, "encoded", 2 ^ 30)
end

local repairs = {
  bad_xml = { "<more></more>$", "" },
  bad_encoding = { "\255", "" },
  doctype = { "^<!DOCTYPE.-%]>", "" },
  processing_instruction = { "<%?.-%?>", "" },
  xml_id = { ' xml:id="x"', "" },
  duplicate_id = { ' Id="_a1"', "" },
}

--- A parser that takes what ours refuses with this code, and passes over it.
function M.parse(code)
  return function(mutant)
    mutant.wrap("parse", function(run, c)
      local ok, message, err = run(c)
      if ok or err.code ~= code then
        return ok, message, err
      end
      local repair = repairs[code]
      c.xml = c.xml:gsub(repair[1], repair[2])
      return run(c)
    end)
  end
end

local function drop_text(element)
  if element.children[1] then
    element.text = ""
    for _, child in ipairs(element.children) do
      drop_text(child)
    end
  end
end

--- Text among elements is passed over.
function M.text(mutant)
  mutant.wrap("assertion", function(run, c)
    local ok, message, err = run(c)
    if ok then
      drop_text(c.assertion)
    end
    return ok, message, err
  end)
end

--- Any root element will do.
function M.root(mutant)
  mutant.replace("root", function(c)
    c.response = c.document:tree()
    return true
  end)
end

-- An element's text without signatures and comments, as it stands in the message, as a document.
local function plain_document(c, text)
  c.document = assert(xmldsig.parse((text:gsub("<ds:Signature.-</ds:Signature>", ""))))
  c.assertion_signed = true
  return true
end

local function first_assertion(c)
  return c.xml:match "<saml:Assertion.-</saml:Assertion>"
end

-- The first assertion that there is, wherever it stands, when it is signed.
local function take_first(mutant)
  mutant.wrap("signatures", function(run, c)
    local signatures = c.document:signatures()
    for _, one in ipairs(signatures) do
      if one.parent_name ~= "Assertion" then
        return run(c)
      end
    end
    c.response_signed, c.assertion_signed = false, #signatures > 0
    return true
  end)
  mutant.wrap("assertion_signature", function(run, c)
    c.document = assert(xmldsig.parse(first_assertion(c)))
    c.encrypted = 1 -- so the root is what is verified
    local ok, message, err = run(c)
    c.encrypted = 0
    return ok, message, err
  end)
end

--- The assertion may stand anywhere.
function M.elsewhere(mutant)
  mutant.remove "position"
  take_first(mutant)
end

--- There may be more than one.
function M.first(mutant)
  mutant.remove "count"
  take_first(mutant)
end

--- Signatures elsewhere are passed over.
function M.strays(mutant)
  mutant.replace("signatures", function(c)
    c.response_signed, c.assertion_signed = false, false
    for _, one in ipairs(c.document:signatures()) do
      c.assertion_signed = c.assertion_signed or one.depth == 1 and one.parent_name == "Assertion"
    end
    return true
  end)
end

--- Nothing has to be signed.
function M.unsigned(mutant)
  mutant.remove "signed"
  mutant.wrap("assertion_signature", function(run, c)
    if not c.assertion_signed and not c.response_signed and c.encrypted == 0 then
      return plain_document(c, first_assertion(c))
    end
    return run(c)
  end)
end

--- A verifier that accepts what ours refuses with this code.
function M.verify(code)
  return function(mutant)
    mutant.wrap("assertion_signature", function(run, c)
      local ok, message, err = run(c)
      if ok or err.code ~= code then
        return ok, message, err
      end
      return plain_document(c, first_assertion(c))
    end)
  end
end

--- Algorithms and keys that only an option allows.
function M.allow(more)
  return function(mutant)
    mutant.allow(more)
  end
end

--- AES-CBC without the option.
function M.allow_cbc(mutant)
  mutant.wrap("decrypt", function(run, c)
    c.settings.allow_cbc = true
    local ok, message, err = run(c)
    c.settings.allow_cbc = nil
    return ok, message, err
  end)
end

--- The Format of an Issuer means nothing.
function M.issuer_format(mutant)
  mutant.wrap("issuer", function(run, c)
    for _, child in ipairs(c.assertion.children) do
      if child.name == "Issuer" then
        child.attributes.Format = nil
      end
    end
    return run(c)
  end)
end

--- A request that nobody knows is as good as none that is known.
function M.request(mutant)
  mutant.replace("request", function(c)
    c.request = mutant.record
    return true
  end)
  mutant.remove "use_request"
end

--- A time that cannot be read is one that is not there; the bounds need none.
function M.times(mutant)
  local optional_time = read.optional_time
  mutant.set(read, "optional_time", function(element, name)
    return (optional_time(element, name))
  end)
  mutant.remove "conditions_bounds"
end

return M
