-- On a file; spec/peers/postgresql_spec.lua has the same on a server.
local contract = require "spec.store.contract"
local support = require "spec.support.store"

describe("store.cursors", function()
  local folder

  setup(function()
    folder = support.folder()
  end)

  teardown(function()
    support.remove(folder)
  end)

  local count = 0
  contract.cursors(function()
    count = count + 1
    return { path = ("%s/%d.db"):format(folder, count) }
  end, { it = it, before_each = before_each, after_each = after_each })
end)
