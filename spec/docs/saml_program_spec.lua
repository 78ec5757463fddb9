-- The README's program with a service provider, against our identity provider.
local pair = require "spec.support.saml_pair"

local function program()
  local file = assert(io.open "README.md")
  local text = file:read "*a"
  file:close()
  return assert(text:match "<!%-%- saml: program %-%->\n```lua\n(.-)```")
end

describe("the README's service provider", function()
  local path, idp, handlers

  setup(function()
    path = os.tmpname()
    idp = pair.idp("idp", os.time)
    local file = assert(io.open(path, "w"))
    local metadata = assert(idp:metadata())
    file:write(metadata)
    file:close()
    local text = program():gsub('"idp.xml"', ("%q"):format(path))
    handlers = setmetatable({}, { __index = _G })
    local chunk
    if rawget(_G, "setfenv") then
      chunk = setfenv(assert(loadstring(text)), handlers) -- luacheck: ignore 113
    else
      chunk = assert(load(text, "=README", "t", handlers))
    end
    chunk()
  end)

  teardown(function()
    os.remove(path)
  end)

  it("signs somebody on", function()
    local url, cookie = handlers.login "/reports"
    local answer = assert(pair.answer(idp, url))
    assert.same(
      { 303, "/reports", pair.ANN.email },
      { handlers.consume(pair.form(answer), cookie) }
    )
  end)

  it("shows the browser one sentence, and the log the check", function()
    local url = handlers.login "/reports"
    local _, other = handlers.login "/reports"
    local answer = assert(pair.answer(idp, url))
    local status, shown, logged = handlers.consume(pair.form(answer), other)
    assert.equal(403, status)
    assert.matches("^The sign%-in could not be completed", shown)
    assert.is_true(#logged > 20 and logged ~= shown)
  end)
end)
