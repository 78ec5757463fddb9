-- Addresses, taken apart.
local address = require "lastpass.transport.address"
local check = require "spec.support.check"

describe("lastpass.transport.address", function()
  -- address, then host, port, target, is_loopback
  local good = {
    { "https://lastpass.com/enterpriseapi.php", "lastpass.com", 443, "/enterpriseapi.php", false },
    { "https://lastpass.com", "lastpass.com", 443, "/", false },
    { "https://lastpass.com/", "lastpass.com", 443, "/", false },
    { "https://Lastpass.EU/A/b//c/", "Lastpass.EU", 443, "/A/b//c/", false },
    { "https://a-b_c.d.example./x", "a-b_c.d.example.", 443, "/x", false },
    { "https://lastpass.com:1/", "lastpass.com", 1, "/", false },
    { "https://lastpass.com:80/", "lastpass.com", 80, "/", false },
    { "https://lastpass.com:65535/", "lastpass.com", 65535, "/", false },
    { "https://lastpass.com:/", "lastpass.com", 443, "/", false },
    { "https://192.0.2.7:8443/x", "192.0.2.7", 8443, "/x", false },
    { "https://[2001:db8::7]/x", "2001:db8::7", 443, "/x", false },
    { "https://[2001:DB8::7]:8443/x", "2001:DB8::7", 8443, "/x", false },
    { "https://[::ffff:192.0.2.7]:/", "::ffff:192.0.2.7", 443, "/", false },
    -- http, and who is this machine
    { "http://localhost/x", "localhost", 80, "/x", true },
    { "http://localhost:8080/x", "localhost", 8080, "/x", true },
    { "http://127.0.0.1:1234/x", "127.0.0.1", 1234, "/x", true },
    { "http://[::1]/x", "::1", 80, "/x", true },
    { "http://[::1]:8080/x", "::1", 8080, "/x", true },
    { "https://localhost:8443/x", "localhost", 8443, "/x", true },
    { "https://127.0.0.1/x", "127.0.0.1", 443, "/x", true },
    { "https://[::1]/x", "::1", 443, "/x", true },
    { "https://localhost.example/x", "localhost.example", 443, "/x", false },
    -- queries, fragments, and what looks like something else in a path
    { "https://h.example/x?a=b&c=d%20e", "h.example", 443, "/x?a=b&c=d%20e", false },
    { "https://h.example?a=b", "h.example", 443, "/?a=b", false },
    { "https://h.example:99?a=/b", "h.example", 99, "/?a=/b", false },
    { "https://h.example/x#part", "h.example", 443, "/x", false },
    { "https://h.example/x?a#part?b", "h.example", 443, "/x?a", false },
    { "https://h.example#part", "h.example", 443, "/", false },
    { "https://h.example#@other.example/", "h.example", 443, "/", false },
    { "https://h.example/users/a@x.example", "h.example", 443, "/users/a@x.example", false },
    { "https://h.example/@x", "h.example", 443, "/@x", false },
    { "https://h.example?to=a@x.example", "h.example", 443, "/?to=a@x.example", false },
    { "https://h.example/http://y:1/", "h.example", 443, "/http://y:1/", false },
    { "https://h.example/\195\169", "h.example", 443, "/\195\169", false },
  }

  it("are a scheme, a host, a port, and a path with its query", function()
    for _, case in ipairs(good) do
      local url = case[1]
      assert.same({
        scheme = url:match "^%a+",
        authority = url:match "^%a+://([^/?#]+)",
        host = case[2],
        port = case[3],
        target = case[4],
        is_loopback = case[5],
      }, assert(address.parse(url)), url)
    end
  end)

  it("give ports as whole numbers", function()
    for _, url in ipairs { "https://h.example/", "https://h.example:8443/", "http://[::1]:080/" } do
      assert.matches("^%d+$", tostring(address.parse(url).port), url)
    end
  end)

  local function refused(message, list)
    for _, url in ipairs(list) do
      local address_of, text, err = address.parse(url)
      local ok, problem = pcall(check.failure, "transport", "bad_url", address_of, text, err)
      assert.is_true(ok, ("%q: %s"):format(url, tostring(problem)))
      assert.equal(message, text, url)
      assert.equal("the address must begin with https://", err.hint)
      assert.is_nil(err.sent or err.begun)
    end
  end

  it("are refused with another scheme, or with none", function()
    refused("the address is not one of https", {
      "",
      "lastpass.com",
      "//lastpass.com/x",
      "/x",
      "https",
      "https:",
      "https:/lastpass.com/",
      "https:lastpass.com/",
      "https://",
      "http://",
      "httpss://lastpass.com/",
      "xhttps://lastpass.com/",
      " https://lastpass.com/",
      "ftp://lastpass.com/",
      "file:///etc/passwd",
      "unix:/run/x.sock",
    })
  end)

  it("are refused with spaces, line ends and other control characters", function()
    for _, byte in ipairs { " ", "\t", "\r", "\n", "\0", "\1", "\27", "\127" } do
      refused("the address is not one of https", {
        "https://h.example/x" .. byte .. "Host:other",
        "https://h" .. byte .. ".example/x",
        "https://h.example/x?y=" .. byte,
        "https://h.example/x" .. byte,
        "https://" .. byte .. "h.example/x",
      })
    end
  end)

  it("are refused with a user, or a password", function()
    refused("the address is not understood", {
      "https://me@h.example/x",
      "https://me:pass@h.example/x",
      "https://me:1@h.example/x", -- as if it were a port
      "https://me:@h.example/x",
      "https://:pass@h.example/x",
      "https://@h.example/x",
      "https://me@h.example",
      "https://localhost@h.example/x",
      "http://localhost@h.example/x",
      "http://localhost:80@h.example/x",
      "http://[::1]@h.example/x",
      "https://h.example\\@other.example/x",
    })
  end)

  it("are refused with a port that is none", function()
    local list = {}
    for _, port in ipairs {
      "0",
      "00",
      "65536",
      "70000",
      "99999999999999999999999",
      "-1",
      "+1",
      "1.5",
      "1e3",
      "0x50",
      "https",
      "80x",
      "80:80",
      ":80",
    } do
      list[#list + 1] = "https://h.example:" .. port .. "/x"
      list[#list + 1] = "https://[2001:db8::7]:" .. port
    end
    refused("the address is not understood", list)
  end)

  it("are refused with a host that is none", function()
    refused("the address is not understood", {
      "https:///x",
      "https://?x",
      "https://#x",
      "https://:443/x",
      "https://h%2eexample/x",
      "https://h,example/x",
      "https://h;example/x",
      "https://h\195\169.example/x",
      "https://h\\example/x",
      "https://h$example",
      -- numbers with colons stand in brackets
      "https://::1/x",
      "https://2001:db8::7/x",
      "https://[::1/x",
      "https://::1]/x",
      "https://[]/x",
      "https://[h.example]/x",
      "https://[fe80::1%25eth0]/x",
      "https://x[::1]/x",
      "https://[::1]x/x",
      "https://[[::1]]/x",
    })
  end)

  it("of other machines are refused without TLS", function()
    refused("http goes to this machine only", {
      "http://lastpass.com/x",
      "http://lastpass.com:443/x",
      "http://10.0.0.1/x",
      "http://0.0.0.0/x",
      "http://[::]/x",
      "http://[2001:db8::1]/x",
      "http://localhost.example/x",
      "http://xlocalhost/x",
      "http://127.0.0.1.example/x",
      "http://h.example/localhost",
      "http://h.example?localhost",
    })
  end)

  it("knows what is wrong with a proxy's, and does not repeat it", function()
    for _, good_proxy in ipairs {
      "http://proxy.example:3128",
      "proxy.example:3128",
      "proxy.example",
      "HTTPS://proxy.example/",
      "http://ann@proxy.example:3128",
      "http://ann:p%40ss%23%25word:1@proxy.example:3128",
      "socks4://10.0.0.1:1080",
      "socks5h://ann:x@[2001:db8::7]:1080",
    } do
      assert.is_nil(address.proxy_problem(good_proxy), good_proxy)
    end
    local encoded = "must be percent%-encoded there: %%40 for @, %%23 for #, %%2F for /"
    for bad, expected in pairs {
      ["http://ann:canary@7@proxy.example:3128"] = encoded,
      ["http://ann:canary#7@proxy.example:3128"] = encoded,
      ["http://ann:canary/7@proxy.example:3128"] = encoded,
      ["http://ann:canary?7@proxy.example:3128"] = encoded,
      ["ann:canary 7@proxy.example:3128"] = encoded,
      ["http://ann:canary%7@proxy.example:3128"] = "write %%25 for it",
      ["ftp://canary.example"] = "must be as http://host:port",
      ["http://canary.example:port"] = "must be as http://host:port",
      ["http://canary.example/path"] = "must be as http://host:port",
      ["http://"] = "must be as http://host:port",
      ["ann:canary7@"] = "must be as http://host:port",
    } do
      local problem = address.proxy_problem(bad)
      assert.matches(expected, problem, bad)
      assert.is_nil(problem:find("canary", 1, true), bad)
    end
  end)

  it("does not let a proxy read what is not encrypted", function()
    assert.matches("with http", address.proxy_refusal "http://127.0.0.1/x")
    assert.matches("with http", address.proxy_refusal("HTTP://localhost/x", true))
    assert.matches("without verification", address.proxy_refusal("https://localhost/x", false))
    assert.is_nil(address.proxy_refusal "https://localhost/x")
    assert.is_nil(address.proxy_refusal("https://lastpass.com/", true))
  end)

  it("shows an address without its password", function()
    for given, shown in pairs {
      ["http://ann:secret@proxy.example:3128"] = "http://ann:***@proxy.example:3128",
      ["http://ann:se@c#r/e?t@proxy.example"] = "http://ann:***@proxy.example",
      ["http://:secret@proxy.example"] = "http://:***@proxy.example",
      ["ann:secret@proxy.example"] = "ann:***@proxy.example",
      ["postgresql://u:secret@db/x"] = "postgresql://u:***@db/x",
      ["http://ann@proxy.example:3128"] = "http://ann@proxy.example:3128",
      ["http://proxy.example:3128"] = "http://proxy.example:3128",
      ["proxy:3128"] = "proxy:3128",
      ["/home/ann/runs.db"] = "/home/ann/runs.db",
    } do
      assert.equal(shown, address.without_password(given))
    end
  end)
end)
