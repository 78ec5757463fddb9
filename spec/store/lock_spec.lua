-- On a file; spec/peers/postgresql_spec.lua has the same locks on a server.
local contract = require "spec.store.contract"

local busted = {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
  after_each = after_each,
}

contract.on_files("store.lock", contract.locks, busted)
