-- The log of requests in a worker: written together, lost by no failure of the journal, and bounded.
local fake_ngx = require "spec.support.fake_ngx"
local request_log = require "lastpass.nginx.scim.request_log"

describe("the log of SCIM requests", function()
  local fake, written, failure, log, due
  before_each(function()
    fake = fake_ngx.install { dicts = { "lastpass_metrics" } }
    written, failure, due = {}, nil, {}
    log = request_log.new({
      log_scim_requests = function(_, rows)
        if failure then
          return nil, failure.message, failure
        end
        written[#written + 1] = #rows
        for _, row in ipairs(rows) do
          written.last = row.target
        end
        return true
      end,
    }, function(write)
      due[#due + 1] = write
      return true
    end)
  end)
  after_each(function()
    fake.remove()
  end)

  local function add(from, to)
    for number = from, to do
      log:add { connection = "entra", target = tostring(number) }
    end
  end

  it("writes rows in the order in which they came, many at a time", function()
    add(1, 450)
    log:flush()
    assert.same({ 200, 200, 50, last = "450" }, written)
    log:flush()
    assert.equal(3, #written)
  end)

  it("keeps them while the journal fails, and writes nothing twice", function()
    failure = { kind = "transport", message = "away" }
    add(1, 250)
    log:flush()
    assert.same({}, written)
    assert.equal(1, #fake.logged)
    failure = nil
    add(251, 260)
    log:flush()
    assert.same({ 200, 60, last = "260" }, written)
  end)

  it("does not repeat what may have been written", function()
    failure = { kind = "transport", message = "no answer", uncertain = true }
    add(1, 10)
    log:flush()
    failure = nil
    log:flush()
    assert.same({}, written)
  end)

  it("writes changes in a moment, together, and what waits beside them", function()
    add(1, 3)
    assert.equal(0, #due)
    log:add({ connection = "entra", target = "4" }, true)
    log:add({ connection = "entra", target = "5" }, true)
    assert.equal(1, #due)
    due[1]()
    assert.same({ 5, last = "5" }, written)
    log:add({ connection = "entra", target = "6" }, true)
    assert.equal(2, #due)
  end)

  it("holds so many and no more", function()
    failure = { kind = "transport", message = "away" }
    add(1, 10050)
    failure = nil
    log:flush()
    assert.equal("10000", written.last)
  end)
end)
