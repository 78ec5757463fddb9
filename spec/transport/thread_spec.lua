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

contract("lastpass.transport.thread", thread.new, {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
})
