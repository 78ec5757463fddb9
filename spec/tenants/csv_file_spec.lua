-- Companies from a CSV file.
local csv_file = require "lastpass.tenants.csv_file"
local fuzz = require "spec.support.fuzz"
local lastpass = require "lastpass"
local tenants = require "spec.support.tenants"

local function read(text)
  return csv_file.read("companies.csv", text)
end

describe("a CSV file of companies", function()
  it("is read by its titles", function()
    local content = assert(
      read(
        "\239\187\191Name,CID,provhash_file,url,Groups,rate\r\n"
          .. 'acme,8771312,~/h/acme.hash,,"eu; pilot",2.5\r\n'
          .. '"Big, Corp",8771313,b.hash,https://a.bc/x,,\r\n'
      )
    )
    assert.same({
      profiles = {
        acme = {
          cid = 8771312,
          provhash = { file = "~/h/acme.hash" },
          groups = { "eu", "pilot" },
          rate = 2.5,
        },
        ["Big, Corp"] = {
          cid = 8771313,
          provhash = { file = "b.hash" },
          url = "https://a.bc/x",
        },
      },
    }, content)
  end)

  it("is refused with the line of what is wrong", function()
    local function message_of(text)
      local _, message, err = read(text)
      assert.equal("bad_config", err.code)
      return message
    end
    assert.matches("companies.csv, line 1: the file is empty", message_of "")
    assert.matches("line 1: there is no column 'cid'", message_of "name,url\n")
    assert.matches("did you mean 'groups'", message_of "name,cid,group\n")
    assert.matches("the column 'cid' is there twice", message_of "name,cid,CID\n")
    assert.matches("must not stand here: write provhash_file", message_of "name,cid,provhash\n")
    assert.matches("line 3: 1 values for 2 columns", message_of "name,cid\na,1\nb\n")
    assert.matches("line 2: a company has no name", message_of "name,cid\n,1\n")
    assert.matches(
      "line 4: the company 'a' stands in line 2 already",
      message_of "name,cid\na,1\nb,2\na,3\n"
    )
    assert.matches("line 2: a value is not UTF%-8", message_of "name,cid\n\255,1\n")
    assert.matches("line 2: ", message_of 'name,cid\n"a,1\n')
  end)

  it("is loaded, with the checks of a configuration", function()
    local place = tenants.start(2)
    local path = place.folder .. "/companies.csv"
    local lines = { "name,cid,provhash_file,url,groups" }
    for number = 1, 2 do
      lines[#lines + 1] = ("k%d,%d,%d.hash,%s,all-k"):format(
        number,
        9000 + number,
        number, -- beside the file
        place.box.url
      )
    end
    tenants.write(path, table.concat(lines, "\n") .. "\n")
    local set = assert(lastpass.tenants.load { file = path, select = "group:all-k" })
    assert.equal(2, assert(set:run "users").done)
    tenants.write(path, "name,cid,provhash_file\na,x,1.hash\n")
    local _, message, err = lastpass.tenants.load { file = path }
    assert.equal("bad_config", err.code)
    assert.matches('profile "a": "cid" must be a whole number', message)
    place:stop()
  end)

  it("comes to an end whatever it is", function()
    local random = fuzz.random(5)
    local valid = 'name,cid,groups\r\nacme,1,"eu;us"\r\n"Big ""x""",2,\r\n'
    for round = 1, fuzz.rounds(2000) do
      local content, message, err = read(fuzz.damaged(random, valid, round % 5 + 1))
      assert.is_true(content ~= nil or err.code == "bad_config" and #message > 0)
    end
  end)
end)
