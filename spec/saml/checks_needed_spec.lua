-- Runs once: the steps are a table, the same under every interpreter.
-- Each check of saml §3 alone stands against something: with it taken out, exactly the message that it is for is accepted, and
-- every other bad one is refused as before. A check that is lost turns a test here red.
local check = require "spec.support.check"
local mutant = require "spec.support.saml_mutant"
local mutations = require "spec.saml.mutations"
local response = require "lastpass.saml.response"

local function name_of(mutation)
  local out = type(mutation.out) == "table" and table.concat(mutation.out, ", ") or "another reader"
  return ("§3.%d %s (%s)"):format(mutation.check, mutation.code, out)
end

describe("with all checks", function()
  setup(function()
    for _, mutation in ipairs(mutations) do
      mutant.prepare(mutation)
    end
  end)

  for _, mutation in ipairs(mutations) do
    it("refuses " .. name_of(mutation), function()
      local err = check.failure(nil, mutation.code, mutant.try(mutation))
      assert.equal(mutation.check, err.check)
      -- nothing of who it is about
      for _, text in ipairs { err.message, err.hint or "", tostring(err) } do
        assert.is_nil(text:find("ann@x.example", 1, true))
        assert.is_nil(text:find("Staff", 1, true))
      end
    end)
  end
end)

describe("without", function()
  -- All pairs take half a minute: a normal run tries each message with a part of the mutations.
  local is_long = os.getenv "LASTPASS_LONG"

  local function is_other(mutation, other, distance)
    local covered = mutation.covers and mutation.covers[other.code]
    return mutation.check ~= other.check and not covered and (is_long or distance % 9 == 0)
  end

  for index, mutation in ipairs(mutations) do
    it(name_of(mutation) .. " accepts that message alone", function()
      local identity, message = mutant.try(mutation, mutation)
      assert.is_truthy(identity, message)
      for position, other in ipairs(mutations) do
        if is_other(mutation, other, index + position) then
          local accepted = mutant.try(other, mutation)
          assert.is_nil(accepted, "and " .. name_of(other))
        end
      end
    end)
  end
end)

describe("the table of steps", function()
  -- What takes something out of a message for a later step; it refuses when that is not there.
  local takes = {}
  for name in
    (
      "decode parse root presence peek request idp certificates response_signature key decrypt "
      .. "plaintext assertion_signature assertion subject conditions statement name_id attributes "
      .. "target identity"
    ):gmatch "%S+"
  do
    takes[name] = true
  end

  it("has a mutation for each step that is only a check", function()
    local tried = {}
    for _, mutation in ipairs(mutations) do
      for _, name in ipairs(type(mutation.out) == "table" and mutation.out or {}) do
        tried[name] = true
      end
    end
    -- tried by another reader, or the same check as another step for the decrypted text
    for name in
      (
        "count position beside signatures signed advice_inside encrypted_parts_inside "
        .. "status_missing assertion_version name_id_present user_attribute"
      ):gmatch "%S+"
    do
      tried[name] = true
    end
    for _, list in ipairs { response.steps, response.confirmation_steps } do
      for _, step in ipairs(list) do
        assert.is_true(tried[step.name] or takes[step.name], step.name)
      end
    end
  end)

  it("has mutations for the checks 1 to 28", function()
    local seen = {}
    for _, mutation in ipairs(mutations) do
      seen[mutation.check] = true
    end
    for number = 1, 28 do
      assert.is_true(seen[number], tostring(number))
    end
  end)
end)
