-- Bytes that all workers share.
local fake_ngx = require "spec.support.fake_ngx"
local pages = require "lastpass.nginx.cache.pages"

describe("lastpass.nginx.cache.pages", function()
  local fake, dict

  local function install(most)
    fake = fake_ngx.install { most = most }
    dict = fake.ngx.shared.lastpass_directory
  end

  before_each(function()
    install()
  end)

  after_each(function()
    fake.remove()
  end)

  local function read(name)
    local pointer, texts = pages.pointer(name), {}
    for page = 0, pointer.pages - 1 do
      local parts = {}
      local ok, message = pages.each_piece(name, pointer, page, function(piece)
        parts[#parts + 1] = piece
        return true
      end)
      if not ok then
        return nil, message
      end
      texts[page + 1] = table.concat(parts)
    end
    return texts
  end

  local function publish(texts, read_at)
    local writer = pages.writer "acme users"
    for position = #texts, 1, -1 do -- pages come in any order
      writer:write(position - 1, texts[position])
    end
    return writer:publish(read_at or 1000)
  end

  local function count_keys()
    return #dict:get_keys()
  end

  it("come back as they were written, whatever their length", function()
    local texts = { "", "a", ("b"):rep(65280), ("c"):rep(65281), ("d"):rep(200000) }
    assert.is_nil(pages.pointer_text "acme users")
    local pointer = assert(publish(texts))
    assert.same({ 1000, 5 }, { pointer.read_at, pointer.pages })
    assert.same(texts, read "acme users")
  end)

  it("keep their version, and their place, while they say the same", function()
    local first = assert(publish({ "one", "two" }, 1000))
    local keys = count_keys()
    local second = assert(publish({ "one", "two" }, 1060))
    assert.same({ first.version, first.generation, 1060 }, {
      second.version,
      second.generation,
      second.read_at,
    })
    assert.are_not.equal(first.text, second.text)
    assert.equal(keys, count_keys())
    local third = assert(publish({ "one", "2" }, 1120))
    assert.are_not.equal(first.version, third.version)
    assert.same({ "one", "2" }, read "acme users")
    assert.equal(keys, count_keys()) -- nothing of the old one is left
  end)

  it("tell whoever comes too late that they are gone", function()
    local old = assert(publish { ("x"):rep(70000) })
    assert(publish { ("y"):rep(70000) })
    local ok, message = pages.each_piece("acme users", old, 0, function()
      return true
    end)
    assert.same({ nil, "gone" }, { ok, message })
  end)

  it("begin anew", function()
    local writer = pages.writer "acme users"
    writer:write(0, "old")
    writer:write(1, "old too")
    writer:restart()
    writer:write(0, "new")
    assert.equal(1, assert(writer:publish(1000)).pages)
    assert.same({ "new" }, read "acme users")
  end)

  it("sweep away what a writer that died has left", function()
    assert(publish { "one" })
    local keys = count_keys()
    local dead = pages.writer "acme users"
    dead:write(3, "lost")
    dead:write(70, "out of reach of nobody")
    assert.is_true(count_keys() > keys)
    assert(publish { "two" })
    assert.is_true(count_keys() <= keys + 2)
    assert.same({ "two" }, read "acme users")
  end)

  it("are never half there: without room the old ones stay, and the size is named", function()
    assert(publish { "one", "two" })
    local keys = count_keys()
    fake.remove()
    local values = dict._values
    install(keys + 2)
    dict._values = values
    local pointer, message, err = publish { "1", "2", "3", "4", "5" }
    assert.is_nil(pointer)
    assert.equal("cache_too_small", err.code)
    assert.matches("lua_shared_dict lastpass_directory has 1 MB", message, 1, true)
    assert.matches("^lua_shared_dict lastpass_directory %d+m;$", err.hint)
    assert.same({ "one", "two" }, read "acme users")
    assert.equal(keys, count_keys())
  end)

  it("are not published by who has lost the lock", function()
    assert(publish { "one" })
    local writer = pages.writer "acme users"
    writer:write(0, "two")
    local pointer, _, err = writer:publish(2000, function()
      return false
    end)
    assert.same({ nil, "lock_lost" }, { pointer, err.code })
    assert.same({ "one" }, read "acme users")
  end)

  it("are forgotten when pieces of them are missing", function()
    local pointer = assert(publish { "one" })
    pages.forget("acme users", pointer)
    assert.is_nil(pages.pointer "acme users")
    assert(publish { "two" })
    pages.forget("acme users", pointer) -- not the newest any more
    assert.same({ "two" }, read "acme users")
  end)
end)
