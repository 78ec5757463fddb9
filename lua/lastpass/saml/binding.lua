--- How messages travel: by the query of an address (HTTP-Redirect) and by a form (HTTP-POST) (saml §3.1 to §3.3, §6).
-- Writing is here, reading in `lastpass.saml.binding.read`.
-- @module lastpass.saml.binding
local base64 = require "lastpass.text.base64"
local common = require "lastpass.saml.binding.common"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local html = require "lastpass.html"
local names = require "lastpass.saml.names"
local percent = require "lastpass.text.percent"
local read = require "lastpass.saml.binding.read"
local signature = require "lastpass.signature"

local M = {
  limits = common.limits,
  read = read.any,
  read_form = read.form,
  read_query = read.query,
}

local function deflate(text)
  local library, message, err = common.zlib()
  if not library then
    return nil, message, err
  end
  return (library.deflate(9, -15)(text, "finish"))
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
  return common.check_relay(message.relay)
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
