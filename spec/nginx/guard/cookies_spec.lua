local cookies = require "lastpass.nginx.guard.cookies"

-- What a browser makes of Set-Cookie.
local function apply(jar, headers)
  for _, text in ipairs(headers) do
    local name, value = text:match "^([^=]+)=([^;]*);"
    jar[name] = not text:find "Max%-Age=0" and value or nil
  end
  return jar
end

describe("cookies of the SAML guard", function()
  it("are for this host, encrypted connections and servers only", function()
    assert.equal(
      "__Host-x=v; Path=/; Secure; HttpOnly; SameSite=Lax",
      cookies.set("__Host-x", "v", "Lax")
    )
    assert.equal(
      "__Host-x=; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=0",
      cookies.forget("__Host-x", "None")
    )
  end)

  it("are read as they come, and one that is there twice not at all", function()
    assert.same({ a = "1", b = "2=3", c = "" }, cookies.read "a=1; b=2=3;c= ;  ;=x; d")
    assert.same({ b = "1" }, cookies.read "a=1; b=1; a=2; a=3")
    assert.same({ a = "1", b = "2" }, cookies.read { "a=1", "b=2" })
    assert.same({}, cookies.read(nil))
  end)

  it("are read in time that grows with their length, whatever they are made of", function()
    for _, odd in ipairs { "a", "a ", " ", "=", ";", "a= ", "\t" } do
      local text = "x=1" .. odd:rep(300000) .. "b " -- squared, this would take hours
      assert.is_table(cookies.read(text))
      assert.is_string(cookies.without(text, "__Host-l"))
    end
  end)

  it("have one name for those who read them and those who remove them", function()
    for _, header in ipairs { "x __Host-l=1", "a=1; b __Host-l.2=3", "\t__Host-l =1" } do
      local reads = cookies.read(header)
      local rest = cookies.without(header, "__Host-l")
      assert.equal(reads["__Host-l"] == nil and reads["__Host-l.2"] == nil, rest == header)
    end
  end)

  it("spread what is long, and gather it", function()
    for _, length in ipairs { 0, 1, 3499, 3500, 3501, 7000 } do
      local value = ("v"):rep(length)
      local jar = apply({}, assert(cookies.spread("n", value, "Lax")))
      for name, text in pairs(jar) do
        assert.is_true(#name + #text < 3600)
      end
      assert.equal(value, cookies.gather("n", jar))
    end
    assert.is_nil(cookies.spread("n", ("v"):rep(7001), "Lax"))
  end)

  it("take no part of an older value for one of the new", function()
    local jar = apply({}, assert(cookies.spread("n", ("a"):rep(6000), "Lax")))
    assert.truthy(jar["n.2"])
    local headers = assert(cookies.spread("n", "short", "Lax", jar))
    apply(jar, headers)
    assert.same({ n = "1~short" }, jar)
    -- a part that did not come, and numbers that nobody wrote
    for _, odd in ipairs {
      { n = "2~a" },
      { n = "0~a" },
      { n = "9~a" },
      { n = "~a" },
      { n = "a" },
      { ["n.2"] = "a" },
      {},
    } do
      assert.is_nil(cookies.gather("n", odd))
    end
    apply(jar, cookies.forget_all("n", "Lax", { n = "x", ["n.2"] = "y" }))
    assert.same({}, jar)
  end)

  it("stay with the guard", function()
    local rest, changed = cookies.without("a=1; __Host-l=2;b=3; __Host-l.2=4", "__Host-l")
    assert.equal("a=1; b=3", rest)
    assert.is_true(changed)
    rest, changed = cookies.without("__Host-l=2", "__Host-l")
    assert.is_nil(rest)
    assert.is_true(changed)
    rest, changed = cookies.without("a=1; b=__Host-l", "__Host-l")
    assert.equal("a=1; b=__Host-l", rest)
    assert.is_false(changed)
  end)
end)
