local core = require "lastpass.core"
local changes = require "lastpass.directory.changes"
local lastpass = require "lastpass"

describe("lastpass.directory.changes", function()
  it("can all be carried out, by a method or by a command", function()
    local client = lastpass.new { cid = 1, provhash = lastpass.secret.value "x" }
    for position, kind in ipairs(changes.list) do
      assert.equal(position, kind.position)
      assert.equal(kind, changes.by_name[kind.name])
      if kind.method then
        assert.is_function(client[kind.method])
      elseif kind.rest then
        assert.is_nil(kind.command)
        assert.equal(kind.rest, kind.scim:match "the REST API does it by (.*); neither")
      else
        assert.is_true(core.commands[kind.command].writes)
      end
      assert.is_truthy(("+~-"):find(kind.sign, 1, true))
      assert.is_true(kind.phase >= (changes.list[position - 1] or kind).phase)
    end
  end)

  it("give access first, and end with what cannot come back", function()
    assert.equal("create", changes.list[1].name)
    assert.equal("delete", changes.list[#changes.list].name)
    for _, kind in ipairs(changes.list) do
      assert.equal(kind.name == "delete", kind.reversal == "final")
      assert.equal(kind.sign == "-", kind.removes or false)
    end
  end)

  local examples = {
    create = { fullname = "Ann Lee", groups = { "A" }, password = "secret" },
    name = { fullname = "Ann Lee" },
    groups = { join = { "A" }, leave = { "B" } },
    rename = { email = "new@acme.com" },
  }

  local function of_commands()
    local list = {}
    for _, kind in ipairs(changes.list) do
      list[#list + 1] = kind.command and kind or nil
    end
    return list
  end

  it("are the row that their command takes, and are read back from it", function()
    local client = lastpass.new { cid = 1, provhash = lastpass.secret.value "x" }
    for _, kind in ipairs(of_commands()) do
      local row = changes.row(kind.name, "ann@acme.com", examples[kind.name])
      local data = changes.takes_list(kind) and { row } or row
      local body = assert(client:request_body(kind.command, data))
      body:close()
      local read = changes.of_command(kind.command, data)
      assert.equal(1, #read)
      assert.same({ kind.name, "ann@acme.com" }, { read[1].kind, read[1].subject })
      assert.same(examples[kind.name], read[1].after)
    end
  end)

  it("send no empty lists, and what stands in no plan from beside it", function()
    local after = { fullname = "Ann", groups = {} }
    assert.same(
      { username = "ann@acme.com", fullname = "Ann", password = "secret" },
      changes.row("create", "ann@acme.com", after, { password = "secret" })
    )
    assert.same(
      { username = "ann@acme.com", add = { "A" } },
      changes.row("groups", "ann@acme.com", { join = { "A" }, leave = {} })
    )
    assert.equal("ann@acme.com", changes.row("disable", "ann@acme.com"))
  end)

  it("are four for deluser, of which one is a step of another name", function()
    assert.same({ [0] = "deactivate", "remove", "delete", "uninvite" }, changes.deletions)
    assert.equal("disable", changes.step_kind "deactivate")
    assert.equal("remove", changes.step_kind "remove")
    assert.is_nil(changes.step_kind "push_site")
    local read = changes.of_command("deluser", { username = "a@x.com", deleteaction = 0 })
    assert.equal("deactivate", read[1].kind)
    local sent
    changes.send({
      deluser = function(_, row)
        sent = row
      end,
    }, "deactivate", "a@x.com")
    assert.same({ username = "a@x.com", deleteaction = 0 }, sent)
  end)

  it(
    "are what users' methods send, and those that harm are refused for who is protected",
    function()
      local address, sent = "ann@acme.com", nil
      local users = require "lastpass.directory.user"
      local function client_that_protects(protected)
        return setmetatable({
          option = function()
            return protected
          end,
        }, {
          __index = function(_, command)
            return function(_, data)
              sent = { command, data }
              return {}
            end
          end,
        })
      end
      local arguments = { rename = "new@acme.com", delete = { confirm = address } }
      for _, kind in ipairs(changes.list) do
        if users.methods[kind.name] then
          local user = users.of_invitation(client_that_protects {}, address)
          assert(user[kind.name](user, arguments[kind.name]))
          local row = changes.row(kind.name, address, examples[kind.name])
          assert.same({ kind.command, changes.takes_list(kind) and { row } or row }, sent)
          sent = nil
          user = users.of_invitation(client_that_protects { address }, address)
          local done, _, err = user[kind.name](user, arguments[kind.name])
          assert.equal(changes.harms(kind.name), done == nil)
          assert.equal(changes.harms(kind.name) and "protected" or nil, err and err.code)
          assert.equal(changes.harms(kind.name), sent == nil)
        end
      end
      for method, field in pairs { join = "join", leave = "leave" } do
        local user = users.of_invitation(client_that_protects {}, address)
        assert(user[method](user, "A"))
        assert.same(
          { "batchchangegrp", { changes.row("groups", address, { [field] = { "A" } }) } },
          sent
        )
      end
    end
  )

  it("harm by what they take, or by making an account weaker", function()
    for name, harms in pairs { disable = true, rename = true, create = false } do
      assert.equal(harms, changes.harms(name))
    end
  end)
end)
