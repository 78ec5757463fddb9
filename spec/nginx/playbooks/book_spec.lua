-- What is kept of a playbook for other workers.
local book_room = require "lastpass.nginx.playbooks.book"
local fake_ngx = require "spec.support.fake_ngx"

describe("lastpass.nginx.playbooks.book", function()
  local fake

  before_each(function()
    fake = fake_ngx.install()
  end)

  after_each(function()
    fake.remove()
  end)

  it("is found again by another worker, versions and runs each by who writes them", function()
    local book = book_room.open("/books", "a.lua")
    assert.same({ "/books/a.lua", 1000, 0 }, { book.path, book.known_since, book.failures })
    book.good = { text = "…", md5 = "m", schedule = { every = 60, text = 'every "1m"' } }
    book:save_versions()
    local other = book_room.open("/books", "a.lua")
    assert.same(book.good, other.good)
    -- the worker that runs it has an older view of the versions, and does not write it
    other.began, other.last, other.failures = 1005, { outcome = "applied" }, 2
    other.good = nil
    other:save_runs()
    book:look_at_runs()
    assert.same({ 1005, "applied", 2 }, { book.began, book.last.outcome, book.failures })
    assert.equal("m", book_room.open("/books", "a.lua").good.md5)
    book:forget()
    assert.is_nil(book_room.open("/books", "a.lua").good)
  end)

  it("tells of all that are listed", function()
    assert.equal(0, #book_room.report "/books")
    book_room.list("/books", { "a.lua", "b.lua" })
    local book = book_room.open("/books", "b.lua")
    book.broken = { md5 = "x", message = "no", at = 1 }
    book:save_versions()
    local report = book_room.report "/books"
    assert.same({ "a.lua", "b.lua" }, { report[1].name, report[2].name })
    assert.equal("no", report[2].broken.message)
  end)

  it("notes trouble once", function()
    local trouble = { message = "no folder", code = "no_folder" }
    assert.is_true(book_room.note_trouble("/books", trouble))
    assert.is_false(book_room.note_trouble("/books", trouble))
    assert.same(trouble, book_room.trouble "/books")
    assert.is_false(book_room.note_trouble("/books", nil))
    assert.is_nil(book_room.trouble "/books")
    assert.is_true(book_room.note_trouble("/books", trouble))
  end)

  it("says once that there is no room", function()
    fake.remove()
    fake = fake_ngx.install { most = 0 }
    local book = book_room.open("/books", "a.lua")
    book:save_versions()
    book:save_runs()
    assert.equal(1, #fake.logged)
    assert.matches("lastpass_playbooks has no room for /books/a.lua", fake.logged[1], 1, true)
  end)
end)
