-- What stands beside a list of two people, and what it says of the list.
local json = require "lastpass.json"
local json_reply = require "lastpass.source.json_reply"
local source = require "lastpass.source"
local files = require "spec.source.files"

local function fault(text, ignored)
  return (json_reply.fault(json.decode(text), 2, json_reply.ignored(ignored)))
end

local function path_of(text)
  return select(2, json_reply.fault(json.decode(text), 2, {}))
end

after_each(files.remove)

describe("lastpass.source.json_reply", function()
  it("finds what says that there is more", function()
    for text, path in pairs {
      ['{"next":"page2"}'] = "next",
      ['{"@odata.nextLink":"https://x"}'] = "@odata.nextLink",
      ['{"meta":{"has_more":true}}'] = "meta.has_more",
      ['{"paging":{"next":{"after":"7"}}}'] = "paging.next",
      ['{"nextPageToken":"abc"}'] = "nextPageToken",
      ['{"pageInfo":{"hasNextPage":true}}'] = "pageInfo.hasNextPage",
      ['{"LastEvaluatedKey":{"id":{"S":"1"}}}'] = "LastEvaluatedKey",
      ['{"links":[{"rel":"self","href":"u"},{"rel":"next","href":"u"}]}'] = "links",
      ['{"link":[{"relation":"next","url":"u"}]}'] = "link",
      ['{"_links":{"next":{"href":"u"}}}'] = "_links.next",
      ['{"link":"<https://x?page=2>; rel=\\"next\\""}'] = "link",
      ['{"company":{"name":"Acme","next_cursor":"x"}}'] = "company.next_cursor",
      ['{"more":"yes"}'] = "more",
    } do
      assert.equal(path, path_of(text), text)
    end
  end)

  it("finds what says that the list was cut, or went wrong", function()
    for text, path in pairs {
      ['{"truncated":true}'] = "truncated",
      ['{"incomplete_results":true}'] = "incomplete_results",
      ['{"timed_out":1}'] = "timed_out",
      ['{"error":"timeout"}'] = "error",
      ['{"errors":[{"message":"x"}]}'] = "errors",
      ['{"error":{"code":0,"message":"overloaded"}}'] = "error",
      ['{"_shards":{"failed":0},"meta":{"failures":[{"a":1}]}}'] = "meta.failures",
      ['{"complete":false}'] = "complete",
      ['{"page":{"last":false}}'] = "page.last",
      ['{"ok":"false"}'] = "ok",
      ['{"status":"partial"}'] = "status",
      ['{"meta":{"status":"Timed out"}}'] = "meta.status",
      ['{"statusCode":206}'] = "statusCode",
      ['{"code":503}'] = "code",
    } do
      assert.equal(path, path_of(text), text)
    end
  end)

  it("compares the list with the numbers beside it", function()
    for text, path in pairs {
      ['{"total":3}'] = "total",
      ['{"totalResults":120,"itemsPerPage":100,"startIndex":1}'] = "totalResults",
      ['{"count":"3"}'] = "count",
      ['{"@odata.count":3}'] = "@odata.count",
      ['{"total":{"value":120,"relation":"eq"}}'] = "total",
      ['{"meta":{"pagination":{"total_pages":3,"page":1}}}'] = "meta.pagination.total_pages",
      ['{"page":2}'] = "page",
      ['{"offset":100}'] = "offset",
      ['{"startIndex":101}'] = "startIndex",
      ['{"previous":"https://x"}'] = "previous",
      ['{"limit":2}'] = "limit",
      ['{"meta":{"per_page":"2"}}'] = "meta.per_page",
    } do
      assert.equal(path, path_of(text), text)
    end
  end)

  it("finds nothing where nothing is meant", function()
    for _, text in ipairs {
      "{}",
      '{"next":null,"previous":null,"count":2}',
      '{"has_more":false,"next_cursor":""}',
      '{"error":null,"errors":[],"status":"ok","code":0}',
      '{"error":{"code":0,"message":"OK"},"success":true}',
      '{"total":2,"limit":2}',
      '{"from":1735689600,"start":1735689600000}',
      '{"total":1}',
      '{"limit":100,"offset":0,"page":1,"pages":1}',
      '{"limit":2,"has_more":false}',
      '{"limit":2,"next":null}',
      '{"pageInfo":{"hasNextPage":false,"endCursor":"abc"}}',
      '{"_links":{"next":{"href":null},"self":{"href":"x"}}}',
      '{"links":[{"rel":"self","href":"u"},{"rel":"next","href":""}]}',
      '{"status":200,"generated":"2026-11-30","nextReview":"2027-01-01"}',
      '{"company":{"name":"Acme","count":500,"status":"partial","error":"none"}}',
    } do
      assert.is_nil(fault(text), text)
    end
  end)

  it("takes no notice of what is to be ignored", function()
    local text = '{"meta":{"total":3},"next":"x"}'
    assert.equal(
      "'meta.total' beside the list says that there are more than the 2 rows of the list: 3",
      fault(text)
    )
    assert.equal("'next' beside the list says that there is more", fault(text, { "meta.total" }))
    assert.is_nil(fault(text, { "meta.total", "next" }))
    assert.is_nil(fault(text, { "meta", "next" }))
  end)

  it("shows no address of a next page, which may hold a token", function()
    for _, text in ipairs {
      '{"next":"https://x?access_token=hidden"}',
      '{"nextPageToken":"hidden"}',
      '{"links":[{"rel":"next","href":"hidden"}]}',
      '{"link":"<hidden>; rel=\\"next\\""}',
    } do
      assert.is_nil(fault(text):find "hidden")
    end
    assert.equal(
      "'error' beside the list says that something went wrong: 'timeout'",
      fault '{"error":"timeout"}'
    )
  end)

  it("makes a file incomplete, wherever its list stands", function()
    local rows = '[{"email":"ann@acme.com"},{"email":"bob@acme.com"}]'
    for text, list in pairs {
      ['{"next":"x","users":' .. rows .. "}"] = "users",
      ['{"users":' .. rows .. ',"next":"x"}'] = "users",
      ['{"data":{"users":' .. rows .. '},"a":1,"meta":{"total":3}}'] = "data.users",
      ['{"data":{"paging":{"next":"x"},"users":' .. rows .. '},"a":[1]}'] = "data.users",
      ['{"users":[],"total":5}'] = "users",
    } do
      local people = assert(source.json(files.stream(text, 3), { list = list, name = "hr.json" }))
      local list_of, message, err, before = people:read()
      assert.is_nil(list_of)
      assert.same({ "protocol", "partial_reply" }, { err.kind, err.code })
      assert.equal(text:find("[]", 1, true) and 0 or 2, #before)
      assert.matches("^hr.json: '[%a.]+' beside the list says that ", message)
      local path = message:match "'([%a.]+)'"
      assert.equal(("ignore = { '%s' }"):format(path), err.hint:match "ignore = .*$")
      assert.is_false(people.proof.complete)
      local options = { list = list, ignore = { path } }
      assert(assert(source.json(files.stream(text, 3), options)):read())
    end
    assert(assert(source.json(files.stream(rows, 5))):read()) -- nothing stands beside this one
    local other = '{"big":[' .. ("1,"):rep(40000) .. '1],"users":' .. rows .. "}"
    assert(assert(source.json(files.stream(other, 1000), { list = "users" })):read())
  end)
end)
