--- What a transport with the options ca_file and verify has to do beside spec/transport/contract.lua. A
-- transport's spec calls this with the same arguments.
local assert = require "luassert"
local check = require "spec.support.check"
local lastpass = require "lastpass"

---@param name string
---@param make fun(options: table|nil): table the transport
---@param busted table its functions, which it gives to spec files only
return function(name, make, busted)
  local describe, it = busted.describe, busted.it
  describe(name .. " keeps the contract of TLS:", function()
    local DAY = 86400

    local function secure(tls, options)
      local box = assert(lastpass.sandbox.start {
        users = 10,
        tls = tls,
        transport = require("lastpass.transport").open(nil, { verify = false }),
      })
      options = options or {}
      if options.ca_file == nil then
        options.ca_file = box.ca_file
      end
      local host = options.host
      options.host = nil
      options.ca_file = options.ca_file or nil
      local secured = make(options)
      local url = box.url
      if host then
        url = url:gsub("127.0.0.1", host)
      end
      local value, message, err = secured:send {
        method = "POST",
        url = url,
        body = '{"secret":"x"}',
        timeout = 5,
      }
      local seen = #assert(box:journal())
      box:stop()
      return seen, value, message, err
    end

    local function refused(...)
      local seen, value, message, err = secure(...)
      check.failure("transport", "tls_certificate", value, message, err)
      assert.is_nil(err.sent)
      assert.is_nil(err.begun)
      assert.truthy(err.hint)
      assert.equal(0, seen)
    end

    it("is spoken with who is trusted", function()
      local seen, response = secure(true)
      assert.equal(200, response.status)
      assert.equal(1, seen)
      seen = secure(true, { host = "localhost" })
      assert.equal(1, seen)
    end)

    it("is refused with a certificate of nobody known", function()
      refused(true, { ca_file = false })
    end)

    it("is refused with another name", function()
      refused { names = { "lastpass.com" } }
      refused({ names = { "127.0.0.1" } }, { host = "localhost" })
    end)

    it("is refused with a certificate that has expired, or is not valid yet", function()
      refused { not_before = os.time() - 9 * DAY, not_after = os.time() - DAY }
      refused { not_before = os.time() + DAY, not_after = os.time() + 9 * DAY }
    end)

    it("is not verified when told so, but for this machine only", function()
      local seen, response = secure(true, { ca_file = false, verify = false })
      assert.equal(200, response.status)
      assert.equal(1, seen)
      local ok, value = pcall(function()
        return make({ verify = false }):send {
          method = "POST",
          url = "https://lastpass.invalid/",
          body = "x",
        }
      end)
      assert.is_false(ok and value ~= nil)
    end)
  end)
end
