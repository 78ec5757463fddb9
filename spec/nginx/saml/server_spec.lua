-- What nginx.conf says, and where that contradicts the guard's settings.
local conf = require "lastpass.nginx.saml.conf"
local options = require "lastpass.nginx.saml.options"
local lastpass = require "lastpass"
local servers = require "lastpass.nginx.saml.server"
local support = require "spec.support.store"

describe("the configuration of nginx", function()
  local folder

  setup(function()
    folder = support.folder()
  end)

  teardown(function()
    support.remove(folder)
  end)

  local function read(text, more)
    support.write(folder .. "/nginx.conf", text)
    for name, content in pairs(more or {}) do
      support.write(folder .. "/" .. name, content)
    end
    return assert(conf.read(folder .. "/nginx.conf"))
  end

  local function settings(more)
    local given = {
      url = "https://app.acme.example",
      idp = "x",
      cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
    }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    return options.read(given, 1)
  end

  local GUARD = [[access_by_lua_block { require("lastpass.nginx.saml").guard() }]]

  local function server(inside, more)
    return read("events {} http { server { " .. inside .. " } }", more)
  end

  it("is read with quotes, comments, variables, Lua and files that it includes", function()
    local list = read([===[
      user www-data; # a comment { with a brace
      http {
        log_format x '$a "${b}" {' "c;d";
        init_by_lua_block {
          local t = { "}", '}', [=[ }]] ]=] } -- } a comment
          --[[ }
          } ]]
          if t then end
        }
        map $http_x ${y} { default 1; }
        include sites/*.conf;
        include nothing-there;
      }
    ]===])
    assert.same({ "user", "www-data" }, list[1])
    local http = list[2].block
    assert.same({ "log_format", "x", '$a "${b}" {', "c;d" }, http[1])
    assert.truthy(http[2].lua:find "if t then end")
    assert.equal("map", http[3][1])
    assert.same({ "default", "1" }, http[3].block[1])
    assert.is_nil(http[4])
    list = server("include site.conf;", { ["site.conf"] = "listen 1; server_name x;" })
    assert.same({ "server_name", "x" }, list[2].block[1].block[2])
  end)

  it("is read to its end, whatever it has", function()
    for _, odd in ipairs {
      "",
      "{",
      "}",
      "a {",
      "a_by_lua_block {",
      "a_by_lua_block { [[",
      'a_by_lua_block { "',
      '"',
      "a 'b",
      "a \\",
      "# x",
      "include " .. folder .. "/nginx.conf;", -- itself
      ("a { "):rep(1000),
    } do
      assert.is_table(read(odd))
    end
  end)

  it("may be what the settings say", function()
    for _, good in ipairs {
      "listen 443 ssl; server_name app.acme.example; location / { " .. GUARD .. " }",
      "listen [::]:443 ssl http2; server_name x *.acme.example; location / { " .. GUARD .. " }",
      "listen 443 ssl; server_name .acme.example; location / { " .. GUARD .. " }",
      "listen 443 ssl; server_name ~^app; location / { " .. GUARD .. " }",
      "listen 443 ssl; server_name _; location / { " .. GUARD .. " }",
      "listen 443 ssl; location / { " .. GUARD .. " }",
      "listen 443 ssl; location / { return 200; } location /a { "
        .. GUARD
        .. " } location /saml/ { content_by_lua_block { require('lastpass.nginx.saml').serve() } }",
      "listen 443 ssl; " .. GUARD .. " location / { proxy_pass http://x; }",
      "listen 443 ssl; location ~ x { return 404; } location /a { " .. GUARD .. " }",
      "listen 80; server_name other; location / { return 404; }", -- no guard of ours
    } do
      assert.is_nil(servers.problem(server(good), settings()), good)
    end
    local behind = "listen 127.0.0.1:8080; location / { " .. GUARD .. " }"
    assert.is_nil(servers.problem(server(behind), settings { behind_proxy = true }))
    assert.is_nil(servers.problem(server(behind), settings { url = "http://127.0.0.1:8080" }))
  end)

  it("may contradict them", function()
    local cases = {
      {
        "listen 443 ssl; server_name portal.acme.example; location / { %s }",
        "server_name is 'portal.acme.example'",
      },
      {
        "listen 443 ssl; server_name a *.other.example; location / { %s }",
        "server_name is 'a *.other.example'",
      },
      { "listen 80; location / { %s }", "listens for http alone" },
      { "listen 8443 ssl; location / { %s }", "listens on port 8443" },
      {
        "listen 443 ssl; location /app { %s }",
        "no location of this server takes /saml/acs",
      },
      {
        "listen 443 ssl; location / { return 200; } location /app { %s }",
        "location / takes /saml/acs, and has no guard",
      },
      {
        "listen 443 ssl; location = /saml/acs { %s } location / { return 200; }",
        "location / takes /saml/login",
      },
    }
    for _, case in ipairs(cases) do
      local inside, text = case[1]:format(GUARD), case[2]
      local problem = servers.problem(server(inside), settings())
      assert.truthy(problem and problem:find(text, 1, true), tostring(problem))
    end
  end)

  it("is refused when nginx starts", function()
    local guard = require "spec.support.saml_guard"
    local ok, message = pcall(guard.start, {
      settings = [[idp = { entity_id = "https://idp.example", idp = {} }]],
      server_name = "portal.acme.example",
    })
    assert.is_false(ok)
    assert.truthy(message:find("server_name is 'portal.acme.example'", 1, true), message)
  end)
end)
