--- The command that writes metadata of SAML.
-- @module lastpass.cli.commands.saml_write
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local saml = require "lastpass.cli.saml"
local values = require "lastpass.cli.values"

local must = failure.must

local REQUIRE = 'local saml = require("lastpass").saml'

local DAY = 86400

-- Whoever publishes metadata for longer can leave validUntil out.
local MOST_DAYS = 3650

local function one_role(options)
  local has_acs, has_sso = #options.acs > 0, #options.sso > 0
  if not options.entity_id then
    must(values.usage("--entity-id is needed", "--entity-id https://app.acme.com"))
  elseif has_acs == has_sso then
    must(
      values.usage(
        "say --acs for a service provider, or --sso for an identity provider",
        "--acs https://app.acme.com/saml/acs"
      )
    )
  elseif has_sso and #options.cert == 0 then
    must(values.usage("an identity provider needs --cert", "the certificate of the key that signs"))
  elseif has_sso and options.assertions_signed then
    must(values.usage "--assertions-signed is for a service provider (--acs)")
  elseif (options.sign_key == nil) ~= (options.sign_cert == nil) then
    must(values.usage "--sign-key and --sign-cert go together")
  end
  return has_acs and "sp" or "idp"
end

local function refuse_duplicates(option, list)
  local seen = {}
  for _, value in ipairs(list) do
    if seen[value] then
      must(values.usage(("%s: %s is given twice"):format(option, value)))
    end
    seen[value] = true
  end
end

local function endpoints(option, urls, bindings)
  local names = require("lastpass.saml.names").binding
  local list = {}
  refuse_duplicates(option, urls)
  for _, url in ipairs(urls) do
    local problem = require("lastpass.saml.metadata.roles").location_problem(url, true)
    if problem then
      must(values.usage(("%s: %s"):format(url, problem)))
    end
    for _, binding in ipairs(bindings) do
      list[#list + 1] = { binding = names[binding], location = url }
    end
  end
  return list
end

local formats = { email = true, persistent = true, transient = true, unspecified = true }

local function format_of(word)
  if word and not formats[word] and not word:find "^%a[%w+.-]*:%S+$" then
    local near =
      require("lastpass.error").nearest(word, require("lastpass.error").names_of(formats))
    must(
      values.usage(
        ("--name-id-format: '%s' is neither a known word nor a URN"):format(word),
        near and ("did you mean '%s'?"):format(near)
      )
    )
  end
  return word and (formats[word] and require("lastpass.saml.names").format[word] or word)
end

-- The certificates in use, and the next.
local function key_lists(options)
  local list, following = saml.certificates(options.cert) or {}, {}
  local prints = {}
  for _, certificate in ipairs(list) do
    prints[#prints + 1] = "the certificate with sha256 " .. certificate:fields().sha256
  end
  for position, certificate in ipairs(saml.certificates(options.next_cert) or {}) do
    following[position] = certificate
    prints[#prints + 1] = "the certificate with sha256 " .. certificate:fields().sha256
  end
  refuse_duplicates("--cert, --next-cert", prints)
  if following[1] and not list[1] then
    must(values.usage "--next-cert is published beside the key in use: --cert is needed")
  end
  return list, following
end

local function description_of(options)
  local which = one_role(options)
  local certificates, following = key_lists(options)
  local role = {
    slo = endpoints("--slo", options.slo, { "redirect", "post" }),
    name_id_formats = { format_of(options.name_id_format) },
    certificates = { signing = certificates, encryption = which == "sp" and certificates or {} },
  }
  if which == "sp" then
    role.acs = endpoints("--acs", options.acs, { "post" })
    role.authn_requests_signed = options.requests_signed or false
    role.want_assertions_signed = options.assertions_signed or false
  else
    role.sso = endpoints("--sso", options.sso, { "redirect", "post" })
    role.want_authn_requests_signed = options.requests_signed or false
  end
  local description = { entity_id = options.entity_id, [which] = role }
  for _, certificate in ipairs(following) do
    description = must(require("lastpass").saml.rollover.publish(description, certificate))
  end
  if options.valid_days then
    if options.valid_days > MOST_DAYS then
      must(values.usage(("--valid-days: at most %d"):format(MOST_DAYS)))
    end
    description.valid_until = require("lastpass.time").now() + options.valid_days * DAY
  end
  if options.sign_key then
    description.sign = {
      key = saml.private_key(options.sign_key),
      certificate = saml.certificates({ options.sign_cert })[1],
    }
  end
  return description
end

local function run_write(session, options)
  local text = must(failure.call(require("lastpass").saml.metadata.write, description_of(options)))
  if not options.output then
    session:print(text)
    return exit.done
  end
  must(require("lastpass.files").write(options.output, text .. "\n", true))
  session:say("wrote %s", options.output)
  return exit.done
end

local function certificate_lua(paths)
  local list = saml.contents(paths)
  return #list > 0 and list or nil
end

local function endpoints_lua(urls, bindings)
  local list = {}
  for _, url in ipairs(urls) do
    for _, binding in ipairs(bindings) do
      list[#list + 1] = { binding = lua_text.raw("saml.names.binding." .. binding), location = url }
    end
  end
  return list
end

local function write_lua(options)
  local which = one_role(options)
  local certificates = certificate_lua(options.cert)
  local role = {
    slo = #options.slo > 0 and endpoints_lua(options.slo, { "redirect", "post" }) or nil,
    name_id_formats = options.name_id_format and { format_of(options.name_id_format) } or nil,
    certificates = certificates
      and { signing = certificates, encryption = which == "sp" and certificates or nil },
    acs = which == "sp" and endpoints_lua(options.acs, { "post" }) or nil,
    sso = which == "idp" and endpoints_lua(options.sso, { "redirect", "post" }) or nil,
    authn_requests_signed = which == "sp" and options.requests_signed or nil,
    want_authn_requests_signed = which == "idp" and options.requests_signed or nil,
    want_assertions_signed = options.assertions_signed,
  }
  local description = { entity_id = options.entity_id, [which] = role }
  if options.valid_days then
    description.valid_until = lua_text.raw "os.time() + valid_days * 86400"
  end
  if options.sign_key then
    local secret = ('assert(require("lastpass").secret.file(%s))'):format(
      lua_text.value(options.sign_key)
    )
    description.sign = {
      key = lua_text.raw(('assert(require("lastpass.xmldsig").private_key(%s))'):format(secret)),
      certificate = saml.contents({ options.sign_cert })[1],
    }
  end
  local described = lua_text.value(description)
  for _, text in ipairs(saml.contents(options.next_cert)) do
    described = ("assert(saml.rollover.publish(%s, %s))"):format(described, lua_text.value(text))
  end
  local call = ("assert(saml.metadata.write(%s))"):format(described)
  if options.output then
    call = ('assert(require("lastpass.files").write(%s, %s .. "\\n", true))'):format(
      lua_text.value(options.output),
      call
    )
  else
    call = "print(" .. call .. ")"
  end
  local days = options.valid_days and ("local valid_days = %d\n"):format(options.valid_days) or ""
  return ("%s\n%s%s"):format(REQUIRE, days, call)
end

return {
  {
    name = "saml metadata write",
    summary = "Write metadata of a service provider or an identity provider of yours",
    description = "With --next-cert the next key is published beside the one in use, "
      .. "so that it can take over "
      .. "without an outage. --sign-key signs the metadata itself.",
    options = {
      { "--entity-id", "your entity ID", value = "ID" },
      {
        "--acs",
        "of a service provider: the address that responses go to",
        value = "URL",
        many = true,
      },
      {
        "--sso",
        "of an identity provider: the address that requests go to",
        value = "URL",
        many = true,
      },
      { "--slo", "the address that logout messages go to", value = "URL", many = true },
      { "--cert", "certificate of a key in use", value = "FILE", many = true },
      {
        "--next-cert",
        "certificate of the key that will be used next",
        value = "FILE",
        many = true,
      },
      {
        "--name-id-format",
        "email, persistent, transient, unspecified, or a URN",
        value = "FORMAT",
      },
      { "--requests-signed", "requests are signed (--acs), or have to be (--sso)" },
      { "--assertions-signed", "assertions have to be signed themselves (--acs)" },
      { "--valid-days", "how long it is valid", value = "DAYS", number = "whole" },
      { "--sign-key", "private key that signs it, mode 600", value = "FILE" },
      { "--sign-cert", "the certificate of that key", value = "FILE" },
      { "-o --output", "where it goes; default standard output", value = "FILE" },
    },
    examples = {
      {
        "lastpass saml metadata write --entity-id https://app.acme.com --acs "
          .. "https://app.acme.com/saml/acs "
          .. "--name-id-format email --cert app.pem -o sp.xml",
        "of an application that LastPass signs users in to",
      },
    },
    lua = write_lua,
    run = run_write,
  },
}
