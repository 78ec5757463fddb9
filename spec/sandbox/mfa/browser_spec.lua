-- The phone of the sandbox in the hand of a person: Chromium, with and without scripts, looked at by axe-core.
-- Runs once: it is the browser that is tried.
local browser = require "spec.support.browser"
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local support = require "spec.support.box"

describe("the phone's page", function()
  it("rings, is approved, denied and reported in Chromium", function()
    local reason = browser.missing()
    if reason then
      return pending(reason)
    end
    local box = support.start { users = 20, assumptions = { mfa_enrolled = "everybody" } }
    local made, emails = {}, {}
    finally(function()
      box:stop()
      planted.remove(made)
    end)
    for user in assert(box:client()):users() do
      emails[#emails + 1] = user.status == "active" and user.email or nil
    end
    local text = browser.run("spec/sandbox/mfa/browser.cjs", made, {
      box.mfa.url,
      box.mfa.login_key,
      emails[1],
      emails[2],
    })
    local seen = assert(json.decode(text), text)
    assert.is_nil(seen.error)
    assert.same(json.list(), seen.errors)
    assert.same(json.list(), seen.violations)
    assert.is_truthy(seen.empty:find("Nothing rings", 1, true))
    for _, words in ipairs { emails[1], "Linux, Firefox", "203.0.113.9", "Face", "60 s" } do
      assert.is_truthy(seen.ringing:find(words, 1, true), words)
    end
    assert.equal("Success", seen.approved)
    assert.equal("Denied", seen.denied)
    assert.equal("WaitingForResponse", seen.open)
    assert.equal("Alert", seen.reported)
    assert.is_truthy(seen.waiting:find(emails[1], 1, true))
    assert.same({ Username = emails[1], IsAuthenticated = false }, seen.web)
    local methods = {}
    for _, entry in ipairs(assert(box:phone_journal { email = emails[1] })) do
      methods[#methods + 1] = entry.method
    end
    assert.equal("face", methods[1])
  end)
end)
