-- Runs once: what is taken out here is the same under every interpreter.
-- The two checks of saml §3 that no message shows: where the IDs of requests come from (§3.29), and what is given out of
-- a response (§3.30). Each is written as what has to hold; with the check taken out, that does not hold any more.
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local hostile = require "spec.saml.hostile"
local messages = require "lastpass.saml.message"
local pair = require "spec.support.saml_pair"
local response = require "lastpass.saml.response"
local saml = require "lastpass.saml"
local site = require "spec.support.saml_site"

local function step_of(name)
  for _, step in ipairs(response.steps) do
    if step.name == name then
      return step
    end
  end
end

-- With something else in its place for a moment.
local function instead(owner, name, value, run)
  local before = owner[name]
  owner[name] = value
  local ok, message = pcall(run)
  owner[name] = before
  assert(ok, message)
end

describe("the ID of a request (saml §3.29)", function()
  -- What holds of IDs: names of XML of at least 128 bits, which are those that the random source gave.
  local function problem()
    local given, sp = {}, saml.sp.new(pair.written_options())
    local random, found = digest.random, nil
    instead(digest, "random", function(count)
      local bytes = random(count)
      given[#given + 1] = digest.to_hex(bytes)
      return bytes
    end, function()
      local seen = {}
      for _ = 1, 50 do
        given = {}
        local url, request = sp:login_url()
        if not url then -- the store has that request already
          found = found or "there twice"
          break
        end
        local digits = request.id:match "^_(%x+)$"
        local is_random = false
        for _, hex in ipairs(given) do
          is_random = is_random or hex == digits
        end
        found = found
          or not digits and "no name of XML"
          or #digits < 32 and "short"
          or seen[digits] and "there twice"
          or not is_random and "not of the random source"
        seen[digits or ""] = true
      end
    end)
    return found or nil
  end

  it("is random, by the system's source", function()
    assert.is_nil(problem())
  end)

  local number, first = 0, nil
  local others = {
    ["not of the random source"] = function()
      number = number + 1
      return ("_%032x"):format(os.time() * 100000 + number) -- of the clock, as a rival's were
    end,
    ["no name of XML"] = function()
      return digest.to_hex(digest.random(20)):gsub("^.", "7")
    end,
    short = function()
      return "_" .. digest.to_hex(digest.random(8))
    end,
    ["there twice"] = function()
      first = first or "_" .. digest.to_hex(digest.random(20))
      return first
    end,
  }
  for what, new_id in pairs(others) do
    it("would be " .. what, function()
      instead(messages, "new_id", new_id, function()
        assert.equal(what, problem())
      end)
    end)
  end
end)

describe("what is given out of a response (saml §3.30)", function()
  local known = {}
  for name in
    (
      "name_id format attributes session_index expires issuer authn_context in_response_to "
      .. "assertion_id signed"
    ):gmatch "%S+"
  do
    known[name] = true
  end

  local function good()
    for _, case in ipairs(hostile.cases) do
      if case.name == "a good response" then
        return assert(site.try(case))
      end
    end
  end

  local may_lack = { session_index = true, expires = true, authn_context = true }

  -- XML anywhere in it.
  local function has_xml(value)
    if type(value) == "table" then
      for _, item in pairs(value) do
        if has_xml(item) then
          return true
        end
      end
    end
    return type(value) == "string" and value:find "^%s*<" ~= nil
  end

  local function problem()
    local identity = good()
    for name in pairs(known) do
      if identity[name] == nil and not may_lack[name] then
        return "lacks " .. name
      end
    end
    return has_xml(identity) and "has XML" or nil
  end

  it("is one table, without XML", function()
    assert.is_nil(problem())
  end)

  it("would be nothing", function()
    instead(step_of "identity", "run", function()
      return true
    end, function()
      assert.is_false((pcall(good)))
    end)
  end)

  it("would have XML that nobody asked for", function()
    local step = step_of "identity"
    local run = step.run
    instead(step, "run", function(c)
      c.wants_xml = true
      return run(c)
    end, function()
      assert.equal("has XML", problem())
    end)
  end)

  it("is a line of a log, whatever a message says", function()
    local _, message = checks.fail("wrong_issuer", { detail = "a\nlastpass: signed in\r\27[2J" })
    assert.is_nil(message:find "%c")
    local escape = checks.fail
    instead(checks, "fail", function(code, fields)
      return nil, checks.of(code).sentence .. ": " .. fields.detail, escape(code)
    end, function()
      local _, line = checks.fail("wrong_issuer", { detail = "a\nb" })
      assert.truthy(line:find "%c") -- what the escaping stands against
    end)
  end)
end)
