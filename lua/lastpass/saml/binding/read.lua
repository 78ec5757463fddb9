--- Reads messages out of queries and forms (saml §3.1 to §3.3). What is read is still unverified text; the octets that a
-- Redirect's signature covers are those of the query as it came (saml §6).
-- @module lastpass.saml.binding.read
local checks = require "lastpass.saml.checks"
local common = require "lastpass.saml.binding.common"
local errors = require "lastpass.error"
local percent = require "lastpass.text.percent"

local M = {}

local DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

--- What was received.
---@class lastpass.saml.Received
---@field kind "SAMLRequest"|"SAMLResponse"
---@field binding "redirect"|"post"
---@field xml string the message as it came
---@field relay? string RelayState, untouched
---@field signed? {octets: string, signature: string, algorithm: string} of a Redirect

-- Every parameter that means something to a binding; a name that only looks like one of them (by its case or by
-- escapes) is refused, as another program on the way could read it otherwise.
local known = {}
for name in
  ("SAMLRequest SAMLResponse RelayState SigAlg Signature SAMLEncoding SAMLart"):gmatch "%S+"
do
  known[name:lower()] = name
end

-- The parameters of a binding by name; others are none of its business.
local function take_parameters(list)
  local taken = {}
  for _, one in ipairs(list) do
    local name = known[one.name:lower()]
    if name and (name ~= one.name or one.raw_name ~= one.name) then
      return checks.fail("parameter_name", { detail = one.raw_name })
    elseif name and taken[name] then
      return checks.fail("duplicate_parameter", { detail = name })
    elseif name then
      taken[name] = one
    end
  end
  return taken
end

local function parse_parameters(text, most)
  if #text > most then
    local detail = ("there are %d bytes, at most %d"):format(#text, most)
    return checks.fail("message_too_large", { detail = detail })
  end
  local list, message = percent.form(text)
  if not list then
    return checks.fail("bad_form", { detail = message })
  end
  return take_parameters(list)
end

-- A table of parameters, as web frameworks give it: a list of values is a parameter that came several times.
local function list_parameters(form)
  local list = {}
  for name, values in pairs(form) do
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      -- true is a parameter without "="
      local text = value == true and "" or value
      if type(name) ~= "string" or type(text) ~= "string" then
        return checks.fail("bad_form", { detail = tostring(name) .. " is no text" })
      end
      list[#list + 1] = { name = name, raw_name = name, value = text }
    end
  end
  return list
end

-- Which of the two messages there is: exactly one, and the expected one.
local function kind_of(taken, expected)
  if taken.SAMLart then
    return checks.fail("parameter_name", { detail = "SAMLart (the artifact binding)" })
  elseif taken.SAMLRequest and taken.SAMLResponse then
    return checks.fail("mixed_messages")
  end
  local kind = taken.SAMLRequest and "SAMLRequest" or taken.SAMLResponse and "SAMLResponse"
  if not kind or expected and kind ~= expected then
    return checks.fail("message_missing", { detail = expected or "SAMLRequest or SAMLResponse" })
  end
  return kind
end

-- Base64 with line breaks, which some peers write, and nothing else that does not belong to it.
local function decode(name, text)
  if #text > common.limits.encoded then
    return checks.fail("message_too_large", {
      detail = ("%s has %d bytes, at most %d"):format(name, #text, common.limits.encoded),
    })
  end
  local has_space = text:find(" ", 1, true) or text:find("\t", 1, true)
  local bytes = not has_space and require("lastpass.xmldsig").from_base64(text)
  if not bytes or bytes == "" then
    return checks.fail("bad_base64", { detail = name })
  end
  return bytes
end

-- In steps so small that the limit is never passed by much: 64 bytes give 64 kB at most.
local function inflate(bytes)
  local library, message, err = common.zlib()
  if not library then
    return nil, message, err
  end
  local stream, parts, size = library.inflate(-15), {}, 0
  for at = 1, #bytes, 64 do
    local ok, part, ended, read = pcall(stream, bytes:sub(at, at + 63))
    if not ok then
      return checks.fail("bad_deflate")
    end
    parts[#parts + 1] = part
    size = size + #part
    if size > common.limits.inflated then
      return checks.fail(
        "inflated_too_large",
        { detail = ("%d bytes"):format(common.limits.inflated) }
      )
    elseif ended then
      if read ~= #bytes then
        return checks.fail("bad_deflate", { detail = "bytes after the end" })
      end
      return table.concat(parts)
    end
  end
  return checks.fail("bad_deflate", { detail = "it is cut off" })
end

local function relay_of(taken)
  local relay = taken.RelayState and taken.RelayState.value
  local ok, message, err = common.check_relay(relay)
  return ok, ok and relay or message, err
end

--- Reads the body of a POST.
---@param form string|table the body as it came (application/x-www-form-urlencoded), or its parameters by name, where a list of
-- values is one that came several times
---@param expected? "SAMLRequest"|"SAMLResponse" default either
---@return lastpass.saml.Received|nil
---@return string? message
---@return lastpass.Error? err
function M.form(form, expected)
  local taken, message, err
  if type(form) == "table" then
    local list
    list, message, err = list_parameters(form)
    if list then
      taken, message, err = take_parameters(list)
    end
  else
    taken, message, err = parse_parameters(form, 3 * common.limits.encoded)
  end
  local kind
  if taken then
    kind, message, err = kind_of(taken, expected)
  end
  if not kind then
    return nil, message, err
  end
  local xml
  xml, message, err = decode(kind, taken[kind].value)
  if not xml then
    return nil, message, err
  end
  local ok, relay
  ok, relay, err = relay_of(taken)
  if not ok then
    return nil, relay, err
  end
  return { kind = kind, binding = "post", xml = xml, relay = relay }
end

-- What the signature covers: the octets as they came, in the order of the binding (saml §6).
local function signed_part(taken, kind)
  if not taken.Signature and not taken.SigAlg then
    return nil
  elseif not taken.Signature or not taken.SigAlg then
    return checks.fail("logout_signature_order")
  end
  local octets = kind .. "=" .. taken[kind].raw_value
  if taken.RelayState then
    octets = octets .. "&RelayState=" .. taken.RelayState.raw_value
  end
  octets = octets .. "&SigAlg=" .. taken.SigAlg.raw_value
  local bytes, message, err = decode("Signature", taken.Signature.value)
  if not bytes then
    return nil, message, err
  end
  return { octets = octets, signature = bytes, algorithm = taken.SigAlg.value }
end

--- Reads the query of a GET. A signature is only taken out of it: `message.open` verifies it.
---@param query string as it came, without "?"
---@param expected? "SAMLRequest"|"SAMLResponse" default either
---@return lastpass.saml.Received|nil
---@return string? message
---@return lastpass.Error? err
function M.query(query, expected)
  local kind, bytes, xml
  local taken, message, err = parse_parameters(query, common.limits.query)
  if taken then
    kind, message, err = kind_of(taken, expected)
  end
  if not kind then
    return nil, message, err
  elseif taken.SAMLEncoding and taken.SAMLEncoding.value ~= DEFLATE then
    return checks.fail("parameter_name", { detail = "SAMLEncoding" })
  end
  bytes, message, err = decode(kind, taken[kind].value)
  if bytes then
    xml, message, err = inflate(bytes)
  end
  if not xml then
    return nil, message, err
  end
  local ok, relay
  ok, relay, err = relay_of(taken)
  if not ok then
    return nil, relay, err
  end
  local signed
  signed, message, err = signed_part(taken, kind)
  if err then
    return nil, message, err
  end
  return { kind = kind, binding = "redirect", xml = xml, relay = relay, signed = signed }
end

--- Reads whichever of the two there is.
---@param source table `query` (of a GET, as it came) or `form` (of a POST: the body, or its parameters)
---@param expected? "SAMLRequest"|"SAMLResponse"
---@return lastpass.saml.Received|nil
---@return string? message
---@return lastpass.Error? err
function M.any(source, expected)
  errors.check_options("saml.binding.read", source, {
    query = "string",
    form = { "string", "table" },
  })
  if (source.query == nil) == (source.form == nil) then
    errors.raise(2, "saml.binding.read: needs either 'query' or 'form'")
  elseif source.query then
    return M.query(source.query, expected)
  end
  return M.form(source.form, expected)
end

return M
