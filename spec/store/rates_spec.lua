-- The rates of companies, on files; spec/peers/postgresql_spec.lua has them on a server.
local contract = require "spec.store.contract"

contract.on_files("store.rates", require "spec.store.rates_contract", {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
  after_each = after_each,
})
