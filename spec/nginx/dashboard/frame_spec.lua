local assets = require "lastpass.nginx.dashboard.assets"
local frame = require "lastpass.nginx.dashboard.frame"
local html = require "lastpass.html"

describe("frame", function()
  it("keeps browsers strict on every page", function()
    for _, headers in ipairs {
      frame.headers(),
      frame.redirect("/x").headers,
      frame.page("/d", { title = "T", main = html.p "x" }).headers,
    } do
      local policy = headers["content-security-policy"]
      assert.equal(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
          .. "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        policy
      )
      assert.equal("no-store", headers["cache-control"])
      assert.equal("nosniff", headers["x-content-type-options"])
      assert.equal("same-origin", headers["referrer-policy"])
      assert.equal("DENY", headers["x-frame-options"])
    end
  end)

  it("sends on with 303, and other headers", function()
    local response = frame.redirect("/d/acme/", { ["set-cookie"] = "x=1" })
    assert.equal(303, response.status)
    assert.equal("/d/acme/", response.headers.location)
    assert.equal("x=1", response.headers["set-cookie"])
  end)

  local function page(fields)
    fields.main = fields.main or html.p "x"
    return frame.page("/d", fields).body
  end

  it("has title, landmarks, a way past the bar, style and script", function()
    local body = page { title = "<T>" }
    assert.truthy(body:find '^<!DOCTYPE html>\n<html lang="en">')
    assert.truthy(body:find("<title>&lt;T&gt; – LastPass dashboard</title>", 1, true))
    for _, piece in ipairs {
      '<a class="skip" href="#main">',
      '<main id="main" tabindex="-1">',
      '<header class="bar">',
      "<footer>",
      "/d/~assets/" .. assets.name "style",
      "/d/~assets/" .. assets.name "script",
    } do
      assert.truthy(body:find(piece, 1, true), piece)
    end
  end)

  it("shows the ways of a company, and on which page one is", function()
    local call = {
      tenant = { name = "acme" },
      url = function(_, name)
        return "/d/acme/" .. name
      end,
    }
    local body = page { title = "People", call = call, section = "people" }
    assert.truthy(body:find('<a aria-current="page" href="/d/acme/people">People</a>', 1, true))
    local _, count = body:gsub("aria%-current", "")
    assert.equal(1, count)
    assert.truthy(body:find("<bdi>acme</bdi>", 1, true))
  end)

  it("lets somebody sign out who has signed in here", function()
    local body = page { title = "T", session = { name = "<ann>", csrf = "proof" } }
    assert.truthy(body:find("&lt;ann&gt;", 1, true))
    assert.truthy(body:find('action="/d/~sign-out" method="post"', 1, true))
    assert.truthy(body:find('value="proof"', 1, true))
    assert.is_nil(page({ title = "T", session = { name = "ann" } }):find("sign-out", 1, true))
  end)
end)

describe("pages of problems", function()
  it("say what is wrong and where to go", function()
    local response = frame.missing("/d", { text = "No <b>." })
    assert.equal(404, response.status)
    assert.truthy(response.body:find("No &lt;b&gt;.", 1, true))
    assert.truthy(response.body:find('href="/d/">To the overview', 1, true))
  end)

  it("say what LastPass said, what to do, and when it is tried again", function()
    local response = frame.unavailable("/d", {
      message = "refused <x>",
      err = { kind = "auth", retry_after = 12.3 },
    }, { retry = "/d/acme/people?q=1&x=2" })
    assert.equal(503, response.status)
    assert.equal("13", response.headers["retry-after"])
    for _, text in ipairs {
      "<q>refused &lt;x&gt;</q>",
      "check the provisioning hash",
      "in 13 seconds at the latest",
      'href="/d/acme/people?q=1&amp;x=2"',
    } do
      assert.truthy(response.body:find(text, 1, true), text)
    end
    local hinted = frame.unavailable(
      "/d",
      { message = "x", err = { hint = "look there" } },
      { retry = "/" }
    )
    assert.truthy(hinted.body:find("<li>Look there.</li>", 1, true))
    assert.truthy(
      frame.unavailable("/d", { message = "x" }, { retry = "/" }).body:find("error log", 1, true)
    )
  end)

  it("say which methods there are", function()
    local response = frame.wrong_method("/d", "GET, HEAD")
    assert.equal(405, response.status)
    assert.equal("GET, HEAD", response.headers.allow)
  end)

  it("name the request of a mistake, and nothing else of it", function()
    local response = frame.mistake("/d", "abc-123")
    assert.equal(500, response.status)
    assert.truthy(response.body:find("<code>abc-123</code>", 1, true))
  end)
end)
