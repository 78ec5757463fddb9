-- source.scim against a server that nobody here wrote: scimmy with scimmy-routers.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local peers = require "spec.peers.scim_servers"
local source = require "lastpass.source"

local ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
local COUNT = 60 -- more than a page

describe("source.scim of scimmy", function()
  local reason = peers.missing "scimmy"
  local server, client

  local function test(title, run)
    it(title, function()
      if reason then
        return pending(reason)
      end
      run()
    end)
  end

  local function open(more)
    local options = { url = server.url, token = lastpass.secret.value(peers.TOKEN) }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return source.scim(options)
  end

  setup(function()
    if reason then
      return
    end
    server = peers.start "scimmy"
    client = lastpass.scim.new { url = server.url, token = lastpass.secret.value(peers.TOKEN) }
    local ids = {}
    for number = 1, COUNT do
      local address = ("P%d@acme.example"):format(number)
      local department = number % 2 == 0 and "Even" or nil
      local made = assert(client:create("User", {
        userName = ("p%d"):format(number),
        displayName = ("Person %d"):format(number),
        active = number % 10 ~= 0,
        emails = { { value = address, type = "work", primary = true } },
        [ENTERPRISE] = { department = department, employeeNumber = tostring(number) },
      }))
      ids[number] = made.id
    end
    local finance = assert(client:create("Group", { displayName = "Finance" }))
    assert(client:add_members(finance.id, { ids[1], ids[2], ids[COUNT] }))
    assert(client:create("Group", { displayName = "Nobody's" }))
  end)

  teardown(function()
    if server then
      server:stop()
    end
  end)

  test("everybody comes once, with fields from core and extension, and their groups", function()
    local people = assert(open {
      attributes = {
        email = 'emails[type eq "work"].value',
        fullname = "displayName",
        department = { ENTERPRISE .. ":department", optional = true },
        number = ENTERPRISE .. ":employeeNumber",
        active = "active",
      },
      groups = true,
      page_size = 25,
      sha256 = true,
    })
    local list = assert(people:read())
    assert.equal(COUNT, #list)
    assert.is_true(people.proof.complete)
    local by = {}
    for _, person in ipairs(list) do
      by[person.email] = person
    end
    assert.same({ "Finance" }, by["P1@acme.example"].groups)
    assert.same({ "Finance" }, by[("P%d@acme.example"):format(COUNT)].groups)
    assert.same({}, by["P3@acme.example"].groups)
    assert.equal("Even", by["P2@acme.example"].department)
    assert.equal("false", by["P10@acme.example"].active)
    assert.equal("57", by["P57@acme.example"].number)
    local again = assert(open { page_size = 100, sha256 = true })
    assert(again:read())
    local once_more = assert(open { page_size = 7, sha256 = true })
    assert(once_more:read())
    assert.equal(again.proof.sha256, once_more.proof.sha256)
  end)

  test("a filter is the server's", function()
    local people = assert(open { filter = "active eq false" })
    assert.equal(math.floor(COUNT / 10), #assert(people:read()))
  end)

  test("a wrong token is no empty list", function()
    local wrong = lastpass.secret.value "not-the-token"
    check.failure("auth", "authorization_error", open { token = wrong })
  end)
end)
