// A REST API that nobody here wrote: openapi-backend routes and checks requests by spec/peers/rest_openapi.json, json-schema-faker
// draws replies from the same document. Arguments: the folder of packages, the document, the process with which it ends. Prints its address.
// POST /control {seed, mode: "plain" | "damaged"}; GET /control: what was asked and what was wrong with it;
// POST /validate {operation, status, body}: whether a reply of somebody else is of the document's shape.
const [modules, path, parent] = process.argv.slice(2);
const at = (name) => require(require.resolve(name, { paths: [modules] }));
const http = require("http");
const { OpenAPIBackend } = at("openapi-backend");
const jsf = at("json-schema-faker");
const generate = jsf.generate || (jsf.default || jsf).generate || jsf.JSONSchemaFaker.generate;
const option = jsf.option || (jsf.default || jsf).option || jsf.JSONSchemaFaker.option;

let mode = "plain", state = 1, log = [];
// xorshift: the same seed, the same replies
const random = () => {
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
  return (state >>> 0) / 4294967296;
};
option({ random, optionalsProbability: 0.85, fixedProbabilities: false, fillProperties: false, minItems: 1, maxItems: 6 });

const document = JSON.parse(require("fs").readFileSync(path, "utf8"));
const api = new OpenAPIBackend({ definition: document, quick: false, strict: true, ajvOpts: { strict: false } });

const nullable = (schema) => {
  if (Array.isArray(schema)) return schema.map(nullable);
  if (schema === null || typeof schema !== "object") return schema;
  const copy = {};
  for (const [name, value] of Object.entries(schema)) copy[name] = nullable(value);
  if (copy.nullable) {
    delete copy.nullable;
    return { anyOf: [copy, { type: "null" }] };
  }
  return copy;
};

// Ids beyond what a double holds, as text.
const enlarge = (text) => text.replace(/"(id|userId|adminLevelId)":(\d+)/g, (whole, name, digits) =>
  random() < 0.3 ? `"${name}":9007199254740993${digits.slice(-2)}` : whole);

const damage = (text) => {
  const spot = Math.floor(random() * text.length);
  switch (Math.floor(random() * 6)) {
    case 0: return text.slice(0, spot);
    case 1: return text.slice(0, spot) + "\u0000\ufffd" + text.slice(spot + 1);
    case 2: return text.replace(/"[^"]*":/, '"unknown":');
    case 3: return text.replace(/\[/, "{").replace(/\](?!.*\])/, "}");
    case 4: return text.replace(/:\s*("[^"]*"|\d+)/, ":null");
    default: return text + text;
  }
};

// The drawer fails on some of its own draws: another one is made.
const draw = (schema) => {
  for (let trial = 0; trial < 50; trial++) {
    try { return generate(schema); } catch { /* drawn again */ }
  }
  throw new Error("nothing can be drawn");
};

const reply_of = (context) => {
  const { operation, request } = context;
  const status = Object.keys(operation.responses).find((one) => one[0] === "2");
  const content = operation.responses[status].content;
  if (!content) return { status: Number(status) };
  const value = draw(nullable(content["application/json"].schema));
  if (value && "nextPageToken" in value && request.query && request.query["page-token"]) value.nextPageToken = null;
  let text = enlarge(JSON.stringify(value));
  if (mode === "damaged" && random() < 0.7) text = damage(text);
  return { status: Number(status), text };
};

const problem = (status, detail, errors) => ({
  status, type: "application/problem+json",
  text: JSON.stringify({ title: "refused", status, detail, errors }),
});

api.register({
  validationFail: (context) => {
    const errors = (context.validation.errors || []).map((one) => ({ pointer: one.instancePath, detail: one.message }));
    log.push({ operation: context.operation.operationId, errors });
    return problem(400, "not of the document's shape", errors);
  },
  notFound: (context) => {
    log.push({ operation: "none", errors: [{ detail: `${context.request.method} ${context.request.path}` }] });
    return problem(404, "no such operation");
  },
  methodNotAllowed: () => problem(405, "no such method"),
  unauthorizedHandler: () => problem(401, "the key is missing"),
  notImplemented: (context) => {
    log.push({ operation: context.operation.operationId });
    return reply_of(context);
  },
});
api.registerSecurityHandler("key", (context) => /^api-key \S+$/.test(context.request.headers.authorization || ""));

const own = {
  "POST /control": (body) => {
    mode = body.mode || mode;
    state = body.seed || state;
    log = [];
    return {};
  },
  "GET /control": () => ({ log }),
  "POST /validate": (body) => {
    const result = api.validateResponse(body.body, body.operation, body.status);
    return { errors: (result.errors || []).map((one) => `${one.instancePath} ${one.message}`) };
  },
};

const read = (request) => new Promise((resolve) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
});

api.init().then(() => {
  const server = http.createServer(async (request, response) => {
    const text = await read(request);
    const url = new URL(request.url, "http://localhost");
    const mine = own[`${request.method} ${url.pathname}`];
    if (mine) {
      response.writeHead(200, { "Content-Type": "application/json" });
      return response.end(JSON.stringify(mine(text ? JSON.parse(text) : {})));
    }
    let reply;
    if (url.pathname.startsWith("/business/v1/requests/")) {
      reply = { status: random() < 0.5 ? 202 : 200, text: '{"status":"done"}' };
    } else {
      reply = await api.handleRequest({
        method: request.method, path: url.pathname.replace(/^\/business/, ""), query: url.search.slice(1),
        headers: request.headers, body: text || undefined,
      });
    }
    response.writeHead(reply.status, { "Content-Type": reply.type || "application/json" });
    response.end(reply.text);
  });
  server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
  setInterval(() => {
    try { process.kill(Number(parent), 0); } catch { process.exit(0); }
  }, 1000);
});
