--- What RFC 8259 accepts and what it does not, case by case, with the reason for which our reader
-- refuses. Each case: {verdict, text}; the verdict is "good" or the code of the refusal. Cases
-- whose numbers no double holds are good JSON, but `core.check` refuses them: `exact` = false.
local M = {}

local section

local function begin(name)
  section = name
end

local function add(verdict, text, exact)
  M[#M + 1] = { section = section, verdict = verdict, text = text, exact = exact ~= false }
end

local function all(verdict, texts)
  for _, text in ipairs(texts) do
    add(verdict, text)
  end
end

begin "literals"
all("good", { "true", "false", "null", " true", "true ", "\ttrue\r\n", "[true]", "[false,null]" })
all("unexpected_character", {
  "True",
  "TRUE",
  "tRue",
  "trve",
  "truE",
  "False",
  "falsE",
  "fals,",
  "Null",
  "NULL",
  "nul!",
  "nil",
  "undefined",
  "NaN",
  "nan",
  "Infinity",
  "yes",
  "[True]",
  "[nul]",
  "truth",
})
all("cut_short", { "t", "tr", "tru", "f", "fa", "fal", "fals", "n", "nu", "nul" })
all(
  "trailing_data",
  { "truee", "true1", "nulll", "false0", "true false", "null,", 'true"', "null]" }
)

begin "numbers"
all("good", {
  "0",
  "-0",
  "1",
  "-1",
  "10",
  "123456789",
  "0.0",
  "-0.0",
  "0.5",
  "1.25",
  "10.01",
  "1e0",
  "1E0",
  "1e+0",
  "1e-0",
  "0e0",
  "0e5",
  "-0e-1",
  "1e00",
  "1e007",
  "1.5e10",
  "1.5E-10",
  "123.456e+7",
  "9007199254740992",
  "-9007199254740992",
  "1e308",
  "1.7976931348623157e308",
  "4.9e-324",
  "1e-400",
  "[0]",
  "[-1,2.5]",
  '{"a":1}',
  "0 ",
  " 7",
  "[1 ,2]",
  "0.000000000000000000000000000000000000000000000001",
})
all("bad_number", {
  "-",
  "--1",
  "-a",
  "- 1",
  "-.5",
  "00",
  "01",
  "-01",
  "007",
  "1.",
  "1.e5",
  "1. ",
  "1.a",
  "1..2",
  "1.2.3",
  "1e",
  "1E",
  "1e+",
  "1e-",
  "1e ",
  "1e+ ",
  "1e++1",
  "1e5.5",
  "1ee5",
  "1a",
  "0x10",
  "0b1",
  "1_000",
  "1-1",
  "1+1",
  "12:3",
  '1"',
  "1{",
  "1[",
  "1/2",
  "[-]",
  "[1.]",
  "[1e]",
  "[01]",
  "[-,1]",
  '{"a":-}',
  '{"a":1.}',
  '{"a":1e}',
  '{"a":00}',
  "-Infinity",
  "-NaN",
  "1\0",
  "1\194\160",
  "[1;2]",
  "[1:2]",
  '{"a":1;"b":2}',
  "[1\12]",
})
all("unexpected_character", { "+1", ".5", "[+1]", "[.5]", "e5", "[e5]", "\239\188\145" })
all("trailing_data", { "1 2", "0,", "1]", "1}", "1 true" })
add("good", ("1"):rep(1024), false)
add("bad_number", ("1"):rep(1025))
add("bad_number", "[" .. ("1"):rep(1025) .. "]")
add("good", "0." .. ("3"):rep(1022))
add("bad_number", "0." .. ("3"):rep(1023))
add("good", "1e400", false)
add("good", "-1e400", false)
add("good", "[1e309]", false)
add("good", "1.8e308", false)
add("good", "17976931348623157" .. ("0"):rep(293) .. ".5", false)
add("good", "9007199254740993", false)
add("good", "-9007199254740993", false)
add("good", "10000000000000000", false)
add("good", '{"id":12345678901234567890}', false)
add("good", "1e999999999999", false)
add("good", "1e-999999999999")
add("good", "0e999999999999")

begin "strings"
all("good", {
  '""',
  '" "',
  '"a"',
  '"hello, world"',
  '"\127"',
  '"/"',
  '"\'"',
  '"[]{}:,"',
  '"' .. ("x"):rep(15) .. '"',
  '"' .. ("x"):rep(16) .. '"',
  '"' .. ("x"):rep(17) .. '"',
  '"' .. ("x"):rep(5000) .. '"',
  '["",""]',
  '{"":""}',
})
all("cut_short", { '"', '"a', '"abc', '["a', '{"a', '{"a":"b', '"' .. ("x"):rep(100) })
all("unexpected_character", { "'a'", "['a']", "{'a':1}", "{a:1}", "`a`", "[a]" })
all("trailing_data", { '"a"b', '"a""b"', '"" ""', '"a",' })
for code = 0, 31 do
  add("control_character", '"a' .. string.char(code) .. 'b"')
end
add("control_character", '"' .. ("x"):rep(16) .. "\n" .. ("x"):rep(16) .. '"')
add("control_character", '{"a\tb":1}')

begin "escapes"
all("good", {
  '"\\""',
  '"\\\\"',
  '"\\/"',
  '"\\b"',
  '"\\f"',
  '"\\n"',
  '"\\r"',
  '"\\t"',
  '"\\\\n"',
  '"a\\"b"',
  '"\\"\\""',
  '"\\u0000"',
  '"\\u0041"',
  '"\\u00e9"',
  '"\\u00E9"',
  '"\\uabcd"',
  '"\\uABCD"',
  '"\\uFfFe"',
  '"\\uffff"',
  '"\\u2028"',
  '"\\u007f"',
  '"\\u0080"',
  '"\\u07ff"',
  '"\\u0800"',
  '"\\uD7FF"',
  '"\\uE000"',
  '"x\\u0041y"',
  '{"\\u0061":1}',
  '{"\\"":1}',
  '{"\\\\":1,"\\/":2}',
  '"' .. ("\\n"):rep(300) .. '"',
})
for code = 32, 126 do
  local character = string.char(code)
  if not ('"\\/bfnrtu'):find(character, 1, true) then
    add("bad_escape", '"\\' .. character .. '"')
  end
end
all("bad_escape", {
  '"\\\n"',
  '"\\\0"',
  '"\\\195\169"',
  '"\\u"',
  '"\\u0"',
  '"\\u00"',
  '"\\u004"',
  '"\\u004g"',
  '"\\u00g1"',
  '"\\ug041"',
  '"\\u 041"',
  '"\\u+041"',
  '"\\u-041"',
  '"\\u0x41"',
  '"\\U0041"',
  '"\\u{41}"',
  '{"\\q":1}',
})
all("cut_short", { '"\\', '"\\u', '"\\u0', '"\\u00', '"\\u004', '"\\u0041', '"\\"', '"\\\\\\"' })

begin "surrogates"
all("good", {
  '"\\ud83d\\ude00"',
  '"\\uD83D\\uDE00"',
  '"\\ud800\\udc00"',
  '"\\udbff\\udfff"',
  '"a\\ud83d\\ude00b\\ud83d\\ude00"',
  '{"\\ud83d\\ude00":1}',
})
all("lone_surrogate", {
  '"\\ud800"',
  '"\\udbff"',
  '"\\udc00"',
  '"\\udfff"',
  '"\\ud800x"',
  '"\\ud800 \\udc00"',
  '"\\ud800\\n"',
  '"\\ud800\\u0041"',
  '"\\ud800\\ud800"',
  '"\\ud800\\udbff"',
  '"\\ud800\\ue000"',
  '"\\udc00\\ud800"',
  '"\\ud800\\u"',
  '"\\ud800\\udg00"',
  '"\\ud800\\udc0"',
  '"\\ud83d\\ude00\\ud83d"',
  '{"\\ud800":1}',
})
all("cut_short", { '"\\ud800', '"\\ud800\\', '"\\ud800\\u', '"\\ud800\\udc', '"\\ud800\\udc00' })

begin "UTF-8"
all("good", {
  '"\194\128"',
  '"\223\191"',
  '"\224\160\128"',
  '"\225\128\128"',
  '"\236\191\191"',
  '"\237\128\128"',
  '"\237\159\191"',
  '"\238\128\128"',
  '"\239\191\189"',
  '"\239\191\191"',
  '"\240\144\128\128"',
  '"\241\128\128\128"',
  '"\243\191\191\191"',
  '"\244\128\128\128"',
  '"\244\143\191\191"',
  '"\195\169\226\130\172\240\159\152\128"',
  '{"\195\169":"\229\144\141"}',
  '"' .. ("\195\169"):rep(40) .. '"',
  '"' .. ("x"):rep(15) .. '\195\169"',
})
for _, first in ipairs { 128, 129, 160, 191, 192, 193, 245, 246, 247, 248, 252, 254, 255 } do
  add("invalid_utf8", '"' .. string.char(first) .. '\128\128\128"')
  add("invalid_utf8", '"' .. string.char(first) .. '"')
end
all("invalid_utf8", {
  '"\194"',
  '"\194x"',
  '"\194\127"',
  '"\194\192"',
  '"\224\128\128"',
  '"\224\159\191"',
  '"\225\128"',
  '"\225\128x"',
  '"\225x\128"',
  '"\225\192\128"',
  '"\237\160\128"',
  '"\237\191\191"',
  '"\237\160\189\237\184\128"',
  '"\240\128\128\128"',
  '"\240\143\191\191"',
  '"\240\144\128"',
  '"\240\144x\128"',
  '"\240\144\128x"',
  '"\240\144\128\192"',
  '"\244\144\128\128"',
  '"\244\191\191\191"',
  '"\195\169\128"',
  '{"\128":1}',
  '"' .. ("x"):rep(15) .. '\195"',
})
all("cut_short", { '"\194', '"\225\128', '"\240\144', '"\240\144\128' })
all("unexpected_character", { "\195\169", "[\195\169]", "\128", "[\255]", "{\195\169:1}" })

begin "structure"
all("good", {
  "[]",
  "{}",
  "[[]]",
  "[{}]",
  '{"a":[]}',
  '{"a":{}}',
  "[1]",
  "[[],[1]]",
  "[1,2,3]",
  "[[],[],{}]",
  '{"a":1,"b":2}',
  '{"a":{"b":{"c":null}}}',
  '[{"a":1},{"a":1}]',
  '{"a":{"a":{"a":1}}}',
  '[1,"a",true,false,null,{},[]]',
})
all("unexpected_character", {
  "[,]",
  "[,1]",
  "[1,]",
  "[1,,2]",
  "[1 2]",
  '["a" "b"]',
  "[true;2]",
  "[true:2]",
  "[1}",
  "[}",
  "[[}",
  "{]",
  "{,}",
  '{,"a":1}',
  '{"a":1,}',
  '{"a":1,,"b":2}',
  '{"a"}',
  '{"a",1}',
  '{"a" 1}',
  '{"a"=1}',
  '{"a"::1}',
  '{"a":}',
  '{"a":,}',
  '{"a":1 "b":2}',
  '{"a":null;"b":2}',
  '{"a":1]',
  "{1:2}",
  "{true:1}",
  "{null:1}",
  "{[]:1}",
  "{{}:1}",
  '{"a":1,"b"}',
  '{"a":1,2}',
  "{:1}",
  "]",
  "}",
  ",",
  ":",
  "[1,]]",
  "{[]}",
  "//",
  "/* */ 1",
  "[1 // two\n]",
  "# 1",
})
all("cut_short", {
  "",
  " ",
  "[",
  "{",
  "[1",
  "[1,",
  "[[]",
  "[[],",
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,',
  '{"a":[',
  '{"a":{}',
  '[{"a":1}',
  "[1\n",
})
all("trailing_data", {
  "[] []",
  "[]]",
  "{}}",
  "{}{}",
  "[],",
  "{},",
  "[]:",
  "{} x",
  "[]\0",
  "{}//",
  "[]\239\187\191",
})

begin "blanks"
all("good", {
  " []",
  "[] ",
  "\n[\n]\n",
  "\r[\r]\r",
  "\t[\t]\t",
  " { } ",
  ' { "a" : 1 , "b" : [ 1 , 2 ] } ',
  "[\t1\r,\n2 ]",
  (" "):rep(1000) .. "1" .. ("\n"):rep(1000),
})
all("unexpected_character", {
  "\11[]",
  "\12[]",
  "[\11]",
  "[true\12]",
  "\194\160[]",
  "\226\128\168[]",
  "\0[]",
  "[\0]",
  "\239\187\191[]",
  "\239\187\191{}",
  "\255\254[\0]\0",
  "\254\255\0[\0]",
  "\1",
  "[\31]",
  "[\127]",
  "\\n[]",
})
all("trailing_data", { "[]\11", "[]\12", "{}\194\160", "1 \0", "true\r\n\0" })

begin "depth"
for _, depth in ipairs { 16, 63, 64, 65, 128, 511, 512 } do
  add("good", ("["):rep(depth) .. ("]"):rep(depth))
  add("good", ('{"a":'):rep(depth) .. "1" .. ("}"):rep(depth))
end
for _, depth in ipairs { 513, 514, 1000, 5000 } do
  add("too_deep", ("["):rep(depth) .. ("]"):rep(depth))
  add("too_deep", ('{"a":'):rep(depth) .. "1" .. ("}"):rep(depth))
end
add("good", ('[{"a":'):rep(256) .. "1" .. ("}]"):rep(256))
add("too_deep", ('[{"a":'):rep(256) .. "[1]" .. ("}]"):rep(256))
add("cut_short", ("["):rep(512))
add("too_deep", ("["):rep(513))
add("cut_short", ("["):rep(512) .. ("]"):rep(511))
add("unexpected_character", ("["):rep(512) .. "}")

begin "duplicate keys"
all("duplicate_key", {
  '{"a":1,"a":2}',
  '{"a":1,"b":2,"a":3}',
  '{"":1,"":2}',
  '{"a":1,"\\u0061":2}',
  '{"\\u0061":1,"a":2}',
  '{"\\u0061":1,"\\u0061":2}',
  '{"/":1,"\\/":2}',
  '{"\\n":1,"\\u000a":2}',
  '{"\\n":1,"\\u000A":2}',
  '{"\195\169":1,"\\u00e9":2}',
  '{"\240\159\152\128":1,"\\ud83d\\ude00":2}',
  '{"a":{"b":1,"b":2}}',
  '[{"a":1,"a":2}]',
  '{"a":{"a":1},"a":2}',
  '{"a":[{"a":1}],"a":2}',
  '{"a\\u0000":1,"a\\u0000":2}',
  '{"' .. ("k"):rep(300) .. '":1,"' .. ("k"):rep(300) .. '":2}',
  '{"' .. ("\\u006b"):rep(300) .. '":1,"' .. ("k"):rep(300) .. '":2}',
})
all("good", {
  '{"a":1,"A":2}',
  '{"a":1,"a ":2}',
  '{"a":1,"\\u0062":2}',
  '{"a":1,"a\\u0000":2}',
  '{"\195\169":1,"e\204\129":2}',
  '{"a":{"a":{"a":[{"a":1},{"a":2}]}}}',
  '[{"a":1},{"a":2}]',
  '{"a":{"x":1},"b":{"x":1}}',
})
local keys = {}
for i = 1, 2000 do
  keys[i] = ('"key%d":%d'):format(i, i)
end
for _, count in ipairs { 23, 24, 25, 26, 64, 65, 128, 2000 } do
  local start = table.concat(keys, ",", 1, count)
  add("good", "{" .. start .. "}")
  add("duplicate_key", "{" .. start .. ',"key1":0}')
  add("duplicate_key", "{" .. start .. (',"key%d":0}'):format(count))
  add("duplicate_key", "{" .. start .. ',"\\u006bey2":0}')
  add("good", "[{" .. start .. '},{"key1":0}]')
  add("good", '{"x":{' .. start .. '},"key1":0}')
end

begin "whole documents"
all("good", {
  '{"status":"OK"}',
  '{"Users":[],"Groups":[],"invited":[]}',
  '{"total":1,"count":1,"Users":{"1":{"username":"ann@x.example","groups":["A\\/B"]}}}',
  '{"status":"OK","next":null,"data":{"Event1":{"Time":"2026-01-02 03:04:05","Data":""}}}',
  '[{"a":[1,2,{"b":[null,true,false,"x\\ty",-1.5e3]}]}]\n',
})
-- a number that ends in the middle is malformed, everything else is cut short
local document = '{"a":[1,-2.5e3,"x\\u00e9\195\169"],"b":{"c":null,"d":[true,false,{}]}}'
for length = 7, #document - 1 do
  local start = document:sub(1, length)
  local number = start:match "%-[%d.e]*$"
  add(number and not number:find "%d$" and "bad_number" or "cut_short", start)
end
add("good", document)

return M
