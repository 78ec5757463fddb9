local classify = require "lastpass.nginx.guard.classify"

local BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
local FORM = "application/x-www-form-urlencoded"

-- expected, method, headers, who sends it
local cases = {
  { "page", "GET", { accept = BROWSER }, "an old browser" },
  { "page", "HEAD", { accept = BROWSER }, "an old browser's HEAD" },
  { "page", "GET", { accept = BROWSER, ["sec-fetch-mode"] = "navigate" }, "a browser" },
  { "page", "GET", { accept = "TEXT/HTML" }, "in capitals" },
  { "page", "GET", { accept = "application/xhtml+xml" }, "XHTML alone" },
  { "form", "POST", { accept = BROWSER, ["content-type"] = FORM }, "a form" },
  {
    "form",
    "POST",
    { accept = BROWSER, ["content-type"] = "multipart/form-data; boundary=x" },
    "a form with files",
  },
  { "form", "POST", { accept = BROWSER, ["content-type"] = "Text/Plain" }, "a form of plain text" },
  { "api", "GET", {}, "nothing at all" },
  { "api", "GET", { accept = "*/*" }, "curl" },
  { "api", "GET", { accept = "application/json" }, "an API client" },
  { "api", "GET", { accept = "application/json, text/plain, */*" }, "axios" },
  { "api", "GET", { accept = "text/html;q=0.5, application/json" }, "rather JSON" },
  { "api", "GET", { accept = "text/html;q=0, */*" }, "no page, by name" },
  { "api", "GET", { accept = BROWSER, ["x-requested-with"] = "XMLHttpRequest" }, "jQuery" },
  { "api", "GET", { accept = BROWSER, ["sec-fetch-mode"] = "cors" }, "fetch" },
  { "api", "GET", { accept = BROWSER, ["sec-fetch-mode"] = "no-cors" }, "an image" },
  { "api", "GET", { accept = BROWSER, ["sec-fetch-mode"] = "same-origin" }, "fetch of its own" },
  { "api", "GET", { accept = BROWSER, ["sec-fetch-mode"] = "websocket" }, "a socket" },
  { "api", "GET", { accept = BROWSER, upgrade = "websocket" }, "an old browser's socket" },
  { "api", "GET", { accept = BROWSER, authorization = "Bearer x" }, "a token" },
  { "api", "GET", { accept = BROWSER, ["sec-purpose"] = "prefetch" }, "fetched ahead" },
  { "api", "GET", { accept = BROWSER, purpose = "prefetch" }, "fetched ahead, older" },
  { "api", "POST", { accept = BROWSER, ["content-type"] = "application/json" }, "JSON" },
  { "api", "POST", { accept = BROWSER }, "a body of no type" },
  { "api", "POST", { ["content-type"] = FORM }, "curl -d" },
  { "api", "PUT", { accept = BROWSER, ["content-type"] = FORM }, "PUT" },
  { "api", "DELETE", { accept = BROWSER }, "DELETE" },
  { "api", "OPTIONS", { accept = BROWSER }, "a preflight" },
}

describe("classification of requests by the SAML guard", function()
  for _, case in ipairs(cases) do
    it(("%s: %s"):format(case[4], case[1]), function()
      assert.equal(case[1], classify.of(case[2], case[3]))
      for name in pairs(case[3]) do
        assert.truthy(table.concat(classify.READ, " "):find(name, 1, true), name)
      end
    end)
  end
end)
