local form = require "lastpass.nginx.dashboard.form"

describe("form", function()
  it("gives each field a label", function()
    local text = form.search('"><script>', "Name").text
    assert.truthy(text:find('<label for="q">Name</label>', 1, true))
    assert.truthy(text:find('value="&quot;&gt;&lt;script&gt;"', 1, true))
    assert.is_nil(text:find("<script", 1, true))
  end)

  it("marks what is chosen", function()
    local text = form.choice("mfa", { { "", "Any" }, { "no", "None" } }, "no").text
    assert.equal(
      '<select id="mfa" name="mfa"><option value="">Any</option>'
        .. '<option selected value="no">None</option></select>',
      text
    )
  end)

  it("is sent by its button, and says to the script that a list follows", function()
    local text = form.show("/people", "fields", {}).text
    assert.truthy(text:find('action="/people" class="filters" data-live method="get"', 1, true))
    assert.truthy(text:find('<button type="submit">Show</button>', 1, true))
    assert.truthy(text:find('href="/people">Clear</a>', 1, true))
    assert.truthy(form.show("/x", "f", { one = true }).text:find('class="filters one"', 1, true))
  end)
end)
