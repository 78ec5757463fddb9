-- On a file; spec/peers/postgresql_spec.lua has the same on a server. The modules `tenant_claims`, `tenant_waves` and
-- `tenant_outcomes` are parts of it.
local contract = require "spec.store.contract"

contract.on_files("store.tenant_runs", require "spec.store.tenants_contract", {
  describe = describe,
  it = it,
  setup = setup,
  teardown = teardown,
  before_each = before_each,
  after_each = after_each,
})
