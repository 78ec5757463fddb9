-- The files of a folder of playbooks.
local fake_ngx = require "spec.support.fake_ngx"
local folders = require "lastpass.nginx.playbooks.folder"

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

describe("lastpass.nginx.playbooks.folder", function()
  local path, folder

  before_each(function()
    local pipe = io.popen "mktemp -d"
    path = pipe:read "*l"
    pipe:close()
    folder = folders.new(path .. "/")
  end)

  after_each(function()
    os.execute("rm -rf " .. path)
  end)

  it("takes a text when two looks have read the same", function()
    write(path .. "/a.lua", "one")
    assert.same({}, folder:read())
    assert.same({ ["a.lua"] = "one" }, folder:read())
    write(path .. "/a.lua", "onetwo") -- half of "onetwothree"
    assert.same({ ["a.lua"] = "one" }, folder:read())
    write(path .. "/a.lua", "onetwothree")
    assert.same({ ["a.lua"] = "one" }, folder:read())
    assert.same({ ["a.lua"] = "onetwothree" }, folder:read())
  end)

  it("sees a change of the same length within the same second", function()
    write(path .. "/a.lua", "one")
    folder:read()
    folder:read()
    write(path .. "/a.lua", "two")
    folder:read()
    assert.same({ ["a.lua"] = "two" }, folder:read())
  end)

  it("looks at Lua files only, and forgets those that are gone", function()
    for _, name in ipairs { "b.lua", "a.lua", ".hidden.lua", "notes.txt", "c.lua~" } do
      write(path .. "/" .. name, name)
    end
    os.execute("mkdir " .. path .. "/folder.lua")
    folder:read()
    assert.same({ ["a.lua"] = "a.lua", ["b.lua"] = "b.lua" }, folder:read())
    os.remove(path .. "/a.lua")
    assert.same({ ["b.lua"] = "b.lua" }, folder:read())
  end)

  it("fails where there is no folder", function()
    local texts, message, err = folders.new(path .. "/none"):read()
    assert.is_nil(texts)
    assert.equal("no_folder", err.code)
    assert.matches(path .. "/none", message, 1, true)
  end)

  it("takes no file that nobody wrote by hand", function()
    write(path .. "/a.lua", ("-"):rep(1024 * 1024 + 1))
    folder:read()
    assert.same({}, folder:read())
  end)
end)

describe("a playbook of a folder", function()
  local fake

  before_each(function()
    fake = fake_ngx.install()
  end)

  after_each(function()
    fake.remove()
  end)

  it("is found again by another worker, versions and runs each by who writes them", function()
    local book = folders.playbook("/books", "a.lua")
    assert.same({ "/books/a.lua", 1000, 0 }, { book.path, book.known_since, book.failures })
    book.good = { text = "…", md5 = "m", schedule = { every = 60, text = 'every "1m"' } }
    book:save_versions()
    local other = folders.playbook("/books", "a.lua")
    assert.same(book.good, other.good)
    -- the worker that runs it has an older view of the versions, and does not write it
    other.began, other.last, other.failures = 1005, { outcome = "applied" }, 2
    other.good = nil
    other:save_runs()
    book:load_runs()
    assert.same({ 1005, "applied", 2 }, { book.began, book.last.outcome, book.failures })
    assert.equal("m", folders.playbook("/books", "a.lua").good.md5)
    book:forget()
    assert.is_nil(folders.playbook("/books", "a.lua").good)
  end)

  it("tells of all that are listed", function()
    assert.equal(0, #folders.report "/books")
    folders.store_names("/books", { "a.lua", "b.lua" })
    local book = folders.playbook("/books", "b.lua")
    book.broken = { md5 = "x", message = "no", at = 1 }
    book:save_versions()
    local report = folders.report "/books"
    assert.same({ "a.lua", "b.lua" }, { report[1].name, report[2].name })
    assert.equal("no", report[2].broken.message)
  end)

  it("notes trouble once", function()
    local trouble = { message = "no folder", code = "no_folder" }
    assert.is_true(folders.store_trouble("/books", trouble))
    assert.is_false(folders.store_trouble("/books", trouble))
    assert.same(trouble, folders.trouble "/books")
    assert.is_false(folders.store_trouble("/books", nil))
    assert.is_nil(folders.trouble "/books")
    assert.is_true(folders.store_trouble("/books", trouble))
  end)

  it("says once that there is no room", function()
    fake.remove()
    fake = fake_ngx.install { most = 0 }
    local book = folders.playbook("/books", "a.lua")
    book:save_versions()
    book:save_runs()
    assert.equal(1, #fake.logged)
    assert.matches("lastpass_playbooks has no room for /books/a.lua", fake.logged[1], 1, true)
  end)
end)
