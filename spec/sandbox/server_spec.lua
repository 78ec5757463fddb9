-- The journal of requests; spec/sandbox/control/init_spec.lua asks for it too.
local support = require("spec.sandbox.support")

describe("lastpass.sandbox.server", function()
  local function numbers(entries)
    local list = {}
    for at, entry in ipairs(entries) do
      list[at] = entry.number
    end
    return list
  end

  local function entries(box, query)
    return numbers(box:control("GET", "journal?" .. (query or "")).entries)
  end

  it("keeps the newest entries only", function()
    local box = support.open({ journal_size = 3 })
    assert.same({}, entries(box))
    for _ = 1, 5 do
      box:call("getsfdata")
    end
    assert.same({ 3, 4, 5 }, entries(box))
    assert.same({ 4, 5 }, entries(box, "limit=2"))
    assert.equal(5, box:control("GET", "journal").requests)
  end)

  it("finds a command's entries", function()
    local box = support.open()
    for number = 1, 6 do
      box:call(number % 2 == 0 and "getsfdata" or "reporting")
    end
    assert.same({ 2, 4, 6 }, entries(box, "command=getsfdata"))
    assert.same({ 3, 5 }, entries(box, "limit=2&command=reporting"))
  end)

  it("forgets", function()
    local box = support.open()
    box:call("getsfdata")
    box:control("DELETE", "journal")
    assert.same({}, entries(box))
    assert.equal(0, box:control("GET", "journal").requests)
  end)

  it("has a route for each surface, and for nothing else", function()
    local box = support.open()
    for path, status in pairs({
      ["/enterpriseapi.php"] = 200,
      ["/_sandbox/health"] = 200,
      ["/_sandbox"] = 200,
      ["/scimapi/8771312/Users"] = 401,
      ["/SCIMAPI/1/Users"] = 401,
      ["/scim/v2"] = 401,
      ["/scim/v2/Users"] = 401,
      ["/scim/v2x"] = 404,
      ["/scimapi"] = 404,
      ["/"] = 404,
      ["/enterpriseapi.phpx"] = 404,
      ["/x/enterpriseapi.php"] = 404,
      ["/x/_sandbox/health"] = 404,
      ["/enterpriseapi_php"] = 404,
    }) do
      local reply = box:request({ path = path, method = "GET", headers = { host = "localhost" } })
      assert.equal(status, reply.status, path)
    end
  end)
end)
