-- Where a browser may go after a sign-on: every way around such rules that is known from other programs.
local check = require "spec.support.check"
local relay = require "lastpass.saml.relay"

describe("saml.relay", function()
  local any = relay.rules("spec", {
    hosts = { "https://app.acme.example", "https://other.example:8443", "http://127.0.0.1:81" },
  })

  local function refuses(target, rules)
    local err = check.failure("refused", "relay_refused", relay.check(target, rules or any))
    assert.equal("saml §5", err.section)
  end

  it("takes paths of this site, and addresses of hosts that are listed", function()
    for _, target in ipairs {
      "/",
      "/a/b?c=d&e=%2F%5c//x#f",
      "/a.b/..c/.d",
      "/%C3%BC",
      "https://app.acme.example",
      "https://app.acme.example/x?y#z",
      "https://app.acme.example?y",
      "HTTPS://APP.acme.Example/x",
      "https://other.example:8443/",
      "http://127.0.0.1:81/x",
    } do
      assert.equal(target, relay.check(target, any))
    end
  end)

  it("refuses hosts in the clothes of paths", function()
    for _, target in ipairs {
      "//evil.example", -- mod_auth_openidc #449
      "///evil.example", -- mod_auth_mellon, CVE-2021-3639
      "////evil.example",
      "/\\evil.example", -- mod_auth_openidc #453
      "\\/evil.example",
      "\\\\evil.example",
      "/\\/evil.example",
      "/%5cevil.example",
      "/%5Cevil.example",
      "/%2fevil.example",
      "/%2Fevil.example",
      "/\t/evil.example", -- browsers drop tabs and line breaks
      "/\n/evil.example",
      "/\r\n/evil.example",
      "\t//evil.example",
      " //evil.example",
      "/ /evil.example",
      "/.//evil.example",
      "/..//evil.example",
      "/a/..//evil.example",
      "/a/%2e%2e//evil.example",
      "/%2e/evil.example",
      "/a//b",
      "/a/../b",
      "/a/..",
      "/a/..;/b",
      "/a/..;x=1/b",
      "/a/%2e.%3B/b",
      "/a/.;/b",
      "/a%2fb",
      "/a%5Cb",
      "/a\0b",
      "/a\127b",
      "/\226\136\149evil.example", -- U+2215, which looks like a slash
      "/\195\188",
      "/a b",
      "/a%",
      "/a%2",
      '/"><script>',
      "/a|b",
    } do
      refuses(target)
    end
  end)

  it("refuses addresses that browsers complete", function()
    for _, target in ipairs {
      "http:evil.example", -- mod_auth_mellon, CVE-2019-3877
      "http:/\\evil.example", -- mod_auth_mellon, CVE-2019-13038
      "http:/evil.example",
      "https:evil.example",
      "https:/evil.example",
      "https:///evil.example",
      "https://",
      "https:\\\\evil.example",
      "evil.example",
      "evil.example/x",
      "javascript:alert(1)",
      "java\tscript:alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "?x",
      "#x",
      "",
      "./x",
      "../x",
    } do
      refuses(target)
    end
  end)

  it("refuses hosts that only look like one of the list", function()
    for _, target in ipairs {
      "https://evil.example/x",
      "http://app.acme.example/x",
      "https://app.acme.example:444/x",
      "https://app.acme.example.evil.example/x",
      "https://app.acme.example@evil.example/x",
      "https://app.acme.example%40evil.example/x",
      "https://app.acme.example%2eevil.example/",
      "https://evil.example#@app.acme.example/",
      "https://evil.example?app.acme.example",
      "https://evil.example/https://app.acme.example/",
      "https://user@app.acme.example/x",
      "https://user:word@app.acme.example/x",
      "https://app.acme.example\\.evil.example/",
      "https://app.acme.example:@evil.example/",
      "https://xapp.acme.example/",
      "https://app.acme.example./x",
      "https://app.acme.example//evil.example",
      "https://app.acme.example/%2f/evil.example",
      "//app.acme.example/x",
      "https://other.example/",
      "ftp://app.acme.example/",
    } do
      refuses(target)
    end
  end)

  it("keeps to the paths that are listed", function()
    local few = relay.rules("spec", { paths = { "/app", "/docs/" }, default = "/app" })
    for _, target in ipairs { "/app", "/app/x", "/app?x", "/app#x", "/docs/", "/docs/a" } do
      assert.equal(target, relay.check(target, few))
    end
    for _, target in ipairs {
      "/",
      "/application",
      "/docs",
      "/x/app",
      "/APP",
      "https://app.acme.example/",
    } do
      refuses(target, few)
    end
  end)

  it("has a limit", function()
    assert.is_string(relay.check("/" .. ("x"):rep(2047), any))
    check.failure("refused", "relay_too_long", relay.check("/" .. ("x"):rep(2048), any))
  end)

  it("blames a program for rules that make no sense", function()
    for _, given in ipairs {
      { hosts = { "app.acme.example" } },
      { hosts = { "http://app.acme.example" } },
      { hosts = { "https://app.acme.example/" } },
      { hosts = { "https://user@app.acme.example" } },
      { hosts = { "https://*.acme.example" } },
      { paths = { "app" } },
      { paths = { "//app" } },
      { default = "//evil.example" },
      { default = "https://evil.example" },
      { pathes = {} },
    } do
      check.blamed(function()
        local rules = relay.rules("spec", given)
        return rules
      end)
    end
  end)
end)
