-- Private keys, assertions and key parts go where they belong and nowhere else: not into objects of ours, refusals,
-- mistakes that are raised, or events.
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local saml_idp = require "lastpass.saml.idp"
local saml_sp = require "lastpass.saml.sp"
local secret = require "lastpass.secret"
local state = require "lastpass.state"

-- What stands for a key part of a federation (saml §2): unlike any other text, also in parts.
local CANARY = "c4a7a2yq8w3k9zj5x1vb6n0m2f7d4h8s3p5t9r1u6e0o4i7l2g8c3y5k9b1w6q0z"

describe("secrets of SAML", function()
  local now, seen, sp, idp, secrets, store

  local function clock()
    return now
  end

  -- Keeps every text that whoever logs a value could log: the value's own, and of all that is in it.
  local function look(value, visited)
    visited = visited or {}
    seen[#seen + 1] = tostring(value)
    if type(value) ~= "table" or visited[value] then
      return
    end
    visited[value] = true
    for key, one in next, value do
      look(key, visited)
      look(one, visited)
    end
    look(getmetatable(value), visited)
  end

  local function look_at(...)
    for position = 1, select("#", ...) do
      look((select(position, ...)))
    end
    return ...
  end

  -- The code of a refusal, which was looked at.
  local function refused(code, value, message, err)
    assert.is_nil(value)
    look_at(message, err)
    assert.equal(code, err.code, message)
  end

  local function new_sp(more)
    local options = {
      entity_id = "https://sp.example",
      acs_url = "https://sp.example/acs",
      slo_url = "https://sp.example/slo",
      key = secret.value(keys.of("sp").pem),
      cert = keys.of("sp").certificate,
      store = store,
      clock = clock,
      allow_sha1 = true,
      on_event = look_at,
      idp = assert(metadata.read(assert(idp:metadata()), { role = "idp", now = now })),
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(saml_sp.new(options))
  end

  local function new_idp(more)
    local options = {
      entity_id = "https://idp.example",
      sso_url = "https://idp.example/sso",
      slo_url = "https://idp.example/slo",
      key = secret.value(keys.of("idp").pem),
      cert = keys.of("idp").certificate,
      store = state.memory { now = clock },
      clock = clock,
      attributes = { LastPassKeyPart = "key_part", LastPassKeyPartSignature = "key_part" },
      sps = function()
        return assert(metadata.read(assert(sp:metadata()), { role = "sp", now = now }))
      end,
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(saml_idp.new(options))
  end

  before_each(function()
    now, seen = 1764500000, {}
    store = state.memory { now = clock }
    idp = new_idp()
    sp = new_sp()
    secrets = { CANARY:sub(1, 24), CANARY:sub(-24), CANARY:sub(20, 44) }
    for _, name in ipairs { "idp", "sp" } do
      for line in keys.of(name).pem:gmatch "[^\n]+" do
        secrets[#secrets + 1] = not line:find("-----", 1, true) and line or nil
      end
    end
  end)

  local user = { email = "ann@example.com", key_part = CANARY }

  -- A response as the browser brings it, whose text is a secret from now on.
  local function response(options)
    local url, asked = sp:login_url()
    local request = assert(idp:read_request { query = url:match "%?(.*)$" })
    local sent = assert(idp:respond(request, user, { want_xml = true }))
    for _, text in ipairs { sent.xml, keys.base64(sent.xml) } do
      for _, at in ipairs { 1500, math.floor(#text / 2), #text - 400 } do
        secrets[#secrets + 1] = text:sub(at, at + 60)
      end
    end
    local xml = options and options.change and options.change(sent.xml) or sent.xml
    local form = { SAMLResponse = keys.base64(xml), RelayState = asked.relay }
    return form, { browser = asked.browser, method = "POST" }
  end

  local function assert_unseen()
    assert.is_true(#seen > 20, #seen)
    for _, text in ipairs(seen) do
      for _, one in ipairs(secrets) do
        assert.is_nil(text:find(one, 1, true), text)
      end
    end
  end

  it("are in no object, whatever it has done", function()
    for _, encrypt in ipairs { false, true } do
      idp = new_idp { encrypt = encrypt }
      local identity = assert(sp:consume(response()))
      assert.same({ CANARY }, identity.attributes.LastPassKeyPart)
      assert(sp:logout(identity))
      look_at(sp, idp, idp:sp "https://sp.example")
    end
    look_at(idp.private_key, secret.value(keys.of("sp").pem))
    assert_unseen()
  end)

  it("are in no refusal of a response", function()
    local form, with = response {
      change = function(xml)
        return (xml:gsub("ann@example.com", "bob@example.com"))
      end,
    }
    refused("signature_invalid", sp:consume(form, with))
    form, with = response {
      change = function(xml)
        return xml:sub(1, -20)
      end,
    }
    refused("bad_xml", sp:consume(form, with))
    form = response()
    refused("other_browser", sp:consume(form, { method = "POST", browser = "x" }))
    form, with = response()
    now = now + 500
    refused("confirmation_expired", sp:consume(form, with))
    form, with = response()
    assert(sp:consume(form, with))
    refused("request_unknown", sp:consume(form, with))
    -- of another service, for another key
    idp = new_idp { encrypt = true }
    form, with = response()
    local other = new_sp {
      key = secret.value(keys.of("other").pem),
      cert = keys.of("other").certificate,
    }
    refused("decryption_failed", other:consume(form, with))
    assert_unseen()
  end)

  it("are in no refusal of an identity provider", function()
    local url = sp:login_url()
    local request = assert(idp:read_request { query = url:match "%?(.*)$" })
    refused("account_disabled", idp:respond(request, { disabled = true, key_part = CANARY }))
    refused("not_xml", idp:respond(request, { email = "a", key_part = CANARY .. "\1" }))
    refused("no_name_id", idp:respond(request, { key_part = CANARY }))
    refused("relay_bytes", idp:respond(request, user, { relay = CANARY .. "\n" }))
    look_at(pcall(idp.respond, idp, request, user, { key_part = CANARY }))
    look_at(idp:refuse(request, "request_denied", "no"))
    assert_unseen()
  end)

  it("are in no mistake of options", function()
    local pem = keys.of("idp").pem
    for _, wrong in ipairs { pem, { pem }, { file = pem }, { env = pem }, secret.value(CANARY) } do
      for _, new in ipairs { new_sp, new_idp } do
        look_at(pcall(new, { key = wrong }))
      end
    end
    look_at(pcall(new_idp, { key = secret.value(keys.of("other").pem) }))
    for position = 1, 20 do
      seen[#seen + 1] = tostring(position)
    end
    assert_unseen()
  end)
end)
