-- The face of all sources, over records made here; the specs of the kinds see it over real ones.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local people = require "lastpass.source.people"

-- People from a list of records; a record that is an error ends it.
local function source(list, more)
  local position = 0
  local proof = { kind = "spec" }
  local self = people.new("list", proof, {
    _max_problems = 3,
    _admit = function(self, record)
      self.proof.rows = self.proof.rows + 1
      if record.bad then
        self.problems[#self.problems + 1] = { reason = "bad" }
        return nil
      end
      return { email = record.email }
    end,
  })
  for name, value in pairs(more or {}) do
    self[name] = value
  end
  self._records = {
    next = function(records)
      position = position + 1
      local record = list[position]
      if records.closed then
        return nil
      elseif not record then
        proof.complete = true
      elseif record.code then
        return nil, record.message, record
      end
      return record
    end,
    close = function(records)
      records.closed = true
    end,
  }
  return self
end

local function failure(...)
  local _, _, err = errors.fail(...)
  return err
end

describe("people", function()
  it("come one by one, then the end", function()
    local self = source { { email = "a@b" }, { bad = true }, { email = "c@d", origin = {} } }
    assert.equal("lastpass.source.spec: list (0 rows, open)", tostring(self))
    assert.equal("a@b", self:next().email)
    assert.is_false(self.proof.complete)
    assert.equal("c@d", self:next().email)
    for _ = 1, 2 do
      assert.is_nil(self:next())
    end
    assert.equal(1, #self.problems)
    assert.same({ kind = "spec", rows = 3, refused = 0, complete = true }, self.proof)
    assert.equal("lastpass.source.spec: list (3 rows, complete)", tostring(self))
  end)

  it("are given before a failure, which stays", function()
    local err = failure("transport", "read_failed", "list: gone")
    local self = source { { email = "a@b" }, err, { email = "c@d" } }
    local _, message, got, rows = self:read()
    assert.equal("list: gone", message)
    assert.equal(err, got)
    assert.equal(1, #rows)
    assert.equal(err, self.failure)
    check.failure("transport", "read_failed", self:next())
    assert.is_false(self.proof.complete)
    assert.equal("lastpass.source.spec: list (1 rows, broken off)", tostring(self))
    local other = source { { email = "a@b" }, err }
    local seen = 0
    check.raised("transport", "read_failed", function()
      for _ in other:rows() do
        seen = seen + 1
      end
    end)
    assert.equal(1, seen)
  end)

  it("are not read twice, nor after being closed", function()
    local self = source { { email = "a@b" } }
    self:read()
    assert.equal(
      "list has been read already: keep the list of people:read(), or open it again",
      check.blamed(function()
        self:rows()
      end)
    )
    self = source { { email = "a@b" } }
    self:close()
    check.failure("cancelled", "closed", self:next())
  end)

  it("end when too many are refused", function()
    local bad = { bad = true }
    local self = source { { email = "a@b" }, bad, bad, bad, { email = "c@d" } }
    local list, message = self:read()
    assert.is_nil(list)
    assert.equal("list: 3 of 4 rows were refused; the first: bad", message)
    assert.equal("too_many_problems", self.failure.code)
    assert.is_false(self.proof.complete)
  end)

  it("cannot be hashed later when there is no file", function()
    local self = source { { email = "a@b" } }
    check.failure("argument", "not_read", self:sha256())
    self:read()
    local err = check.failure("argument", "not_read", self:sha256())
    assert.equal("list: cannot be read again; use the option 'sha256'", err.message)
    self.proof.sha256 = "abc"
    assert.equal("abc", self:sha256())
  end)
end)
