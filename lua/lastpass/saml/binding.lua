--- How messages travel: by the query of an address (HTTP-Redirect) and by a form (HTTP-POST), written and read
-- (saml §3.1 to §3.3, §6). What is read is still unverified text; the octets that a Redirect's signature covers are those
-- of the query as it came.
-- @module lastpass.saml.binding
local base64 = require "lastpass.text.base64"
local characters = require "lastpass.text.characters"
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local html = require "lastpass.html"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local signature = require "lastpass.signature"
local zlib = require "lastpass.zlib"

local M = {}

--- Sizes in bytes.
M.limits = {
  encoded = 256 * 1024, -- the parameter as Base64
  inflated = 64 * 1024, -- of a Redirect
  query = 64 * 1024,
  relay = 2048, -- the bindings ask for 80 at most, and are often not heeded
}

local DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

--- What was received.
---@class lastpass.saml.Received
---@field kind "SAMLRequest"|"SAMLResponse"
---@field binding "redirect"|"post"
---@field xml string the message as it came
---@field relay? string RelayState, untouched
---@field signed? {octets: string, signature: string, algorithm: string} of a Redirect

-- ---- writing ----

local function deflate(text)
  local library = zlib.load()
  if not library then
    local hint = "apt install lua-zlib"
    return errors.fail(
      "argument",
      "no_zlib",
      "the Redirect binding needs lua-zlib",
      { hint = hint }
    )
  end
  return (library.deflate(9, -15)(text, "finish"))
end

-- RelayState comes back byte for byte, so what a form cannot carry is refused and not changed.
local function check_relay(relay)
  if relay and #relay > M.limits.relay then
    local hint = ("the standard allows 80 bytes, and %d are taken here"):format(M.limits.relay)
    return checks.fail("relay_too_long", { hint = hint })
  elseif relay and (relay:find "[%z\1-\31\127]" or not characters.is_utf8(relay)) then
    return checks.fail("relay_bytes")
  end
  return true
end

local known_options = {
  location = "string",
  kind = function(value)
    return value == "SAMLRequest" or value == "SAMLResponse", '"SAMLRequest" or "SAMLResponse"'
  end,
  xml = "string",
  relay = "string",
  key = { "userdata", "table" },
  algorithm = "string",
}

local function check_message(where, message)
  errors.check_options(where, message, known_options, 3)
  for _, name in ipairs { "location", "kind", "xml" } do
    if message[name] == nil then
      errors.raise(3, "%s: '%s' is missing", where, name)
    end
  end
  return check_relay(message.relay)
end

--- What has to be allowed for signing by an algorithm: SHA-1 for whoever asks for it by its name.
---@param algorithm? string
---@return table allow of lastpass.xmldsig
function M.signing(algorithm)
  return { sha1 = algorithm == "rsa-sha1" }
end

--- An address with a message in its query.
---@param message table `location`, `kind`, `xml` (without a signature in it), `relay`; `key` (of lastpass.xmldsig)
-- signs, with `algorithm` ("rsa-sha256")
---@return string|nil url
---@return string? message
---@return lastpass.Error? err
function M.redirect(message)
  local ok, text, err = check_message("saml.binding.redirect", message)
  if not ok then
    return nil, text, err
  end
  local deflated
  deflated, text, err = deflate(message.xml)
  if not deflated then
    return nil, text, err
  end
  local query = message.kind .. "=" .. percent.encode(base64.encode(deflated))
  if message.relay then
    query = query .. "&RelayState=" .. percent.encode(message.relay)
  end
  if message.key then
    local algorithm = names.algorithm[message.algorithm or "rsa-sha256"] or message.algorithm
    query = query .. "&SigAlg=" .. percent.encode(algorithm)
    local bytes, code
    bytes, text, code = require("lastpass.xmldsig").sign_octets(
      message.key,
      query,
      algorithm,
      M.signing(message.algorithm)
    )
    if not bytes then
      return errors.fail("argument", code or "cannot_sign", text)
    end
    query = query .. "&Signature=" .. percent.encode(base64.encode(bytes))
  end
  local location = message.location
  return location .. (location:find("?", 1, true) and "&" or "?") .. query
end

-- The page's only script, which its policy names by its hash.
local SCRIPT = "document.forms[0].submit()"

local POLICY = "default-src 'none'; script-src 'sha256-%s'; base-uri 'none'; frame-ancestors 'none'"
local policy

--- The Content-Security-Policy of the pages that `binding.form` makes: nothing but the one script that sends the
-- form. Where the form goes is not limited, as browsers apply that to redirects after it too.
---@return string
function M.policy()
  policy = policy or POLICY:format(base64.encode(digest.sha256(SCRIPT)))
  return policy
end

--- A page with a message in a form that sends itself; without scripts there is a button.
---@param message table `location`, `kind`, `xml` (signed already, when it is to be), `relay`
---@return string|nil page HTML; send it with `binding.policy()` and "Cache-Control: no-store"
---@return string? message
---@return lastpass.Error? err
function M.form(message)
  local ok, text, err = check_message("saml.binding.form", message)
  if not ok then
    return nil, text, err
  end
  local function hidden(name, value)
    return html.input { type = "hidden", name = name, value = html.exact(value) }
  end
  local page = html.element(
    "html",
    { lang = "en" },
    html.head(html.meta { charset = "utf-8" }, html.title "One moment"),
    html.body(
      html.form(
        { method = "post", action = html.exact(message.location) },
        hidden(message.kind, base64.encode(message.xml)),
        message.relay and hidden("RelayState", message.relay),
        html.button({ type = "submit" }, "Continue")
      ),
      html.script(html.raw(SCRIPT))
    )
  )
  return "<!DOCTYPE html>\n" .. page.text .. "\n"
end

-- ---- reading ----

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
  for _, name in ipairs(errors.names_of(form)) do
    local values = form[name]
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      list[#list + 1] = { name = name, raw_name = name, value = tostring(value) }
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
  if #text > M.limits.encoded then
    return checks.fail("message_too_large", {
      detail = ("%s has %d bytes, at most %d"):format(name, #text, M.limits.encoded),
    })
  end
  local bytes = not text:find "[ \t]" and require("lastpass.xmldsig").from_base64(text)
  if not bytes or bytes == "" then
    return checks.fail("bad_base64", { detail = name })
  end
  return bytes
end

-- In steps so small that the limit is never passed by much: 64 bytes give 64 kB at most.
local function inflate(bytes)
  local library = zlib.load()
  if not library then
    local hint = "apt install lua-zlib"
    return errors.fail(
      "argument",
      "no_zlib",
      "the Redirect binding needs lua-zlib",
      { hint = hint }
    )
  end
  local stream, parts, size = library.inflate(-15), {}, 0
  for at = 1, #bytes, 64 do
    local ok, part, ended, read = pcall(stream, bytes:sub(at, at + 63))
    if not ok then
      return checks.fail("bad_deflate")
    end
    parts[#parts + 1] = part
    size = size + #part
    if size > M.limits.inflated then
      return checks.fail("inflated_too_large", { detail = ("%d bytes"):format(M.limits.inflated) })
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
  local ok, message, err = check_relay(relay)
  return ok, ok and relay or message, err
end

--- Reads the body of a POST.
---@param form string|table the body as it came (application/x-www-form-urlencoded), or its parameters by name, where a list of
-- values is one that came several times
---@param expected? "SAMLRequest"|"SAMLResponse" default either
---@return lastpass.saml.Received|nil
---@return string? message
---@return lastpass.Error? err
function M.read_form(form, expected)
  local taken, message, err
  if type(form) == "table" then
    taken, message, err = take_parameters(list_parameters(form))
  else
    taken, message, err = parse_parameters(form, 3 * M.limits.encoded)
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
function M.read_query(query, expected)
  local kind, bytes, xml
  local taken, message, err = parse_parameters(query, M.limits.query)
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
function M.read(source, expected)
  errors.check_options("saml.binding.read", source, {
    query = "string",
    form = { "string", "table" },
  })
  if (source.query == nil) == (source.form == nil) then
    errors.raise(2, "saml.binding.read: needs either 'query' or 'form'")
  elseif source.query then
    return M.read_query(source.query, expected)
  end
  return M.read_form(source.form, expected)
end

signature.declare("saml.binding.", M, {
  read = "source: table, expected?: string",
  signing = "algorithm?: string",
  redirect = "message: table",
  form = "message: table",
  policy = "",
  read_form = "form: string|table, expected?: string",
  read_query = "query: string, expected?: string",
})

return M
