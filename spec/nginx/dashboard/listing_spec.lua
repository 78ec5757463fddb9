local listing_room = require "lastpass.nginx.dashboard.listing"

describe("listing", function()
  local items = {}
  for place, name in ipairs { "Beta", "alpha", "Gamma", "delta" } do
    items[place] = { name = name, key = name:lower(), order = name, size = place % 2 }
  end

  local function look(params)
    local call = {
      param = function(_, name)
        return params[name] or ""
      end,
      among = function(_, _, _, _, compute)
        return compute()
      end,
      url = function(_, name, list)
        local parts = {}
        for _, pair in ipairs(list) do
          if pair[2] ~= "" then
            parts[#parts + 1] = pair[1] .. "=" .. pair[2]
          end
        end
        return name .. "?" .. table.concat(parts, "&")
      end,
    }
    local listing = listing_room.find(call, "things", items, { size = true })
    local names = {}
    for place, item in ipairs(listing.items) do
      names[place] = item.name
    end
    return names, listing
  end

  it("is by name, either way", function()
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (look {}))
    assert.same({ "Gamma", "delta", "Beta", "alpha" }, (look { sort = "-name" }))
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (look { sort = "secret" }))
  end)

  it("is by a figure, the largest first, then by name", function()
    assert.same({ "Beta", "Gamma", "alpha", "delta" }, (look { sort = "size" }))
    assert.same({ "alpha", "delta", "Beta", "Gamma" }, (look { sort = "-size" }))
  end)

  it("is searched by words", function()
    assert.same({ "alpha", "Beta", "delta", "Gamma" }, (look { q = "A" }))
    assert.same({ "delta" }, (look { q = "a DEL" }))
    assert.same({}, (look { q = "%a" }))
  end)

  it("makes columns that sort, the other way when they are sorted already", function()
    local _, listing = look { q = "a" }
    assert.same(
      { title = "Thing", href = "things?q=a&sort=-name", sorted = "ascending" },
      listing_room.column(listing, "name", "Thing")
    )
    assert.same(
      { title = "Size", class = "number", href = "things?q=a&sort=size" },
      listing_room.column(listing, "size", "Size", "number")
    )
    _, listing = look { sort = "size" }
    assert.equal("descending", listing_room.column(listing, "size", "Size").sorted)
    _, listing = look { sort = "-size" }
    assert.equal("things?sort=size", listing_room.column(listing, "size", "Size").href)
  end)
end)
