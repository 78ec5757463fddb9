local box_support = require "spec.support.box"
local core = require "lastpass.core"
local gateway = require "spec.support.gateway"
local json = require "lastpass.json"
local tenants = require "spec.support.tenant"

describe("the proxy", function()
  local box, tenant, site
  setup(function()
    box = box_support.start { users = 20, seed = 4 }
  end)
  teardown(function()
    box:stop()
  end)
  before_each(function()
    box_support.reset(box)
    tenant = tenants.of(box)
    site = gateway.start({ acme = tenant }, {
      settings = { limits = { remove = 1, delete = 1, disable = "50%", leave = "50%" } },
    })
  end)

  local function post(command, data)
    return site:send("POST", "/proxy/" .. command, data)
  end

  it("gives the reply as LastPass wrote it", function()
    local body = '{ "Users" : {},\n "total":0, "count":0, "Groups": [] }'
    box_support.inject(box, "getuserdata", body)
    local response = post("getuserdata", { pagesize = 1 })
    assert.equal(200, response.status)
    assert.equal(body, response.body)
    assert.equal("no-store", response.headers["cache-control"])
    assert.equal(0, #site.lines)
  end)

  it("carries out all of the commands", function()
    local people = {}
    for user in tenant:directory().snapshot:users { status = "active", admin = false } do
      people[#people + 1] = user.email
    end
    local data = {
      batchadd = { { username = "p@lumenor.example", fullname = "P" } },
      updateuser = { username = people[1], fullname = "Other" },
      updateemail = { oldemail = people[1], newemail = "other@lumenor.example" },
      deluser = { username = people[2], deleteaction = 0 },
      disableuser = { people[3] },
      enableuser = { people[3] },
      reinviteuser = { username = "p@lumenor.example" },
      resetpassword = { username = people[4] },
      requiremasterpasswordchange = { username = people[4] },
      disablemultifactor = { username = people[4] },
      batchchangegrp = { { username = people[4], add = { "Engineering" } } },
      reporting = { from = "2020-01-01 00:00:00", to = "2020-01-02 00:00:00" },
      pushsitestousers = { users = people[4], url = "https://x.example", name = "x" },
    }
    local wrote = 0
    for _, command in ipairs(core.commands) do
      local response = post(command.name, data[command.name])
      local known = response.status == 200
        or command.name == "pushsitestousers" and response.status == 422
      assert.is_true(known, command.name .. " " .. response.body)
      wrote = wrote + (command.writes and 1 or 0)
      if command.writes then
        assert.equal("proxy " .. command.name, site:last().action)
        assert.equal(1, #site:last().subjects)
      end
    end
    assert.equal(wrote, #site.lines)
    assert.equal(17, #core.commands)
  end)

  it("refuses data that do not fit, naming the field", function()
    local response = post("deluser", { username = "a@b.example" })
    assert.equal(400, response.status)
    assert.match("deleteaction", response.json.message)
    assert.is_nil(response.json.message:find("%.lua", 1))
    response = post("deluser", { username = "a@b.example", deleteactoin = 1, deleteaction = 1 })
    assert.match("deleteactoin", response.json.message)
    assert.equal(400, post("getuserdata", "{").status)
    assert.equal(400, post("batchadd", "").status)
    assert.equal(400, post("disableuser", { 1, 2 }).status)
    assert.equal(400, post("disableuser", { ["0"] = "a@b.example" }).status)
    assert.equal(400, post("getuserdata", '"x"').status)
    assert.equal(200, post("getuserdata", "null").status)
    assert.equal(0, #site.lines)
  end)

  it("refuses addresses that the server may take for another one's", function()
    for _, address in ipairs { "guard@lumenor.example\0", "guard@lumenor.example\226\128\139" } do
      for command, data in pairs {
        disableuser = { address },
        batchadd = { { username = address } },
        deluser = { username = address, deleteaction = 0 },
        disablemultifactor = { username = address },
        batchchangegrp = { { username = address, del = { "Engineering" } } },
      } do
        local response = post(command, data)
        assert.equal(400, response.status)
        assert.match("is not an e%-mail address", response.json.message)
        assert.equal(0, box_support.requests(box, command))
      end
    end
  end)

  it(
    "sends no address that is none, and none beyond ASCII that the directory does not have",
    function()
      for _, address in ipairs {
        "<guard@lumenor.example>",
        "guard@lumenor.example.",
        "mailto:guard@lumenor.example",
        '"guard"@lumenor.example',
        "guard",
        "",
      } do
        assert.equal(400, post("disableuser", { address }).status, address)
        assert.equal(
          400,
          post("updateemail", { oldemail = address, newemail = "a@b.example" }).status
        )
        assert.equal(
          400,
          post("updateemail", { oldemail = "a@b.example", newemail = address }).status
        )
      end
      for _, address in ipairs {
        "\239\189\135uard@lumenor.example", -- a wide g
        "gu\208\176rd@lumenor.example", -- a Cyrillic a
        "guard@lumenor\227\128\130example",
      } do
        local response = post("disableuser", { address })
        assert.equal(404, response.status)
        assert.match("nobody has the address", response.json.message)
        assert.equal(404, post("deluser", { username = address, deleteaction = 0 }).status)
      end
      assert.equal(0, box_support.requests(box, "disableuser"))
      assert.equal(0, box_support.requests(box, "updateemail"))
      assert.equal(0, box_support.requests(box, "deluser"))
      -- somebody who has such an address can be named by it
      local company = require("spec.support.written").tenant("acme", "1", function()
        return '{"status":"OK"}'
      end)
      company:set { { id = "1", email = "zo\195\171@lumenor.example" } }
      site = gateway.start { acme = company }
      local response = post("resetpassword", { username = "zo\195\171@lumenor.example" })
      assert.equal(200, response.status, response.body)
    end
  )

  it("takes JSON alone, each name once", function()
    for kind, status in pairs {
      ["text/plain"] = 415,
      [""] = 415,
      ["application/x-www-form-urlencoded"] = 415,
      ["application/json; charset=utf-16"] = 415,
      ["multipart/form-data; boundary=application/json"] = 415,
      ["application/json; charset=UTF-8"] = 200,
      ["Application/JSON"] = 200,
    } do
      local options = { headers = { ["content-type"] = kind } }
      local response = site:send("POST", "/proxy/getuserdata", '{"pagesize":1}', options)
      assert.equal(status, response.status, kind)
    end
    local nothing = { headers = { ["content-type"] = false } }
    assert.equal(200, site:send("POST", "/proxy/getuserdata", nil, nothing).status)
    assert.equal(415, site:send("POST", "/proxy/getuserdata", "{}", nothing).status)
    for _, body in ipairs {
      '{"username":"a@b.example","username":"guard@lumenor.example"}',
      '{"username":"a\255@b.example"}',
      '\239\187\191{"username":"a@b.example"}',
      '{"username":"a@b.example"} {}',
      "username=a@b.example",
      "7",
    } do
      assert.equal(400, post("disablemultifactor", body).status, body)
    end
    assert.equal(0, box_support.requests(box, "disablemultifactor"))
  end)

  it("asks the guards about the address that is sent", function()
    site = gateway.start(
      { acme = tenant },
      { settings = { protect = { "guard@lumenor.example" } } }
    )
    local response = post("disableuser", { " GUARD@lumenor.example\r\n" })
    assert.equal(403, response.status)
    assert.equal("protected", response.json.details.guard)
  end)

  it("passes the guards of plans", function()
    local people = {}
    for user in tenant:directory().snapshot:users { status = "active", admin = false } do
      people[#people + 1] = user.email
    end
    site = gateway.start({ acme = tenant }, {
      settings = { protect = { people[1] }, limits = { leave = "100%" } },
    })
    local response = post("disableuser", { people[2], people[1] })
    assert.equal(403, response.status)
    assert.equal("protected", response.json.details.guard)
    response = post("deluser", { username = people[2], deleteaction = 2 })
    assert.equal(403, response.status)
    assert.equal("delete", response.json.details.guard)
    response = post("disableuser", { people[2], people[3], people[4] })
    assert.equal("disable", response.json.details.guard)
    response = post("batchchangegrp", { { username = people[2], add = { "ENGINEERING" } } })
    assert.equal(409, response.status)
    response = post("updateemail", { oldemail = people[1], newemail = "x@lumenor.example" })
    assert.equal("protected", response.json.details.guard)
    for _, command in ipairs { "disableuser", "deluser", "batchchangegrp", "updateemail" } do
      assert.equal(0, box_support.requests(box, command), command)
    end
    assert.equal(5, #site.lines)
    assert.equal("refused", site:last().outcome)
  end)

  it("gives failures with all of the reply", function()
    local long = json.encode { status = "FAIL", error = { ("no "):rep(2000) } }
    box_support.inject(box, "reinviteuser", long)
    local response = post("reinviteuser", { username = "a@b.example" })
    assert.equal(422, response.status)
    assert.is_true(response.json.truto_is_remote_error)
    assert.same(json.decode(long), response.json.raw_response)
    box_support.inject(box, "getuserdata", '<lastpass rc="Authorization Error"/>')
    assert.equal(401, post("getuserdata").status)
  end)

  it("gives the hash to nobody, even when LastPass sends it back", function()
    local hash = require("lastpass").sandbox.PROVHASH
    box_support.inject(box, "getuserdata", '{"Users":{},"total":0,"echo":"' .. hash .. '"}')
    local response = post "getuserdata"
    assert.is_nil(response.body:find(hash, 1, true))
    box_support.inject(box, "getuserdata", '{"status":"FAIL","error":["' .. hash .. '"]}')
    response = post "getuserdata"
    assert.equal(422, response.status)
    assert.is_nil(response.body:find(hash, 1, true))
  end)
end)
