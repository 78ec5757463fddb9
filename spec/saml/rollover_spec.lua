local check = require "spec.support.check"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local rollover = require "lastpass.saml.rollover"
local samples = require "spec.support.saml_metadata"
local secret = require "lastpass.secret"
local state = require "lastpass.state"
local writer = require "spec.support.saml_writer"
local xmldsig = require "lastpass.xmldsig"

local DAY = 86400

local function sha256_of(name)
  return assert(xmldsig.certificate(keys.of(name).certificate)):fields().sha256
end

describe("saml.rollover", function()
  local now, watch, store, entity

  before_each(function()
    now = os.time()
    local function clock()
      return now
    end
    store = state.memory { now = clock }
    watch = rollover.watch { store = store, clock = clock }
    entity = assert(metadata.read(samples.entity {
      keys = samples.key("idp", "signing") .. samples.key("next", "signing"),
    }))
  end)

  local function saw(name, use)
    return watch:saw(samples.IDP, sha256_of(name), use or "signing")
  end

  local function states(options)
    local list = {}
    for index, row in ipairs(assert(watch:report(entity, options))) do
      list[index] = row.state
    end
    return table.concat(list, ", ")
  end

  it("knows nothing before the first response", function()
    assert.equal("unknown, unknown", states())
  end)

  it("follows an identity provider through its change of keys", function()
    local function use_daily(name, days)
      for _ = 1, days do
        assert.is_true(saw(name))
        now = now + DAY
      end
    end
    use_daily("idp", 8)
    assert.matches("^in use", states())
    use_daily("next", 3)
    assert.equal("in use, in use", states())
    use_daily("next", 5)
    assert.equal("may go, in use", states())
    local row = assert(watch:report(entity))[1]
    assert.matches("^last used 9 days ago, others since then: it may go$", row.text)
    assert.equal("RSA 2048", row.key)
    assert.is_true(row.first_seen < row.last_seen)
    assert.equal("in use, in use", states { quiet_days = 30 })
  end)

  it("never says that the newer key may go before it was used", function()
    local fields = entity.idp.certificates.signing[2]:fields()
    fields.not_before = fields.not_before + DAY
    entity.idp.certificates.signing[2] = {
      fields = function()
        return fields
      end,
    }
    for _ = 1, 20 do
      saw "idp"
      now = now + DAY
    end
    assert.equal("in use, next", states())
  end)

  it(
    "lets an old key go that was never used, but not before it was watched for long enough",
    function()
      for _, expected in ipairs { "wait, in use", "wait, in use", "may go, in use" } do
        saw "next"
        now = now + 3 * DAY
        assert.equal(expected, states())
      end
    end
  )

  it("keeps the key in use when nobody signs in any more", function()
    saw "idp"
    now = now + 100 * DAY
    assert.matches("^wait", states())
  end)

  it("never gives up the only key", function()
    entity = assert(metadata.read(samples.entity()))
    assert.equal("only", states())
    now = now + 350 * DAY
    assert.matches("ends soon", assert(watch:report(entity))[1].text)
  end)

  it("records the same key once a minute", function()
    assert.is_true(saw "idp")
    assert.is_false(saw "idp")
    assert.is_true(saw "next")
    now = now + 61
    assert.is_true(saw "idp")
  end)

  it("is shared through the store", function()
    saw "idp"
    local other = rollover.watch { store = store }
    assert.equal("in use", assert(other:report(entity))[1].state)
  end)

  it("reports which of our keys others encrypt for", function()
    local own = assert(metadata.read(samples.entity {
      id = samples.SP,
      roles = samples.sp_role { keys = samples.key "sp" .. samples.key "next" },
    }))
    watch:saw(samples.SP, sha256_of "next", "decryption")
    local rows = assert(watch:report(own, { use = "decryption" }))
    assert.equal("in use", rows[2].state)
    check.blamed(function()
      watch:report(own)
    end)
  end)

  it("is told by a service provider which keys signed and decrypted", function()
    local idp = assert(metadata.read(samples.entity {
      id = writer.IDP,
      keys = samples.key("other", "signing") .. samples.key("idp", "signing"),
    }))
    local function pair(name)
      local one = keys.of(name)
      return { key = assert(secret.value(one.pem)), cert = one.certificate }
    end
    local first = pair "next"
    now = writer.NOW
    local sp = assert(require("lastpass.saml.sp").new {
      entity_id = writer.SP,
      acs_url = writer.ACS,
      idp = idp,
      key = first.key,
      cert = first.cert,
      previous_keys = { pair "sp" },
      store = store,
      clock = function()
        return now
      end,
      watch = watch,
      allow_unsolicited = true,
    })
    local parts = writer.parts(false)
    parts.encrypt = {}
    assert(sp:consume(writer.form(writer.build(parts))))
    local rows = assert(watch:report(idp))
    assert.is_nil(rows[1].last_seen)
    assert.equal(now, rows[2].last_seen)
    local own = assert(metadata.read(samples.entity {
      id = writer.SP,
      roles = samples.sp_role { keys = samples.key "next" .. samples.key "sp" },
    }))
    rows = assert(watch:report(own, { use = "decryption" }))
    local seen = {}
    for _, row in ipairs(rows) do
      seen[row.sha256] = row.last_seen
    end
    assert.same({ [sha256_of "sp"] = now }, seen)
  end)

  it("says when the store fails", function()
    local full = rollover.watch { store = state.memory { max = 1 } }
    check.failure("conflict", "state_full", full:saw(samples.IDP, sha256_of "idp", "signing"))
  end)

  it("raises for wrong use", function()
    check.blamed(function()
      watch:saw(samples.IDP, "x", "encryption")
    end)
    check.blamed(function()
      rollover.watch {}
    end)
  end)
end)
