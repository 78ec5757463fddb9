-- ServiceProviderConfig: used when it is there, missed when it is not.
local check = require "spec.support.check"
local fake = require "spec.support.scim_fake"

describe("lastpass.scim.discovery", function()
  local function client_that_answers(answer)
    local server = fake.new(1)
    server.on_request = function()
      return answer
    end
    return fake.client(server), server
  end

  it("says what the server can do, and is asked once", function()
    local client, server = client_that_answers(fake.answer(200, {
      patch = { supported = true },
      bulk = { supported = "true", maxOperations = 50, maxPayloadSize = 1000 },
      filter = { supported = true, maxResults = 200 },
      sort = { supported = false },
      pagination = { cursor = true, index = true, defaultPaginationMethod = "index" },
    }))
    local features = assert(client:discover())
    assert.same({ max_operations = 50, max_payload = 1000 }, features.bulk)
    assert.same({ true, 200, false, false }, {
      features.patch,
      features.filter.max_results,
      features.sort,
      features.etag,
    })
    assert.same({ cursor = true, index = true, default = "index" }, features.pagination)
    assert.equal(features, client:discover())
    assert.equal(1, #server.requests)
  end)

  it("is absent in many ways, and none of them is an error", function()
    for _, answer in ipairs {
      fake.refusal(404),
      fake.refusal(501),
      fake.refusal(403),
      fake.answer(404, "<html>"),
      fake.answer(200, "<html>"),
    } do
      local client = client_that_answers(answer)
      assert.is_false(client:discover())
      assert.is_false(client:discover())
    end
  end)

  it("fails when the token is refused", function()
    check.failure("auth", "authorization_error", client_that_answers(fake.refusal(401)):discover())
  end)
end)
