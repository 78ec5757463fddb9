local standing = require "lastpass.report.standing"

describe("lastpass.report.standing", function()
  it("adds up what is in a vault, if anything is known of it", function()
    assert.equal(6, standing.items { sites = 3, notes = 2, form_fills = 0, attachments = 1 })
    assert.equal(0, standing.items { sites = 0 })
    assert.is_nil(standing.items {})
  end)

  it("tells how far people have come", function()
    local reading = {
      never_logged_in = function(_, user)
        return user.never
      end,
    }
    local function of(user, row, lately)
      row = row or {}
      row.key = "a@x.example"
      return standing.of(reading, user, row, lately)
    end
    assert.equal("disabled", of({ status = "disabled", never = true }, { items = 0 }))
    assert.equal("invited", of { status = "invited" })
    assert.equal("invited", of({ status = "invited" }, nil, { ["a@x.example"] = 1 }))
    assert.equal("invitation_expired", of({ status = "invited" }, nil, {}))
    assert.equal("never_logged_in", of { status = "active", never = true })
    assert.equal("empty_vault", of({ status = "active" }, { items = 0 }))
    assert.equal("active", of({ status = "active" }, { items = 1 }))
    assert.equal("active", of { status = "active" }) -- nothing is known of the vault
  end)
end)
