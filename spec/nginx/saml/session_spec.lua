-- Sessions and what ends them, with clocks that jump and differ, and cookies that were put together by somebody else.
local cookies = require "lastpass.nginx.guard.cookies"
local feeds = require "lastpass.nginx.guard.feed"
local keys = require "lastpass.nginx.guard.keys"
local lastpass = require "lastpass"
local revocations = require "lastpass.nginx.guard.revoked"
local sessions = require "lastpass.nginx.saml.session"
local shared_dict = require "spec.support.shared_dict"

local LIFETIME = 3600
local NAME = "__Host-lastpass_saml"

describe("sessions of the SAML guard", function()
  local now, revoked, here

  local function key(id, letter)
    return { id = id, secret = assert(lastpass.secret.value(letter:rep(32))) }
  end

  local function new(list)
    return sessions.new {
      keys = keys.read(list or { key("a", "a") }, "saml", "cookie_keys", 1),
      purpose = "session x",
      lifetime = LIFETIME,
      idle = 600,
      revoked = revoked,
    }
  end

  before_each(function()
    now = 100000
    local dict = shared_dict.new {
      now = function()
        return now
      end,
    }
    revoked = revocations.new(dict, "lastpass_saml_revoked", LIFETIME)
    here = new()
  end)

  local function begin(name, of, large)
    local identity = { name_id = name, issuer = "i", subject = {} }
    local attributes = { x = { large and ("y"):rep(4000) or nil } }
    local session, is_over = (of or here):begin(identity, name, attributes, now)
    local jar = {}
    for _, text in ipairs(assert((of or here):store(session))) do
      local cookie, value = text:match "^([^=]+)=([^;]*)"
      jar[cookie] = value
    end
    return jar, session, is_over
  end

  local function header(jar)
    local parts = {}
    for name, value in pairs(jar) do
      parts[#parts + 1] = name .. "=" .. value
    end
    return table.concat(parts, "; ")
  end

  local function reason(jar, of)
    local session, why = (of or here):find(type(jar) == "table" and header(jar) or jar, now)
    return session and session.account or why
  end

  it("do not outlive a clock that was ahead", function()
    now = now + 86400
    local jar = begin "ann@acme.example"
    assert.equal("ann@acme.example", reason(jar))
    now = now - 86400 -- it is set right
    assert.equal("expired", reason(jar))
  end)

  it("end at machines whose clock is behind that of their own", function()
    now = now + 30
    local jar, session = begin "ann@acme.example"
    now = now - 30
    assert.equal("ann@acme.example", reason(jar))
    revoked:add(sessions.session_key(session.id), now, now)
    assert.equal("revoked", reason(jar))
    jar = begin "bob@acme.example"
    revoked:add(revocations.account_key "BOB@acme.example", now, now)
    assert.equal("revoked", reason(jar))
  end)

  it("begin by the clock of the journal", function()
    revoked:set_clock(-50)
    local _, session = begin "ann@acme.example"
    assert.equal(now - 50, session.issued)
    revoked:add(revocations.account_key "ann@acme.example", now - 50, now)
    local _, _, is_over = begin "ann@acme.example"
    assert.is_true(is_over)
  end)

  it("are of one account, however its address is written", function()
    for _, pair in ipairs {
      { "Ann@Acme.Example", "ann@acme.example" },
      { " ann@acme.example ", "ann@acme.example" },
      { "\195\132nne@acme.example", "\195\164nne@acme.example" }, -- Ä, ä
      { "a\204\136nne@acme.example", "\195\164nne@acme.example" }, -- a with a combining mark
    } do
      local jar = begin(pair[1])
      assert.not_equal("revoked", reason(jar))
      revoked:add(revocations.account_key(pair[2]), now, now)
      assert.equal("revoked", reason(jar), pair[1])
      now = now + 1
    end
  end)

  it("take no parts of other sessions", function()
    local one, two = begin("one@acme.example", nil, true), begin("two@acme.example", nil, true)
    assert.equal("one@acme.example", reason(one))
    local second = NAME .. ".2"
    for what, jar in pairs {
      ["the end of another one"] = { [NAME] = one[NAME], [second] = two[second] },
      ["parts in another order"] = { [NAME] = "2~" .. one[second], [second] = one[NAME]:sub(3) },
      ["no end"] = { [NAME] = one[NAME] },
      ["no beginning"] = { [second] = one[second] },
      ["both as one"] = { [NAME] = "1~" .. one[NAME]:sub(3) .. one[second] .. "A" },
      ["one cut"] = { [NAME] = one[NAME], [second] = one[second]:sub(1, -2) },
      ["another key's name"] = { [NAME] = one[NAME]:gsub("a%.", "b."), [second] = one[second] },
      ["a purpose of ours"] = { [NAME .. "_r_x"] = one[NAME] },
    } do
      assert.equal("none", reason(jar), what)
    end
    assert.equal("none", reason(header(one) .. "; " .. header(two)))
    local many = {}
    for number = 1, 200 do
      many[number] = ("%s%d=x"):format(NAME, number)
    end
    assert.equal("one@acme.example", reason(table.concat(many, ";") .. ";" .. header(one)))
  end)

  it("are read by keys that are still there, and by those alone", function()
    local jar = begin "ann@acme.example"
    local both, later = new { key("b", "b"), key("a", "a") }, new { key("b", "b") }
    local session, _, entry = both:find(header(jar), now)
    assert.equal("ann@acme.example", session.account)
    assert.is_false(entry.is_current)
    assert.is_table(both:renew(entry, now))
    assert.equal("none", reason(jar, later))
    assert.equal("none", reason(jar, new { key("a", "b") })) -- another secret of that name
  end)

  it("are not known by a list that was read when the clock was ahead", function()
    local feed = feeds.new("saml", {
      name = "default",
      journal = "/nowhere",
      lifetime = LIFETIME,
      stale_after = 60,
    }, revoked)
    assert.is_true(feed:is_late(now))
    revoked:feed_ok("journal", now)
    assert.is_false(feed:is_late(now))
    assert.is_false(feed:is_late(now - 1)) -- another worker's clock
    assert.is_true(feed:is_late(now - 3600))
    assert.is_true(feed:is_late(now + 61))
    assert.equal(math.huge, feed:lag(now - 3600).journal)
  end)

  it("fit into cookies, or are refused whole", function()
    local identity = { name_id = "a", issuer = "i", subject = {} }
    local attributes = {}
    for number = 1, 10000 do
      attributes["name " .. number] = { ("v"):rep(100) }
    end
    local session = here:begin(identity, "a", attributes, now)
    local headers, bytes = here:store(session)
    assert.is_nil(headers)
    assert.is_true(bytes > cookies.LONGEST)
  end)
end)
