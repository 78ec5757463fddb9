-- saml inspect, saml verify, saml metadata write, diff and refresh, saml rollover.
local cli = require "spec.support.cli"
local files = require "lastpass.files"
local json = require "lastpass.json"
local keys = require "spec.support.saml_keys"
local metadata = require "lastpass.saml.metadata"
local planted = require "spec.support.planted"
local rollover = require "lastpass.saml.rollover"
local samples = require "spec.support.saml_metadata"
local state = require "lastpass.state"
local times = require "lastpass.time"
local writer = require "spec.support.saml_writer"

local unpack = table.unpack or unpack

local paths = {}
local offline = setmetatable({ flags = {} }, { __index = cli.methods })

local function file(text)
  local path = planted.path(paths)
  planted.write(path, text)
  return path
end

teardown(function()
  planted.remove(paths)
end)

local function run(...)
  return offline:run { "saml", ... }
end

describe("lastpass saml inspect", function()
  it("says what a file is, in words and in JSON", function()
    local path = file(samples.entity())
    local code, out, err = run("inspect", path)
    assert.equals(0, code, err)
    assert.truthy(out:find("^the metadata of an identity provider\n"), out)
    assert.truthy(out:find("sign%-on %(HTTP%-Redirect%) +https://idp.acme.com/sso"), out)
    code, out = run("inspect", path, "--json")
    assert.equals(0, code)
    assert.equals("entity ID", json.decode(out)[1].name)
  end)

  it("reads standard input, and addresses that are messages", function()
    local xml = writer.build(writer.parts "_q1")
    local code, out, err = offline:run(
      { "saml", "inspect", "-" },
      { answers = { keys.base64(xml) } }
    )
    assert.equals(0, code, err)
    assert.truthy(out:find("a response of https://idp.example/saml", 1, true), out)
    local packed = keys.base64(xml):gsub("%+", "%%2B"):gsub("/", "%%2F"):gsub("=", "%%3D")
    code, out = run("inspect", "https://app.example/?SAMLResponse=" .. packed)
    assert.equals(0, code)
    assert.truthy(out:find("a response of", 1, true))
  end)

  it("takes one entity out of many", function()
    local many = file(samples.entities {
      samples.entity(),
      samples.entity { id = "https://b.example" },
    })
    local code, out = run("inspect", many, "--entity", "https://b.example")
    assert.equals(0, code)
    assert.truthy(out:find("https://b.example", 1, true))
    assert.equals(1, (run("inspect", many, "--entity", "https://c.example")))
  end)

  it("names what is wrong with a file", function()
    for text, words in pairs {
      [""] = "it is empty",
      ["\0\1"] = "neither XML",
      ["\255\254<\0"] = "save it as UTF-8",
      [keys.of("sp").certificate] = "in PEM",
      ["<a/>"] = "no SAML 2.0",
      ["<md:EntityDescriptor"] = "well-formed",
    } do
      local code, _, err = run("inspect", file(text))
      assert.equals(1, code)
      assert.truthy(err:find(words, 1, true), err)
    end
    local code, _, err = run("inspect", "/no/such/file")
    assert.equals(64, code)
    assert.truthy(err:find("No such file", 1, true), err)
    code, _, err = run("inspect", "/tmp")
    assert.equals(64, code)
    assert.truthy(err:find("directory", 1, true), err)
  end)

  it("reads no file without an end, whichever it is for", function()
    local idp = file(samples.entity())
    for _, words in ipairs {
      { "inspect", "/dev/zero" },
      { "verify", "/dev/zero", "--metadata", idp, "--acs=https://a.example", "--entity-id=a" },
      { "metadata", "write", "--entity-id=a", "--acs=https://a.example", "--cert=/dev/zero" },
      { "metadata", "diff", idp, idp, "--pin=/dev/zero" },
    } do
      local code, _, err = run(unpack(words))
      assert.equals(64, code)
      assert.truthy(err:find("/dev/zero: has more than 4194304 bytes", 1, true), err)
    end
  end)
end)

describe("lastpass saml verify", function()
  local idp, response, settings

  setup(function()
    idp = file(samples.entity { id = writer.IDP })
    response = file(writer.build(writer.parts "_q1"))
    settings = { "--metadata", idp, "--acs", writer.ACS, "--entity-id", writer.SP }
  end)

  local function verify(path, ...)
    local words = { "saml", "verify", path }
    for _, list in ipairs { settings, { ... } } do
      for _, word in ipairs(list) do
        words[#words + 1] = word
      end
    end
    return offline:run(words)
  end

  it("accepts, with 0, and names every check", function()
    local code, out, err = verify(response, "--at", writer.at(0))
    assert.equals(0, code, err)
    assert.truthy(
      err:find("accepted: ann@x.example signed in by https://idp.example/saml", 1, true)
    )
    assert.truthy(out:find("saml §3.24 +audience +passed"), out)
    assert.is_nil(out:find("failed", 1, true))
  end)

  it("refuses, with 7, and says what to click", function()
    local parts = writer.parts "_q1"
    parts.assertion_signature = { algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" }
    local path = file(writer.build(parts))
    local code, _, err = verify(path, "--at", writer.at(0))
    assert.equals(7, code)
    assert.truthy(err:find("refused %(sha1_refused%): .*tick SHA256.* is %-%-allow%-sha1"), err)
    code = verify(path, "--at", writer.at(0), "--allow-sha1")
    assert.equals(0, code)
    local _, out = verify(path, "--at", writer.at(0), "--json")
    local states = {}
    for _, row in ipairs(json.decode(out)) do
      states[row.state] = (states[row.state] or 0) + 1
    end
    assert.equals(1, states.failed)
    assert.truthy(states["not reached"] > 10 and states.passed > 10)
  end)

  it("judges by the clock, unless told another time", function()
    local code, _, err = verify(response)
    assert.equals(7, code)
    assert.truthy(err:find("apart", 1, true), err)
  end)

  it("decrypts with a key that nobody else may read", function()
    local parts = writer.parts "_q1"
    parts.encrypt = {}
    local path, cert = file(writer.build(parts)), file(keys.of("sp").certificate)
    local key = file(keys.of("sp").pem)
    os.execute("chmod 644 " .. key)
    local code, _, err = verify(path, "--at", writer.at(0), "--key", key, "--cert", cert)
    assert.equals(64, code)
    assert.truthy(err:find("chmod 600", 1, true), err)
    os.execute("chmod 600 " .. key)
    code, _, err = verify(path, "--at", writer.at(0), "--key", key, "--cert", cert)
    assert.equals(0, code, err)
    assert.is_nil(err:find("PRIVATE", 1, true))
  end)

  it("says which option is missing", function()
    local code, _, err = offline:run { "saml", "verify", response }
    assert.equals(64, code)
    assert.truthy(err:find("--metadata is needed", 1, true), err)
    code, _, err = verify(response, "--key", "x")
    assert.equals(64, code)
    assert.truthy(err:find("--key and --cert go together", 1, true), err)
    code, _, err = verify(response, "--want", "all")
    assert.equals(64, code, err)
    local words = { "saml", "verify", response, "--metadata", idp, "--entity-id=a" }
    words[#words + 1] = "--acs=http://app.acme.com/acs"
    code, _, err = offline:run(words)
    assert.equals(64, code)
    assert.truthy(err:find("--acs: an address with https", 1, true), err)
    code, _, err = verify(response, "--skew", "301")
    assert.equals(64, code)
    assert.truthy(err:find("--skew: from 0 to 300 seconds", 1, true), err)
  end)
end)

describe("lastpass saml metadata write", function()
  it("writes a service provider, with the next key beside the one in use", function()
    local cert, following = file(keys.of("sp").certificate), file(keys.of("next").certificate)
    local code, out, err = run(
      "metadata",
      "write",
      "--entity-id=https://app.acme.com",
      "--acs=https://app.acme.com/acs",
      "--slo=https://app.acme.com/slo",
      "--name-id-format=email",
      "--assertions-signed",
      "--cert=" .. cert,
      "--next-cert=" .. following,
      "--valid-days=30"
    )
    assert.equals(0, code, err)
    local entity = assert(metadata.read(out, { role = "sp" }))
    assert.equals(2, #entity.sp.certificates.signing)
    assert.equals(2, #entity.sp.certificates.encryption)
    assert.is_true(entity.sp.want_assertions_signed)
    assert.truthy(entity.valid_until > os.time() + 29 * 86400)
  end)

  it("writes an identity provider into a file, signed", function()
    local cert, key = file(keys.of("idp").certificate), file(keys.of("idp").pem)
    os.execute("chmod 600 " .. key)
    local path = planted.path(paths)
    local code, out, err = run(
      "metadata",
      "write",
      "--entity-id=https://idp.acme.com",
      "--sso=https://idp.acme.com/sso",
      "--cert=" .. cert,
      "--sign-key=" .. key,
      "--sign-cert=" .. cert,
      "-o",
      path
    )
    assert.equals(0, code, err)
    assert.equals("", out)
    local entity = assert(metadata.load(path, { pin = keys.of("idp").certificate, role = "idp" }))
    assert.equals(2, #entity.idp.sso)
  end)

  it("refuses what makes no metadata", function()
    local sp = file(keys.of("sp").certificate)
    for words, arguments in pairs {
      ["--entity-id is needed"] = { "--acs=https://a.example" },
      ["--acs for a service provider"] = { "--entity-id=a" },
      ["needs --cert"] = { "--entity-id=a", "--sso=https://a.example" },
      ["go together"] = { "--entity-id=a", "--acs=https://a.example", "--sign-key=x" },
      ["not one of https"] = { "--entity-id=a", "--acs=ftp://a.example" },
      ["No such file"] = { "--entity-id=a", "--acs=https://a.example", "--cert=/no/such" },
      ["is given twice"] = { "--entity-id=a", "--acs=https://a.b", "--acs=https://a.b" },
      ["--slo: https://a.example is given twice"] = {
        "--entity-id=a",
        "--acs=https://a.example",
        "--slo=https://a.example",
        "--slo=https://a.example",
      },
      ["--cert, --next-cert"] = {
        "--entity-id=a",
        "--acs=https://a.example",
        "--cert=" .. sp,
        "--next-cert=" .. sp,
      },
      ["--cert is needed"] = {
        "--entity-id=a",
        "--acs=https://a.example",
        "--next-cert=" .. sp,
      },
      ["is for a service provider"] = {
        "--entity-id=a",
        "--sso=https://a.example",
        "--cert=" .. sp,
        "--assertions-signed",
      },
      ["did you mean 'persistent'?"] = {
        "--entity-id=a",
        "--acs=https://a.example",
        "--name-id-format=persistant",
      },
      ["--valid-days: at most 3650"] = {
        "--entity-id=a",
        "--acs=https://a.example",
        "--valid-days=99999999999",
      },
    } do
      local code, _, err = run("metadata", "write", unpack(arguments))
      assert.equals(64, code)
      assert.truthy(err:find(words, 1, true), err)
    end
    local key = file(keys.of("sp").pem)
    local code, _, err =
      run("metadata", "write", "--entity-id=a", "--acs=https://a.example", "--cert=" .. key)
    assert.equals(64, code)
    assert.truthy(err:find("no private key", 1, true), err)
    assert.is_nil(err:find("BEGIN", 1, true))
  end)
end)

describe("lastpass saml metadata diff", function()
  it("ends with 7 when something is risky", function()
    local before = file(samples.entity())
    local sso = samples.endpoint("SingleSignOnService", "Redirect", "https://evil.example/sso")
    local code, out, err = run("metadata", "diff", before, file(samples.entity { sso = sso }))
    assert.equals(7, code)
    assert.truthy(out:find("another host", 1, true), out)
    assert.truthy(err:find("1 change, 1 risky", 1, true), err)
    code, out, err = run("metadata", "diff", before, before)
    assert.equals(0, code, out)
    assert.truthy(err:find("no difference", 1, true), err)
  end)
end)

describe("lastpass saml metadata refresh", function()
  it("brings a file up to date, and says what changed", function()
    local from, to = file(samples.entity()), planted.path(paths)
    os.remove(to)
    local code, _, err = run("metadata", "refresh", from, to)
    assert.equals(0, code, err)
    assert.equals("wrote " .. to .. "\n", err)
    _, _, err = run("metadata", "refresh", from, to)
    assert.equals(to .. " is up to date\n", err)
    local sso = samples.endpoint("SingleSignOnService", "Redirect", "https://evil.example/sso")
    from = file(samples.entity { sso = sso })
    code, _, err = run("metadata", "refresh", from, to, "--hold-risky")
    assert.equals(4, code)
    assert.truthy(err:find("another host.*stays as it is.*without %-%-hold%-risky"), err)
    code, _, err = run("metadata", "refresh", from, to, "--dry-run")
    assert.equals(0, code)
    assert.truthy(err:find("would write " .. to, 1, true), err)
    assert.equals(samples.entity(), assert(files.read(to)))
    code, _, err = run("metadata", "refresh", from, to, "--warn-days=400")
    assert.equals(0, code)
    assert.truthy(err:find("certificate for signing .* ends in"), err)
  end)

  it("leaves the file when it cannot", function()
    local to = file(samples.entity())
    local over =
      samples.entity { attributes = (' validUntil="%s"'):format(times.iso(os.time() - 999)) }
    for text, code in pairs { [""] = 1, [over] = 1, ["<a/>"] = 1 } do
      assert.equals(code, (run("metadata", "refresh", file(text), to)))
    end
    assert.equals(64, (run("metadata", "refresh", "/no/such/file", to)))
    local code, _, err = run("metadata", "refresh", to, "")
    assert.equals(64, code)
    assert.truthy(err:find("'': is not a path", 1, true), err)
    code, _, err = run("metadata", "refresh", "http://idp.acme.com/", to)
    assert.equals(64, code)
    assert.truthy(err:find("^lastpass: http goes to this machine only"), err)
    code, _, err = run("metadata", "refresh", "https://127.0.0.1:1/", to, "--entity", "")
    assert.equals(64, code)
    assert.truthy(err:find("--entity is empty", 1, true), err)
    code, _, err = run("inspect", "HTTP://127.0.0.1:1/idp.xml")
    assert.equals(64, code)
    assert.truthy(err:find("^lastpass: the address is not one of https"), err)
    code, _, err = run("inspect", "http://127.0.0.1:1/idp.xml")
    assert.equals(69, code)
    assert.truthy(err:find("^lastpass: http://127.0.0.1:1/idp.xml: "), err)
    assert.equals(samples.entity(), assert(files.read(to)))
  end)
end)

describe("lastpass saml rollover", function()
  it("says which keys are in use", function()
    local idp = file(samples.entity {
      keys = samples.key("idp", "signing") .. samples.key("next", "signing"),
    })
    local journal = planted.path(paths)
    os.remove(journal)
    local code, _, err = run("rollover", idp, "--state", journal)
    assert.equals(64, code)
    assert.truthy(err:find(journal .. ": nothing was recorded there", 1, true), err)
    assert.is_false(files.is_readable(journal))
    code, _, err = run("rollover", idp, "--state", "")
    assert.equals(64, code)
    assert.truthy(err:find("--state is empty", 1, true), err)
    assert(state.database(journal):add("x", "1", 1))
    local out
    code, out, err = run("rollover", idp, "--state", journal)
    assert.equals(0, code, err)
    assert.truthy(out:find("unknown +no response was seen yet: keep it"), out)
    local entity = assert(metadata.load(idp))
    local now = os.time() - 10 * 86400
    local watch = rollover.watch {
      store = state.database(journal),
      clock = function()
        return now
      end,
    }
    local signing = entity.idp.certificates.signing
    assert(watch:saw(entity.entity_id, signing[1]:fields().sha256, "signing"))
    now = os.time()
    assert(watch:saw(entity.entity_id, signing[2]:fields().sha256, "signing"))
    code, out = run("rollover", idp, "--state", journal, "--json")
    assert.equals(7, code)
    local rows = json.decode(out)
    assert.equals("may go", rows[1].state)
    assert.equals("in use", rows[2].state)
    for _, ending in ipairs { "-wal", "-shm" } do
      os.remove(journal .. ending)
    end
  end)
end)

describe("--print-lua of the SAML commands", function()
  it("prints Lua that does the same", function()
    local idp = file(samples.entity())
    local cert = file(keys.of("sp").certificate)
    for _, words in ipairs {
      { "inspect", idp },
      { "metadata", "diff", idp, idp },
      { "metadata", "refresh", idp, idp },
      {
        "metadata",
        "write",
        "--entity-id=https://a.example",
        "--acs=https://a.example/acs",
        "--cert=" .. cert,
        "--next-cert=" .. file(keys.of("next").certificate),
      },
      {
        "metadata",
        "write",
        "--entity-id=https://a.example",
        "--acs=https://a.example/acs",
        "--valid-days=3",
      },
      {
        "verify",
        idp,
        "--metadata",
        idp,
        "--acs=https://a.example/acs",
        "--entity-id=a",
        "--at=2026-11-30T10:00:00Z",
      },
    } do
      words[#words + 1] = "--print-lua"
      local code, out, err = run(unpack(words))
      assert.equals(0, code, err)
      assert.is_nil(out:find("left out", 1, true), out)
      assert.equals(words[1] == "verify", out:find("at = 1796032800", 1, true) ~= nil)
      local lines = {}
      local environment = setmetatable({
        print = function(...)
          lines[#lines + 1] = table.concat({ tostring((...)) }, " ")
        end,
      }, { __index = _G })
      local chunk = assert((loadstring or load)(out, "=print-lua"))
      if setfenv then
        setfenv(chunk, environment)
      else
        chunk = assert(load(out, "=print-lua", "t", environment))
      end
      chunk()
      assert.truthy(#lines > 0, out)
    end
  end)
end)
