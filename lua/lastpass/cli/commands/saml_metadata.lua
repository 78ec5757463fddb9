--- The commands about metadata of SAML: writing it, comparing two versions, bringing a file up to date.
-- @module lastpass.cli.commands.saml_metadata
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local saml = require "lastpass.cli.saml"
local values = require "lastpass.cli.values"

local must = failure.must

local REQUIRE = 'local saml = require("lastpass").saml'

local DAY = 86400

-- ------------------------------------------------------------------ write

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
  elseif (options.sign_key == nil) ~= (options.sign_cert == nil) then
    must(values.usage "--sign-key and --sign-cert go together")
  end
  return has_acs and "sp" or "idp"
end

local function endpoints(urls, bindings)
  local names = require("lastpass.saml.names").binding
  local list = {}
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
  return word and (formats[word] and require("lastpass.saml.names").format[word] or word)
end

-- The certificates in the order in which others should use them: those in use, then the next.
local function key_list(options)
  local list = saml.certificates(options.cert) or {}
  for _, certificate in ipairs(saml.certificates(options.next_cert) or {}) do
    list[#list + 1] = certificate
  end
  return list
end

local function description_of(options)
  local which = one_role(options)
  local certificates = key_list(options)
  local role = {
    slo = endpoints(options.slo, { "redirect", "post" }),
    name_id_formats = { format_of(options.name_id_format) },
    certificates = { signing = certificates, encryption = which == "sp" and certificates or {} },
  }
  if which == "sp" then
    role.acs = endpoints(options.acs, { "post" })
    role.authn_requests_signed = options.requests_signed or false
    role.want_assertions_signed = options.assertions_signed or false
  else
    role.sso = endpoints(options.sso, { "redirect", "post" })
    role.want_authn_requests_signed = options.requests_signed or false
  end
  local description = { entity_id = options.entity_id, [which] = role }
  if options.valid_days then
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
  must(require("lastpass.files").write(options.output, text .. "\n"))
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
  local paths = values.join(options.cert, options.next_cert)
  local certificates = certificate_lua(paths)
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
    description.valid_until = lua_text.raw(("os.time() + %d * 86400"):format(options.valid_days))
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
  local call = "assert(saml.metadata.write " .. lua_text.value(description) .. ")"
  if options.output then
    call = ('assert(require("lastpass.files").write(%s, %s))'):format(
      lua_text.value(options.output),
      call
    )
  else
    call = "print(" .. call .. ")"
  end
  return REQUIRE .. "\n" .. call
end

-- ------------------------------------------------------------------ diff

local function run_diff(session, options)
  local view = require("lastpass.cli.views").saml_changes
  require("lastpass.cli.output").check(session, view)
  -- a version that is over is compared all the same
  local ever = { now = -math.huge }
  local before = saml.metadata(options.before, options, ever)
  local after = saml.metadata(options.after, options, ever)
  local difference = require("lastpass").saml.metadata.diff(before, after)
  session:show(view, difference.changes)
  session.streams:flush()
  if not session:for_programs() then
    session:say("%s", (difference.text:match "^[^\n]*"))
  end
  return difference.risky > 0 and exit.findings or exit.done
end

-- ------------------------------------------------------------------ refresh

local function say_all(session, result, options)
  local difference = result.difference
  if difference and #difference.changes > 0 then
    session:say("%s", difference.text)
  end
  for _, note in ipairs(result.entity.notes) do
    session:say("note: %s", note)
  end
  for _, warning in ipairs(result.warnings) do
    session:say("note: %s", warning.text)
  end
  if not result.changed then
    session:say("%s is up to date", options.file)
  else
    session:say("%s %s", options.dry_run and "would write" or "wrote", options.file)
  end
end

local function refresh_settings(options)
  return {
    from = options.from,
    to = options.file,
    entity_id = options.entity,
    pin = saml.certificates(options.pin),
    allow_http = options.allow_http,
    hold_risky = options.hold_risky,
    warn_days = options.warn_days,
    dry_run = options.dry_run,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
  }
end

local function run_refresh(session, options)
  require("lastpass.cli.interrupt").watch()
  local settings = refresh_settings(options)
  local result, message, err = failure.call(require("lastpass").saml.metadata.refresh, settings)
  if not result then
    if err.difference then
      session:say("%s", err.difference.text)
      err.hint = "compare with the other side, then refresh without --hold-risky"
    end
    return nil, message, err
  end
  say_all(session, result, options)
  return exit.done
end

local function refresh_lua(options)
  local settings = {
    from = options.from,
    to = options.file,
    entity_id = options.entity,
    allow_http = options.allow_http,
    hold_risky = options.hold_risky,
    warn_days = options.warn_days,
    dry_run = options.dry_run,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
    pin = #options.pin > 0 and saml.contents(options.pin) or nil,
  }
  return table.concat({
    REQUIRE,
    "local result = assert(saml.metadata.refresh " .. lua_text.value(settings) .. ")",
    "print(result.changed, result.difference and result.difference.text)",
  }, "\n")
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
        "of a service provider: the address that responses go " .. "to",
        value = "URL",
        many = true,
      },
      {
        "--sso",
        "of an identity provider: the address that requests go " .. "to",
        value = "URL",
        many = true,
      },
      { "--slo", "the address that logout messages go to", value = "URL", many = true },
      { "--cert", "certificate of a key in use", value = "FILE", many = true },
      {
        "--next-cert",
        "certificate of the key that will be used " .. "next",
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
  {
    name = "saml metadata diff",
    summary = "Say in words what differs between two versions of metadata, and what is risky",
    description = "Risky is what could end sign-on, or let somebody else sign users "
      .. "in. Ends with 7 when "
      .. "something is.",
    rows = true,
    arguments = {
      { "before", "file with the older " .. "version" },
      { "after", "file with the newer one" },
    },
    options = saml.reading_options,
    examples = {
      {
        "lastpass saml metadata diff idp.xml " .. "" .. "idp-new.xml",
        "before the new one is installed",
      },
    },
    topics = { "output", "exit-codes" },
    lua = function(options)
      return table.concat({
        REQUIRE,
        ("local before = %s"):format(saml.metadata_lua(options.before, options)),
        ("local after = %s"):format(saml.metadata_lua(options.after, options)),
        "print(saml.metadata.diff(before, after).text)",
      }, "\n")
    end,
    run = run_diff,
  },
  {
    name = "saml metadata refresh",
    summary = "Bring a file with metadata up to date",
    description = "Reads the metadata from an address or a file, checks it, says what "
      .. "changed, and replaces the "
      .. "file in one step. What cannot be read, is over or is of another entity does "
      .. "not replace it. Notes "
      .. "certificates that end soon. For a timer.",
    arguments = {
      { "from", "address (https), or file" },
      { "file", "the file to bring up to date" },
    },
    options = values.join(saml.reading_options, {
      { "--hold-risky", "take no change that is risky; ends with 4 then" },
      {
        "--warn-days",
        "note certificates that end within so many days; default 30",
        value = "DAYS",
        number = "whole",
      },
      { "--dry-run", "say what would change, and write nothing" },
    }, saml.way_options),
    examples = {
      {
        "lastpass saml metadata refresh https://idp.acme.com/metadata "
          .. "/etc/lastpass/idp.xml --hold-risky",
        "every hour, by a timer",
      },
      {
        "lastpass saml metadata refresh edugain.xml idp.xml --entity "
          .. "https://idp.acme.com/idp --pin edugain.pem",
        "one entity out of a federation's signed file",
      },
    },
    topics = { "exit-codes" },
    lua = refresh_lua,
    run = run_refresh,
  },
}
