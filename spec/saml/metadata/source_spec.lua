local check = require "spec.support.check"
local digest = require "lastpass.digest"
local files = require "lastpass.files"
local keys = require "spec.support.saml_keys"
local load = require "lastpass.saml.metadata.load"
local metadata = require "lastpass.saml.metadata"
local reading = require "lastpass.saml.metadata.read"
local samples = require "spec.support.saml_metadata"
local secret = require "lastpass.secret"
local times = require "lastpass.time"
local xmldsig = require "lastpass.xmldsig"

describe("saml.metadata.load", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end

  it("takes a path or the text itself, with a byte order mark or without", function()
    write("\239\187\191\n" .. samples.entity())
    assert.equal(samples.IDP, assert(metadata.load(path)).entity_id)
    assert.equal(samples.IDP, assert(metadata.load(samples.entity())).entity_id)
    assert.equal(samples.IDP, assert(metadata.load("\239\187\191" .. samples.entity())).entity_id)
  end)

  it("names the file and what is wrong with it", function()
    for text, words in pairs {
      [""] = "is empty",
      ["hello"] = "does not begin as XML",
      ["\255\254<\0a\0"] = "UTF%-16",
      ["\254\255\0<\0a"] = "UTF%-16",
      ["\127ELF\1\2\0\0"] = "binary",
      [keys.of("idp").certificate] = "in PEM",
    } do
      write(text)
      local err = check.failure(nil, "metadata_kind", metadata.load(path))
      assert.matches(words, err.message)
      assert.is_truthy(err.message:find(path, 1, true))
    end
    write(samples.entity():sub(1, 500))
    local damaged = check.failure(nil, "bad_xml", metadata.load(path))
    assert.matches("get the metadata again", damaged.hint)
    os.remove(path)
    assert.matches(
      "No such file",
      check.failure("argument", "cannot_read", metadata.load(path)).message
    )
    assert.matches(
      "directory",
      check.failure("argument", "cannot_read", metadata.load "/tmp").message
    )
  end)
end)

describe("saml.metadata.load of a pipe", function()
  local fifo

  before_each(function()
    fifo = os.tmpname()
    os.remove(fifo)
    assert(files.run("mkfifo " .. fifo))
  end)

  after_each(function()
    os.remove(fifo)
  end)

  it("reads it once", function()
    local from = os.tmpname()
    assert(files.write(from, samples.entity()))
    os.execute(("cat %s > %s &"):format(from, fifo))
    local entity, message = metadata.load(fifo)
    os.remove(from)
    assert.equal(samples.IDP, assert(entity, message).entity_id)
  end)

  it("asks for a file where it is large", function()
    os.execute(("(echo '<a>'; head -c 300000 /dev/zero) > %s 2>/dev/null &"):format(fifo))
    local err =
      check.failure("argument", "cannot_read", metadata.load(fifo, { entity_id = samples.IDP }))
    assert.matches("save it in a file first", err.hint)
  end)
end)

describe("saml.metadata.load of many", function()
  local path, before

  setup(function()
    before, load.STREAM_FROM = load.STREAM_FROM, 0
  end)

  teardown(function()
    load.STREAM_FROM = before
  end)

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  local later = os.time() + 3600

  local function many(options)
    options = options or {}
    return samples.entities({
      samples.entity { id = "https://a.example" },
      "<!-- between -->",
      samples.entities({
        samples.entity {
          id = "https://b.example",
          attributes = (' validUntil="%s"'):format(times.iso(later + 60)),
        },
      }, options.inner or (' validUntil="%s"'):format(times.iso(later))),
    }, ' ID="_root"' .. (options.outer or ""))
  end

  local function read(text, id, more)
    assert(files.write(path, text))
    local options = { entity_id = id }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return metadata.load(path, options)
  end

  it("takes one, with what is true of all around it", function()
    local entity = assert(read(many(), "https://b.example"))
    assert.equal("https://b.example", entity.entity_id)
    assert.equal(later, entity.valid_until)
    assert.is_nil(assert(read(many(), "https://a.example")).valid_until)
    assert.equal(
      "https://a.example",
      assert(read(samples.entity { id = "https://a.example" }, "https://a.example")).entity_id
    )
  end)

  it("heeds validUntil of what is around it", function()
    local over = ' validUntil="2020-01-01T00:00:00Z"'
    check.failure(nil, "metadata_expired", read(many { outer = over }, "https://a.example"))
    check.failure(nil, "metadata_expired", read(many { inner = over }, "https://b.example"))
    check.failure(nil, "bad_time", read(many { inner = ' validUntil="x"' }, "https://b.example"))
    assert.truthy(read(many { inner = over }, "https://a.example"))
  end)

  it("refuses what is not in it, what is there twice, and damage anywhere", function()
    check.failure(nil, "metadata_entity", read(many(), "https://c.example"))
    local twice = samples.entities { many(), (many():gsub("_root", "_other")) }
    check.failure(nil, "metadata_duplicate", read(twice, "https://b.example"))
    check.failure(nil, "bad_xml", read(many():sub(1, -20), "https://a.example"))
    check.failure(nil, "doctype", read("<!DOCTYPE a>" .. many(), "https://a.example"))
    check.failure(nil, "metadata_kind", read("<a/>", "https://a.example"))
  end)

  it("verifies the whole where a certificate is pinned, and keeps what it took out", function()
    local key = assert(xmldsig.private_key(assert(secret.value(keys.of("sp").pem))))
    local signed =
      assert(xmldsig.sign(many(), { key = key, id = "_root", algorithm = "rsa-sha256" }))
    local pin = { pin = keys.of("sp").certificate }
    local entity = assert(read(signed, "https://b.example", pin))
    assert.is_true(entity.signed)
    assert.equal(later, entity.valid_until)
    check.failure(nil, "signature_missing", read(many(), "https://b.example", pin))
    check.failure(
      nil,
      "signature_invalid",
      read(signed:gsub("https://a.example", "https://x.example"), "https://b.example", pin)
    )
    local cache = os.tmpname()
    assert(files.write(path, signed))
    local options = { path = path, cache = cache, entity_id = "https://b.example", pin = pin.pin }
    assert.truthy(metadata.source(options):entity())
    os.remove(path)
    assert.is_true(assert(metadata.source(options):entity()).signed)
    os.remove(cache)
  end)
end)

describe("saml.metadata.source", function()
  local path, cache, now, events

  before_each(function()
    path, cache, now, events = os.tmpname(), os.tmpname(), os.time(), {}
    os.remove(cache)
  end)

  after_each(function()
    os.remove(path)
    os.remove(cache)
  end)

  local function write(o)
    assert(files.write(path, type(o) == "string" and o or samples.entity(o)))
  end

  local function new(options)
    local all = {
      path = path,
      clock = function()
        return now
      end,
      on_event = function(event)
        events[#events + 1] = event
      end,
    }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return metadata.source(all)
  end

  local function kinds()
    local list = {}
    for index, event in ipairs(events) do
      list[index] = event.kind
    end
    return table.concat(list, " ")
  end

  local function valid(seconds)
    return { attributes = (' validUntil="%s"'):format(times.iso(now + seconds)) }
  end

  it("gives the entity, and can be called", function()
    write()
    local source = new()
    assert.equal(samples.IDP, assert(source:entity()).entity_id)
    assert.equal(source:entity(), source())
    assert.matches("^lastpass.saml.Source %(/", tostring(source))
  end)

  it("parses once for each version", function()
    write()
    local parsed, entity = 0, reading.entity
    reading.entity = function(...)
      parsed = parsed + 1
      return entity(...)
    end
    local source = new { refresh = 10 }
    for _ = 1, 5 do
      source:entity()
      now = now + 10
    end
    assert.equal(1, parsed)
    assert.is_false((source:refresh()))
    write { sso = samples.endpoint("SingleSignOnService", "Redirect", "https://idp.acme.com/new") }
    now = now + 10
    assert.equal("https://idp.acme.com/new", source:entity().idp.sso[1].location)
    reading.entity = entity
    assert.equal(2, parsed)
    assert.equal("metadata_changed", kinds())
    assert.matches("moved from", events[1].message)
  end)

  it("looks again when it is time", function()
    write { attributes = ' cacheDuration="PT1S"' }
    local source = new()
    source:entity()
    now = now + 299
    assert.is_false(source:is_due())
    now = now + 1
    assert.is_true(source:is_due())
    write { attributes = ' cacheDuration="P90D"' }
    source:entity()
    assert.equal(now + 86400, source:status().next)
  end)

  it("keeps the last good copy until its validUntil, whatever comes after it", function()
    write(valid(3600))
    local source = new { refresh = 10 }
    local good = source:entity()
    for _, text in ipairs {
      "",
      samples.entity():sub(1, 300),
      "\0\1\2",
      samples.entity(valid(-100)),
      samples.entity { id = "https://other.example" },
      '<!DOCTYPE a [<!ENTITY b "c">]>' .. samples.entity(),
    } do
      write(text)
      now = now + 600
      if now >= good.valid_until + 60 then
        break
      end
      assert.equal(good, source:entity())
      assert.equal("metadata_failed", events[#events].kind)
      assert.is_true(events[#events].serving)
    end
    now = good.valid_until + 59
    assert.equal(good, source:entity())
    now = good.valid_until + 60
    local err = check.failure("refused", "metadata_expired", source:entity())
    assert.matches("last good copy.*since then: ", err.message)
    write()
    assert.is_truthy(source:refresh())
    assert.is_truthy(source:entity())
    assert.is_nil(source:status().failure)
  end)

  it("tries again after a failure, later each time", function()
    write()
    local source = new { refresh = 600 }
    source:entity()
    os.remove(path)
    local pauses = {}
    for position = 1, 6 do
      check.failure("argument", "cannot_read", source:refresh())
      pauses[position] = source:status().next - now
    end
    assert.same({ 30, 60, 120, 240, 480, 600 }, pauses)
  end)

  it("says at once what is wrong when there never was a copy", function()
    local source = new { path = "/no/such/file" }
    check.failure("argument", "cannot_read", source:entity())
    assert.is_false(events[1].serving)
  end)

  it("asks before it takes what is risky", function()
    write()
    local asked
    local source = new {
      approve = function(difference)
        asked = difference
        return false
      end,
    }
    local good = source:entity()
    write { sso = samples.endpoint("SingleSignOnService", "Redirect", "https://evil.example/sso") }
    local err = check.failure("guard", "metadata_risky", source:refresh())
    assert.equal(1, asked.risky)
    assert.equal(asked, err.difference)
    assert.equal(good, source:entity())
    write { sso = samples.endpoint("SingleSignOnService", "Redirect", "https://idp.acme.com/b") }
    assert.is_true((source:refresh()))
  end)

  it("starts from its copy on disk", function()
    write(valid(3600))
    new({ cache = cache }):entity()
    os.remove(path)
    local source = new { cache = cache }
    assert.equal(samples.IDP, assert(source:entity()).entity_id)
    assert.is_true(source:status().from_cache)
    -- of another source, or of one with another certificate, it is nothing
    check.failure("argument", "cannot_read", new({ cache = cache, path = path .. "x" }):entity())
    check.failure(
      "argument",
      "cannot_read",
      new({ cache = cache, pin = keys.of("idp").certificate }):entity()
    )
    now = now + 4000
    events = {}
    check.failure("argument", "cannot_read", new({ cache = cache }):entity())
    assert.equal("metadata_cache metadata_failed", kinds())
  end)

  it("does not believe a copy that others can write", function()
    write()
    new({ cache = cache }):entity()
    os.execute("chmod 666 " .. cache)
    os.remove(path)
    check.failure("argument", "cannot_read", new({ cache = cache }):entity())
    assert.matches("can be changed by others", events[1].message)
    assert(files.write(cache, "{}"))
    check.failure("argument", "cannot_read", new({ cache = cache }):entity())
  end)

  it("tells in time what ends", function()
    local last
    write()
    local source = new { warn_days = 400 }
    last = source:entity().idp.certificates.signing[1]:fields().not_after
    assert.equal("metadata_warning", kinds())
    assert.equal(last, source:warnings()[1].at)
    assert.same({}, source:warnings(1))
  end)

  it("raises for wrong options", function()
    for words, options in pairs {
      ["path or url"] = {},
      ["one of them"] = { path = "a", url = "https://a.example" },
      ["not one of https"] = { url = "ftp://a.example" },
      ["this machine only"] = { url = "http://a.example" },
      ["allow_http"] = { url = "http://127.0.0.1/" },
      ["at least 1"] = { path = "a", refresh = 0 },
      ["did you mean 'cache'"] = { path = "a", cach = "b" },
    } do
      assert.matches(
        words,
        check.blamed(function()
          metadata.source(options)
        end)
      )
    end
  end)

  describe("by address", function()
    local answers, requests

    local function fetching(options)
      answers, requests = {}, {}
      local all = { path = false, url = "https://idp.acme.com/metadata" }
      all.transport = {
        send = function(_, request)
          requests[#requests + 1] = request
          local answer = table.remove(answers, 1)
          if type(answer) == "function" then
            return answer()
          end
          return answer
        end,
      }
      for name, value in pairs(options or {}) do
        all[name] = value
      end
      all.clock = function()
        return now
      end
      all.on_event = function(event)
        events[#events + 1] = event
      end
      all.path = nil
      return metadata.source(all)
    end

    local function answer(status, body, headers)
      answers[#answers + 1] = { status = status, body = body or "", headers = headers or {} }
    end

    it("asks for it, and for no more than what is new", function()
      local source = fetching { refresh = 60 }
      answer(200, samples.entity(), { etag = '"1"' })
      assert.equal(samples.IDP, assert(source:entity()).entity_id)
      assert.is_nil(requests[1].headers["If-None-Match"])
      answer(304)
      assert.is_false((source:refresh()))
      assert.equal('"1"', requests[2].headers["If-None-Match"])
      answer(200, samples.entity())
      assert.is_false((source:refresh()))
      assert.is_true(requests[1].max_bytes > 0)
    end)

    it("does not follow redirects, and says what the server said", function()
      local source = fetching()
      answer(302)
      local err = check.failure("transport", "metadata_status", source:refresh())
      assert.matches("redirects are not followed", err.hint)
      answer(500)
      assert.matches(
        "answered 500",
        check.failure("transport", "metadata_status", source:refresh()).message
      )
      answer(200, "<html>please sign in</html>")
      check.failure(nil, "metadata_kind", source:refresh())
      answer(200, "please sign in")
      assert.matches("the answer", check.failure(nil, "metadata_kind", source:refresh()).message)
      answers[1] = function()
        return nil, "no route", { kind = "transport", code = "unreachable" }
      end
      assert.matches("^https://idp.acme.com/metadata: no route", select(2, source:refresh()))
    end)

    it("is asked once while an answer is under way", function()
      local source = fetching { refresh = 60 }
      answer(200, samples.entity())
      source:entity()
      now = now + 60
      local inner
      answers[1] = function()
        inner = source:entity()
        return { status = 200, body = samples.entity(), headers = {} }
      end
      assert.is_truthy(source:entity())
      assert.equal(samples.IDP, inner.entity_id)
      assert.equal(2, #requests)
    end)
  end)
end)

describe("saml.metadata.refresh", function()
  local from, to

  before_each(function()
    from, to = os.tmpname(), os.tmpname()
    os.remove(to)
  end)

  after_each(function()
    os.remove(from)
    os.remove(to)
  end)

  it("makes the file, and changes it in one step", function()
    assert(files.write(from, samples.entity()))
    local result = assert(metadata.refresh { from = from, to = to })
    assert.is_true(result.changed)
    assert.is_nil(result.difference)
    assert.equal(samples.entity(), assert(files.read(to)))
    assert.is_false(assert(metadata.refresh { from = from, to = to }).changed)
    local moved = samples.entity {
      sso = samples.endpoint("SingleSignOnService", "Redirect", "https://evil.example/"),
    }
    assert(files.write(from, moved))
    check.failure(
      "guard",
      "metadata_risky",
      metadata.refresh { from = from, to = to, hold_risky = true }
    )
    assert.equal(
      1,
      assert(metadata.refresh { from = from, to = to, dry_run = true }).difference.risky
    )
    assert.equal(samples.entity(), assert(files.read(to)))
    assert(metadata.refresh { from = from, to = to })
    assert.equal(moved, assert(files.read(to)))
  end)

  it("leaves the file when what comes is not fit for it", function()
    assert(files.write(to, samples.entity()))
    local before = digest.hex(assert(files.read(to)))
    for _, text in ipairs {
      "",
      "x",
      samples.entity { id = "https://b.example" },
      samples.entity { roles = "" },
    } do
      assert(files.write(from, text))
      check.failure(nil, nil, metadata.refresh { from = from, to = to })
    end
    assert.equal(before, digest.hex(assert(files.read(to))))
  end)

  it("leaves the rights of the file as they are, for workers of nginx that read it", function()
    local function mode()
      local _, output = files.run("stat -c %a " .. to)
      return output:match "%d+"
    end
    assert(files.write(from, samples.entity()))
    assert(metadata.refresh { from = from, to = to })
    assert.equal("644", mode())
    assert(files.run("chmod 640 " .. to))
    assert(files.write(from, samples.entity() .. "\n"))
    assert.is_true(assert(metadata.refresh { from = from, to = to }).changed)
    assert.equal("640", mode())
  end)

  it("does not write over what is somebody's file", function()
    assert(files.write(from, samples.entity()))
    assert(files.write(to, "root:x:0:0:"))
    check.failure("argument", "cannot_write", metadata.refresh { from = from, to = to })
    assert.equal("root:x:0:0:", assert(files.read(to)))
  end)
end)
