-- On a file; spec/peers/postgresql_spec.lua has the same on a server.
local contract = require "spec.store.contract"

contract.on_files("store.inbound", require "spec.store.inbound_contract", {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
  after_each = after_each,
})
