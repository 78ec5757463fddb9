-- libcurl in threads of nginx. Outside of nginx this file runs itself inside of one.
-- Runs once: nginx has its own LuaJIT.
local nginx = require "spec.support.nginx"

if not rawget(_G, "ngx") then
  describe("lastpass.transport.thread", function()
    it("keeps its promises inside nginx", function()
      nginx.run_inside "spec/transport/thread_spec.lua"
    end)
  end)
  return
end

local contract = require "spec.transport.contract"
local thread = require "lastpass.transport.thread"
local tls_contract = require "spec.transport.tls_contract"

local busted = {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
}
contract("lastpass.transport.thread", thread.new, busted)
tls_contract("lastpass.transport.thread", thread.new, busted)
