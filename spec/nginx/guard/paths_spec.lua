-- Which requirement of a guard a path has, in whatever spelling.
local paths = require "lastpass.nginx.guard.paths"

describe("paths that ask for more", function()
  local list = paths.sort {
    { path = "/", name = "all" },
    { path = "/admin", name = "admin" },
    { path = "/admin/help/", name = "help" },
  }

  local function names(path)
    local found, others = paths.find(list, path)
    local all = { found.name }
    for _, other in ipairs(others or {}) do
      all[#all + 1] = other.name
    end
    table.sort(all)
    return table.concat(all, " "):gsub("(%a+) %1%f[^%a]", "%1")
  end

  for path, expected in pairs {
    ["/"] = "all",
    ["/x"] = "all",
    ["/Admin/./X"] = "admin",
    ["/admin/help/a"] = "help",
    ["/admin;a=b"] = "admin all",
    ["/admin/..;/x"] = "admin all",
    ["/x/..;/admin"] = "admin all",
    ["/admin/..\\x"] = "admin all",
    ["/x\\..\\admin"] = "admin all",
    ["/admin/x/..;/help"] = "admin help",
    ["/admin/help;x"] = "admin help",
  } do
    it("are told from " .. path, function()
      assert.equal(expected, (names(path)))
    end)
  end

  it("are none where nothing asks for more", function()
    assert.is_nil(paths.find({}, "/admin;x"))
  end)
end)
