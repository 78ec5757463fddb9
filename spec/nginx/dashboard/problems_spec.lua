local problems = require "lastpass.nginx.dashboard.problems"

describe("pages of problems", function()
  it("say what is wrong and where to go", function()
    local response = problems.missing("/d", { text = "No <b>." })
    assert.equal(404, response.status)
    assert.truthy(response.body:find("No &lt;b&gt;.", 1, true))
    assert.truthy(response.body:find('href="/d/">To the overview', 1, true))
  end)

  it("say what LastPass said, what to do, and when it is tried again", function()
    local response = problems.unavailable("/d", {
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
    local hinted = problems.unavailable(
      "/d",
      { message = "x", err = { hint = "look there" } },
      { retry = "/" }
    )
    assert.truthy(hinted.body:find("<li>Look there.</li>", 1, true))
    assert.truthy(
      problems.unavailable("/d", { message = "x" }, { retry = "/" }).body:find("error log", 1, true)
    )
  end)

  it("say which methods there are", function()
    local response = problems.wrong_method("/d", "GET, HEAD")
    assert.equal(405, response.status)
    assert.equal("GET, HEAD", response.headers.allow)
  end)

  it("name the request of a mistake, and nothing else of it", function()
    local response = problems.mistake("/d", "abc-123")
    assert.equal(500, response.status)
    assert.truthy(response.body:find("<code>abc-123</code>", 1, true))
  end)
end)
